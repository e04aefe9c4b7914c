"""Which decisions about failures and the way back can be taken, and the facts that follow. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from runbook_engine.model import decisions as de
from runbook_engine.model import events as ev
from runbook_engine.model.turns import FailuresAccepted, HostLeftOut, PhasesReopened, RollBackBegan
from runbook_engine.model.words import SETTLED_WELL, FailureScope, HostName, OnFailure, PhaseId, Status
from runbook_engine.running.budget import spent
from runbook_engine.running.course import Course
from runbook_engine.running.refusing import CannotBe
from runbook_engine.running.shape import task_of
from runbook_engine.running.starting import standing_before
from runbook_engine.running.way_back import phases_meant, to_undo

Facts = tuple[ev.Event, ...]


def _phase(course: Course, phase: PhaseId) -> None:
    if phase not in course.shape.phases:
        raise CannotBe(f"the plan has no phase {phase}; it has {', '.join(course.shape.phases)}")


def _host(course: Course, host: HostName) -> None:
    if not any(host in hosts for hosts in course.shape.hosts.values()):
        raise CannotBe(f"the plan has no host {host}")


def asks(course: Course, phase: PhaseId) -> bool:
    """Whether a person must say how a phase goes on, because more has failed than it allows."""
    planned, state = course.shape.phases[phase], course.run.phases[phase]
    reached = state.stage is not None or planned.failures_over is FailureScope.PROJECT
    if planned.on_failure is not OnFailure.ASK or state.undone or not reached:
        return False
    return spent(course.shape, course.run, phase) is not None and not _settles_itself(course, phase)


def _settles_itself(course: Course, phase: PhaseId) -> bool:
    """Whether some of what counts as failed is doubt that a host or a probe is about to settle."""
    states = (course.run.task(t) for tasks in course.run.phases[phase].bad.values() for t in tasks)
    return any(s.status is Status.RUNNING or (s.status is Status.UNKNOWN and s.settles_itself) for s in states)


def _go_on(course: Course, wish: de.GoOn, now: datetime) -> Facts:
    _phase(course, wish.phase)
    if course.shape.phases[wish.phase].on_failure is not OnFailure.ASK:
        raise CannotBe(
            f"phase {wish.phase} does not ask (on_failure: {course.shape.phases[wish.phase].on_failure}); "
            f"runbook resume {course.run.id} --failed tries again, --skip HOST leaves a host out"
        )
    if not asks(course, wish.phase):
        raise CannotBe(f"phase {wish.phase} does not wait for an answer; runbook status {course.run.id} says where it stands")
    project = course.shape.phases[wish.phase].failures_over is FailureScope.PROJECT
    counted = course.run.phases.values() if project else (course.run.phases[wish.phase],)
    who = tuple(sorted({lane for state in counted for lane in state.bad if lane not in state.accepted}))
    return (FailuresAccepted(at=now, phase=wish.phase, who=who, by=wish.by, reason=wish.reason),)


def _leave_out(course: Course, wish: de.LeaveOut, now: datetime) -> Facts:
    _host(course, wish.host)
    shape, run = course.shape, course.run
    tasks = [task_of(name, wish.host) for name in shape.plan.packages if wish.host in shape.hosts[name]]
    if run.back is not None and wish.host in run.back.lanes:
        task = run.back.lanes[wish.host][0][1]
        raise CannotBe(f"the way back of {wish.host} is not over: {task} is {_word(run.task(task).status)}")
    for task in tasks:
        status = run.task(task).status
        if status is Status.UNKNOWN:
            raise CannotBe(f"{task} is unknown; first runbook resolve {run.id} {task} --as done|not-done --reason TEXT")
        if status is Status.RUNNING:
            raise CannotBe(f"{task} is running; runbook pause {run.id} lets it end, then leave {wish.host} out")
    if all(run.task(task).status in SETTLED_WELL for task in tasks):
        raise CannotBe(f"{wish.host} has nothing left to do")
    return (HostLeftOut(at=now, host=wish.host, by=wish.by, reason=wish.reason),)


def _roll_back(course: Course, wish: de.RollBack, now: datetime) -> Facts:
    shape, run = course.shape, course.run
    if wish.phase is not None:
        _phase(course, wish.phase)
    for host in wish.hosts:
        _host(course, host)
    if run.back is not None:
        raise CannotBe(f"the way back of {', '.join(run.back.phases)} is not over; runbook why {run.id} says what it waits for")
    if not wish.reason.strip():
        raise CannotBe("a way back needs a reason (--reason TEXT)")
    phases = phases_meant(shape, run, wish.phase)
    event = began(course, phases, wish.hosts, by=wish.by, reason=wish.reason, now=now)
    if not event.tasks:
        where = f"phase {wish.phase}" if wish.phase else "any phase"
        raise CannotBe(f"nothing that was done in {where} has a way back; runbook stop {run.id} ends the run as it is")
    return (event,)


def began(
    course: Course, phases: tuple[PhaseId, ...], hosts: tuple[HostName, ...], *, by: str, reason: str, now: datetime
) -> RollBackBegan:
    """The fact that phases go back, with all that is undone."""
    tasks = to_undo(course.shape, course.run, phases, frozenset(hosts))
    return RollBackBegan(at=now, phases=phases, hosts=hosts, tasks=tasks, by=by, reason=reason)


def turns_by_itself(course: Course, now: datetime) -> RollBackBegan | None:
    """The way back of a phase whose plan says so, once more has failed than it allows."""
    shape, run = course.shape, course.run
    if run.back is not None:
        return None
    for planned in shape.plan.phases:
        state = run.phases[planned.id]
        if planned.on_failure is not OnFailure.ROLL_BACK or state.undone or state.stage is None:
            continue
        if spent(shape, run, planned.id) is not None and not _settles_itself(course, planned.id):
            reason = f"more failed than the {planned.max_failures} allowed: {', '.join(sorted(set(state.bad))) or 'elsewhere'}"
            return began(course, phases_meant(shape, run, planned.id), (), by="the plan", reason=reason, now=now)
    return None


def _again(course: Course, wish: de.Again, now: datetime) -> Facts:
    _phase(course, wish.phase)
    run = course.run
    if run.back is not None:
        raise CannotBe(f"the way back of {', '.join(run.back.phases)} is not over; runbook why {run.id} says what it waits for")
    wanted = [p for p in course.shape.phases if p == wish.phase or p in course.shape.later(wish.phase)]
    phases = tuple(p for p in wanted if run.phases[p].undone or run.phases[p].undone_hosts)
    if wish.phase not in phases:
        raise CannotBe(f"phase {wish.phase} was not rolled back; runbook resume {run.id} --failed tries again what ended badly")
    return (PhasesReopened(at=now, phases=phases, by=wish.by, reason=wish.reason),)


def _start_with(course: Course, wish: de.StartWith, now: datetime) -> Facts:
    _phase(course, wish.phase)
    if course.run.tasks:
        raise CannotBe(f"{course.run.id} has begun; only a run that has not can start elsewhere")
    name = wish.step or wish.phase
    if wish.step and not any(p.step == wish.step for p in course.shape.plan.packages.values()):
        raise CannotBe(f"the plan has no step {wish.step}")
    reason = f"started with {name} by {wish.by}"
    return tuple(
        ev.TaskSkipped(at=now, task=task, reason=reason) for task in standing_before(course.shape, wish.phase, wish.step)
    )


def _word(status: Status) -> str:
    return status.replace("_", " ")


RULES: Mapping[type, Callable[[Course, Any, datetime], Facts]] = {
    de.GoOn: _go_on,
    de.LeaveOut: _leave_out,
    de.RollBack: _roll_back,
    de.Again: _again,
    de.StartWith: _start_with,
}
