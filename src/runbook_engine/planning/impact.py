"""What a plan means for services and for those who answer for them, by the inventory. For people: it decides nothing."""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import add

from runbook_engine.model.commands import Upload
from runbook_engine.model.estate import Estate
from runbook_engine.model.impact import (
    Lasting,
    Level,
    Named,
    NoReturn,
    NoWayBack,
    PhaseImpact,
    ServiceImpact,
)
from runbook_engine.model.plan import Package, Plan, PlannedPhase, Stage
from runbook_engine.model.services import Serving, owners_of, service_named, who_named
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PhaseId, StepId
from runbook_engine.planning.durations import outage_time
from runbook_engine.planning.outages import out_in_phase, out_together


def impact(plan: Plan, estate: Estate, parallel: int | None = None) -> tuple[PhaseImpact, ...]:
    """What each phase of a plan means for others. `parallel` is how many hosts the engine works on at a time, if that is known.

    Each phase is looked at by itself: where two may go on at the same time, `beside` says so.
    """
    serving, beside = Serving(plan, estate), _beside(plan)
    return tuple(_of_phase(plan, phase, estate, serving, beside[phase.id], parallel) for phase in plan.phases)


def _of_phase(
    plan: Plan, phase: PlannedPhase, estate: Estate, serving: Serving, beside: Sequence[PlannedPhase], parallel: int | None
) -> PhaseImpact:
    hosts = out_in_phase(plan, phase)
    outages = tuple(_outages(plan, phase, parallel))
    services = serving.with_dependents(serving.served_by(hosts))
    changing = tuple(_changing(plan, phase))
    return PhaseImpact(
        phase=phase.id,
        title=phase.title,
        changes=bool(changing),
        hosts=hosts,
        services=_worst_first([_of_service(name, outages, serving, estate) for name in services]),
        owners=tuple(who_named(owner, estate) for owner in owners_of(hosts, services, plan, estate)),
        stakeholders=tuple(who_named(s.who, estate) for s in plan.stakeholders) if changing else (),
        no_way_back=tuple(_without_way_back(changing)),
        no_return=_no_return(plan, phase),
        beside=tuple(Named(name=other.id, title=other.title) for other in beside),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outage:
    """A stage in which hosts are out."""

    hosts: frozenset[HostName]
    time: Lasting


def _outages(plan: Plan, phase: PlannedPhase, parallel: int | None) -> Iterator[_Outage]:
    for stage in phase.stages:
        hosts = out_together(plan, stage)
        if hosts:
            yield _Outage(hosts=hosts, time=outage_time(plan, stage, parallel))


def _of_service(service: str, outages: Sequence[_Outage], serving: Serving, estate: Estate) -> ServiceImpact:
    hosts = serving.hosts_of(service)
    felt = [outage for outage in outages if outage.hosts & hosts]
    out = max((len(outage.hosts & hosts) for outage in felt), default=0)
    level = level_of(len(hosts), out)
    without = {need for need in serving.needs(service) for outage in outages if _down(serving.hosts_of(need), outage)}
    affected = [o for o in outages if any(_down(serving.hosts_of(need), o) for need in without)]
    return ServiceImpact(
        service=service_named(service, estate),
        level=level,
        hosts=len(hosts),
        out=out,
        batches=len(felt),
        lasting=_sum([o for o in felt if level_of(len(hosts), len(o.hosts & hosts)) is level]),
        reduced=_sum(felt),
        without=tuple(service_named(need, estate) for need in serving.in_order(without)),
        affected=_sum(affected),
    )


def level_of(hosts: int, out: int) -> Level:
    """What is left of a service that so many hosts serve, while so many are out."""
    if not out:
        return Level.NONE
    match hosts - out:
        case 0:
            return Level.DOWN
        case 1:
            return Level.NO_REDUNDANCY
        case _:
            return Level.LESS_REDUNDANCY


def _down(hosts: frozenset[HostName], outage: _Outage) -> bool:
    return bool(hosts) and hosts <= outage.hosts


def _sum(outages: Sequence[_Outage]) -> Lasting:
    return reduce(add, (outage.time for outage in outages), Lasting())


def _worst_first(services: Sequence[ServiceImpact]) -> tuple[ServiceImpact, ...]:
    rank = {Level.DOWN: 0, Level.NO_REDUNDANCY: 2, Level.LESS_REDUNDANCY: 3, Level.NONE: 4}
    return tuple(sorted(services, key=lambda s: min(rank[s.level], 1 if s.without else 4)))


def _changing(plan: Plan, phase: PlannedPhase) -> Iterator[Package]:
    """The first package of each step that changes something: a host, a file, or something that people work on."""
    seen: set[StepId] = set()
    for package in (plan.packages[p] for stage in phase.stages for p in stage.packages):
        if package.step not in seen and _changes(package):
            seen.add(package.step)
            yield package


def _changes(package: Package) -> bool:
    question = package.procedure.question
    if package.health_check or not package.action or (question is not None and question.choices):
        return False
    return package.takes_out or package.changes_something or any(isinstance(c, Upload) for c in package.procedure.apply)


def _without_way_back(changing: Sequence[Package]) -> Iterator[NoWayBack]:
    for package in changing:
        if package.way_back is None or package.way_back.procedure is None:
            why = package.way_back.none if package.way_back else ""
            yield NoWayBack(step=package.step, title=title_of(package), why=why, by_person=package.by_person)


def _no_return(plan: Plan, phase: PlannedPhase) -> NoReturn | None:
    step = phase.no_return_step
    if not phase.point_of_no_return and step is None:
        return None
    named = next((package for package in _of_step(plan, phase.stages, step)), None)
    return NoReturn(why=phase.point_of_no_return, step=step, title=title_of(named) if named else step or "")


def _of_step(plan: Plan, stages: Sequence[Stage], step: StepId | None) -> Iterator[Package]:
    return (p for stage in stages for p in map(plan.packages.__getitem__, stage.packages) if p.step == step)


def title_of(package: Package) -> str:
    """The title of a step; … stands for what differs by host."""
    return "".join(part if isinstance(part, str) else "…" for part in package.title.parts) or package.step


def _beside(plan: Plan) -> Mapping[PhaseId, tuple[PlannedPhase, ...]]:
    """The phases that may go on at the same time as each: neither comes before the other."""
    needs: dict[PhaseId, set[PhaseId]] = {phase.id: set(phase.needs) for phase in plan.phases}
    for package in plan.packages.values():
        others = {plan.packages[edge.before].phase for edge in package.needs}
        needs[package.phase] |= others - {package.phase}
    before = {phase: _all_before(phase, needs) for phase in needs}
    return {
        phase.id: tuple(o for o in plan.phases if not (o is phase or o.id in before[phase.id] or phase.id in before[o.id]))
        for phase in plan.phases
    }


def _all_before(phase: PhaseId, needs: Mapping[PhaseId, set[PhaseId]]) -> frozenset[PhaseId]:
    found: set[PhaseId] = set()
    waiting = [*needs[phase]]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs.get(name, ())
    return frozenset(found)
