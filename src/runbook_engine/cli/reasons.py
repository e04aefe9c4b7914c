"""Why tasks do not start now, asked only for the tasks that are shown."""

from datetime import datetime

from runbook_engine.model.words import TaskId
from runbook_engine.model.world import Blocker, World
from runbook_engine.running.blockers import blockers
from runbook_engine.running.course import Course
from runbook_engine.running.focus import Focus


class Reasons:
    """Called with a task, it gives what blocks it."""

    def __init__(self, course: Course, world: World, at: datetime, focus: Focus | None = None) -> None:
        self._course, self._world, self._at, self._focus = course, world, at, focus

    def __call__(self, task: TaskId) -> tuple[Blocker, ...]:
        """The blockers of a task."""
        return blockers(self._course, task, self._world, self._at, self._focus)
