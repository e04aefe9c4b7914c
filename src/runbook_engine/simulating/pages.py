"""A journal in memory: what was appended is lost when the engine dies, what was committed is not."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from runbook_engine.model.events import Event
from runbook_engine.running.focus import Habits

GROUP_S = Habits().group_s


class Pages:
    """The journal of one rehearsed night. `heard` is told of every event as soon as it is folded, or about to be."""

    def __init__(self, heard: Callable[[Sequence[Event]], None], taken: Callable[[str], None]) -> None:
        self._heard, self._taken = heard, taken
        self.durable: list[Event] = []
        self._pending: list[Event] = []

    def read(self) -> Sequence[Event]:
        """Every event that is kept."""
        return tuple(self.durable)

    def append(self, events: Sequence[Event], *, consumes: str = "") -> None:
        """Take events for the next commit."""
        self._pending.extend(events)
        if consumes:
            self._taken(consumes)
        if events:
            self._heard(events)

    def commit(self, starts: Sequence[Event] = (), *, if_still: int | None = None) -> bool:  # noqa: ARG002 - nobody else writes here
        """Keep what was appended, and the starts."""
        self.durable.extend(self._pending)
        self._pending.clear()
        self.durable.extend(starts)
        if starts:
            self._heard(starts)
        return True

    def crash(self, now: datetime) -> None:
        """What was to be kept in these very moments is gone: records are kept in groups, but not for long."""
        since = now - timedelta(seconds=GROUP_S)
        self.durable.extend(takewhile(lambda event: event.at <= since, self._pending))
        self._pending.clear()
