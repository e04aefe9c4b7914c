"""The fold: how each event changes a run. Total over the closed union of events; what cannot happen is an error."""

from collections.abc import Callable
from typing import Any

from runbook_engine.model import events as ev
from runbook_engine.model import turns
from runbook_engine.model.errors import ImpossibleEvent
from runbook_engine.model.run import Run, TaskState
from runbook_engine.model.words import (
    SETTLED_BADLY,
    SETTLED_WELL,
    Purpose,
    RunStatus,
    Status,
    TaskId,
    Verdict,
)
from runbook_engine.running import gate_events
from runbook_engine.running.aside import follow
from runbook_engine.running.changes import change, settle
from runbook_engine.running.doubt import ASKING, count_bad_end, may_ask, may_verify, status_after, unasked
from runbook_engine.running.shape import Shape
from runbook_engine.running.stages import count
from runbook_engine.running.turning import failures_accepted, host_left_out, phases_reopened, roll_back_began, turn_back
from runbook_engine.running.way_back import UNDOABLE, add, drop, moved


def evolve(shape: Shape, run: Run, event: ev.Event) -> None:
    """Fold one event into the run."""
    _HANDLERS[type(event)](shape, run, event)
    task = getattr(event, "task", None)
    if task is not None:
        follow(shape, run, task, event.at)
        if run.back is not None:
            moved(shape, run, task)


def _run_created(shape: Shape, run: Run, event: ev.RunCreated) -> None:
    run.title, run.by, run.created, run.demo = event.title, event.by, event.at, event.demo
    run.accepted_unenforced = event.accepted_unenforced


def _took_over(shape: Shape, run: Run, event: ev.ControllerTookOver) -> None:
    if event.epoch <= run.epoch:
        raise ImpossibleEvent(f"epoch {event.epoch} after epoch {run.epoch}")
    run.epoch, run.controller = event.epoch, f"{event.by} on {event.machine} (pid {event.pid})"
    for state in run.tasks.values():  # a host that could not be asked before may answer now
        if state.status is Status.UNKNOWN and state.outcome and unasked(state, state.outcome):
            state.ask_first = True


def _attempt_started(shape: Shape, run: Run, event: ev.AttemptStarted) -> None:
    asks = event.purpose in ASKING
    begins = Status.ROLLING_BACK if event.purpose is Purpose.ROLL_BACK else Status.NOT_STARTED
    allowed = (Status.UNKNOWN,) if asks else (begins, Status.RETRYING)
    state, _ = change(shape, run, event.task, Status.RUNNING, *allowed)
    if event.purpose is Purpose.DO:
        _check_stage(shape, run, event.task, state)
        gate_events.begun(shape, run, event.task)
    if event.purpose is Purpose.SETTLE and event.attempt != state.attempt:
        raise ImpossibleEvent(f"{event.attempt} of {event.task} is asked for, but {state.attempt} is in doubt")
    state.attempts += event.purpose is not Purpose.SETTLE
    state.attempt, state.purpose, state.until = event.attempt, event.purpose, None
    state.started = state.started or event.at
    if not asks:
        state.boot = event.boot


def _check_stage(shape: Shape, run: Run, task: TaskId, state: TaskState) -> None:
    """Nothing begins before its stage is open; what could not be kept from beginning on a way back is undone too."""
    package, host = shape.parts(task)
    phase, going = run.phases[package.phase], run.back
    if not phase.undone and (phase.stage is None or phase.stage < shape.stage_of[package.id]):
        raise ImpossibleEvent(f"{task} started before its stage was open")
    if going and package.phase in going.phases and (host in going.hosts or not going.hosts) and package.id in shape.ways_back:
        state.turns = True
        add(going, task)


def _attempt_ended(shape: Shape, run: Run, event: ev.AttemptEnded) -> None:
    known = run.task(event.task)
    if known.attempt != event.attempt:
        raise ImpossibleEvent(f"{event.attempt} of {event.task} ended, but {known.attempt} is open")
    package = shape.work(event.task, back=known.back)
    status = status_after(known, package, event)
    state, _ = change(shape, run, event.task, status, Status.RUNNING)
    state.outcome, state.until = event.outcome, event.retry_at
    if event.outcome.status in SETTLED_WELL:
        state.saved = event.outcome.saved or state.saved
    count_bad_end(state, event.outcome.status)
    state.verify_first = status is Status.UNKNOWN and may_verify(known, package, event)
    state.ask_first = status is Status.UNKNOWN and may_ask(known, event)
    if state.turns:
        _turned(shape, run, event)
    settle(shape, run, event.task, event.at)


def _turned(shape: Shape, run: Run, event: ev.AttemptEnded) -> None:
    """A way back had begun while the attempt ran: what it did, or may have done, is undone."""
    state = run.tasks[event.task]
    in_doubt = state.purpose is Purpose.DO and event.outcome.status is Status.UNKNOWN
    state.turns = False
    if state.status in UNDOABLE or in_doubt:
        before = state.status
        state.status = Status.NOT_STARTED  # nothing was settled yet
        count(run.phases[shape.parts(event.task)[0].phase], before, Status.NOT_STARTED)
        turn_back(shape, run, event.task, event.at)
    elif run.back:
        drop(run.back, event.task)


def _attempt_resolved(shape: Shape, run: Run, event: ev.AttemptResolved) -> None:
    status = Status.OK if event.verdict is Verdict.DONE else Status.NOT_STARTED
    state, _ = change(shape, run, event.task, status, Status.UNKNOWN, Status.ROLL_BACK_FAILED)
    state.by, state.reason, state.verify_first, state.ask_first, state.doubts = event.by, event.reason, False, False, 0
    settle(shape, run, event.task, event.at)


