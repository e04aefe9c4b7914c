"""How long what would start can take, and the way back of what is done: it must fit in what is left of a window (L3).

The worst case counts: the upper end of what the author states, else the time limit with its retries. Hosts go side by side,
as many as attempts are made at a time; what a crew does by hand is done host after host.
"""

from collections.abc import Iterator
from math import ceil

from runbook_engine.model.plan import Edge, Package, PlannedPhase, Stage
from runbook_engine.model.run import Run
from runbook_engine.model.words import PackageId
from runbook_engine.running.shape import Shape


def needed_s(shape: Shape, run: Run, package: Package, parallel: int) -> float:
    """Seconds that a start of the package needs: all of its stage, if that begins with it, and the way back so far."""
    phase, index = shape.phases[package.phase], shape.stage_of[package.id]
    begins = run.phases[package.phase].begun < index and in_one_go(shape, phase.stages[index])
    forth = stage_s(shape, phase.stages[index], parallel) if begins else one_s(package)
    return forth + back_s(shape, run, phase, index, parallel)


def in_one_go(shape: Shape, stage: Stage) -> bool:
    """Whether a stage must fit into one opening: the engine takes hosts out of service in it.

    What people do by hand alone may go on in the next opening, task by task.
    """
    packages = (shape.packages[name] for name in stage.packages)
    return any(package.takes_out and not package.by_person for package in packages)


def one_s(package: Package) -> float:
    """Seconds that one task of a package can take."""
    if package.procedure.timer is not None:
        return package.procedure.timer.for_s
    if package.takes is not None:
        return package.takes.high_s
    return (package.timeout_s or 0.0) * (1 + package.retries.count)


def stage_s(shape: Shape, stage: Stage, parallel: int) -> float:
    """Seconds that a stage can take, from its first task to its last."""
    begins: dict[PackageId, float] = {}
    ends: dict[PackageId, float] = {}
    for name in stage.packages:
        package = shape.packages[name]
        times = ((begins if edge.on_start else ends).get(edge.before, 0.0) + lag_of(edge) for edge in package.needs)
        begin = begins[name] = max(0.0, *times, 0.0)
        ends[name] = begin + _rounds(package, len(package.hosts), parallel) * one_s(package)
    return max(ends.values(), default=0.0)


def lag_of(edge: Edge) -> float:
    """Seconds that pass at least between what an edge joins."""
    return max(0.0, edge.lag.lag_s) if edge.lag else 0.0


def back_s(shape: Shape, run: Run, phase: PlannedPhase, index: int, parallel: int) -> float:
    """Seconds that undoing the phase can take once its stages up to `index` are done.

    What is past the point of no return is not undone, and so does not count.
    """
    ways = [way for stage in phase.stages[: index + 1] for way in _ways(shape, run, phase, stage)]
    if phase.point_of_no_return and not ways:
        return 0.0
    return sum(_rounds(way, len(way.hosts), parallel) * one_s(way) for way in (*ways, *phase.way_back))


def _ways(shape: Shape, run: Run, phase: PlannedPhase, stage: Stage) -> Iterator[Package]:
    """How the steps of a stage are undone that can still be."""
    packages = [shape.packages[p] for p in stage.packages]
    if phase.point_of_no_return and not phase.no_return_step:
        return
    last = next((n for n, p in enumerate(packages) if p.step == phase.no_return_step), len(packages))
    if last < len(packages) and run.settled[packages[last].id]:
        return
    yield from (shape.ways_back[p.id] for p in packages[:last] if p.id in shape.ways_back)


def _rounds(package: Package, hosts: int, parallel: int) -> int:
    """How often the time of one task passes."""
    if package.takes is not None and package.takes.per_batch:
        return 1
    if package.by_person:
        return max(1, hosts)
    return ceil(max(1, hosts) / parallel) if parallel else 1
