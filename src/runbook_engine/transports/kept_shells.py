"""The kept shells of one host: one for each user, opened when they are first needed, given up when the host wants that."""

from collections.abc import Sequence
from typing import Protocol

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Become, Shell
from runbook_engine.transports.kept import KeptShell, open_shell
from runbook_engine.transports.settings import LinkSettings, Sink
from runbook_engine.transports.shell import Place


class Kept(Place, Protocol):
    """A place whose connection is kept."""

    @property
    def connection(self) -> object | None:
        """The present connection, whatever it is."""
        ...

    def connect(self) -> object:
        """A connection that is known to live; a new one if there is none. Raises TransportFault."""
        ...

    def lives(self, *, ask: bool = False) -> bool:
        """Whether there is a connection and it is known to live; a dead one is closed. `ask`: ask the host now."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class KeptShells:
    """The kept shells of one host's connection, opened when they are first needed."""

    def __init__(self, place: Kept, settings: LinkSettings) -> None:
        self._place = place
        self._settings = settings
        self._shells: dict[Become | None, KeptShell] = {}
        self._connection: object | None = None
        self._none = False  # this connection gives no shell
        self._busy = False  # a step may be under way: its shell must stay

    def perform(self, command: Shell, sink: Sink) -> Answer | None:
        """Have a command done by a kept shell; None when there is none. Raises TransportFault."""
        shell = self._ready(command.become)
        if shell is None:
            return None
        self._busy = True
        try:
            return shell.perform(command, sink)
        finally:
            self._busy = False

    def shell(self, become: Become | None) -> KeptShell | None:
        """A shell that waits for its next request; None when the host gives none. Raises TransportFault."""
        return self._ready(become)

    def present(self, become: Become | None) -> KeptShell | None:
        """The shell that was opened last, if it is still open; nothing is opened, and nobody is asked."""
        shell = self._shells.get(become)
        return shell if shell and not shell.closed else None

    def send_row(self, commands: Sequence[Shell]) -> None:
        """Send commands ahead, if the host was reached and a shell is at rest. Raises TransportFault."""
        shell = self._ready(None) if self._place.connection is not None else None
        if shell and not shell.in_row:
            shell.send_row(commands)

    @property
    def in_row(self) -> int:
        """How many commands were sent ahead and are still to be heard of."""
        shell = self.present(None)
        return shell.in_row if shell else 0

    def boot_id(self) -> str:
        """The boot id of the host as it runs now; empty when it is not known without a command. Raises TransportFault."""
        if self._shells:
            self._place.lives(ask=True)
        shell = self._ready(None)
        return shell.boot if shell else ""

    def make_room(self) -> None:
        """The host opens no more sessions: give up those that are kept, and keep none on this connection any more."""
        if not self._busy and self._shells:
            self.forget()
            self._none = True

    def start_anew(self) -> None:
        """Give up the connection with all its shells: a host that gave a shell before may give one again."""
        self.forget()
        self._none = False
        self._place.close()

    def forget(self) -> None:
        """Close all of them."""
        shells, self._shells = self._shells, {}
        for shell in shells.values():
            shell.close()

    def end(self) -> None:
        """The connection has been closed: keep nothing of it."""
        self.forget()
        self._connection = None

    def _ready(self, become: Become | None) -> KeptShell | None:
        if not (self._place.lives() and self._connection is self._place.connection):
            self._shells, self._none = {}, False
        if self._none:
            return None
        shell = self._shells.get(become)
        if shell is None or not shell.at_rest:
            shell = self._open(become)
        return shell

    def _open(self, become: Become | None) -> KeptShell | None:
        self._shells.pop(become, None)
        self._place.connect()
        shell = open_shell(self._place, become, self._settings)
        self._connection = self._place.connection
        if shell is None:
            self._none = True
        else:
            self._shells[become] = shell
        return shell
