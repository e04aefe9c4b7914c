"""What a kept shell does one after the other, each as a session of its own that ends at the marks of both streams."""

from collections import deque
from collections.abc import Sequence

from runbook_engine.transports.kept_frames import Tail
from runbook_engine.transports.session import ERR, GONE, NEWS, OUT, News, Session


class KeptStep:
    """One step of a kept shell as a session of its own. It ends at the marks of both streams, or with the shell."""

    def __init__(self, session: Session, mark: str, out_mark: str = "", come: Sequence[News] = ()) -> None:
        self._session = session
        self._out = Tail(out_mark or mark)
        self._err = Tail(mark)
        self._come = deque(come)  # what has come already, behind the step before
        self._gone = False
        self.refused = ""

    @property
    def over(self) -> bool:
        """Whether both marks have come."""
        return self._out.word is not None and self._err.word is not None

    @property
    def whole(self) -> bool:
        """Whether the shell can be used again: both marks have come, and nothing after them."""
        return self.over and not self._out.after and not self._err.after

    @property
    def after(self) -> Sequence[News]:
        """What came behind the marks."""
        return [(kind, tail.after) for kind, tail in ((OUT, self._out), (ERR, self._err)) if tail.after]

    @property
    def word(self) -> bytes:
        """What the shell said behind the mark on stdout."""
        return self._out.word or b""

    @property
    def exit_code(self) -> int | None:
        """That of the step; that of the shell when the shell has ended with it."""
        if self.over:
            return int(self.word) if self.word.isdigit() else None  # a new shell says more than a number
        return self._session.exit_code

    @property
    def exit_signal(self) -> str:
        """The signal that ended the shell."""
        return self._session.exit_signal

    def take(self, wait_s: float) -> News | None:
        """The next piece of news of this step."""
        if self._gone or self.over:
            return self._last()
        news = self._come.popleft() if self._come else self._session.take(wait_s)
        if news is None or news[0] == NEWS:
            return news
        if news[0] == GONE:
            self._gone = True
            return self._last()
        return self._heard(*news)

    def _heard(self, kind: int, data: bytes) -> News:
        data = (self._out if kind == OUT else self._err).feed(data)
        if data:
            return (kind, data)
        return (GONE, b"") if self.over else (NEWS, b"")

    def _last(self) -> News:
        for kind, tail in ((OUT, self._out), (ERR, self._err)):
            if held := tail.release():
                return (kind, held)
        return (GONE, b"")

    def quiet_for(self, now: float) -> float:
        """As long as its shell's."""
        return self._session.quiet_for(now)

    def check(self, now: float) -> None:
        """Make sure that the host is there. Raises TransportFault (LOST)."""
        self._session.check(now)

    def send(self, data: bytes) -> int:
        """How many bytes of the request were taken."""
        return self._session.send(data)

    def end_input(self) -> None:
        """The shell waits for its next step."""

    def stop(self, signal: str) -> bool:
        """Send a signal to the shell and its step."""
        return self._session.stop(signal)

    def close(self) -> None:
        """The shell stays."""


class KeptAnswer(KeptStep):
    """What the shell itself answers to a request: its word is no exit code."""

    @property
    def exit_code(self) -> int | None:
        """0 when the answer is complete; that of the shell when the shell has ended."""
        return 0 if self.over else self._session.exit_code
