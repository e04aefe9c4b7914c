"""How much of an opening must be left when a package ends: what could take longer, what follows in one go, the way back.

A run starts nothing that, at its worst, would leave no time to undo the phase before its window closes (L3).
"""

from collections.abc import Iterator
from dataclasses import replace

from runbook_engine.model.plan import Package, Plan, PlannedPhase, Stage
from runbook_engine.model.words import PackageId
from runbook_engine.model.worst import in_one_go, one_s, rounds, stage_s, unbroken_s


def needed_s(plan: Plan, parallel: int) -> dict[PackageId, tuple[float, float]]:
    """Seconds that each package needs at its start, at worst: for itself, or for its whole stage; and for the way back."""
    found: dict[PackageId, tuple[float, float]] = {}
    for phase in plan.phases:
        for index, stage in enumerate(phase.stages):
            back = back_s(plan, phase, index, parallel)
            whole = stage_s(plan.packages, stage, parallel) if in_one_go(plan.packages, stage) else 0.0
            for package in (plan.packages[p] for p in stage.packages):
                first = not any(edge.before in stage.packages for edge in package.needs)
                alone = rounds(package, 0 if package.by_person else package.size, parallel) * unbroken_s(package)
                found[package.id] = (max(alone, whole) if first else alone, back)
    return found


def back_s(plan: Plan, phase: PlannedPhase, index: int, parallel: int) -> float:
    """Seconds that undoing a phase can take while its stage at `index` is done. What is past return does not count."""
    ways = [*_ways(plan, phase, phase.stages[:index], settled=True), *_ways(plan, phase, (phase.stages[index],), settled=False)]
    if phase.point_of_no_return and not ways:
        return 0.0
    return sum(rounds(way, len(way.hosts), parallel) * one_s(way) for way in (*ways, *phase.way_back))


def _ways(plan: Plan, phase: PlannedPhase, stages: tuple[Stage, ...], *, settled: bool) -> Iterator[Package]:
    """How the steps of stages are undone that can still be."""
    if phase.point_of_no_return and not phase.no_return_step:
        return
    for stage in stages:
        packages = [plan.packages[p] for p in stage.packages]
        last = next((n for n, p in enumerate(packages) if p.step == phase.no_return_step), len(packages))
        if last < len(packages) and settled:
            continue
        yield from (way for p in packages[:last] if (way := _way(p)) is not None)


def _way(package: Package) -> Package | None:
    back = package.way_back
    if back is None or back.procedure is None:
        return None
    return replace(package, procedure=back.procedure, retries=back.retries, timeout_s=back.timeout_s)
