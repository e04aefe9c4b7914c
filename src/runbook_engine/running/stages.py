"""How far packages, stages and phases are: the part of the fold that opens what comes next."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from runbook_engine.model.plan import Package
from runbook_engine.model.run import PhaseState, Run
from runbook_engine.model.words import SETTLED_WELL, OnFailure, PackageId, PhaseId, StageKind, Status, TaskId
from runbook_engine.running.budget import exhausted
from runbook_engine.running.shape import Shape, task_of


def count(phase: PhaseState, before: Status | None, after: Status, number: int = 1) -> None:
    """Move tasks from one status to another in a phase's counts."""
    if before is not None:
        phase.counts[before] -= number
    phase.counts[after] += number


def settle_package(shape: Shape, run: Run, package: Package, at: datetime) -> None:
    """One more task of a package ended well; the last one of a stage opens the next, the last of a phase what needs it."""
    shift(shape, run, package, settled=1)
    if is_over(run, package):
        advance(shape, run, package.phase, at)


def is_over(run: Run, package: Package) -> bool:
    """Whether a package has nothing left but what hosts that are set aside leave open."""
    return run.settled[package.id] + run.aside[package.id] >= package.size


def shift(shape: Shape, run: Run, package: Package, *, settled: int = 0, aside: int = 0) -> None:
    """More, or fewer, tasks of a package ended well, or are left open by hosts that are set aside."""
    was = is_over(run, package)
    run.settled[package.id] += settled
    run.aside[package.id] += aside
    now = is_over(run, package)
    phase = run.phases[package.phase]
    if was != now and phase.stage == shape.stage_of[package.id]:
        phase.packages_left += -1 if now else 1
    if now:
        let_pass(shape, run, package)


def let_pass(shape: Shape, run: Run, package: Package) -> None:
    """What waits for the package as a whole may go on, from now on; while a budget is exceeded only if it is whole."""
    if package.id in run.passed or not is_over(run, package):
        return
    whole = run.settled[package.id] >= package.size
    if whole or not exhausted(shape, run, package.phase, shape.stage_of[package.id]):
        run.passed[package.id] = None


def waits_within(shape: Shape, before: PackageId, after: PackageId) -> bool:
    """Whether what waits for a package as a whole need not wait for hosts that are set aside there."""
    phase = shape.packages[before].phase
    return phase == shape.packages[after].phase or shape.phases[phase].on_failure is OnFailure.CONTINUE


def is_passed(shape: Shape, run: Run, before: Package, after: PackageId) -> bool:
    """Whether a package that waits for another as a whole need not wait for it any more."""
    if waits_within(shape, before.id, after):
        return before.id in run.passed
    return run.settled[before.id] >= before.size


def reconsider(shape: Shape, run: Run, phase_id: PhaseId, at: datetime) -> None:
    """A budget is no longer exceeded, or somebody is no longer in the way: go on as far as that allows."""
    phase = run.phases[phase_id]
    if phase.stage is None:
        return
    for stage in shape.phases[phase_id].stages[: phase.stage + 1]:
        for name in stage.packages:
            let_pass(shape, run, shape.packages[name])
    advance(shape, run, phase_id, at)


def advance(shape: Shape, run: Run, phase_id: PhaseId, at: datetime) -> None:
    """Open the stages of a phase that are reached, and end it when it is through."""
    phase, planned = run.phases[phase_id], shape.phases[phase_id]
    while phase.stage is not None and phase.ended is None and _may_leave(shape, run, phase_id):
        pause_s = planned.stages[phase.stage].pause_s if planned.stages else 0.0
        if phase.stage + 1 >= len(planned.stages):
            phase.ended = at
            run.opened += 1
            open_phases(shape, run, at)
            return
        phase.next_stage_at = at + timedelta(seconds=pause_s) if pause_s else None
        _open_stage(shape, run, phase_id, phase.stage + 1)


def _may_leave(shape: Shape, run: Run, phase_id: PhaseId) -> bool:
    """Whether the open stage is settled, and what comes next need not wait for anybody who is set aside."""
    phase, planned = run.phases[phase_id], shape.phases[phase_id]
    if phase.packages_left or phase.stage is None:
        return False
    if not planned.stages:
        return True
    here = planned.stages[phase.stage].packages
    whole = all(run.settled[p] >= shape.packages[p].size for p in here)
    if not whole and exhausted(shape, run, phase_id, phase.stage):
        return False
    following = planned.stages[phase.stage + 1 : phase.stage + 2]
    return bool(following and following[0].kind is not StageKind.AFTER) or _nobody_missing(shape, run, phase_id)


def _nobody_missing(shape: Shape, run: Run, phase_id: PhaseId) -> bool:
    """Whether all stages so far are settled, and none of the phase's own hosts is set aside, unless it goes on without."""
    phase, planned = run.phases[phase_id], shape.phases[phase_id]
    own = any(phase_id in causes or not all(causes) for causes in phase.aside.values())
    if own and planned.on_failure is not OnFailure.CONTINUE:
        return False
    stages = planned.stages[: (phase.stage or 0) + 1]
    return all(is_over(run, shape.packages[p]) for stage in stages for p in stage.packages)


def _open_stage(shape: Shape, run: Run, phase_id: PhaseId, index: int) -> None:
    phase = run.phases[phase_id]
    phase.stage = index
    run.opened += 1
    packages = [shape.packages[p] for p in (shape.stage(phase_id, index).packages if shape.phases[phase_id].stages else ())]
    phase.packages_left = sum(not is_over(run, p) for p in packages)
    for package in packages:
        let_pass(shape, run, package)


def open_phases(shape: Shape, run: Run, at: datetime) -> None:
    """Open every phase whose needs have ended."""
    for planned in shape.plan.phases:
        phase = run.phases[planned.id]
        if phase.stage is None and all(run.phases[need].ended for need in planned.needs):
            phase.started = phase.started or at
            _open_stage(shape, run, planned.id, 0)
            advance(shape, run, planned.id, at)


def waiting_on(shape: Shape, run: Run, package: PackageId, before: PackageId) -> Iterator[TaskId]:
    """The tasks of a package that wait for one of another on their own host."""
    if run.settled[before] >= shape.packages[before].size:
        return
    for host in shape.hosts[package]:
        if host in shape.hosts[before] and run.task(task_of(before, host)).status not in SETTLED_WELL:
            yield task_of(package, host)
