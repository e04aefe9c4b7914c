"""Keeps what was read from the database until somebody commits something: asking again costs microseconds."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from runbook_engine.recording.connection import Connection
from runbook_engine.recording.sqlite import Database

T = TypeVar("T")


class Watched(Generic[T]):
    """A value that is read again only when the database has changed. Any thread may ask."""

    def __init__(self, database: Database, doing: str, read: Callable[[Connection, T | None], T]) -> None:
        """`read` gets the value that was known before, so that it can return it unchanged."""
        self._database = database
        self._doing = doing
        self._read = read
        self._guard = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._value: T | None = None

    def value(self) -> T:
        """The value as of now, or later. Raises JournalFault."""
        with self._guard:
            now = self._database.changes()  # asked before reading: a commit in between only makes the next call read again
            if now != self._seen or self._value is None:
                with self._database.reading(self._doing) as connection:
                    self._value = self._read(connection, self._value)
                self._seen = now
            return self._value
