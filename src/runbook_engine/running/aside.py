"""Hosts that are set aside: who failed in a phase that goes in batches does not hold the others up, and comes back later.

Part of the fold. A host is aside in a phase while one of its tasks there ended badly. Where the phase goes on whatever
fails, the phases that need it leave the host aside as well, until all its tasks in the former have ended well.
"""

from collections.abc import Iterator
from datetime import datetime

from runbook_engine.model.plan import Package
from runbook_engine.model.run import PhaseState, Run
from runbook_engine.model.words import SETTLED_WELL, HostName, OnFailure, PhaseId, TaskId
from runbook_engine.running.budget import goes_in_turn, is_failure, project_exceeded, spent
from runbook_engine.running.shape import Shape, task_of
from runbook_engine.running.stages import advance, reconsider, shift

Lane = str  # a host, or a task that no host is needed for: what counts as one failure


def follow(shape: Shape, run: Run, task: TaskId, at: datetime) -> None:
    """Take note of a task that has changed: whether it counts as a failure now, and what that means for its host."""
    state = run.tasks.get(task)
    failed = state is not None and is_failure(state)
    if failed == (task in run.failed):
        return
    package, host = shape.parts(task)
    lane = host or task
    tight = _tight(shape, run, package.phase)
    if failed:
        _fails(shape, run, package, lane, task)
    else:
        _mends(shape, run, package, lane, task)
    if host and goes_in_turn(shape, package.phase):
        _move(shape, run, package.phase, host, at)
    _eased(shape, run, package.phase, tight, at)
    advance(shape, run, package.phase, at)


def accept(shape: Shape, run: Run, phase_id: PhaseId, at: datetime) -> None:
    """A person has accepted the failures that are known now: they no longer count."""
    phase, tight = run.phases[phase_id], _tight(shape, run, phase_id)
    for lane, tasks in phase.bad.items():
        if lane not in phase.accepted:
            _count(shape, run, phase, lane, {shape.stage_of[shape.parts(t)[0].id] for t in tasks}, -1)
            phase.accepted.add(lane)
    _eased(shape, run, phase_id, tight, at)


def came_through(shape: Shape, run: Run, package: Package, host: HostName | None) -> None:
    """A task ended well. When a host that was left behind has done all of its phase, the later phases take it up again."""
    phase = run.phases[package.phase]
    if host is None or host not in phase.returned:
        return
    if host in phase.aside:
        shift(shape, run, package, aside=-1)
    if shape.phases[package.phase].on_failure is not OnFailure.CONTINUE or _left(shape, run, package.phase, host):
        return
    for later in shape.later(package.phase):
        take_up(shape, run, later, host, package.phase)


def out_of_turn(shape: Shape, run: Run, package: Package, host: HostName | None) -> bool:
    """Whether a host that had been set aside has something of its own to do before this."""
    if host is None or host not in run.phases[package.phase].returned:
        return False
    before = (p for p in shape.earlier(package.id) if host in shape.hosts[p])
    return any(run.task(task_of(p, host)).status not in SETTLED_WELL for p in before)


def _tight(shape: Shape, run: Run, phase: PhaseId) -> tuple[bool, bool]:
    return spent(shape, run, phase) is not None, project_exceeded(shape, run)


def _eased(shape: Shape, run: Run, phase_id: PhaseId, tight: tuple[bool, bool], at: datetime) -> None:
    """Go on where a budget is no longer exceeded."""
    own, project = _tight(shape, run, phase_id)
    if tight[1] and not project:
        run.eased += 1
        for phase in run.phases:
            reconsider(shape, run, phase, at)
    elif tight[0] and not own:
        run.eased += 1
        reconsider(shape, run, phase_id, at)


def _fails(shape: Shape, run: Run, package: Package, lane: Lane, task: TaskId) -> None:
    phase, stage = run.phases[package.phase], shape.stage_of[package.id]
    if lane in phase.accepted:  # it has failed anew
        phase.accepted.discard(lane)
        _count(shape, run, phase, lane, {shape.stage_of[shape.parts(t)[0].id] for t in phase.bad[lane]}, 1)
    tasks = phase.bad.setdefault(lane, {})
    stages = {shape.stage_of[shape.parts(t)[0].id] for t in tasks}
    tasks[task] = None
    run.failed.add(task)
    if not stages:
        _count(shape, run, phase, lane, {stage}, 1)
    elif stage not in stages:
        phase.stage_failures[stage] += 1


def _mends(shape: Shape, run: Run, package: Package, lane: Lane, task: TaskId) -> None:
    phase, stage = run.phases[package.phase], shape.stage_of[package.id]
    tasks = phase.bad[lane]
    del tasks[task]
    run.failed.discard(task)
    counted = lane not in phase.accepted
    if not tasks:
        del phase.bad[lane]
        phase.accepted.discard(lane)
        if counted:
            _count(shape, run, phase, lane, {stage}, -1)
    elif counted and stage not in {shape.stage_of[shape.parts(t)[0].id] for t in tasks}:
        phase.stage_failures[stage] -= 1


def _count(shape: Shape, run: Run, phase: PhaseState, lane: Lane, stages: set[int], by: int) -> None:  # noqa: ARG001 - its kin have it
    phase.failures += by
    for stage in stages:
        phase.stage_failures[stage] += by
    run.failing[lane] += by
    if not run.failing[lane]:
        del run.failing[lane]


def _move(shape: Shape, run: Run, phase_id: PhaseId, host: HostName, at: datetime) -> None:
    """Set a host aside where it failed, and in the phases that go on without it; or take it back."""
    if host in run.phases[phase_id].bad:
        put_aside(shape, run, phase_id, host, phase_id)
        if shape.phases[phase_id].on_failure is OnFailure.CONTINUE:
            for later in shape.later(phase_id):
                put_aside(shape, run, later, host, phase_id)
                advance(shape, run, later, at)
    else:
        take_up(shape, run, phase_id, host, phase_id)


def put_aside(shape: Shape, run: Run, phase_id: PhaseId, host: HostName, cause: PhaseId) -> None:
    """A host holds nobody up in a phase for now."""
    phase = run.phases[phase_id]
    causes = phase.aside.setdefault(host, set())
    if not causes:
        phase.returned.add(host)
        for package in _left(shape, run, phase_id, host):
            shift(shape, run, package, aside=1)
    causes.add(cause)


def take_up(shape: Shape, run: Run, phase_id: PhaseId, host: HostName, cause: PhaseId) -> None:
    """A cause for which a host was set aside has gone."""
    phase = run.phases[phase_id]
    causes = phase.aside.get(host)
    if causes is None:
        return
    causes.discard(cause)
    if causes:
        return
    del phase.aside[host]
    run.eased += 1
    left = list(_left(shape, run, phase_id, host))
    for package in left:
        shift(shape, run, package, aside=-1)
    if left:
        phase.ended = None  # it ended without the host, and has it again


def _left(shape: Shape, run: Run, phase_id: PhaseId, host: HostName) -> list[Package]:
    """The packages of a phase of which the host has not done its part."""
    return [p for p in _of_host(shape, phase_id, host) if run.task(task_of(p.id, host)).status not in SETTLED_WELL]


def _of_host(shape: Shape, phase_id: PhaseId, host: HostName) -> Iterator[Package]:
    for stage in shape.phases[phase_id].stages:
        for name in stage.packages:
            if host in shape.hosts[name]:
                yield shape.packages[name]
