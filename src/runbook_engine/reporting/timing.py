"""How long a plan takes by what its author stated. An estimate for people: it decides nothing."""

from collections.abc import Callable
from math import ceil

from runbook_engine.model.plan import Package, Plan, PlannedPhase, Stage
from runbook_engine.model.runbook import Takes
from runbook_engine.model.words import PackageId, PhaseId
from runbook_engine.reporting.naming import by_person

Pick = Callable[[Takes], float]


def likely(takes: Takes) -> float:
    """The figure that progress is measured against."""
    return takes.planned_s


def longest(takes: Takes) -> float:
    """The upper end."""
    return takes.high_s


def package_time(package: Package, pick: Pick = likely, parallel: int | None = None) -> float:
    """Seconds for all hosts of a package: one crew works host after host, the engine on `parallel` hosts at a time."""
    timer = package.procedure.timer
    if timer:
        return timer.for_s
    if package.takes is None:
        return 0.0
    if package.takes.per_batch:
        return pick(package.takes)
    rounds = package.size if by_person(package) else ceil(package.size / (parallel or package.size))
    return rounds * pick(package.takes)


def phase_time(plan: Plan, phase: PlannedPhase, pick: Pick = likely, parallel: int | None = None) -> float:
    """Seconds from the start of a phase to its end: its stages one after the other, with the pauses between them."""
    last = len(phase.stages) - 1
    return sum(
        _stage_time(plan, stage, pick, parallel) + (stage.pause_s if index < last else 0.0)
        for index, stage in enumerate(phase.stages)
    )


def plan_time(plan: Plan, pick: Pick = likely, parallel: int | None = None) -> float:
    """Seconds from the start of the first phase to the end of the last; what waits for nobody goes side by side."""
    ends: dict[PhaseId, float] = {}
    for phase in in_order(plan):
        begin = max((ends.get(need, 0.0) for need in phase.needs), default=0.0)
        ends[phase.id] = begin + phase_time(plan, phase, pick, parallel)
    return max(ends.values(), default=0.0)


def in_order(plan: Plan) -> tuple[PlannedPhase, ...]:
    """The phases so that each comes after those it needs; as written where that allows it."""
    waiting, done = list(plan.phases), set[PhaseId]()
    ordered: list[PlannedPhase] = []
    while waiting:
        phase = next((p for p in waiting if done.issuperset(p.needs)), waiting[0])
        waiting.remove(phase)
        done.add(phase.id)
        ordered.append(phase)
    return tuple(ordered)


def without_time(plan: Plan, phase: PlannedPhase) -> int:
    """How many steps of a phase state no time."""
    untimed = {
        package.step
        for stage in phase.stages
        for package in map(plan.packages.__getitem__, stage.packages)
        if package.takes is None and package.procedure.timer is None and not package.health_check
    }
    return len(untimed)


def _stage_time(plan: Plan, stage: Stage, pick: Pick, parallel: int | None) -> float:
    ends: dict[PackageId, float] = {}
    inside = set(stage.packages)
    for package in (plan.packages[p] for p in stage.packages):
        begin = max((ends.get(e.before, 0.0) for e in package.needs if e.before in inside), default=0.0)
        ends[package.id] = begin + package_time(package, pick, parallel)
    return max(ends.values(), default=0.0)
