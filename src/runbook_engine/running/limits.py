"""By when tasks have to follow others (`at_most`): how long there is left, and what is late.

A limit counts from the moment at which the other task really began, or ended well. What was skipped, or left out, limits
nobody. What has begun in time and is tried again is not late; of its end nobody can promise anything, so that is only said.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from runbook_engine.model.durations import time_words
from runbook_engine.model.plan import Edge, Package
from runbook_engine.model.run import TaskState
from runbook_engine.model.words import SETTLED_WELL, HostName, Status, TaskId
from runbook_engine.model.world import Limit
from runbook_engine.running.course import Course
from runbook_engine.running.pairs import before_of
from runbook_engine.running.shape import task_of

_GONE_BACK = (Status.ROLLING_BACK, Status.ROLLED_BACK, Status.ROLL_BACK_FAILED)


def limits(course: Course) -> Iterator[Limit]:
    """Each limit that has begun to run, in the order of the plan: one for each task."""
    for name in course.shape.plan.packages:
        if name in course.shape.limited:
            package = course.shape.packages[name]
            found = (limit_of(course, package, host) for host in package.hosts or (None,))
            yield from (limit for limit in found if limit is not None)


def limit_of(course: Course, package: Package, host: HostName | None) -> Limit | None:
    """The earliest limit of a task that is not over; None while there is none."""
    task = task_of(package.id, host)
    state = course.run.task(task)
    if state.status in SETTLED_WELL or state.status in _GONE_BACK or course.run.phases[package.phase].undone:
        return None
    return min(_limits(course, package, host, task, state), key=lambda limit: limit.by, default=None)


def late_ones(course: Course, tasks: Sequence[TaskId], now: datetime) -> list[Limit]:
    """The limits of those of some tasks that are late and are not done before somebody says so."""
    found = (limit_of(course, *course.shape.parts(task)) for task in tasks)
    return [limit for limit in found if limit is not None and limit.held(now)]


def limit_words(limit: Limit, verb: str = "had to") -> str:
    """'p/b@h1 had to begin within 2h of the end of p/a@h1'."""
    what, which = "end" if limit.of_end else "begin", "start" if limit.on_start else "end"
    return f"{limit.task} {verb} {what} within {time_words(limit.most_s)} of the {which} of {limit.before}"


def _limits(course: Course, package: Package, host: HostName | None, task: TaskId, state: TaskState) -> Iterator[Limit]:
    for edge in package.needs:
        if edge.lag is None or edge.lag.at_most_s is None:
            continue
        first = _first(course, edge, host)
        if first is None:
            continue
        since, before = first
        begun = state.started is not None and (edge.of_end or state.started >= since)
        if begun and not edge.of_end and not _only_open(state):
            continue
        yield Limit(
            task=task,
            by=since + timedelta(seconds=edge.lag.at_most_s),
            before=before,
            most_s=edge.lag.at_most_s,
            on_start=edge.on_start,
            of_end=edge.of_end,
            begun=begun,
            agreed=state.late,
        )


def _first(course: Course, edge: Edge, host: HostName | None) -> tuple[datetime, TaskId] | None:
    """What of all that a need is about took place first."""
    first: tuple[datetime, TaskId] | None = None
    for task in before_of(course, edge, host):
        since = _since(course.run.task(task), edge)
        if since is not None and (first is None or since < first[0]):
            first = since, task
    return first


def _only_open(state: TaskState) -> bool:
    """Whether a task waits for a person, and nobody has said that somebody is at it."""
    return state.status is Status.WAITING and state.until is None and not state.percent and state.began is None


def _since(state: TaskState, edge: Edge) -> datetime | None:
    """When what is followed really took place; None: it has not, or never will."""
    if state.back or state.status in (Status.NOT_STARTED, Status.SKIPPED):
        return None
    return state.started if edge.on_start else state.ended if state.status is Status.OK else None
