"""How much of what hosts print goes to disk: of each attempt the beginning and the end, and of a run so much and no more."""

import threading
from collections import deque
from typing import NamedTuple

from runbook_engine.model.values import dataclass

LITTLE = 64 << 10  # bytes of an attempt's end that are kept once the room of a run is used up


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLimits:
    """In bytes of output. What is over them is left out between the beginning and the end of an attempt's output."""

    attempt: int = 64 << 20
    end: int = 1 << 20  # of an attempt's room, what its end gets; held in memory until then
    run: int = 16 << 30  # from one process that carries the run out


class Room:
    """What the attempts of a run may still write. Used by all threads."""

    def __init__(self, limits: LogLimits) -> None:
        self.limits = limits
        self._left = limits.run
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Whether so many bytes still have room; then it is theirs."""
        with self._lock:
            fits = size <= self._left
            self._left -= size if fits else 0
            return fits


class Piece(NamedTuple):
    """Some output that waits for the end of the attempt."""

    time: bytes
    stream: int
    data: bytes
    ended: bool  # whether a newline follows

    @property
    def size(self) -> int:
        """In bytes, the newline included."""
        return len(self.data) + self.ended


class Excerpt:
    """The output of one attempt: its beginning goes to disk as it comes, and the pieces of its end wait in `end`."""

    def __init__(self, room: Room) -> None:
        self.end: deque[Piece] = deque()
        self.left_out = 0  # bytes
        self._room = room
        self._begun = 0  # bytes of the beginning
        self._waiting = 0  # bytes in `end`
        self._longest_end = room.limits.end

    def fits(self, size: int) -> bool:
        """Whether the next piece of output belongs to the beginning."""
        limits = self._room.limits
        if self.end or self.left_out or self._begun + size > limits.attempt - limits.end:
            return False
        if not self._room.take(size):
            self._longest_end = min(LITTLE, limits.end)
            return False
        self._begun += size
        return True

    def keep(self, piece: Piece) -> None:
        """Take a piece that may be one of the last; as many of the oldest go as have no room."""
        self.end.append(piece)
        self._waiting += piece.size
        while self._waiting > self._longest_end and len(self.end) > 1:
            gone = self.end.popleft().size
            self._waiting -= gone
            self.left_out += gone

    @property
    def told(self) -> str:
        """What is missing, in words; empty when nothing is."""
        if not self.left_out:
            return ""
        kept = f"its first {_size(self._begun)} and its last {_size(self._waiting)}"
        return f"{self.left_out:,} bytes of output are left out: of this attempt the log holds {kept}"


def _size(size: int) -> str:
    return f"{size / (1 << 20):.1f} MB" if size >= 1 << 20 else f"{size:,} bytes"
