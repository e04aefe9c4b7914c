"""Programs that the person's SSH configuration names (ProxyCommand, Match exec). They run only where the settings allow it."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress

QUESTION_S = 10.0  # how long a program of `Match exec` may take
_WORD = re.compile(r"[A-Za-z0-9_.:+][A-Za-z0-9_.:@%+-]*")
_TOLD = "hnpr"  # tokens that say something about the host: they stand in a command of a shell


def filled_command(command: str, tokens: Mapping[str, str]) -> str:
    """A program's line with its %-tokens replaced. Raises ValueError for a value that a shell could take for something else."""
    out, rest = "", command
    while "%" in rest:
        before, _, rest = rest.partition("%")
        value = tokens.get(rest[:1], "%" + rest[:1])
        if rest[:1] in _TOLD and not _WORD.fullmatch(value):
            raise ValueError(f"{value!a} in the place of %{rest[:1]} could be taken for a command or an option")
        out, rest = out + before + value, rest[1:]
    return out + rest


def says_yes(command: str) -> bool:
    """Whether a program ends with 0 in time. It reads nothing and what it prints is dropped."""
    line, silent = ["/bin/sh", "-c", command], subprocess.DEVNULL
    with subprocess.Popen(line, stdin=silent, stdout=silent, stderr=silent, start_new_session=True) as asked:
        try:
            return asked.wait(QUESTION_S) == 0
        except subprocess.TimeoutExpired:
            os.killpg(asked.pid, signal.SIGKILL)
            return False


class ProgramSocket:
    """A program as the way to a host: what is sent goes to its standard input, what it prints is received."""

    def __init__(self, command: str) -> None:
        self._ours, theirs = socket.socketpair()
        try:
            line = ["/bin/sh", "-c", f"exec {command}"]
            self._process = subprocess.Popen(
                line, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL, start_new_session=True
            )
        except OSError:
            self._ours.close()
            raise
        finally:
            theirs.close()

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes; nothing at the end. Raises TimeoutError."""
        return self._ours.recv(size)

    def send(self, data: bytes) -> int:
        """How many bytes went. Raises OSError."""
        return self._ours.send(data)

    def settimeout(self, seconds: float | None) -> None:
        """How long one read or write may wait."""
        self._ours.settimeout(seconds)

    def getpeername(self) -> tuple[str, int]:
        """The other side: a process."""
        return ("program", self._process.pid)

    def shutdown(self, how: int) -> None:
        """The program sees the end of its input, and a reader is woken. Raises OSError."""
        self._ours.shutdown(how)

    def close(self) -> None:
        """End the program and all that it has started."""
        self._ours.close()
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
