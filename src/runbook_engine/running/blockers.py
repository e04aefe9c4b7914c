"""Why a task does not start now: one rule for the loop, `runbook why`, the board and the report."""

from datetime import datetime

from runbook_engine.model.plan import Package
from runbook_engine.model.run import TaskState
from runbook_engine.model.words import SETTLED_WELL, EdgeKind, FailureScope, HostName, PhaseId, RunStatus, Status, TaskId
from runbook_engine.model.world import Blocker, World
from runbook_engine.running.aside import out_of_turn
from runbook_engine.running.budget import allowed, exceeded, failures, project_exceeded
from runbook_engine.running.claims import elsewhere, other_run
from runbook_engine.running.course import Course
from runbook_engine.running.focus import Focus
from runbook_engine.running.gates import closed_gates
from runbook_engine.running.pacing import not_yet_over, too_early
from runbook_engine.running.shape import task_of, waited_for
from runbook_engine.running.stages import is_passed
from runbook_engine.running.way_back import is_closed, is_due

NAMED_AT_MOST = 3  # of the tasks that another one waits for


def blockers(course: Course, task: TaskId, world: World, now: datetime, focus: Focus | None = None) -> tuple[Blocker, ...]:
    """Everything that keeps a task from starting now. Empty: it may start. Raises KeyError for an unknown task."""
    host = course.shape.parts(task)[1]
    state = course.run.task(task)
    package = course.shape.work(task, back=state.back)
    own = _by_itself(course, task, state, package, now)
    if own and state.status not in (Status.RETRYING, Status.UNKNOWN, Status.ROLLING_BACK):
        return own
    found = [*own, *_by_run(course)]
    if not state.back and state.status is not Status.UNKNOWN and (back := _by_way_back(course, package, host)):
        return (*found, *back)  # whatever else there is, a way back comes first
    if state.status is Status.NOT_STARTED:
        found += [*_by_phase(course, package.phase), *_by_stage(course, package, now), *_by_needs(course, package, host)]
        found += too_early(course, package, host, world, now)
    begins = state.status in (Status.NOT_STARTED, Status.RETRYING) and not state.back
    there = tuple(elsewhere(course, package.phase, world, focus or Focus())) if begins and package.claims_hosts else ()
    found += there or _by_host(course, task, host, world)
    if state.status is not Status.UNKNOWN and not state.back:  # settling doubt, and undoing, is always allowed
        found += [*_by_budget(course, package), *_by_aside(course, package, host)]
        if begins:
            found += closed_gates(course, package, host, world, now, focus=focus or Focus())
    if focus is not None and not focus.allows(package.phase, host):
        found.append(Blocker(kind="limit", reason="this call is limited to other phases or hosts"))
    return tuple(found)


def _by_itself(course: Course, task: TaskId, state: TaskState, package: Package, now: datetime) -> tuple[Blocker, ...]:
    """What its own state says: it is over, it runs, it waits for somebody or for a time."""
    run = course.run.id
    match state.status:
        case Status.NOT_STARTED:
            return ()
        case Status.UNKNOWN:
            return () if state.settles_itself else (_doubt(run, task),)
        case Status.ROLLING_BACK:
            return () if is_due(course.run, task) else (_in_line(course, task),)
        case Status.ROLLED_BACK:
            again = f"runbook resume {run} --again {package.phase}"
            return (Blocker(kind="over", reason="it was rolled back", next_command=again),)
        case Status.ROLL_BACK_FAILED:
            command = f"runbook resume {run} --retry {task}, or runbook resolve {run} {task} --as done --reason TEXT"
            return (Blocker(kind="over", reason="its way back failed", next_command=command),)
        case Status.WAITING if state.until is None:
            held = tuple(not_yet_over(course, task, now))
            return (*held, _person(run, task, state, package, held=bool(held)))
        case Status.WAITING | Status.RETRYING:
            held = tuple(not_yet_over(course, task, now)) if state.status is Status.WAITING else ()
            over = state.until is not None and state.until <= now and (held or state.status is Status.RETRYING)
            return held if over else (*held, Blocker(kind="time", reason="it waits for a time", until=_iso(state.until)))
        case Status.RUNNING:
            return (Blocker(kind="over", reason="it is running"),)
        case _:
            again = "" if state.status in SETTLED_WELL else f"runbook resume {run} --retry {task}"
            return (Blocker(kind="over", reason=f"it is {state.status.replace('_', ' ')}", next_command=again),)


