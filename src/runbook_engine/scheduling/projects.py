"""Plan × inventory × time → project: all that a schedule follows from, as numbers. Start reading here.

Packages become jobs (`projects_pieces`), edges become links (`projects_links`), windows and freezes become calendars
(`projects_calendar`), people become workers (`projects_people`), tools and parts become supplies (`projects_supplies`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from runbook_engine.calendars import DaysOff, first_everywhere
from runbook_engine.model.estate import Estate
from runbook_engine.model.jobs import Crew, Job, Project, Spans, Supply
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.runbook import Deadline
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PackageId, PhaseId
from runbook_engine.scheduling.projects_calendar import Openings, clock_of, is_abstract, start_zones, zone_of
from runbook_engine.scheduling.projects_clock import Clock
from runbook_engine.scheduling.projects_elsewhere import with_elsewhere
from runbook_engine.scheduling.projects_fit import needed_s
from runbook_engine.scheduling.projects_known import Known
from runbook_engine.scheduling.projects_links import links_of
from runbook_engine.scheduling.projects_people import Needed, Staff
from runbook_engine.scheduling.projects_pieces import Piece, has_crew, pieces_of
from runbook_engine.scheduling.projects_pools import with_pools
from runbook_engine.scheduling.projects_supplies import supplies_of
from runbook_engine.scheduling.projects_terms import Frame, Terms
from runbook_engine.scheduling.projects_times import slot_of, slots
from runbook_engine.scheduling.spans import shortened

_NOBODY = Needed(crews=())


def project_of(
    plan: Plan,
    estate: Estate,
    days_off: DaysOff,
    at: datetime,
    terms: Terms | None = None,
    known: Known | None = None,
) -> Project:
    """The project of a plan that begins at `at`, or on the day on which the plan starts if that is later.

    A plan without dates, windows and people has no calendar: its project has no origin, and counts from 0. Raises ValueError
    for calendars that cannot be made out, and whatever `days_off` raises. What is `known` already is not made again.
    """
    terms, known = terms or Terms(), known or Known()
    pieces = pieces_of(plan, estate, terms, known)
    if terms.frame is not None:
        clock = _clock_in(terms.frame, plan, estate)
        return _Making(plan, estate, days_off, terms, pieces, terms.frame.slot_s, clock, known).project()
    abstract = is_abstract(plan, estate) and not terms.booked
    works = [piece.work_s for piece in pieces]
    slot_s = slot_of([*works, *lags_of(plan)], exact=abstract)
    clock = None if abstract else clock_of(plan, estate, at, slot_s, sum(works))
    return _Making(plan, estate, days_off, terms, pieces, slot_s, clock, known).project()


def _clock_in(frame: Frame, plan: Plan, estate: Estate) -> Clock | None:
    """The clock of a plan that is counted in slots that others have as well: its dates are meant in its own zone."""
    if frame.origin is None:
        return None
    return Clock(origin=frame.origin, slot_s=frame.slot_s, horizon=frame.horizon, zone=zone_of(plan, estate))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alike:
    """What all pieces of a package at a site have in common."""

    crews: tuple[Crew, ...]
    calendar: int | None
    release: int
    due: int | None
    deadline: int | None
    site: int | None
    window: str


class _Making:
    """What the parts of a project share while it is made."""

    def __init__(
        self,
        plan: Plan,
        estate: Estate,
        days_off: DaysOff,
        terms: Terms,
        pieces: Sequence[Piece],
        slot_s: int,
        clock: Clock | None,
        known: Known,
    ) -> None:
        self.plan, self.estate, self.terms, self.pieces, self.slot_s, self.clock = plan, estate, terms, pieces, slot_s, clock
        self.known = known
        self.phases = {phase.id: phase for phase in plan.phases}
        self.links = links_of(plan, pieces, slot_s, known)
        self.sites = tuple(estate.sites)
        used = dict.fromkeys(name for package in plan.packages.values() for name in package.uses)
        self.supplies = supplies_of(used, estate, clock, days_off, terms.booked, known)
        self.calendars: dict[Spans, int] = {}
        self.zones: dict[PhaseId, tuple[ZoneInfo, ...]] = {}
        self.needed = needed_s(plan, terms.parallel)
        self.openings = Openings(plan, estate, clock, days_off, terms.booked, known) if clock else None
        self.staff = Staff(estate, clock, days_off, terms.booked, self.sites, known) if clock else None

    def project(self) -> Project:
        """Everything together."""
        jobs = self._jobs()
        jobs += [replace(g, links=tuple(self.links.links[len(self.pieces) + n])) for n, g in enumerate(self.links.gates)]
        jobs, pools, apart = with_pools(jobs, self.plan, self.terms.pools, len(self.supplies))
        pools += self._hands(jobs, len(self.supplies) + len(pools))
        numbers = {site: number for number, site in enumerate(self.sites)}
        workers = self.staff.workers() if self.staff else ()
        return Project(
            jobs=tuple(jobs),
            resources=(*self.supplies.values(), *pools),
            workers=with_elsewhere(workers, self.terms.booked, self.clock, numbers),
            calendars=tuple(self.calendars),
            apart=apart,
            sites=self.sites,
            travel=self._travel(),
            days=self.known.once(("days", self.clock), self.clock.days) if self.clock else (),
            weeks=self.known.once(("weeks", self.clock), self.clock.weeks) if self.clock else (),
            horizon=self.clock.horizon if self.clock else 0,
            slot_s=self.slot_s,
            origin=self.clock.origin if self.clock else None,
            currency=currency_of(self.estate),
        )

    def _jobs(self) -> list[Job]:
        alike: dict[tuple[PackageId, str, float, bool], _Alike] = {}
        jobs: list[Job] = []
        for number, piece in enumerate(self.pieces):
            key = (piece.package.id, piece.site, piece.work_s, piece.pausable)
            if key not in alike:
                alike[key] = self._alike(piece)
            jobs.append(self._job(number, piece, alike[key]))
        return jobs

    def _alike(self, piece: Piece) -> "_Alike":
        phase = self.phases[piece.package.phase]
        needed = self._crews(piece)
        due, deadline = self._due(piece, phase, needed)
        return _Alike(
            crews=needed.crews,
            calendar=self._calendar(piece, phase),
            release=self._release(piece, phase),
            due=due,
            deadline=deadline,
            site=self.sites.index(piece.site) if piece.site in self.sites else None,
            window=phase.window,
        )

    def _job(self, number: int, piece: Piece, alike: "_Alike") -> Job:
        package = piece.package
        return Job(
            id=piece.id,
            duration=self._duration(number, piece, bound=bool(alike.crews) or alike.calendar is not None),
            links=tuple(self.links.links[number]),
            uses=self._uses(piece),
            crews=alike.crews,
            calendar=alike.calendar,
            pausable=piece.pausable,
            release=alike.release,
            due=alike.due,
            deadline=alike.deadline,
            same_people_as=self.links.about(piece.hosts, package.same_people_as),
            other_people_than=self.links.about(piece.hosts, package.other_people_than),
            site=alike.site,
            package=package.id,
            phase=package.phase,
            title=piece.title,
            hosts=piece.hosts,
            window=alike.window,
        )

    def _duration(self, number: int, piece: Piece, *, bound: bool) -> int:
        """What is no milestone takes at least a slot where it opens its phase, or else no hours would hold for it."""
        length = slots(piece.work_s, self.slot_s)
        others = (self.pieces[link.before] for link in self.links.links[number] if link.before < len(self.pieces))
        opens = bound and not piece.package.milestone and not any(o.package.phase == piece.package.phase for o in others)
        return max(1, length) if opens else length

    def _crews(self, piece: Piece) -> Needed:
        if self.staff is None or not has_crew(piece.package, self.estate):
            return _NOBODY
        return self.staff.crews(piece.package, piece.site)

    def _uses(self, piece: Piece) -> tuple[tuple[int, int], ...]:
        """Tools are there once for a crew, or for the engine; parts are used up by each host."""
        numbers = {name: number for number, name in enumerate(self.supplies)}
        uses = ((name, amount) for name, amount in piece.package.uses.items() if name in numbers)
        return tuple((numbers[n], a * (max(1, len(piece.hosts)) if self.supplies[n].used_up else 1)) for n, a in uses)

    def _calendar(self, piece: Piece, phase: PlannedPhase) -> int | None:
        """The openings of its phase, when no other plan has one of its hosts.

        They are so much shorter that what it needs at worst still fits when it starts late.
        """
        hosts = (*phase.hosts, *phase.alone_with) if piece.package.claims_hosts or phase.alone_with else ()
        found = self.openings.of(phase.id, hosts) if self.openings else None
        if found is None or self.openings is None or piece.package.milestone:
            return None
        if self.openings.closes(phase.id):
            forth, back = self.needed[piece.package.id]
            more = 0.0 if piece.pausable else max(0.0, forth - slots(piece.work_s, self.slot_s) * self.slot_s)
            found = shortened(found, slots(more + back, self.slot_s))
        return self.calendars.setdefault(found, len(self.calendars))

    def _release(self, piece: Piece, phase: PlannedPhase) -> int:
        if self.clock is None:
            return 0
        starts = [value for value in (self.plan.start, phase.earliest, piece.package.earliest) if value is not None]
        if starts and phase.id not in self.zones:
            self.zones[phase.id] = start_zones(self.plan, phase, self.estate)
        zones = self.zones.get(phase.id, ())
        return max((self.clock.after(first_everywhere(value, zones)) for value in starts), default=0)

    def _due(self, piece: Piece, phase: PlannedPhase, needed: Needed) -> tuple[int | None, int | None]:
        """By when it is wanted, and by when it has to be over."""
        if self.clock is None:
            return None, None
        found: dict[bool, list[int]] = {True: [], False: []}
        for deadline in _deadlines(self.plan, piece, phase):
            found[deadline.soft].append(self.clock.before(self.clock.ends(deadline.by)))
        if needed.until is not None:
            found[False].append(needed.until)
        return min(found[True], default=None), min(found[False], default=None)

    def _hands(self, jobs: list[Job], number: int) -> list[Supply]:
        """How many hosts the engine works on at a time, where that is told host by host."""
        own = [n for n, p in enumerate(self.pieces) if p.hosts and not p.package.by_person and len(p.hosts) < p.package.size]
        most = self.terms.parallel
        if not most or sum(len(self.pieces[n].hosts) for n in own) <= most:
            return []
        for n in own:
            jobs[n] = replace(jobs[n], uses=(*jobs[n].uses, (number, min(most, len(self.pieces[n].hosts)))))
        return [Supply(name="hosts that the engine works on", amount=most)]

    def _travel(self) -> dict[tuple[int, int], int]:
        numbers = {site: number for number, site in enumerate(self.sites)}
        found: dict[tuple[int, int], int] = {}
        for site in self.estate.sites.values():
            for other, seconds in site.travel_s.items():
                if other in numbers:
                    way = slots(seconds, self.slot_s)
                    found[numbers[site.name], numbers[other]] = way
                    found.setdefault((numbers[other], numbers[site.name]), way)
        return found


def _deadlines(plan: Plan, piece: Piece, phase: PlannedPhase) -> list[Deadline]:
    whole = Deadline(by=plan.deadline, soft=plan.deadline_soft) if plan.deadline else None
    return [d for d in (whole, phase.deadline, piece.package.deadline) if d is not None]


def lags_of(plan: Plan) -> list[float]:
    """The seconds that a plan states beside those of its work: lags, limits, pauses."""
    lags = [edge.lag for package in plan.packages.values() for edge in package.needs if edge.lag]
    pauses = [stage.pause_s for phase in plan.phases for stage in phase.stages]
    return [*pauses, *(abs(lag.lag_s) for lag in lags), *(lag.at_most_s for lag in lags if lag.at_most_s)]


def currency_of(estate: Estate) -> str:
    """In which the hours of people are paid: that of the first who has a rate."""
    return next((p.rate.currency for p in estate.people.values() if p.rate), "")
