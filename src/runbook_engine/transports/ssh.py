"""One host reached by SSH: its connection, kept for all its steps, and the commands that run over it."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.model.words import Cause
from runbook_engine.transports.channels import BROKEN, StepChannel
from runbook_engine.transports.connecting import Connected, connect, tunnel, wire_to
from runbook_engine.transports.keys import Keyring
from runbook_engine.transports.routes import Hop, Routes
from runbook_engine.transports.session import News
from runbook_engine.transports.settings import LinkSettings
from runbook_engine.transports.ssh_config import SshConfig
from runbook_engine.transports.wire import Wire

PATIENCE = 2  # attempts in vain before sessions are given up for room
PAUSES = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)  # s, between attempts to open a session


class Connector:
    """Opens the connections of a run: reads keys and configuration once, shares gateways. Safe for several threads."""

    def __init__(self, settings: LinkSettings) -> None:
        self.settings = settings
        self._keyring = Keyring(use_agent=settings.use_agent, default_keys=settings.default_keys)
        self._routes = Routes(
            SshConfig(settings.ssh_config, programs=settings.ssh_programs), settings.targets, settings.known_hosts
        )
        self._gateways: dict[tuple[Hop, ...], Connected] = {}
        self._lock = threading.Lock()
        self._opening: defaultdict[tuple[Hop, ...], threading.Lock] = defaultdict(threading.Lock)
        self._room: defaultdict[tuple[Hop, ...], threading.Semaphore] = defaultdict(
            lambda: threading.Semaphore(settings.gateway_limit)
        )

    def connect(self, target: Target) -> Connected:
        """A new connection to a host. Raises TransportFault; nothing was started."""
        return self._to(self._routes.to(target))

    def wire(self, target: Target) -> tuple[Hop, Wire]:
        """The way to a host, up to where SSH begins. Raises TransportFault."""
        *before, hop = self._routes.to(target)
        gateway = self._gateway(tuple(before)) if before else None
        return hop, wire_to(hop, gateway, self.settings)

    def reaches(self, target: Target, address: str, port: int) -> bool:
        """Whether a TCP port, as seen from the host's last gateway, accepts. Raises TransportFault about the way there."""
        before = self._routes.to(target)[:-1]
        tunnel(self._gateway(before), address, port, self.settings).close()
        return True

    def gateways(self, target: Target) -> int:
        """How many gateways stand before a host."""
        return len(self._routes.to(target)) - 1

    def close(self) -> None:
        """End the gateways' connections and let go of the agent."""
        with self._lock:
            gateways, self._gateways = list(self._gateways.values()), {}
        for gateway in reversed(gateways):
            gateway.close()
        self._keyring.close()

    def _to(self, hops: tuple[Hop, ...]) -> Connected:
        if len(hops) == 1:
            return connect(hops[0], None, self._keyring, self.settings)
        gateway = self._gateway(hops[:-1])
        with self._lock:
            room = self._room[hops[:-1]]
        with room:
            return connect(hops[-1], gateway, self._keyring, self.settings)

    def _gateway(self, hops: tuple[Hop, ...]) -> Connected:
        with self._lock:
            opening = self._opening[hops]
        with opening:
            gateway = self._gateways.get(hops)
            if gateway is None or not gateway.alive:
                gateway = self._to(hops)
                with self._lock:
                    self._gateways[hops] = gateway
            return gateway


