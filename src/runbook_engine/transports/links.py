"""Links: where a command can be performed. One for each host, kept open for its steps, and one for this machine."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import takewhile
from typing import TYPE_CHECKING

from runbook_engine.model.attempts import Answer, Found, Greeting, Ticket
from runbook_engine.model.commands import Command, Download, Http, Shell, Upload
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.model.text import plain
from runbook_engine.model.words import NOT_REACHED, Cause, Lane
from runbook_engine.transports.controllers import Controller
from runbook_engine.transports.downloads import download
from runbook_engine.transports.durable import Keeper
from runbook_engine.transports.here import Here
from runbook_engine.transports.kept_frames import fit
from runbook_engine.transports.kept_shells import KeptShells
from runbook_engine.transports.local import LocalPlace
from runbook_engine.transports.settings import LinkSettings, Sink
from runbook_engine.transports.shell import perform_shell
from runbook_engine.transports.uploads import settle_upload, upload
from runbook_engine.transports.wire import dial

if TYPE_CHECKING:  # Fabric takes a quarter of a second to import: only where a host is connected to
    from runbook_engine.transports.ssh import Connector, SshPlace

BOOT_ID = (
    "sysctl -n kernel.random.boot_id 2>/dev/null || cat /proc/sys/kernel/random/boot_id 2>/dev/null"
    " || sysctl -n kern.boottime 2>/dev/null || who -b"
)
BOOT_ID_S = 20.0


class Link:
    """One host, or the control machine. The caller sees to it that one command is performed at a time."""

    def __init__(self, target: Target | None, place: "SshPlace | None", links: "Links") -> None:
        self.target = target
        self._place = place
        self._links = links
        self._settings = links.settings
        self._kept = KeptShells(place, links.settings) if place and links.settings.kept_shells else None
        keeps = target is not None and target.ssh.keep
        self._keeper = Keeper(target.name, self._kept, links.settings) if target and keeps and self._kept else None
        self._controller: Controller | None = None
        if place and self._kept:
            place.make_room = self._kept.make_room

    def perform(
        self, command: Command, sink: Sink, *, attempt: str = "", lane: Lane = Lane.CHANNEL, ticket: Ticket | None = None
    ) -> Answer:
        """Do it, handing output on to `sink` as it comes, without secrets. Exit code 0 is success.

        `attempt` names what a backup is for; `lane` is the way that a Shell takes; in the durable one the host keeps
        it under `ticket`, and without a ticket it is the one with a channel of its own. Raises TransportFault when there
        is no answer: `started` is False only if nothing was begun, and its message holds no secret. TypeError for what is not
        for a machine to do.
        """
        with self._masking():
            return self._perform(command, sink, attempt, lane, ticket)

    def _perform(self, command: Command, sink: Sink, attempt: str, lane: Lane, ticket: Ticket | None) -> Answer:
        if isinstance(command, Shell):
            return self._shell(command, sink, lane, ticket)
        if isinstance(command, Upload):
            return upload(self._there, command, sink, self._settings, attempt=attempt, host=self._name)
        if isinstance(command, Download):
            return download(self._there, command, sink, self._settings, host=self._name)
        if isinstance(command, Http):
            from runbook_engine.transports.web import perform_http  # brings urllib in

            return perform_http(command, sink, self._settings)
        raise TypeError(f"{type(command).__name__} is not one command")

    def _shell(self, command: Shell, sink: Sink, lane: Lane, ticket: Ticket | None) -> Answer:
        if command.on_controller or self._place is None:
            if lane is Lane.DURABLE and ticket:
                return self._links.here.start(command, ticket, sink)
            return perform_shell(LocalPlace(self._settings.umask), command, sink, self._settings)
        if lane is Lane.QUICK and self._kept and fit(command):
            answer = self._kept.perform(command, sink)
            if answer is not None:
                return answer
        if lane is Lane.DURABLE and ticket and self._keeper:
            return self._keeper.start(command, ticket, sink)
        return perform_shell(self._place, command, sink, self._settings)

    @property
    def controller(self) -> Controller:
        """The management controller of the host. Raises TransportFault when there is none."""
        if self.target is None:
            raise TransportFault(Cause.CONFIGURATION, "This machine has no management controller here", started=False)
        if self._controller is None:
            self._controller = Controller(self.target, self._settings)
        return self._controller

    def send_row(self, commands: Sequence[Shell]) -> None:
        """Send quick commands ahead, which are then performed in this order, each only if the one before ended with 0.

        As many as are fit for it; nothing happens where that cannot be done. Raises nothing: `perform` tells of every fault.
        """
        fitting = list(takewhile(lambda c: fit(c) and not (c.become or c.on_controller), commands))
        if self._kept and len(fitting) > 1:
            with suppress(TransportFault):
                self._kept.send_row(fitting)

    @property
    def in_row(self) -> int:
        """How many commands were sent ahead and not yet performed."""
        return self._kept.in_row if self._kept else 0

    @property
    def boot(self) -> str | None:
        """Under which boot id the host keeps commands; None: it must be greeted first; empty: it keeps none."""
        if self._place is None:
            return self._links.here.boot
        return self._keeper.boot if self._keeper else ""

    def reach(self) -> bool:
        """Connect, if there is no connection; whether there is one now. What is done next tells of a fault."""
        return self._place is None or self._place.reach()

    def greet(self) -> Greeting:
        """Connect, and learn whether the host keeps commands. Raises TransportFault; nothing was started."""
        with self._masking():
            return self._keeper.greet() if self._keeper else Greeting(boot="")

    def arm(self, command: Shell, ticket: Ticket, after_s: float) -> None:
        """Have the host begin a command by itself so many seconds from now, unless it is settled before.

        Raises TransportFault (not started) when the host did not promise that.
        """
        with self._masking():
            if self._keeper is None:
                raise TransportFault(Cause.CONFIGURATION, "Kept shells are off: no host does anything by itself", started=False)
            self._keeper.arm(command, ticket, after_s)

    def settle(self, command: Shell, ticket: Ticket, sink: Sink, limit_s: float, *, patient: bool = False) -> Found:
        """What became of a command that the host keeps. Raises TransportFault when it does not say in time."""
        with self._masking():
            if command.on_controller or self._place is None:
                return self._links.here.settle(command, ticket, sink, limit_s)
            if self._keeper is None:
                raise TransportFault(Cause.CONFIGURATION, "Kept shells are off, so that no host can be asked", started=True)
            return self._keeper.settle(command, ticket, sink, limit_s, patient=patient)

    def compare(self, command: Upload, sink: Sink, limit_s: float) -> Found:
        """Whether a file is there as an upload was to put it; if not, no earlier try can still do it. Raises TransportFault."""
        with self._masking():
            return settle_upload(self._there, command, sink, self._settings, host=self._name, limit_s=limit_s)

    @property
    def _name(self) -> str:
        return self.target.name if self.target else ""

    @property
    def _there(self) -> "SshPlace | LocalPlace":
        return self._place or LocalPlace(self._settings.umask)

    def probe_port(self, address: str | None, port: int) -> bool:
        """Whether a TCP port accepts: of `address`, or of the host; through the host's gateways if it has any."""
        where = address or (self.target.address or self.target.name if self.target else "localhost")
        try:
            if self.target and self._links.connector.gateways(self.target):
                return self._links.connector.reaches(self.target, where, port)
            sock = dial(where, port, self._settings.connect_s, self._settings.clock)
        except TransportFault as fault:
            if fault.cause in NOT_REACHED:
                return False
            raise
        with sock:
            return True

    def probe_ssh(self) -> bool:
        """Whether a new session can be opened; it is kept for what follows. Raises TransportFault for a wrong host key."""
        if self._place is None:
            return True
        try:
            self._place.reopen()
        except TransportFault as fault:
            if fault.cause in NOT_REACHED:
                return False
            raise
        return True

    def boot_id(self) -> str:
        """What is new after each start of the host. Raises TransportFault when the host does not say."""
        if known := self._known_boot_id():
            return known
        command = Shell(script=plain(BOOT_ID), timeout_s=BOOT_ID_S)
        answer = self.perform(command, lambda _stream, _data: None)
        found = answer.stdout.decode("utf-8", "replace").strip()
        if answer.exit_code or not found:
            name = self.target.name if self.target else "This machine"
            raise TransportFault(Cause.CONFIGURATION, f"{name} does not say when it was started", started=True)
        return found

    def _known_boot_id(self) -> str:
        """What a kept shell said when it began; the host is asked only whether it is still there."""
        with self._masking():
            return self._kept.boot_id() if self._kept else ""

    def reset(self, *, recorded: bool = True) -> None:
        """Forget the connections; the next command opens a new one.

        `recorded`: the ends of all commands are on disk here, so that the host may forget what they have printed.
        """
        if self._controller is not None:
            self._controller.close()
        if self._keeper is not None and recorded:
            self._keeper.tidy()
        if self._place is not None:
            self._place.close()
        if self._kept is not None:
            self._kept.end()

    @contextmanager
    def _masking(self) -> Iterator[None]:
        """No fault leaves the link with a secret in its words."""
        try:
            yield
        except TransportFault as fault:
            hide = self._settings.secrets.masks.hide_text  # with what the command itself has looked up
            message, why, next_command = hide(fault.message), hide(fault.why), hide(fault.next_command)
            raise TransportFault(
                fault.cause, message, started=fault.started, why=why, next_command=next_command
            ) from fault.__cause__


