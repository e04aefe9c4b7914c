"""What projects that are much alike have in common, found once: while a verdict tries changes, most of a plan stays."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from runbook_engine.calendars import spans
from runbook_engine.calendars.weekly import DaysOff
from runbook_engine.model.estate import Window
from runbook_engine.model.jobs import Spans
from runbook_engine.scheduling.projects_clock import Clock

Found = TypeVar("Found")


class Known:
    """What was found already, by all that it follows from. Nothing of it is ever changed.

    So a project that is made with it equals one that is made without.
    """

    def __init__(self) -> None:
        self._found: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], Found]) -> Found:
        """What `make` gives, made only if nothing is known by this key. What it raises is not kept."""
        if key not in self._found:
            self._found[key] = make()
        found: Found = self._found[key]
        return found

    def get(self, key: Hashable) -> Any:
        """What is known by a key; None if nothing is."""
        return self._found.get(key)

    def opened(self, window: Window, clock: Clock, days_off: DaysOff) -> Spans:
        """The whole slots in which a window is open. Raises as `calendars.spans` does."""
        hours = (window.calendar, window.time_zone, tuple(window.open.items()), window.holidays, window.rota, window.dates)
        key = ("opened", hours, clock, days_off)
        return self.once(key, lambda: clock.inside(spans(window, clock.origin, clock.end, days_off)))


class Itself:
    """A key for what cannot be hashed by what is in it: only the very same object is equal to it."""

    def __init__(self, what: object) -> None:
        self._what = what  # held, so that no other object is ever taken for it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and self._what is other._what

    def __hash__(self) -> int:
        return id(self._what)


class Like:
    """A key for a value that is compared in less time than it is hashed: by a hint of it that can be hashed."""

    def __init__(self, what: object, hint: Hashable) -> None:
        self._what, self._hint = what, hint

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Like) and self._what == other._what

    def __hash__(self) -> int:
        return hash(self._hint)
