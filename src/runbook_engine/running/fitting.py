"""How long what would start can take, and the way back of what is done: it must fit in what is left of a window (L3).

The worst case counts: the upper end of what the author states, else the time limit with its retries. Hosts go side by side,
as many as attempts are made at a time; what a crew does by hand is done host after host.
"""

from collections.abc import Iterator

from runbook_engine.model.plan import Package, PlannedPhase, Stage
from runbook_engine.model.run import Run
from runbook_engine.model.worst import in_one_go, one_s, rounds, stage_s, unbroken_s
from runbook_engine.running.shape import Shape


def needed_s(shape: Shape, run: Run, package: Package, parallel: int) -> float:
    """Seconds that a start of the package needs: all of its stage, if that begins with it, and the way back so far."""
    phase, index = shape.phases[package.phase], shape.stage_of[package.id]
    begins = run.phases[package.phase].begun < index and in_one_go(shape.packages, phase.stages[index])
    forth = stage_s(shape.packages, phase.stages[index], parallel) if begins else unbroken_s(package)
    return forth + back_s(shape, run, phase, index, parallel)


def back_s(shape: Shape, run: Run, phase: PlannedPhase, index: int, parallel: int) -> float:
    """Seconds that undoing the phase can take once its stages up to `index` are done.

    What is past the point of no return is not undone, and so does not count.
    """
    ways = [way for stage in phase.stages[: index + 1] for way in _ways(shape, run, phase, stage)]
    if phase.point_of_no_return and not ways:
        return 0.0
    return sum(rounds(way, len(way.hosts), parallel) * one_s(way) for way in (*ways, *phase.way_back))


def _ways(shape: Shape, run: Run, phase: PlannedPhase, stage: Stage) -> Iterator[Package]:
    """How the steps of a stage are undone that can still be."""
    packages = [shape.packages[p] for p in stage.packages]
    if phase.point_of_no_return and not phase.no_return_step:
        return
    last = next((n for n, p in enumerate(packages) if p.step == phase.no_return_step), len(packages))
    if last < len(packages) and run.settled[packages[last].id]:
        return
    yield from (shape.ways_back[p.id] for p in packages[:last] if p.id in shape.ways_back)
