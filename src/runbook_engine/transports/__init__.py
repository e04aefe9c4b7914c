"""Performs one command on one host: SSH by Fabric made safe and fast, the control machine, HTTP. Light to import."""

from typing import TYPE_CHECKING

from runbook_engine.model.attempts import Answer
from runbook_engine.transports.known_hosts import record_host_key
from runbook_engine.transports.links import Link, Links
from runbook_engine.transports.secret_values import Secrets, SecretValue
from runbook_engine.transports.settings import LinkSettings, Sink

if TYPE_CHECKING:
    from runbook_engine.model.plan import Target

__all__ = ["Answer", "Link", "LinkSettings", "Links", "SecretValue", "Secrets", "Sink", "record_host_key", "scan_host_key"]


def scan_host_key(target: "Target", settings: LinkSettings) -> tuple[str, str, str]:
    """The kind of key that a host shows now, its fingerprint (SHA256:…) and the line for known_hosts.

    Gateways on the way must be trusted already. Nothing is sent but the exchange of keys. Raises TransportFault.
    """
    from runbook_engine.transports import trust  # brings Fabric in

    return trust.scan_host_key(target, settings)
