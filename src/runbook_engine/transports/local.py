"""The control machine: a process group of its own for each command, with the same news, limits and endings as a host."""

import os
import selectors
import signal
import subprocess
from contextlib import suppress
from typing import IO, TypeVar

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Cause
from runbook_engine.transports.session import ERR, GONE, NEWS, OUT, News

READ = 1 << 16
TICK_S = 0.05  # where the system cannot say that a process has ended
FOREVER = float("inf")


S = TypeVar("S", bound="LocalSession")


class LocalPlace:
    """The machine that the engine runs on. Commands get `umask`; -1: that of the engine."""

    def __init__(self, umask: int = -1) -> None:
        self._umask = umask

    def begin(self, line: bytes) -> "LocalSession":
        """Hand a line to /bin/sh. Raises TransportFault (LOCAL); nothing was started then."""
        return self._begin(LocalSession, line)

    def _begin(self, kind: type[S], line: bytes) -> S:
        try:
            return kind(line, self._umask)
        except OSError as error:
            message = f"No command can be started on this machine: {error.strerror or error}"
            raise TransportFault(Cause.LOCAL, message, started=False) from None


class LocalSession:
    """One process group."""

    refused = ""

    def __init__(self, line: bytes, umask: int = -1) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", line],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
            umask=umask,
        )
        self.exit_code: int | None = None
        self.exit_signal = ""
        self._watched = selectors.DefaultSelector()
        self._pidfd = _pidfd(self._process.pid)
        self._open_streams = 0
        for stream, kind in ((self._process.stdout, OUT), (self._process.stderr, ERR)):
            self._watch(stream, kind)
        if self._pidfd >= 0:
            self._watched.register(self._pidfd, selectors.EVENT_READ, NEWS)
        if self._process.stdin:
            os.set_blocking(self._process.stdin.fileno(), False)

    def _watch(self, stream: IO[bytes] | None, kind: int) -> None:
        if stream:
            self._watched.register(stream, selectors.EVENT_READ, kind)
            self._open_streams += 1

    def take(self, wait_s: float) -> News | None:
        """The next piece of news."""
        if not self._open_streams and self._has_ended():
            return (GONE, b"")
        for key, _ in self._watched.select(wait_s if self._pidfd >= 0 else min(wait_s, TICK_S)):
            if key.data in (OUT, ERR):
                return self._read(key)
            return self._look(key)
        return (NEWS, b"") if self.exit_code is None and self._has_ended() else None

    def _read(self, key: selectors.SelectorKey) -> News:
        data = os.read(key.fd, READ)
        if not data:
            self._watched.unregister(key.fileobj)
            self._open_streams -= 1
        return (key.data if data else NEWS, data)

    def _look(self, key: selectors.SelectorKey) -> News:
        self._watched.unregister(key.fileobj)
        if key.fileobj == self._pidfd:
            self._has_ended()
        return (NEWS, b"")

    def _has_ended(self) -> bool:
        code = self._process.poll()
        if code is not None and self.exit_code is None and not self.exit_signal:
            if code < 0:
                self.exit_signal = signal.Signals(-code).name.removeprefix("SIG")
            else:
                self.exit_code = code
        return code is not None

    def quiet_for(self, now: float) -> float:  # noqa: ARG002 - as every session has it
        """The engine's own machine need not be asked whether it is there."""
        return FOREVER

    def check(self, now: float) -> None:
        """It is there."""

    def send(self, data: bytes) -> int:
        """How many bytes the pipe took; all of them when nobody reads any more."""
        if not self._process.stdin:
            return len(data)
        try:
            return os.write(self._process.stdin.fileno(), data)
        except BlockingIOError:
            with suppress(KeyError):
                self._watched.register(self._process.stdin, selectors.EVENT_WRITE, NEWS)
            return 0
        except BrokenPipeError:
            return len(data)

    def end_input(self) -> None:
        """Close the command's stdin."""
        stdin, self._process.stdin = self._process.stdin, None
        if stdin:
            with suppress(KeyError):
                self._watched.unregister(stdin)
            stdin.close()

    def stop(self, signal: str) -> bool:
        """Send a signal to the whole group, as long as its first process has not been waited for."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, _number(signal))
        return True

    def end(self, patience_s: float) -> None:
        """Wait so long for its first process, then end it."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Close the pipes, and wait for what has ended."""
        self.end_input()
        self._watched.close()
        for stream in (self._process.stdout, self._process.stderr):
            if stream:
                stream.close()
        if self._pidfd >= 0:
            os.close(self._pidfd)
        self._process.poll()


def _number(name: str) -> int:
    return int(signal.Signals[f"SIG{name}"])


def _pidfd(pid: int) -> int:
    """A handle that becomes readable when the process ends; -1 where the system has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return -1
