"""How long packages, stages and phases take by what the author stated. Estimates: nothing starts or stops by them."""

from collections.abc import Callable
from math import ceil

from runbook_engine.model.plan import Edge, Package, Plan, PlannedPhase, Stage
from runbook_engine.model.runbook import Takes
from runbook_engine.model.words import PackageId, PhaseId

Pick = Callable[[Takes], float]


def time_words(seconds: float) -> str:
    """A length of time as people write it: 1h 30m."""
    parts = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        whole, seconds = divmod(seconds, length)
        parts += [f"{whole:g}{unit}"] if whole else []
    return " ".join([*parts, *([f"{seconds:g}s"] if seconds or not parts else [])])


def shortest(takes: Takes) -> float:
    """The lower end."""
    return takes.low_s


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
    rounds = package.size if package.by_person else ceil(package.size / (parallel or package.size))
    return rounds * pick(package.takes)


def stage_time(plan: Plan, stage: Stage, pick: Pick = likely, parallel: int | None = None) -> float:
    """Seconds from the start of a stage to its end, without the pause after it."""
    return max((end for _, end in times_of(plan, stage, pick, parallel).values()), default=0.0)


def phase_time(plan: Plan, phase: PlannedPhase, pick: Pick = likely, parallel: int | None = None) -> float:
    """Seconds from the start of a phase to its end: its stages one after the other, with the pauses between them."""
    last = len(phase.stages) - 1
    return sum(
        stage_time(plan, stage, pick, parallel) + (stage.pause_s if index < last else 0.0)
        for index, stage in enumerate(phase.stages)
    )


def untimed(package: Package) -> bool:
    """Whether nobody said how long a package takes, though it is not a mere check."""
    return package.takes is None and package.procedure.timer is None and not package.health_check


def _from(before: tuple[float, float], edge: Edge) -> float:
    """When what follows can begin, or end."""
    return max(0.0, before[0 if edge.on_start else 1] + (edge.lag.lag_s if edge.lag else 0.0))


def times_of(plan: Plan, stage: Stage, pick: Pick, parallel: int | None) -> dict[PackageId, tuple[float, float]]:
    """When each package of a stage begins and ends, in seconds from the start of the stage."""
    times: dict[PackageId, tuple[float, float]] = {}
    inside = set(stage.packages)
    for package in (plan.packages[p] for p in stage.packages):
        known = [e for e in package.needs if e.before in inside and e.before in times]
        begin = max((_from(times[e.before], e) for e in known if not package.only_its_end(e)), default=0.0)
        end = max((_from(times[e.before], e) for e in known if package.only_its_end(e)), default=0.0)
        times[package.id] = (begin, max(end, begin + package_time(package, pick, parallel)))
    return times


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
