"""Hosts on which nothing is left to do: their connections end before the run does. A large run would else keep them all."""

import gc
from collections import Counter
from collections.abc import Callable, Sequence

from runbook_engine.model.events import AttemptEnded, AttemptResolved, Event, TaskSkipped
from runbook_engine.model.words import SETTLED_WELL, Digest, HostName, TaskId
from runbook_engine.running.course import Course
from runbook_engine.running.shape import task_of

LOOK_EVERY = 64  # hosts: what the connections of so many leave behind, some MiB, is looked for and freed


class Leaving:
    """Follows a run, and calls `leave` for each host when all that the plan has for it has ended well. For one thread.

    Whoever comes back to such a host, for a way back or a step that is done again, connects anew.
    """

    def __init__(self, leave: Callable[[HostName], None]) -> None:
        self._leave = leave
        self._plan: Digest | None = None
        self._gone = 0
        self._left: Counter[HostName] = Counter()  # tasks; a host is looked at when its count says that none is left

    def note(self, course: Course, events: Sequence[Event]) -> None:
        """Follow events that the course has folded already."""
        if course.run.digest != self._plan:
            self._count(course)
        for event in events:
            if isinstance(event, AttemptEnded | TaskSkipped | AttemptResolved):
                self._ended(course, event.task)

    def _count(self, course: Course) -> None:
        self._plan = course.run.digest
        self._left = Counter(host for package in course.shape.plan.packages.values() for host in package.hosts)
        for task, state in course.run.tasks.items():
            if state.status in SETTLED_WELL:
                self._left[HostName(task.partition("@")[2])] -= 1

    def _ended(self, course: Course, task: TaskId) -> None:
        _, host = course.shape.parts(task)
        if host is None or course.run.task(task).status not in SETTLED_WELL:
            return
        self._left[host] -= 1
        if self._left[host] <= 0 and self._is_done(course, host):
            self._leave(host)
            self._gone += 1
            if self._gone % LOOK_EVERY == 0:
                gc.collect(0 if self._gone % (8 * LOOK_EVERY) else 1)

    def _is_done(self, course: Course, host: HostName) -> bool:
        """By what the run says of every task: a task may have ended more than once."""
        packages = course.shape.plan.packages
        mine = (task_of(name, host) for name in packages if host in course.shape.hosts[name])
        return all(course.run.task(task).status in SETTLED_WELL for task in mine)
