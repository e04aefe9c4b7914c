"""Opens SSH connections by Fabric: own socket, strict host keys, a limit for every stage, a cause for every failure."""

from copy import copy
from functools import cache
from typing import Any

import fabric
import paramiko

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Cause
from runbook_engine.transports.channels import StepPacketizer, StepTransport
from runbook_engine.transports.keys import KeyLogin, Keyring
from runbook_engine.transports.known_hosts import HostKey, KnownHosts, load
from runbook_engine.transports.routes import Hop
from runbook_engine.transports.settings import LinkSettings
from runbook_engine.transports.ssh_programs import ProgramSocket
from runbook_engine.transports.wire import Wire, dial

IDLE_S = 15.0  # how often the thread of an idle connection through a gateway looks around
HANDSHAKE_S = 0.2  # and before the login, so that limits are kept to this
WEAK = {
    "ciphers": ["3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc"],
    "macs": ["hmac-md5", "hmac-md5-96", "hmac-sha1", "hmac-sha1-96"],
}


@dataclass(frozen=True, slots=True)
class Connected:
    """An open connection, logged in."""

    hop: Hop
    connection: Any  # fabric.Connection
    transport: StepTransport
    wire: Wire

    @property
    def alive(self) -> bool:
        """As far as is known without asking."""
        return bool(self.transport.is_active())

    def close(self) -> None:
        """End it."""
        self.connection.client.close()
        self.wire.close()


def connect(hop: Hop, via: Connected | None, keyring: Keyring, settings: LinkSettings) -> Connected:
    """Connect to a hop, directly or through the gateway before it. Raises TransportFault; nothing was started."""
    return open_over(wire_to(hop, via, settings), hop, keyring, settings)


def wire_to(hop: Hop, via: Connected | None, settings: LinkSettings) -> Wire:
    """What SSH is spoken over: a socket, or a tunnel through a gateway. Raises TransportFault."""
    if via is None and hop.program:
        inner: Any = ProgramSocket(hop.program)
    elif via is None:
        inner = dial(hop.address, hop.port, settings.connect_s, settings.clock)
    else:
        inner = tunnel(via, hop.address, hop.port, settings)
    return Wire(inner, settings.stall_s, settings.clock)


def tunnel(via: Connected, address: str, port: int, settings: LinkSettings) -> Any:
    """A channel through a gateway to an address that only the gateway can reach. Raises TransportFault."""
    try:
        return via.transport.open_channel("direct-tcpip", (address, port), ("", 0), timeout=settings.connect_s)
    except paramiko.ChannelException as error:
        causes = {1: Cause.CHANNEL, 2: Cause.NO_ROUTE}
        message = f"The gateway {via.hop.name} does not connect to {address} port {port}: {error.text}"
        raise TransportFault(causes.get(error.code, Cause.CHANNEL), message, started=False) from None
    except (paramiko.SSHException, EOFError, OSError) as error:
        late = "timeout" in str(error).lower()
        message = f"The gateway {via.hop.name} gave no way to {address} port {port}: {error}"
        raise TransportFault(Cause.TIMED_OUT if late else Cause.LOST, message, started=False) from None


def open_over(wire: Wire, hop: Hop, keyring: Keyring, settings: LinkSettings) -> Connected:
    """Speak SSH over a socket, and log in."""
    offers, problems = keyring.offers(hop.identity)
    known = load(hop.known_hosts)
    began = settings.clock()
    connection = connection_to(
        hop,
        {
            "sock": wire,
            "timeout": settings.banner_s,
            "banner_timeout": settings.banner_s,
            "auth_timeout": settings.auth_s,
            "channel_timeout": settings.channel_s,
            "disabled_algorithms": WEAK,
            "transport_factory": _Factory(known, hop, settings),
            "auth_strategy": KeyLogin(hop.user, offers, problems, hop.where),
        },
    )
    connection.client.set_missing_host_key_policy(StrictHostKeys(known, hop))
    try:
        connection.open()
    except BaseException as error:  # noqa: BLE001 - everything is told on, after the connection is closed
        transport = connection.client.get_transport()
        connection.client.close()
        wire.close()
        raise handshake_fault(error, hop, transport, settings.clock() - began, settings) from None
    wire.rest(IDLE_S)
    return Connected(hop, connection, connection.transport, wire)


@cache
def _unconnected() -> fabric.Connection:
    """What all connections have alike: nothing of the person's own configuration of Fabric or SSH."""
    return fabric.Connection("localhost", config=fabric.Config(lazy=True, overrides={"load_ssh_configs": False}))


