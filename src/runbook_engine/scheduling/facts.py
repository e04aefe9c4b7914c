"""A run that is under way: what has happened is a fact of the project, and what is left is scheduled anew.

Facts come from the fold of the journal alone. Work that is over has its real times and people. Work that was begun is over when
what was left of it when somebody told last, at the pace up to then, is worked off since; nothing else starts before now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from runbook_engine.model.jobs import Job, Project, Spans
from runbook_engine.model.run import Run, TaskState
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import SETTLED_BADLY, SETTLED_WELL, Status, TaskId
from runbook_engine.scheduling.projects_clock import EPOCH, slot_after, slot_before
from runbook_engine.scheduling.spans import minus

OVER = SETTLED_WELL | SETTLED_BADLY | {Status.ROLLED_BACK}
_MARGIN = 0.02  # of its length: so much longer at least does something take that should be over by now


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How far a job is: when it began, when it was over if it is, how much of it was done when, and who did it."""

    began: datetime | None = None
    over: datetime | None = None
    done: float = 0.0  # 0 to 1
    told: datetime | None = None  # when so much was done; None: nothing was told since it began
    people: tuple[str, ...] = ()
    assigned: tuple[str, ...] = ()  # who is to do it, though it has not begun
    said: bool = False  # when it began is the word of whoever does it


def as_it_stands(project: Project, run: Run, now: datetime, promised: Mapping[str, datetime] | None = None) -> Project:
    """The project with what the run has made facts of. Its time begins no later than the run.

    `project` must begin at the run's creation or before; one without a calendar is counted from there. `promised`: when jobs
    were to start, by id. What is open for a person before that is not thought to have been worked on since it was opened.
    """
    if project.origin is None:
        begun = (run.created or EPOCH) - EPOCH
        project = replace(
            project, origin=EPOCH + begun // timedelta(seconds=project.slot_s) * timedelta(seconds=project.slot_s)
        )
    jobs = tuple(_fact(job, stand_of(job, run), project, now, (promised or {}).get(job.id)) for job in project.jobs)
    return replace(project, jobs=jobs)


def stand_of(job: Job, run: Run) -> Stand:
    """How far a job is, by the states of its tasks."""
    states = [run.task(TaskId(f"{job.package}@{host}" if host else job.package)) for host in (job.hosts or ("",))]
    begun = [state for state in states if _has_begun(state)]
    if not job.package or not begun:
        return Stand(assigned=_named(states))
    whole = sum(1.0 if state.status in OVER else state.percent / 100 for state in states) / len(states)
    ends = [state.ended or state.started for state in states if state.status in OVER]
    times = [time for state in begun if (time := state.began or state.started or state.ended)]
    over = max((end for end in ends if end), default=None) if all(state.status in OVER for state in states) else None
    told = max((at for state in begun if (at := _told(state))), default=None)
    said = all(state.began for state in begun if state.status not in OVER)
    return Stand(began=min(times, default=None), over=over, done=min(1.0, whole), told=told, people=_named(begun), said=said)


def _told(state: TaskState) -> datetime | None:
    """When it was last known how far a task is."""
    return (state.ended or state.started) if state.status in OVER else state.told


def _has_begun(state: TaskState) -> bool:
    """Whether work has begun: a task that merely waits for its person has not."""
    if state.status in OVER or state.status in (Status.RUNNING, Status.RETRYING, Status.UNKNOWN):
        return True
    return state.status is Status.WAITING and (state.percent > 0 or state.began is not None or state.until is not None)


def _named(states: Sequence[TaskState]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for state in states if (name := state.by or state.assigned)))


def _fact(job: Job, stand: Stand, project: Project, now: datetime, promised: datetime | None) -> Job:
    today = max(0, slot_after(project.origin, project.slot_s, now))
    if stand.began is None:
        people = _workers(stand.assigned, project)
        fits = people and len(people) == sum(crew.count for crew in job.crews)
        later = replace(job, release=max(job.release, today))
        return replace(later, people=people) if fits else later
    start = max(0, _began(job, stand.began, project))
    people = _workers(stand.people, project)
    over = max(start, slot_after(project.origin, project.slot_s, stand.over)) if stand.over else None
    hours = _hours(job, people, start, project, over or today, known=over is not None)
    told = max(start, min(today, slot_after(project.origin, project.slot_s, stand.told))) if stand.told else start
    since = slot_before(project.origin, project.slot_s, promised) if promised and job.crews and not stand.said else start
    left = _left(job, stand.done, since if start < since <= told else start, told, hours)
    finish = over if over is not None else _finish(job, left, told, max(start, today), hours)
    return replace(
        job,
        start=start,
        duration=_worked(hours, start, finish),
        crews=job.crews if people else (),
        people=people or None,
        calendar=job.calendar if job.pausable and hours else None,
        pausable=bool(hours),
    )


def _began(job: Job, began: datetime, project: Project) -> int:
    """The slot in which it began. What takes no time is at the end of it, as all that follows is after it."""
    return (slot_before if job.duration else slot_after)(project.origin, project.slot_s, began)


def _hours(job: Job, people: Sequence[int], start: int, project: Project, until: int, *, known: bool) -> Spans:
    """When it was and will be worked on, if it rests in between; empty: without a break.

    A step that may pause rests while its calendar is closed or its people are off. One that may not is done in one go, even if
    that is after hours: only when more time has passed than it takes, whoever does it has gone home meanwhile. What was begun,
    or is `known` to have ended, outside of the hours was not kept to them.
    """
    if not job.pausable and start + job.duration >= until:
        return ()
    calendars = (project.calendars[job.calendar],) if job.pausable and job.calendar is not None else ()
    open_in = [*calendars, *(free for person in people if (free := project.workers[person].free) is not None)]
    if not open_in:
        return ()
    found = open_in[0]
    for other in open_in[1:]:
        found = minus(found, minus(found, other))
    ends = start if not known else until - 1
    return found if _worked(found, start, start + 1) and _worked(found, ends, ends + 1) else ()


def _left(job: Job, done: float, since: int, told: int, hours: Spans) -> float:
    """Slots of work that were left when somebody told how much was done: more if it was slower than planned up to then."""
    spent, planned = _worked(hours, since, told), job.duration * done
    return spent * (1 - done) / done if done and spent > planned else job.duration - planned


def _finish(job: Job, left: float, told: int, today: int, hours: Spans) -> int:
    """When a begun job is over: what was left when it was told is worked off since then, without a break or in these hours.

    What should be over by now takes a little longer, counted from now.
    """
    slots = max(1 if job.duration else 0, round(left - _worked(hours, told, today)), round(job.duration * _MARGIN))
    for begin, end in hours:
        since = max(begin, today)
        if since < end:
            if slots <= end - since:
                return since + slots
            slots -= end - since
    return max(today, hours[-1][1] if hours else 0) + slots


def _worked(hours: Spans, start: int, finish: int) -> int:
    """Slots of work between two moments: without a break, or in these hours."""
    if not hours:
        return finish - start
    return sum(max(0, min(end, finish) - max(begin, start)) for begin, end in hours)


def _workers(names: Sequence[str], project: Project) -> tuple[int, ...]:
    known = {worker.id: number for number, worker in enumerate(project.workers)}
    return tuple(number for name, number in known.items() if name in names)