def _in_line(course: Course, task: TaskId) -> Blocker:
    """Before a task is undone, what came after it on its host is, and the parts of the way back that come first."""
    going = course.run.back
    own = going.lanes.get(task.partition("@")[2] or task) if going else None
    first = own[0][1] if own and own[0][1] != task else None
    if first is None and going:
        first = next((parts[0][1] for parts in going.lanes.values() if parts[0][0] <= going.at), None)
    why = f"{first} ({course.run.task(first).status.replace('_', ' ')})" if first else "its phase"
    return Blocker(kind="needs", reason=f"its way back waits for that of {why}")


def _by_way_back(course: Course, package: Package, host: HostName | None) -> list[Blocker]:
    run, phase = course.run, course.run.phases[package.phase]
    if not is_closed(run, package.phase, host):
        return []
    if run.back is not None and package.phase in run.back.closed:
        return [Blocker(kind="back", reason=f"phase {', '.join(run.back.phases)} is being rolled back")]
    what = f"phase {package.phase}" if phase.undone else f"{host} in phase {package.phase}"
    return [
        Blocker(kind="back", reason=f"{what} was rolled back", next_command=f"runbook resume {run.id} --again {package.phase}")
    ]


def _doubt(run: str, task: TaskId) -> Blocker:
    return Blocker(
        kind="doubt",
        reason="nobody knows whether it was done",
        next_command=f"runbook resolve {run} {task} --as done|not-done --reason TEXT",
    )


def _person(run: str, task: TaskId, state: TaskState, package: Package, *, held: bool) -> Blocker:
    """Whom it waits for. What may not end yet (`held`) has no command that would be taken, but for a choice."""
    whom = state.assigned or ", ".join(map(str, package.who)) or "a person"
    question = package.procedure.question
    if question and question.choices:
        command = f"runbook decide {run} {task} --choice {'|'.join(c.name for c in question.choices)}"
    else:
        evidence = question.evidence if question and question.evidence else package.evidence
        command = "" if held else f"runbook done {run} {task}" + "".join(f" --evidence {name}=…" for name, _ in evidence)
    return Blocker(kind="person", reason=f"it waits for {whom}", next_command=command)


def _by_run(course: Course) -> list[Blocker]:
    run = course.run
    if run.status is RunStatus.OPEN:
        return []
    command = f"runbook resume {run.id}" if run.status is RunStatus.PAUSED else ""
    return [
        Blocker(kind="run", reason=f"the run is {run.status}" + (f": {run.reason}" if run.reason else ""), next_command=command)
    ]


def _by_phase(course: Course, phase: PhaseId) -> list[Blocker]:
    if course.run.phases[phase].stage is not None or course.run.phases[phase].undone:
        return []
    needs = [need for need in course.shape.phases[phase].needs if course.run.phases[need].ended is None]
    return [Blocker(kind="phase", reason=f"phase {phase} waits for phase {', '.join(needs)}")]


def _by_stage(course: Course, package: Package, now: datetime) -> list[Blocker]:
    phase = course.run.phases[package.phase]
    index = course.shape.stage_of[package.id]
    if phase.stage is None:
        return []
    if phase.stage < index:
        number = course.shape.stage(package.phase, phase.stage).number
        return [Blocker(kind="stage", reason=f"the stage before it (batch {number}) is not settled")]
    if phase.next_stage_at is not None and phase.stage == index and phase.next_stage_at > now:
        return [Blocker(kind="time", reason="the pause between batches", until=_iso(phase.next_stage_at))]
    return []


