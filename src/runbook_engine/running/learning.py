"""How long the steps of a runbook took in earlier runs: what a schedule counts with where the author states no time."""

from collections.abc import Iterable, Mapping
from statistics import median, quantiles

from runbook_engine.model.estimates import Estimate
from runbook_engine.model.run import Run, TaskState
from runbook_engine.model.words import PackageId, Status, StepId
from runbook_engine.running.shape import Shape

_MANY = 20  # tasks: of so many, the shortest and the longest twentieth are left out

Took = Mapping[StepId, tuple[float, ...]]


def took(shape: Shape, run: Run) -> Took:
    """Seconds that each task of a run took that was done, by its step. What was skipped, failed or undone teaches nothing.

    What people do counts from when they could begin: the task was open, and the one before of the same package was done.
    """
    by_package: dict[PackageId, list[TaskState]] = {}
    for name, state in run.tasks.items():
        if state.status is Status.OK and not state.back and state.started is not None and state.ended is not None:
            by_package.setdefault(shape.parts(name)[0].id, []).append(state)
    found: dict[StepId, list[float]] = {}
    for package_id, states in by_package.items():
        package = shape.packages[package_id]
        if package.procedure.timer is None:
            found.setdefault(package.step, []).extend(_seconds(states, one_by_one=package.by_person))
    return {step: tuple(seconds) for step, seconds in found.items()}


def learnt(runs: Iterable[Took]) -> dict[StepId, Estimate]:
    """What earlier runs of one runbook say of each of its steps: the usual time, and between which it lies."""
    every: dict[StepId, list[tuple[float, ...]]] = {}
    for run in runs:
        for step, seconds in run.items():
            every.setdefault(step, []).append(seconds)
    return {step: _estimate(parts) for step, parts in every.items() if any(parts)}


def _seconds(states: Iterable[TaskState], *, one_by_one: bool) -> list[float]:
    spans = sorted((s.ended, s.started) for s in states if s.ended is not None and s.started is not None)
    before = spans[0][1]
    found = []
    for ended, started in spans:
        found.append((ended - (max(started, before) if one_by_one else started)).total_seconds())
        before = ended
    return found


def _estimate(parts: list[tuple[float, ...]]) -> Estimate:
    seconds = sorted(s for part in parts for s in part)
    low, high = seconds[0], seconds[-1]
    if len(seconds) >= _MANY:
        cuts = quantiles(seconds, n=20)
        low, high = cuts[0], cuts[-1]
    runs = sum(1 for part in parts if part)
    return Estimate(low_s=low, likely_s=median(seconds), high_s=high, runs=runs, tasks=len(seconds))
