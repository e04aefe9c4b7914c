"""What of time alone keeps a task from starting whose turn has come: its earliest start, and lags after what it follows.

Lags after the end of a step and after its start are kept. Of the other ways to follow a step only that is kept which is
stricter: what may overlap, or has to end together, starts after the end.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from runbook_engine.model.plan import Edge, Package
from runbook_engine.model.run import TaskState
from runbook_engine.model.words import SETTLED_WELL, EdgeKind, HostName, TaskId
from runbook_engine.model.world import Blocker, World
from runbook_engine.running.course import Course
from runbook_engine.running.shape import task_of


def too_early(course: Course, package: Package, host: HostName | None, world: World, now: datetime) -> Iterator[Blocker]:
    """Why it is too early for a task; where that ends by itself, with the time."""
    begin = world.earliest.get(package.id)
    if begin is not None and now < begin:
        yield _until(begin, f"{package.step} may not start before")
    for edge in package.needs:
        if edge.lag is not None:
            yield from _by_lag(course, edge, host, now)


def _by_lag(course: Course, edge: Edge, host: HostName | None, now: datetime) -> Iterator[Blocker]:
    lag_s = max(0.0, edge.lag.lag_s) if edge.lag else 0.0
    for task in _before(course, edge, host):
        state = course.run.task(task)
        since = state.started if edge.on_start else state.ended
        if edge.on_start and since is None and not _over(state):
            yield Blocker(kind="needs", reason=f"it starts after {task} has begun")
        elif since is not None and lag_s and now < since + timedelta(seconds=lag_s):
            what = "began" if edge.on_start else "ended"
            yield _until(since + timedelta(seconds=lag_s), f"{task} {what} not long enough ago")


def _before(course: Course, edge: Edge, host: HostName | None) -> Iterator[TaskId]:
    """The tasks that an edge is about: that of the same host, or all."""
    if edge.kind is EdgeKind.ALL_HOSTS:
        yield from course.shape.tasks(edge.before)
    elif host in course.shape.hosts[edge.before]:
        yield task_of(edge.before, host)


def _over(state: TaskState) -> bool:
    return state.status in SETTLED_WELL


def _until(when: datetime, reason: str) -> Blocker:
    return Blocker(kind="time", reason=reason, until=when.isoformat())
