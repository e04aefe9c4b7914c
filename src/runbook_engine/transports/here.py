"""The control machine as a host that keeps commands: the same program, so that a dead engine's commands can be asked for."""

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook_engine.model.attempts import Answer, Found, Ticket
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Cause
from runbook_engine.transports.durable import Keeper
from runbook_engine.transports.kept_shells import KeptShells
from runbook_engine.transports.local import LocalPlace, LocalSession
from runbook_engine.transports.settings import LinkSettings, Sink

NAME = "this machine"
LAST_WORDS_S = 0.2  # what a shell gets to do what it was told last
BOOT = Path("/proc/sys/kernel/random/boot_id")


class Here:
    """Commands of this machine, each kept under its ticket in the folder of the run. Safe for several threads."""

    def __init__(self, settings: LinkSettings) -> None:
        self._settings = settings
        self._base = settings.run_folder.absolute() / "kept"
        self._idle: deque[tuple[Keeper, KeptShells]] = deque()

    @property
    def boot(self) -> str:
        """The boot id of this machine; empty where nothing says it, and then nothing is kept."""
        try:
            return BOOT.read_text(encoding="ascii").strip()
        except OSError:
            return ""

    def start(self, command: Shell, ticket: Ticket, sink: Sink) -> Answer:
        """Run it to its end. Raises TransportFault; when it was started, `settle` knows more."""
        with self._keeper(started=False) as keeper:
            return keeper.start(command, ticket, sink)

    def settle(self, command: Shell, ticket: Ticket, sink: Sink, limit_s: float) -> Found:
        """What became of it; heard to its end while it runs, fenced when it has not begun. Raises TransportFault."""
        with self._keeper(started=True) as keeper:
            return keeper.settle(command, ticket, sink, limit_s)

    def close(self, *, recorded: bool = True) -> None:
        """Let the shells end; what still runs goes on. `recorded`: what has ended is on disk, and its output can go."""
        while self._idle:
            keeper, shells = self._idle.pop()
            if recorded:
                keeper.tidy()
            shells.forget()

    @contextmanager
    def _keeper(self, *, started: bool) -> Iterator[Keeper]:
        """One that nobody uses now."""
        try:
            pair = self._idle.pop()
        except IndexError:
            pair = self._new(started=started)
        try:
            yield pair[0]
        finally:
            self._idle.append(pair)

    def _new(self, *, started: bool) -> tuple[Keeper, KeptShells]:
        try:
            self._base.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise TransportFault(Cause.LOCAL, f"{self._base.parent}: {error.strerror}", started=started) from None
        shells = KeptShells(_KeptPlace(self._settings.umask), self._settings)
        # Whoever uses it next does not know whether the end of the command before is recorded: outputs go at the end of all.
        return Keeper(NAME, shells, self._settings, base=str(self._base), together=sys.maxsize), shells


class _KeptPlace(LocalPlace):
    """A place whose shells are kept: it is always there."""

    connection = NAME

    def connect(self) -> object:
        """Nothing need be connected."""
        return NAME

    def lives(self, *, ask: bool = False) -> bool:  # noqa: ARG002 - as every kept place has it
        """It is."""
        return True

    def close(self) -> None:
        """Nothing is connected."""

    def begin(self, line: bytes) -> "_KeptSession":
        """As for any command. Raises TransportFault (LOCAL); nothing was started then."""
        return self._begin(_KeptSession, line)


class _KeptSession(LocalSession):
    """A shell that is not left behind."""

    def close(self) -> None:
        """Close the pipes and end the shell alone: a command that it has started is in a session of its own."""
        super().close()
        self.end(LAST_WORDS_S)