def _by_needs(course: Course, package: Package, host: HostName | None) -> list[Blocker]:
    found = []
    for edge in waited_for(package):
        before = course.shape.plan.packages[edge.before]
        if edge.kind is EdgeKind.ALL_HOSTS and is_passed(course.shape, course.run, before, package.id):
            unmet = []
        elif edge.kind is EdgeKind.ALL_HOSTS:
            unmet = [t for t in course.shape.tasks(before.id) if course.run.task(t).status not in SETTLED_WELL]
        elif host in course.shape.hosts[before.id]:
            unmet = [t for t in (task_of(before.id, host),) if course.run.task(t).status not in SETTLED_WELL]
        else:
            unmet = []
        if unmet:
            more = f" and {len(unmet) - NAMED_AT_MOST} more" if len(unmet) > NAMED_AT_MOST else ""
            names = ", ".join(f"{t} ({course.run.task(t).status.replace('_', ' ')})" for t in unmet[:NAMED_AT_MOST])
            found.append(Blocker(kind="needs", reason=f"it needs {names}{more}"))
    return found


def _by_host(course: Course, task: TaskId, host: HostName | None, world: World) -> list[Blocker]:
    """A host is worked on by one run at a time, and within a run by one attempt at a time."""
    if host is None:
        return []
    if host in world.taken:
        return [other_run(host, world)]
    on_host = (t for t, s in course.run.tasks.items() if s.status is Status.RUNNING and t != task)
    other = next((t for t in on_host if t.partition("@")[2] == host), None)
    return [Blocker(kind="host", reason=f"{host} is busy with {other}")] if other else []


def _by_budget(course: Course, package: Package) -> list[Blocker]:
    shape, run, stage = course.shape, course.run, course.shape.stage_of[package.id]
    if exceeded(shape, run, package.phase, stage):
        return [_spent(course, package.phase, stage)]
    if project_exceeded(shape, run):
        strict = next(
            p.id for p in shape.plan.phases if p.max_failures == shape.project_limit and exceeded(shape, run, p.id, None)
        )
        return [_spent(course, strict, None)]
    return []


def _spent(course: Course, phase: PhaseId, stage: int | None) -> Blocker:
    shape, run = course.shape, course.run
    number, limit = failures(shape, run, phase, stage), allowed(shape, phase, stage)
    over = shape.phases[phase].failures_over
    where = {FailureScope.BATCH: f"this batch of phase {phase}", FailureScope.PROJECT: "all phases together"}
    reason = f"{number} failed in {where.get(over, f'phase {phase}')}, {limit} allowed"
    return Blocker(kind="budget", reason=reason, next_command=f"runbook resume {run.id} --failed")


def _by_aside(course: Course, package: Package, host: HostName | None) -> list[Blocker]:
    """A host that failed is set aside; one that comes back does its own work in order."""
    run, phase = course.run, course.run.phases[package.phase]
    if host is None:
        return []
    if host not in phase.aside:
        before = out_of_turn(course.shape, run, package, host)
        return [Blocker(kind="needs", reason=f"{host} had been set aside, and does its earlier steps first")] if before else []
    cause = max(phase.aside[host])
    if not cause:  # it was rolled back alone, which is said already
        return []
    task = next(iter(run.phases[cause].bad.get(host, ())), None)
    why = f": {task} is {run.task(task).status.replace('_', ' ')}" if task else ", and is not through it yet"
    command = f"runbook resume {run.id} --retry {task}, or runbook resume {run.id} --skip {host}" if task else ""
    return [Blocker(kind="aside", reason=f"{host} is set aside in phase {cause}{why}", next_command=command)]


def _iso(when: datetime | None) -> str:
    return when.isoformat(timespec="seconds") if when else ""
