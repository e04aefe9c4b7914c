"""What a plan and other plans both want: hosts, services, people, resources of which there is one, windows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from runbook_engine.model.conflicts import Conflict, Wanted
from runbook_engine.model.estate import Estate
from runbook_engine.model.impact import Named
from runbook_engine.model.plan import Package, Plan, PlannedPhase
from runbook_engine.model.services import Serving, service_named, who_named
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PhaseId
from runbook_engine.planning.outages import out_in_phase

Phases = tuple[PhaseId, ...]


def conflicts(plan: Plan, others: Sequence[tuple[str, Plan]], estate: Estate) -> tuple[Conflict, ...]:
    """Every thing that the plan and one of the others both want.

    `others` are the plans of open runs, each with the name of its run or file. A plan with the same digest is the plan
    itself and is passed over. Hosts conflict also where they are only looked at: a host is worked on by one run at a time.
    """
    mine = _Wants(plan, estate)
    found: list[Conflict] = []
    for name, other in others:
        if not plan.digest or other.digest != plan.digest:
            found += _between(name, mine, _Wants(other, estate))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Concerned:
    """A service that loses hosts, or that needs one which does: by which services, in which phases."""

    by: tuple[str, ...]
    phases: Phases


class _Wants:
    """What one plan wants, each thing with the phases in which it does."""

    def __init__(self, plan: Plan, estate: Estate) -> None:
        self.plan, self.estate = plan, estate
        self.hosts = self._each(lambda phase: (*(h for p in _packages(plan, phase) for h in p.hosts), *phase.alone_with))
        self.people = self._each(lambda phase: (who.person for p in _packages(plan, phase) for who in p.who if who.person))
        self.resources = self._each(lambda phase: (r for p in _packages(plan, phase) for r in p.uses if _single(estate, r)))
        self.windows = self._each(lambda phase: [phase.window] if phase.window else [])
        self.services = self._services()

    def _each(self, wanted: Callable[[PlannedPhase], Iterable[str]]) -> dict[str, Phases]:
        found: dict[str, Phases] = {}
        for phase in self.plan.phases:
            for thing in dict.fromkeys(wanted(phase)):
                found[thing] = (*found.get(thing, ()), phase.id)
        return found

    def _services(self) -> dict[str, _Concerned]:
        serving = Serving(self.plan, self.estate)
        served = self._each(lambda phase: serving.served_by(out_in_phase(self.plan, phase)))
        found: dict[str, _Concerned] = {}
        for service in serving.with_dependents(served):
            by = tuple(name for name in served if name == service or name in serving.needs(service))
            within = {phase for name in by for phase in served[name]}
            found[service] = _Concerned(by, tuple(phase.id for phase in self.plan.phases if phase.id in within))
        return found


def _packages(plan: Plan, phase: PlannedPhase) -> Iterator[Package]:
    for stage in phase.stages:
        yield from map(plan.packages.__getitem__, stage.packages)
    yield from phase.way_back


def _single(estate: Estate, resource: str) -> bool:
    known = estate.resources.get(resource)
    return known is not None and known.capacity == 1


def _between(name: str, mine: _Wants, theirs: _Wants) -> Iterator[Conflict]:
    estate, title = mine.estate, theirs.plan.title
    hosts = tuple(HostName(h) for h in mine.hosts if h in theirs.hosts)
    if hosts:
        yield Conflict(
            kind=Wanted.HOST,
            other=name,
            title=title,
            hosts=hosts,
            phases=_phases(mine, [mine.hosts[h] for h in hosts]),
            others_phases=_phases(theirs, [theirs.hosts[h] for h in hosts]),
        )
    yield from _services(name, mine, theirs)
    for kind, ours, others in (
        (Wanted.PERSON, mine.people, theirs.people),
        (Wanted.RESOURCE, mine.resources, theirs.resources),
        (Wanted.WINDOW, mine.windows, theirs.windows),
    ):
        for thing in ours:
            if thing in others:
                what = who_named(thing, estate) if kind is Wanted.PERSON else Named(name=thing, title=thing)
                yield Conflict(kind=kind, other=name, title=title, what=what, phases=ours[thing], others_phases=others[thing])


def _services(name: str, mine: _Wants, theirs: _Wants) -> Iterator[Conflict]:
    """Services that both take hosts from. What merely needs such a service is not told again."""
    both: Mapping[str, _Concerned] = {service: c for service, c in mine.services.items() if service in theirs.services}
    for service, here in both.items():
        there = theirs.services[service]
        if service not in here.by and service not in there.by and any(need in both for need in (*here.by, *there.by)):
            continue
        yield Conflict(
            kind=Wanted.SERVICE,
            other=name,
            title=theirs.plan.title,
            what=service_named(service, mine.estate),
            phases=here.phases,
            others_phases=there.phases,
            here=tuple(service_named(by, mine.estate) for by in here.by),
            there=tuple(service_named(by, mine.estate) for by in there.by),
        )


def _phases(wants: _Wants, several: Iterable[Phases]) -> Phases:
    within = {phase for phases in several for phase in phases}
    return tuple(phase.id for phase in wants.plan.phases if phase.id in within)
