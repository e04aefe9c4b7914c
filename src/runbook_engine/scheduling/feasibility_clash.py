"""Things that cannot all hold, and which of them is the matter: the step, the hosts and the phase that it is about."""

from collections.abc import Sequence

from runbook_engine.model.jobs import Job
from runbook_engine.model.plan import Package, PlannedPhase
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.feasibility_case import Case
from runbook_engine.scheduling.feasibility_people import able_there
from runbook_engine.scheduling.feasibility_restraints import Group, Restraint
from runbook_engine.scheduling.feasibility_trying import Outcome
from runbook_engine.scheduling.feasibility_windows import worst

BEFORE_DEADLINE = frozenset(
    {Group.LEAVE, Group.BOOKED, Group.FREEZE, Group.CERTIFICATE, Group.LIMITS, Group.RULES, Group.SUPPLY, Group.SUPPLY_HOURS}
    | {Group.POOL, Group.AT_MOST}
)

ABSENT = frozenset({Group.LEAVE, Group.BOOKED, Group.FREEZE, Group.CERTIFICATE})
MOST_TOLD = 4  # kinds of things that can be in each other's way before it is called a lack of time
OPENINGS = frozenset({Group.WINDOW, Group.WAY_BACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Restraints that cannot all hold, and the job for which no place was left.

    `more` are others of the same kind that are in its way as well. `timeless`: the schedule of the case were it not for
    deadlines; None where that is not known. `parts` of the case do not fit either, and are asked first. `mends`: with all
    of the matter dropped the case fits, as is known without another schedule.
    """

    case: Case
    job: Job
    restraints: Sequence[Restraint]
    root: Job | None = None  # where the reason was looked for, if that is another job
    minimal: bool = True  # each of the restraints was tried; else there was no time for all of them
    more: Sequence[Restraint] = ()
    timeless: Outcome | None = None
    parts: Sequence[Case] = ()
    mends: bool = False

    @property
    def package(self) -> Package:
        """What has no place: what the job belongs to, if that is what the matter is about; else the first of which it is."""
        if self.main[0].group in OPENINGS:
            return self.case.plan.packages[worst(self.case, main_phase(self))]
        packages = list(self.case.plan.packages.values())
        tied = {one.subject for one in self.of(Group.RULES)}  # who may do it with whom is part of why it has no place
        job = self.root if self.root and self.main[0].group is not Group.DEADLINE else self.job
        own = sorted(packages, key=lambda p: (bool(tied) and p.step not in tied, p.id != job.package, p.phase != job.phase))
        about = [p for p in own[:1] if self._concerns(p)] or [p for p in packages if self._concerns(p)]
        return next(iter(about or own))

    @property
    def hosts(self) -> Sequence[str]:
        """The hosts of the job, if the package is that of it."""
        return self.job.hosts if self.package.id == self.job.package else ()

    def _concerns(self, package: Package) -> bool:
        """Whether a package asks for the people or the tools that are the matter."""
        main = self.main
        if main[0].group in (Group.SUPPLY, Group.SUPPLY_HOURS):
            return main[0].subject in package.uses
        if main[0].group is Group.RULES:
            return package.step == main[0].subject
        if main[0].group not in _OF_PEOPLE:
            return package.id == self.job.package
        crews = [one.what for one in self.of(Group.CREW)]
        names = {one.subject for one in main}
        asked = [who for who in package.who if not crews or who in crews]
        return any(
            not names.isdisjoint({p.id, p.calendar, "travel"}) for who in asked for p in able_there(self.case, package, who)
        )

    @property
    def main(self) -> list[Restraint]:
        """What is the matter: those restraints that are named first."""
        late = any(one.group is Group.DEADLINE for one in self.restraints)  # then the way between sites only makes it long
        group = main_group([one.group for one in self.restraints if not (late and one.subject == "travel")])
        return [*(one for one in self.restraints if one.group == group), *self.more]

    def of(self, group: Group) -> list[Restraint]:
        """The restraints of a group."""
        return [one for one in self.restraints if one.group == group]


_OF_PEOPLE = frozenset({Group.LEAVE, Group.BOOKED, Group.CERTIFICATE, Group.LIMITS, Group.HOURS})


def _all_together(groups: Sequence[Group]) -> bool:
    """Whether so much has to do with it, and nobody's absence, that the time is too short rather than one thing in its way."""
    return ABSENT.isdisjoint(groups) and len({*groups} - {Group.CREW}) > MOST_TOLD


def main_group(groups: Sequence[Group]) -> Group:
    """What is the matter when things of these groups cannot all hold: what could be moved before what stands fast."""
    early = [g for g in groups if g in BEFORE_DEADLINE]
    if early and not (Group.DEADLINE in groups and _all_together(groups)):
        return min(early)
    if Group.DEADLINE in groups:
        return Group.DEADLINE
    order = (Group.HOURS, Group.WINDOW, Group.WAY_BACK, Group.CREW, Group.EARLIEST)
    if Group.HOURS in groups and Group.WINDOW in groups:
        return Group.HOURS
    return next(g for g in (Group.WINDOW, *order) if g in groups)


def main_phase(clash: Clash) -> PlannedPhase:
    """The phase of which the window, or the way back, is the matter; else that of the job."""
    named = (clash.main[0].subject, clash.job.phase)
    return min(clash.case.plan.phases, key=lambda p: named.index(p.id) if p.id in named else len(named))
