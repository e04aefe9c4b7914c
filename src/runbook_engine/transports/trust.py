"""For `runbook inventory trust`: look at the key that a host shows, without trusting it and without logging in."""

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.transports.channels import StepTransport
from runbook_engine.transports.connecting import HANDSHAKE_S, WEAK, handshake_fault
from runbook_engine.transports.known_hosts import HostKey, known_as
from runbook_engine.transports.routes import Hop
from runbook_engine.transports.settings import LinkSettings
from runbook_engine.transports.ssh import Connector
from runbook_engine.transports.wire import Wire


def scan_host_key(target: Target, settings: LinkSettings) -> tuple[str, str, str]:
    """The kind of key that a host shows now, its fingerprint (SHA256:…) and the line for known_hosts.

    Gateways on the way must be trusted already. Nothing is sent but the exchange of keys. Raises TransportFault.
    """
    connector = Connector(settings)
    try:
        hop, wire = connector.wire(target)
        key = _shown(hop, wire, settings)
    finally:
        connector.close()
    return key.kind, key.fingerprint, f"{known_as(hop.address, hop.port)} {key.kind} {key.encoded}"


def _shown(hop: Hop, wire: Wire, settings: LinkSettings) -> HostKey:
    transport = StepTransport(wire, disabled_algorithms=WEAK)  # type: ignore[arg-type]
    transport.banner_timeout = transport.handshake_timeout = settings.banner_s
    wire.settimeout(HANDSHAKE_S)
    began = settings.clock()
    try:
        transport.start_client(timeout=settings.banner_s)
        key = transport.get_remote_server_key()
        return HostKey(key.get_name(), key.get_base64())
    except Exception as error:
        fault = handshake_fault(error, hop, transport, settings.clock() - began, settings)
        if isinstance(fault, TransportFault):
            raise fault from None
        raise
    finally:
        transport.close()
        wire.close()
