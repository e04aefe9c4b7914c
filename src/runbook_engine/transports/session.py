"""What a running command looks like from here, wherever it runs: a queue of news, a way in, and how it ended."""

from typing import Protocol

GONE, OUT, ERR, NEWS = 0, 1, 2, 3  # the end of everything; bytes of stdout, of stderr; look again
News = tuple[int, bytes]
PIECE = 32_000  # bytes of input that are offered at a time: one packet


class Session(Protocol):
    """One command under way. Used by one thread."""

    @property
    def refused(self) -> str:
        """Why it was not begun, when that is known."""
        ...

    @property
    def exit_code(self) -> int | None:
        """As soon as it is known."""
        ...

    @property
    def exit_signal(self) -> str:
        """The signal that ended it: TERM, KILL, …; empty otherwise."""
        ...

    def take(self, wait_s: float) -> News | None:
        """The next piece of news; None when there is none within `wait_s` seconds."""
        ...

    def quiet_for(self, now: float) -> float:
        """Seconds until `check` has something to do."""
        ...

    def check(self, now: float) -> None:
        """Make sure that the other side is there. Raises TransportFault (LOST)."""
        ...

    def send(self, data: bytes) -> int:
        """How many bytes of input were taken; 0 when there is no room. Room, or the end, comes as news."""
        ...

    def end_input(self) -> None:
        """Nothing more comes on stdin."""
        ...

    def stop(self, signal: str) -> bool:
        """Send TERM or KILL to all processes of the command; False when nobody knows whether that worked."""
        ...

    def close(self) -> None:
        """Forget the command; it may still run."""
        ...