def connection_to(hop: Hop, options: dict[str, Any]) -> fabric.Connection:
    """A connection of Fabric's that is not open yet; `options` are those of paramiko's `connect`.

    One made from nothing merges its configuration anew: 0.4 ms, in which whoever shares that configuration finds it empty. So
    one is made, and all others are copies; their attributes are set past Fabric, which looks each up in the configuration.
    """
    made = copy(_unconnected())
    own = {
        "host": hop.address,
        "original_host": hop.address,
        "user": hop.user,
        "port": hop.port,
        "client": paramiko.SSHClient(),
    }
    for name, value in (own | {"connect_kwargs": options, "transport": None}).items():
        object.__setattr__(made, name, value)
    return made


@dataclass(frozen=True, slots=True)
class _Factory:
    known: KnownHosts
    hop: Hop
    settings: LinkSettings

    def __call__(self, sock: Any, **options: Any) -> StepTransport:
        transport = StepTransport(sock, packetizer_class=StepPacketizer, **options)
        sock.settimeout(HANDSHAKE_S)
        transport.handshake_timeout = self.settings.banner_s
        choice = transport.get_security_options()
        choice.key_types = preferred(tuple(choice.key_types), trusted(self.known, self.hop))
        return transport


def preferred(kinds: tuple[str, ...], keys: tuple[HostKey, ...]) -> tuple[str, ...]:
    """The kinds of host keys to ask for: those that are known first, so that another kind is no surprise."""
    known = {k.kind for k in keys}
    return tuple(sorted(kinds, key=lambda kind: kind not in known and not ("ssh-rsa" in known and kind.startswith("rsa-"))))


def trusted(known: KnownHosts, hop: Hop) -> tuple[HostKey, ...]:
    """The keys known for a hop: by its address, else by its name."""
    return known.keys(hop.address, hop.port) or known.keys(hop.name, hop.port)


class StrictHostKeys(paramiko.MissingHostKeyPolicy):
    """Accepts a host key only if it is known for that host. paramiko itself is given no known keys at all."""

    def __init__(self, known: KnownHosts, hop: Hop) -> None:
        self._known = known
        self._hop = hop

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002 - paramiko's
        """Called for each key a host shows. Raises TransportFault."""
        judge(self._known, self._hop, HostKey(key.get_name(), key.get_base64()))


def judge(known: KnownHosts, hop: Hop, shown: HostKey) -> None:
    """Return if a host's key is the one that is trusted. Raises TransportFault otherwise."""
    files = ", ".join(str(p) for p in hop.known_hosts)
    keys = trusted(known, hop)
    if known.revoked(hop.address, hop.port, shown):
        raise _key_fault(Cause.HOST_KEY_CHANGED, hop, f"shows a key that is revoked in {files}: {shown.fingerprint}", "")
    if shown in keys or (not keys and shown in known.keys_without_port(hop.address, hop.port)):
        return
    if keys:
        expected = ", ".join(f"{k.fingerprint} ({k.kind})" for k in keys)
        what = f"shows another host key than before: {shown.fingerprint} ({shown.kind}), expected {expected} from {files}"
        why = "Someone may be answering in its place, or it was installed anew. Nothing was sent to it."
        raise _key_fault(Cause.HOST_KEY_CHANGED, hop, what, why)
    what = f"shows a host key that nobody has confirmed: {shown.fingerprint} ({shown.kind}); not in {files}"
    raise _key_fault(Cause.HOST_KEY_UNKNOWN, hop, what, "Compare the fingerprint with the one on the host's console.")


def _key_fault(cause: Cause, hop: Hop, what: str, why: str) -> TransportFault:
    command = f"runbook inventory trust {hop.name}"
    return TransportFault(cause, f"{hop.where} {what}", started=False, why=why, next_command=command)


def handshake_fault(error: BaseException, hop: Hop, transport: Any, elapsed_s: float, settings: LinkSettings) -> BaseException:
    """Why a connection could not be opened, from how far it had come."""
    if isinstance(error, TransportFault) or not isinstance(error, Exception):
        return error
    cause, what = _stage(error, transport, settings, late=elapsed_s >= settings.banner_s)
    return TransportFault(cause, f"{hop.where} {what}", started=False)


def _stage(error: Exception, transport: Any, settings: LinkSettings, *, late: bool) -> tuple[Cause, str]:
    if transport is None:
        return Cause.LOCAL, f"could not be spoken to: {error}"
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return Cause.CONFIGURATION, f"and this machine share no safe way to speak: {error}"
    if not transport.remote_version:
        if late:
            return Cause.NO_BANNER, f"accepts connections but says nothing within {settings.banner_s:g} s"
        if "protocol" in str(error) and "banner" not in str(error):
            return Cause.NO_BANNER, "answers, but not in SSH"
        return Cause.NO_BANNER, "ended the connection before it said anything (too many connections at once?)"
    if not transport.initial_kex_done:
        if late:
            return Cause.TIMED_OUT, f"did not agree on keys within {settings.banner_s:g} s"
        return Cause.LOST, f"ended the connection while keys were agreed on {transport.farewell}".rstrip()
    return Cause.LOST, f"was lost during the login: {error}"
