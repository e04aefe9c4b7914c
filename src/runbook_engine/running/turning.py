"""The fold of the facts in `model/turns.py`: failures accepted, hosts left out, phases that go back and begin again."""

from datetime import datetime

from runbook_engine.model import turns as ev
from runbook_engine.model.run import Run, TaskState
from runbook_engine.model.words import SETTLED_BADLY, SETTLED_WELL, FailureScope, HostName, PhaseId, Status, TaskId
from runbook_engine.running import aside, way_back
from runbook_engine.running.changes import change, settle
from runbook_engine.running.shape import Shape, task_of
from runbook_engine.running.stages import count, open_phases, reconsider, shift

BACK = PhaseId("")  # why a host is aside that was rolled back alone
RESTING = (Status.NOT_STARTED, Status.WAITING, Status.RETRYING, Status.ROLLED_BACK, *SETTLED_BADLY)


def failures_accepted(shape: Shape, run: Run, event: ev.FailuresAccepted) -> None:
    """Those who have failed no longer count, wherever the phase counts them."""
    over = shape.phases[event.phase].failures_over
    for phase in run.phases if over is FailureScope.PROJECT else (event.phase,):
        aside.accept(shape, run, phase, event.at)


def host_left_out(shape: Shape, run: Run, event: ev.HostLeftOut) -> None:
    """Every task of the host that is open is skipped, in all phases."""
    for name in shape.plan.packages:
        task = task_of(name, event.host)
        if event.host in shape.hosts[name] and run.task(task).status not in SETTLED_WELL:
            if task in run.tasks:
                run.tasks[task].back = False
            state, _ = change(shape, run, task, Status.SKIPPED, *RESTING)
            state.by, state.reason, state.until = event.by, _left_out(event), None
            settle(shape, run, task, event.at)
            aside.follow(shape, run, task, event.at)
    for phase in run.phases:
        run.phases[phase].undone_hosts.discard(event.host)
        aside.take_up(shape, run, phase, event.host, BACK)
        reconsider(shape, run, phase, event.at)


def _left_out(event: ev.HostLeftOut) -> str:
    return f"left out by {event.by}" + (f": {event.reason}" if event.reason else "")


def roll_back_began(shape: Shape, run: Run, event: ev.RollBackBegan) -> None:
    """The phases are open again, or closed if they go back as a whole; what was done in them is to be undone."""
    going = way_back.going_back(shape, event)
    hosts = frozenset(event.hosts)
    touched = {shape.parts(task)[0].phase for task in event.tasks}
    for name in event.phases:
        phase = run.phases[name]
        if not hosts:
            phase.undone, phase.ended, phase.stage, phase.next_stage_at = True, None, None, None
        elif name in touched or phase.ended is None:  # a phase that has ended, and of which nothing is undone, stays so
            phase.undone_hosts |= hosts.intersection(shape.phases[name].hosts)
            phase.ended = None
    for task in [t for t in run.tasks if _within(shape, t, event.phases, hosts)]:
        _withdraw(shape, run, task, event.at)
    for task in event.tasks:
        _turn(shape, run, task, event.at)
    for name in event.phases:
        for host in run.phases[name].undone_hosts & hosts:
            aside.put_aside(shape, run, name, host, BACK)
    _forget_passed(shape, run, event.phases, whole=not hosts)
    way_back.begin(run, going)


def _within(shape: Shape, task: TaskId, phases: tuple[PhaseId, ...], hosts: frozenset[HostName]) -> bool:
    package, host = shape.parts(task)
    return package.phase in phases and (not hosts or host in hosts)


def _withdraw(shape: Shape, run: Run, task: TaskId, at: datetime) -> None:
    """What waits for a person or a time has not begun; what was to be tried again has failed."""
    state = run.tasks[task]
    if state.back:
        return
    if state.status is Status.WAITING:
        change(shape, run, task, Status.NOT_STARTED)
        state.prompt, state.until, state.percent, state.told, state.began = "", None, 0, None, None
    elif state.status is Status.RETRYING:
        change(shape, run, task, Status.FAILED)
        state.until = None
        aside.follow(shape, run, task, at)


def _turn(shape: Shape, run: Run, task: TaskId, at: datetime) -> None:
    """A task is to be undone; one that runs, as soon as it has ended."""
    package, _ = shape.parts(task)
    if package.id not in shape.stage_of:  # it belongs to the way back alone
        run.phases[package.phase].total += 1
        count(run.phases[package.phase], None, Status.NOT_STARTED)
    state = run.tasks.get(task)
    if state is not None and state.status is Status.RUNNING:
        state.turns = True
    else:
        turn_back(shape, run, task, at)


def turn_back(shape: Shape, run: Run, task: TaskId, at: datetime) -> None:
    """From here on what is said of the task is said of its way back."""
    package, host = shape.parts(task)
    if run.task(task).status in SETTLED_WELL:
        shift(shape, run, package, settled=-1, aside=int(host in run.phases[package.phase].aside))
    state, _ = change(shape, run, task, Status.ROLLING_BACK)
    state.back, state.turns, state.failures, state.doubts = True, False, 0, 0
    state.verify_first, state.ask_first, state.until, state.ended, state.by, state.reason = False, False, None, None, "", ""
    aside.follow(shape, run, task, at)


def _forget_passed(shape: Shape, run: Run, phases: tuple[PhaseId, ...], *, whole: bool) -> None:
    for phase in phases if whole else ():
        for stage in shape.phases[phase].stages:
            for name in stage.packages:
                run.passed.pop(name, None)


def phases_reopened(shape: Shape, run: Run, event: ev.PhasesReopened) -> None:
    """What was undone, or ended badly, is as if it had never begun; the phases open when what they need has ended."""
    for task in [t for t in run.tasks if _within(shape, t, event.phases, frozenset())]:
        _renew(shape, run, task, event.at)
    for name in event.phases:
        phase = run.phases[name]
        phase.undone = False
        for phases in run.out.values():
            phases.discard(name)
        for host in sorted(phase.undone_hosts):
            aside.take_up(shape, run, name, host, BACK)
        phase.undone_hosts.clear()
    open_phases(shape, run, event.at)
    for name in event.phases:
        reconsider(shape, run, name, event.at)
    run.eased += 1


def _renew(shape: Shape, run: Run, task: TaskId, at: datetime) -> None:
    state, (package, _) = run.tasks[task], shape.parts(task)
    if state.status is not Status.ROLLED_BACK and state.status not in SETTLED_BADLY:
        return
    state.back = False
    change(shape, run, task, Status.NOT_STARTED)
    run.tasks[task] = TaskState(attempts=state.attempts, assigned=state.assigned)
    if package.id not in shape.stage_of:
        run.phases[package.phase].total -= 1
        run.phases[package.phase].counts[Status.NOT_STARTED] -= 1
    aside.follow(shape, run, task, at)