def _task_opened(shape: Shape, run: Run, event: ev.TaskOpened) -> None:
    state, _ = change(shape, run, event.task, Status.WAITING, Status.NOT_STARTED, Status.ROLLING_BACK)
    state.prompt, state.until = event.prompt, event.until
    state.percent, state.told, state.began = 0, None, None  # it may have been done before
    state.started = state.started or event.at if state.back else event.at  # it may have been withdrawn before
    gate_events.begun(shape, run, event.task)


def _task_answered(shape: Shape, run: Run, event: ev.TaskAnswered) -> None:
    package = shape.work(event.task, back=run.task(event.task).back)
    checked = bool(package.procedure.verify) and event.goes_on
    status = Status.REFUSED if not event.goes_on else Status.UNKNOWN if checked else Status.OK
    state, package = change(shape, run, event.task, status, Status.WAITING)
    state.by, state.choice, state.reason, state.evidence = event.by, event.choice, event.reason, event.evidence
    state.started, state.percent, state.verify_first = event.started or state.began or state.started, 100, checked
    settle(shape, run, event.task, event.at)


def _task_progressed(shape: Shape, run: Run, event: ev.TaskProgressed) -> None:
    state, _ = change(shape, run, event.task, Status.WAITING, Status.WAITING)
    state.percent, state.told, state.by = event.percent, event.at, event.by
    state.began = event.started or state.began or (None if event.percent else event.at)


def _timer_ended(shape: Shape, run: Run, event: ev.TimerEnded) -> None:
    state, _ = change(shape, run, event.task, Status.OK, Status.WAITING)
    state.until = None
    settle(shape, run, event.task, event.at)


def _task_skipped(shape: Shape, run: Run, event: ev.TaskSkipped) -> None:
    state, _ = change(shape, run, event.task, Status.SKIPPED, Status.NOT_STARTED, Status.ROLLING_BACK)
    state.reason = event.reason
    settle(shape, run, event.task, event.at)


def _task_reopened(shape: Shape, run: Run, event: ev.TaskReopened) -> None:
    state, _ = change(shape, run, event.task, Status.NOT_STARTED, *SETTLED_BADLY)
    state.failures, state.doubts, state.ended, state.until, state.choice = 0, 0, None, None, ""


def _owner_changed(shape: Shape, run: Run, event: ev.TaskAssigned | ev.TaskAccepted | ev.TaskDeclined) -> None:
    status = run.task(event.task).status
    state, _ = change(shape, run, event.task, status)
    state.accepted = isinstance(event, ev.TaskAccepted)
    state.assigned = event.to if isinstance(event, ev.TaskAssigned) else event.by if state.accepted else ""


def _run_paused(shape: Shape, run: Run, event: ev.RunPaused) -> None:
    run.status, run.reason = RunStatus.PAUSED, event.reason


def _run_resumed(shape: Shape, run: Run, event: ev.RunResumed) -> None:
    run.status, run.reason = RunStatus.OPEN, ""


def _run_stopped(shape: Shape, run: Run, event: ev.RunStopped) -> None:
    run.status, run.reason, run.ended = RunStatus.STOPPED, event.reason, event.at


def in_the_air(run: Run) -> bool:
    """Whether anything runs, or nobody knows what became of it: no run ends so."""
    return any(phase.counts[Status.RUNNING] or phase.counts[Status.UNKNOWN] for phase in run.phases.values())


def _run_ended(shape: Shape, run: Run, event: ev.RunEnded) -> None:
    if in_the_air(run) or not all(phase.ended for phase in run.phases.values()):
        raise ImpossibleEvent("the run ended, but not all of its phases")
    run.status, run.ended = RunStatus.DONE, event.at


def _decision_refused(shape: Shape, run: Run, event: ev.DecisionRefused) -> None:
    run.refusals[event.decision] = event.reason


def _note_added(shape: Shape, run: Run, event: ev.NoteAdded) -> None:
    run.notes.append(event.text)


def _plan_amended(shape: Shape, run: Run, event: ev.PlanAmended) -> None:
    run.notes.append(f"the plan was changed by {event.by}" + (f": {event.reason}" if event.reason else ""))


_HANDLERS: dict[type, Callable[[Shape, Run, Any], None]] = {
    ev.RunCreated: _run_created,
    ev.ControllerTookOver: _took_over,
    ev.AttemptStarted: _attempt_started,
    ev.AttemptEnded: _attempt_ended,
    ev.AttemptResolved: _attempt_resolved,
    ev.TaskOpened: _task_opened,
    ev.TaskAnswered: _task_answered,
    ev.TaskProgressed: _task_progressed,
    ev.TimerEnded: _timer_ended,
    ev.TaskSkipped: _task_skipped,
    ev.TaskReopened: _task_reopened,
    ev.TaskAssigned: _owner_changed,
    ev.TaskAccepted: _owner_changed,
    ev.TaskDeclined: _owner_changed,
    ev.RunPaused: _run_paused,
    ev.RunResumed: _run_resumed,
    ev.RunStopped: _run_stopped,
    ev.PlanAmended: _plan_amended,
    ev.DecisionRefused: _decision_refused,
    ev.NoteAdded: _note_added,
    turns.FailuresAccepted: failures_accepted,
    turns.HostLeftOut: host_left_out,
    turns.RollBackBegan: roll_back_began,
    turns.PhasesReopened: phases_reopened,
    ev.RunEnded: _run_ended,
    **gate_events.HANDLERS,
}
