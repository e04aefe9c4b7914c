"""Turn what a person wants into facts, or into a refusal with its reason. Pure; the same rule for every way in."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from runbook_engine.model import decisions as de
from runbook_engine.model import events as ev
from runbook_engine.model.gates import LateAgreed, StartAgreed
from runbook_engine.model.run import TaskState
from runbook_engine.model.words import SETTLED_BADLY, SETTLED_WELL, RunStatus, Status, TaskId, Verdict
from runbook_engine.running.admit_turns import RULES
from runbook_engine.running.course import Course
from runbook_engine.running.doubt import unasked
from runbook_engine.running.gates import is_missed
from runbook_engine.running.limits import late_ones
from runbook_engine.running.pacing import not_yet_over
from runbook_engine.running.pairing import unfit
from runbook_engine.running.refusing import CannotBe

Facts = tuple[ev.Event, ...]


def admit(course: Course, decision: de.Decision, now: datetime) -> Facts:
    """The events that follow from a decision; a DecisionRefused with the reason when it cannot be taken."""
    try:
        if course.run.status in (RunStatus.DONE, RunStatus.STOPPED) and not isinstance(decision, de.AddNote):
            raise CannotBe(f"the run is over ({course.run.status})")
        return _RULES[type(decision)](course, decision, now)
    except CannotBe as no:
        return (ev.DecisionRefused(at=now, decision=decision.id, by=decision.by, reason=str(no)),)


def _state(course: Course, task: TaskId) -> TaskState:
    try:
        course.shape.parts(task)
    except KeyError:
        raise CannotBe(f"the plan has no task {task}") from None
    return course.run.task(task)


def _waiting(course: Course, task: TaskId) -> TaskState:
    state = _state(course, task)
    if state.status is not Status.WAITING or state.until is not None:
        words = "is not open yet" if state.status is Status.NOT_STARTED else f"is {state.status.replace('_', ' ')}"
        raise CannotBe(f"{task} {words}, it does not wait for a person")
    return state


def _done(course: Course, wish: de.Done, now: datetime) -> Facts:
    _waiting(course, wish.task)
    if not wish.automatic:
        _may_do(course, wish.task, wish.by)
    package = course.shape.work(wish.task, back=course.run.task(wish.task).back)
    question = package.procedure.question
    if question and question.choices:
        raise CannotBe(f"{wish.task} asks for a choice: {', '.join(c.name for c in question.choices)}")
    wanted = dict(question.evidence if question and question.evidence else package.evidence)
    missing = [name for name in wanted if not wish.evidence.get(name)]
    if missing:
        raise CannotBe(f"{wish.task} needs evidence: {', '.join(missing)}")
    if unknown := [name for name in wish.evidence if name not in wanted]:
        raise CannotBe(f"{wish.task} does not ask for {', '.join(unknown)}; it asks for {', '.join(wanted) or 'no evidence'}")
    for name, kind in wanted.items():
        _check_evidence(name, kind, wish.evidence[name])
    _is_past(wish.started, now)
    _may_end(course, wish.task, now)
    return (
        ev.TaskAnswered(
            at=now,
            task=wish.task,
            by=wish.by,
            reason=wish.note,
            evidence=wish.evidence,
            started=wish.started,
            automatic=wish.automatic,
        ),
    )


def _is_past(started: datetime | None, now: datetime) -> None:
    if started is not None and started > now:
        raise CannotBe("the start lies in the future")


def _may_end(course: Course, task: TaskId, now: datetime) -> None:
    """Whether what the task follows has ended, or begun, long enough ago."""
    why = next(not_yet_over(course, task, now), None)
    if why is None:
        return
    until = f", until {datetime.fromisoformat(why.until).isoformat(sep=' ', timespec='seconds')}" if why.until else ""
    after = f"say it again after that; runbook why {course.run.id} {task} tells how long" if why.until else why.next_command
    raise CannotBe(f"{task} may not end yet: {why.reason}{until}; {after}")


def _may_do(course: Course, task: TaskId, person: str) -> None:
    """Whether the plan lets somebody do a task, by who does others."""
    if not course.run.task(task).back and (reason := unfit(course, task, person)):
        raise CannotBe(reason)


def _check_evidence(name: str, kind: str, value: str) -> None:
    if kind == "number":
        try:
            float(value)
        except ValueError:
            raise CannotBe(f"{name} must be a number, not {value!r}") from None
    if kind == "yes_no" and value not in ("yes", "no"):
        raise CannotBe(f"{name} must be yes or no, not {value!r}")


def _decide(course: Course, wish: de.Decide, now: datetime) -> Facts:
    _waiting(course, wish.task)
    if not wish.automatic:
        _may_do(course, wish.task, wish.by)
    package = course.shape.work(wish.task, back=course.run.task(wish.task).back)
    question = package.procedure.question
    if question is None or not question.choices:
        raise CannotBe(f"{wish.task} asks for no choice; say that it is done")
    chosen = next((c for c in question.choices if c.name == wish.choice), None)
    if chosen is None:
        raise CannotBe(f"{wish.task} knows no {wish.choice!r}, only {', '.join(c.name for c in question.choices)}")
    if not chosen.goes_on and not wish.reason:
        raise CannotBe(f"{wish.choice!r} needs a reason")
    if chosen.goes_on:
        _may_end(course, wish.task, now)
    return (
        ev.TaskAnswered(
            at=now,
            task=wish.task,
            by=wish.by,
            choice=wish.choice,
            goes_on=chosen.goes_on,
            reason=wish.reason,
            automatic=wish.automatic,
        ),
    )


def _resolve(course: Course, wish: de.Resolve, now: datetime) -> Facts:
    state = _state(course, wish.task)
    if state.status is Status.ROLL_BACK_FAILED and wish.verdict is Verdict.NOT_DONE:
        raise CannotBe(
            f"{wish.task} was not rolled back, that is known; runbook resume {course.run.id} --failed tries it again"
        )
    if state.status not in (Status.UNKNOWN, Status.ROLL_BACK_FAILED):
        raise CannotBe(f"{wish.task} is {state.status.replace('_', ' ')}, not unknown")
    if not wish.reason.strip():
        raise CannotBe("a verdict needs a reason: what was seen, and where")
    keeps = state.outcome is not None and unasked(state, state.outcome)
    if keeps and wish.verdict is Verdict.NOT_DONE and not wish.without_host:
        raise CannotBe(
            f"the host keeps what became of {wish.task}, and was not asked: it could still be at it, and do it a second time. "
            f"runbook resume {course.run.id} asks it; for a host that is gone for good say --without-host"
        )
    return (ev.AttemptResolved(at=now, task=wish.task, verdict=wish.verdict, by=wish.by, reason=wish.reason),)


def _progress(course: Course, wish: de.Progress, now: datetime) -> Facts:
    _waiting(course, wish.task)
    if not 0 <= wish.percent <= 100:
        raise CannotBe("percent is a number from 0 to 100")
    _is_past(wish.started, now)
    return (ev.TaskProgressed(at=now, task=wish.task, by=wish.by, percent=wish.percent, note=wish.note, started=wish.started),)


def _assign(course: Course, wish: de.Assign, now: datetime) -> Facts:
    if _state(course, wish.task).status in SETTLED_WELL:
        raise CannotBe(f"{wish.task} is over")
    _may_do(course, wish.task, wish.to)
    return (ev.TaskAssigned(at=now, task=wish.task, to=wish.to, by=wish.by),)


def _accept(course: Course, wish: de.Accept, now: datetime) -> Facts:
    _own(course, wish.task, wish.by)
    _may_do(course, wish.task, wish.by)
    return (ev.TaskAccepted(at=now, task=wish.task, by=wish.by),)


def _decline(course: Course, wish: de.Decline, now: datetime) -> Facts:
    _own(course, wish.task, wish.by)
    if not wish.reason.strip():
        raise CannotBe("declining needs a reason")
    return (ev.TaskDeclined(at=now, task=wish.task, by=wish.by, reason=wish.reason),)


def _own(course: Course, task: TaskId, by: str) -> None:
    assigned = _state(course, task).assigned
    if assigned != by:
        raise CannotBe(f"{task} is assigned to {assigned or 'nobody'}, not to {by}")


def _retry(course: Course, wish: de.Retry, now: datetime) -> Facts:
    state = _state(course, wish.task)
    if state.status is Status.ROLLED_BACK:
        phase = course.shape.parts(wish.task)[0].phase
        raise CannotBe(f"{wish.task} was rolled back; runbook resume {course.run.id} --again {phase} does its phase again")
    if state.status not in SETTLED_BADLY:
        raise CannotBe(f"{wish.task} is {state.status.replace('_', ' ')}; only what ended badly can be tried again")
    return (ev.TaskReopened(at=now, task=wish.task, by=wish.by, reason=wish.reason),)


def _pause(course: Course, wish: de.PauseRun, now: datetime) -> Facts:
    return (ev.RunPaused(at=now, by=wish.by, reason=wish.reason),)


def _resume(course: Course, wish: de.ResumeRun, now: datetime) -> Facts:
    return (ev.RunResumed(at=now, by=wish.by),)


def _stop(course: Course, wish: de.StopRun, now: datetime) -> Facts:
    unclear = [task for task, state in course.run.tasks.items() if state.status is Status.UNKNOWN]
    if unclear:
        raise CannotBe(f"resolve what is unknown first: {', '.join(unclear[:3])}")
    return (ev.RunStopped(at=now, by=wish.by, reason=wish.reason),)


def _amend(course: Course, wish: de.Amend, now: datetime) -> Facts:
    if course.run.back is not None:
        raise CannotBe(f"the way back of {', '.join(course.run.back.phases)} is not over")
    open_tasks = [task for task, state in course.run.tasks.items() if state.status in (Status.RUNNING, Status.UNKNOWN)]
    if open_tasks:
        raise CannotBe(f"{open_tasks[0]} is {course.run.task(open_tasks[0]).status}; it must be settled first")
    return (ev.PlanAmended(at=now, digest=wish.digest, carried=wish.carried, by=wish.by, reason=wish.reason),)


def _start_now(course: Course, wish: de.StartNow, now: datetime) -> Facts:
    phase = course.run.phases.get(wish.phase)
    if phase is None:
        raise CannotBe(f"the plan has no phase {wish.phase}")
    if phase.missed is None and is_missed(course.run, wish.phase, now) is None:
        raise CannotBe(f"the start of phase {wish.phase} was not missed")
    return (StartAgreed(at=now, phase=wish.phase, by=wish.by, reason=wish.reason),)


def _start_late(course: Course, wish: de.StartLate, now: datetime) -> Facts:
    for task in wish.tasks:
        _state(course, task)
    if not wish.reason.strip():
        raise CannotBe("it needs a reason why it can be done although it is late (--reason TEXT)")
    late = late_ones(course, wish.tasks, now)
    if not late:
        what = ", ".join(wish.tasks[:3]) or "no task"
        raise CannotBe(f"{what}: nothing of it is held because it is late; runbook why {course.run.id} says what holds it")
    due = min(limit.by for limit in late)
    return (LateAgreed(at=now, tasks=tuple(limit.task for limit in late), due=due, by=wish.by, reason=wish.reason),)


def _note(course: Course, wish: de.AddNote, now: datetime) -> Facts:
    return (ev.NoteAdded(at=now, by=wish.by, text=wish.text, task=wish.task),)


_RULES: dict[type, Callable[[Course, Any, datetime], Facts]] = {
    de.Done: _done,
    de.Decide: _decide,
    de.Resolve: _resolve,
    de.Progress: _progress,
    de.Assign: _assign,
    de.Accept: _accept,
    de.Decline: _decline,
    de.Retry: _retry,
    de.PauseRun: _pause,
    de.ResumeRun: _resume,
    de.StopRun: _stop,
    de.Amend: _amend,
    de.AddNote: _note,
    de.StartNow: _start_now,
    de.StartLate: _start_late,
    **RULES,
}
