"""What becomes due by itself: next tries, stages behind a pause, and timers, which may have to wait for what they follow."""

import heapq
from collections.abc import Iterator
from datetime import datetime
from itertools import count

from runbook_engine.model.events import Event
from runbook_engine.model.words import PhaseId, Status, TaskId
from runbook_engine.running.course import Course
from runbook_engine.running.pacing import not_yet_over


class Times:
    """The moments at which something becomes due, in their order."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._heap: list[tuple[datetime, int, TaskId | PhaseId, bool]] = []
        self._order = count()
        self._lasting: list[TaskId] = []  # timers whose time has come, and which end only after what they follow
        self._passed = len(course.run.passed)

    def at(self, when: datetime, what: TaskId | PhaseId, *, timer: bool = False) -> None:
        """Something becomes due then; `timer`: it is a task that ends then."""
        heapq.heappush(self._heap, (when, next(self._order), what, timer))

    def next(self) -> datetime | None:
        """When the first of them becomes due."""
        return self._heap[0][0] if self._heap else None

    def due(self, now: datetime) -> Iterator[tuple[TaskId | PhaseId, bool]]:
        """What has become due, and whether it is a timer that ends. A timer that may not end yet comes again."""
        while self._heap and self._heap[0][0] <= now:
            _, _, what, timer = heapq.heappop(self._heap)
            if not timer or self._ends(TaskId(what), now):
                yield what, timer

    def _ends(self, task: TaskId, now: datetime) -> bool:
        if self._course.run.task(task).status is not Status.WAITING:
            return False
        why = next(not_yet_over(self._course, task, now), None)
        if why is None:
            return True
        if why.until:
            self.at(datetime.fromisoformat(why.until), task, timer=True)
        else:
            self._lasting.append(task)
        return False

    def follow(self, event: Event) -> None:
        """Look again at timers that wait for others, when one of these others has moved, or nobody need wait for it."""
        if not self._lasting:
            return
        task, passed = getattr(event, "task", None), len(self._course.run.passed)
        moved = task is not None and self._course.shape.parts(task)[0].id in self._course.shape.ends
        if moved or passed > self._passed:
            for lasting in self._lasting:
                self.at(event.at, lasting, timer=True)
            self._lasting.clear()
        self._passed = passed
