"""Which tasks a need is about."""

from collections.abc import Iterator

from runbook_engine.model.plan import Edge
from runbook_engine.model.words import EdgeKind, HostName, TaskId
from runbook_engine.running.course import Course
from runbook_engine.running.shape import task_of


def before_of(course: Course, edge: Edge, host: HostName | None) -> Iterator[TaskId]:
    """The tasks that come before one on a host: that of the same host, or all."""
    if edge.kind is EdgeKind.ALL_HOSTS:
        yield from course.shape.tasks(edge.before)
    elif host in course.shape.hosts[edge.before]:
        yield task_of(edge.before, host)