class Links:
    """All links of a run. Safe to use from several threads."""

    def __init__(self, settings: LinkSettings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._links: dict[str, Link] = {}
        self._here = Link(None, None, self)
        self.here = Here(settings)
        self._connector: Connector | None = None

    def __call__(self, target: Target | None) -> Link:
        """The link to a host, the same one each time; None is the control machine. Opens nothing yet."""
        if target is None:
            return self._here
        with self._lock:
            link = self._links.get(target.name)
        if link is not None and link.target == target:
            return link
        return self._new(target)

    def _new(self, target: Target) -> Link:
        from runbook_engine.transports.ssh import SshPlace

        self.drop(target.name)
        link = Link(target, SshPlace(target, self.connector), self)
        with self._lock:
            return self._links.setdefault(target.name, link)

    @property
    def connector(self) -> "Connector":
        """What opens connections; made when the first is needed. Raises TransportFault (CONFIGURATION)."""
        from runbook_engine.transports.ssh import Connector

        with self._lock:
            if self._connector is None:
                self._connector = Connector(self.settings)
            return self._connector

    def drop(self, host: str) -> None:
        """End the connection to a host whose steps are done."""
        with self._lock:
            link = self._links.pop(host, None)
        if link:
            link.reset()

    def close(self, *, recorded: bool = True) -> None:
        """End all connections. `recorded`: see `Link.reset`."""
        with self._lock:
            links, self._links = list(self._links.values()), {}
            connector, self._connector = self._connector, None
        for link in links:
            link.reset(recorded=recorded)
        self.here.close(recorded=recorded)
        if connector:
            connector.close()
