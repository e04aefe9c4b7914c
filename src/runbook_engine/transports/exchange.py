"""The conversation with one command: feed its input, take its output, keep every limit."""

from collections.abc import Callable, Iterator

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Cause
from runbook_engine.transports.session import GONE, Session
from runbook_engine.transports.settings import LinkSettings

SOON = 0.001
LONG = 3600.0  # a wait without any other limit


class Expired(Exception):
    """A time limit has passed; the message says which."""


class Feed:
    """Input that goes in as fast as the other side takes it. Without `released`, it stays open until content is.

    `awaited` says that content comes the other way; while content goes either way, it must not stall.
    """

    def __init__(
        self, first: bytes = b"", content: Iterator[bytes] | None = None, *, released: bool = True, awaited: bool = False
    ) -> None:
        self._piece = first
        self._content = content if content is not None else iter(())
        self._released = released
        self.awaited = awaited
        self.done = released and not first and content is None  # nothing to say: the command reads from nowhere

    @property
    def moving(self) -> bool:
        """Whether content is on its way."""
        return self.awaited or (self._released and not self.done)

    def release(self, content: Iterator[bytes]) -> None:
        """Let this content go."""
        self._content, self._released = content, True

    def push(self, session: Session) -> bool:
        """Send what there is room for; whether anything was sent."""
        moved = False
        while not self.done:
            if not self._piece and self._released:
                self._piece = next(self._content, b"")
                if not self._piece:
                    session.end_input()
                    self.done = True
            taken = session.send(self._piece) if self._piece else 0
            if not taken:
                break
            self._piece = self._piece[taken:]
            moved = True
        return moved


class Exchange:
    """One command on one session."""

    def __init__(self, session: Session, settings: LinkSettings, limit_s: float | None, stall_s: float | None = None) -> None:
        self.session = session
        self._settings = settings
        self._clock = settings.clock
        self._began = self._moved = self._clock()
        self._limit_s = limit_s
        self._stall_s = stall_s
        self._feed = Feed()
        self.lingered = False

    def run(self, feed: Feed, hand_on: Callable[[int, bytes], None]) -> None:
        """Until the command has ended. Raises Expired, and TransportFault (LOST) when the other side is gone."""
        self._feed = feed
        while True:
            if not feed.done and feed.push(self.session):
                self._moved = self._clock()
            news = self.session.take(self._patience())
            now = self._clock()
            if news is None:
                if self._silent(now):
                    return
            elif news[0] == GONE:
                return
            else:
                self._moved = now
                if news[1]:
                    hand_on(*news)
            self.keep_limits(now)

    def keep_limits(self, now: float) -> None:
        """Raises Expired when time is up."""
        if self._limit_s is not None and now - self._began >= self._limit_s:
            raise Expired(f"did not end within {self._limit_s:g} s")
        if self._stall_s is not None and self._feed.moving and now - self._moved >= self._stall_s:
            raise Expired(f"did not move for {self._stall_s:g} s")

    def _silent(self, now: float) -> bool:
        """No news came: whether all is over but for a background process that holds the output open."""
        if self._exited:
            self.lingered = now - self._moved >= self._settings.linger_s
            return self.lingered
        self.session.check(now)
        return False

    @property
    def _exited(self) -> bool:
        return self.session.exit_code is not None or bool(self.session.exit_signal)

    def _patience(self) -> float:
        now = self._clock()
        wait = self.session.quiet_for(now)
        if self._limit_s is not None:
            wait = min(wait, self._began + self._limit_s - now)
        if self._stall_s is not None and self._feed.moving:
            wait = min(wait, self._moved + self._stall_s - now)
        if self._exited:
            wait = min(wait, self._moved + self._settings.linger_s - now)
        return max(SOON, min(wait, LONG))

    def end(self, stop: Callable[[str], None]) -> str:
        """Time is up: end the command's processes, and say in words what became of them."""
        for signal in ("TERM", "KILL"):
            stop(signal)
            until = self._clock() + self._settings.ending_s
            while (left := until - self._clock()) > 0:
                news = self.session.take(left)
                if news and news[0] == GONE:
                    return "it was ended"
        return "its first process has ended, others may still run" if self._exited else "it may still be running"


def ended(session: Session) -> tuple[int, str]:
    """How a command ended, as a shell would report it. Raises TransportFault (LOST) when nobody knows."""
    if session.refused:
        raise TransportFault(Cause.CHANNEL, session.refused, started=False)
    if session.exit_code is not None:
        return session.exit_code, ""
    if session.exit_signal:
        return 128 + SIGNALS.get(session.exit_signal, 0), f"ended by signal {session.exit_signal}"
    raise TransportFault(
        Cause.LOST,
        "The connection ended before the command's exit code arrived",
        started=True,
        why="Whether the command has done its work is not known.",
    )


SIGNALS = {
    "HUP": 1,
    "INT": 2,
    "QUIT": 3,
    "ILL": 4,
    "ABRT": 6,
    "FPE": 8,
    "KILL": 9,
    "USR1": 10,
    "SEGV": 11,
    "USR2": 12,
    "PIPE": 13,
    "ALRM": 14,
    "TERM": 15,
}