class SshPlace:
    """A host. One command at a time; the connection opens with the first and stays for the others."""

    def __init__(self, target: Target, connector: Connector) -> None:
        self.target = target
        self._connector = connector
        self._settings = connector.settings
        self._connected: Connected | None = None
        self._ahead: StepChannel | None = None
        self._may_open_ahead = True
        self._unreached: TransportFault | None = None  # met by `reach`, and not yet told
        self._used = 0  # commands over this connection
        self.make_room: Callable[[], None] = lambda: None  # called when the host opens no more sessions

    def begin(self, line: bytes) -> "SshSession":
        """Hand a line to the login shell. Raises TransportFault; nothing was started then."""
        connected = self.connect()
        channel = self._channel(connected)
        session = SshSession(channel, connected, self._settings)
        try:
            with connected.wire.together():
                session.execute(line)
                if self._used and self._may_open_ahead and self._ahead is None:
                    self._ahead = connected.transport.open_step()  # the next command waits for one round trip less
        except BROKEN as error:  # a part of it may have gone
            raise self._lost(error, started=True) from None
        self._used += 1
        return session

    @property
    def connection(self) -> object | None:
        """The present connection; another one after each loss."""
        return self._connected

    def lives(self, *, ask: bool = False) -> bool:
        """Whether there is a connection that is known to live; a dead one is closed. `ask`: the host is asked now.

        A connection that was silent for long is asked in any case: what is sent into a dead one leaves doubt.
        """
        connected = self._connected
        if connected is None:
            return False
        silent = self._settings.clock() - connected.wire.heard >= self._settings.check_idle_s
        if connected.alive and (not (ask or silent) or self._answers(connected)):
            return True
        self.close()
        return False

    def reach(self) -> bool:
        """Open the connection, if there is none; whether there is one now. A fault is told by what needs it next, once."""
        self._unreached = None
        try:
            self.connect()
        except TransportFault as fault:
            self._unreached = fault
        return self._unreached is None

    def reopen(self) -> None:
        """Forget the connection and open a new one. Raises TransportFault."""
        self.close()
        self.connect()

    def close(self) -> None:
        """End the connection."""
        connected, self._connected, self._ahead, self._used = self._connected, None, None, 0
        self._unreached = None
        if connected:
            connected.close()

    def connect(self) -> Connected:
        """A connection that is known to live; a new one if there is none. Raises TransportFault."""
        fault, self._unreached = self._unreached, None
        if fault is not None:
            raise fault
        connected = self._connected
        if connected is None or not self.lives():
            connected = self._connected = self._connector.connect(self.target)
        return connected

    def _answers(self, connected: Connected) -> bool:
        """Ask the host, and wait for its answer."""
        answered = threading.Event()
        connected.transport.completion_event = answered
        try:
            connected.transport.ask_for_life()
        except BROKEN:
            return False
        return answered.wait(self._settings.answer_s) and connected.alive

    def _channel(self, connected: Connected) -> StepChannel:
        channel, self._ahead = self._ahead, None
        if channel is not None:
            if channel.opened.wait(self._settings.channel_s) and channel.active:
                return channel
            self._may_open_ahead = False  # the host allows one session at a time
        for number, pause in enumerate(PAUSES):
            if number == PATIENCE:
                self.make_room()
            channel = self._open(connected)
            if channel.active or not self._used:
                break
            time.sleep(pause)  # the host has not yet put away the session of the command before
        if channel is None or not channel.active:
            message = f"{self.target.name} opens no more sessions (MaxSessions in its sshd_config?)"
            raise TransportFault(Cause.CHANNEL, message, started=False)
        return channel

    def _open(self, connected: Connected) -> StepChannel:
        try:
            channel = connected.transport.open_step()
        except BROKEN as error:
            raise self._lost(error) from None
        if not channel.opened.wait(self._settings.channel_s):
            message = f"{self.target.name} did not open a session within {self._settings.channel_s:g} s"
            raise TransportFault(Cause.TIMED_OUT, message, started=False)
        if not connected.alive:
            raise self._lost(connected.transport.get_exception())
        return channel

    def _lost(self, error: object, *, started: bool = False) -> TransportFault:
        why = f" ({error})" if str(error or "") else ""
        message = f"The connection to {self.target.name} was lost {'while' if started else 'before'} the command was sent{why}"
        return TransportFault(Cause.LOST, message, started=started)


class SshSession:
    """One command on one channel."""

    def __init__(self, channel: StepChannel, connected: Connected, settings: LinkSettings) -> None:
        self._channel = channel
        self._connected = connected
        self._settings = settings
        self._asked_at: float | None = None

    @property
    def refused(self) -> str:
        """Why the command was not begun, when the host said so."""
        return self._channel.refused and f"{self._connected.hop.name}: {self._channel.refused}"

    @property
    def exit_code(self) -> int | None:
        """As soon as it is known."""
        return self._channel.exit_code

    @property
    def exit_signal(self) -> str:
        """The signal that ended the command."""
        return self._channel.exit_signal

    def execute(self, line: bytes) -> None:
        """Send the request, and do not wait: its refusal would come as news. Raises TransportFault."""
        try:
            self._channel.ask("exec", line, reply=True)
        except BROKEN as error:
            message = f"The connection to {self._connected.hop.name} was lost before the command was sent ({error})"
            raise TransportFault(Cause.LOST, message, started=False) from None

    def take(self, wait_s: float) -> News | None:
        """The next piece of news."""
        return self._channel.take(wait_s)

    def quiet_for(self, now: float) -> float:
        """Until the host is asked whether it is there, or until it must have answered."""
        heard = self._connected.wire.heard
        if self._asked_at is None or heard > self._asked_at:
            return heard + self._settings.quiet_s - now
        return self._asked_at + self._settings.answer_s - now

    def check(self, now: float) -> None:
        """Ask a silent host; give it up when it does not answer. Raises TransportFault (LOST, started)."""
        heard = self._connected.wire.heard
        if self._asked_at is None or heard > self._asked_at:
            if now - heard >= self._settings.quiet_s:
                self._asked_at = now
                self._try(self._connected.transport.ask_for_life)
        elif now - self._asked_at >= self._settings.answer_s:
            self._connected.wire.close()
            silence = f"{now - heard:.0f} s"
            message = f"{self._connected.hop.name} has stopped answering: nothing was heard of it for {silence}"
            raise TransportFault(Cause.LOST, message, started=True, why="Whether the command is done is not known.")

    def send(self, data: bytes) -> int:
        """How many bytes went; 0 when the host takes no more now."""
        channel = self._channel
        channel.wants_room = True
        if not channel.out_window_size or channel.closed:
            return 0  # room comes as news
        channel.wants_room = False
        try:
            return channel.send(data)
        except BROKEN:
            self._connected.wire.close()  # what is left comes as news
            return 0

    def end_input(self) -> None:
        """Nothing more comes on stdin."""
        self._try(self._channel.shutdown_write)

    def stop(self, signal: str) -> bool:
        """Ask the host to send a signal to all processes of the command (OpenSSH since 7.9 does, but not for root)."""
        self._try(lambda: self._channel.ask("signal", signal.encode()))
        return False

    def close(self) -> None:
        """Close the channel; what still runs then loses its output."""
        self._try(self._channel.close)

    def _try(self, what: Callable[[], object]) -> None:
        try:
            what()
        except BROKEN:
            self._connected.wire.close()
