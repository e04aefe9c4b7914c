"""The fault of a secret that cannot be had: its name, why, and the next command; never its value."""

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Cause

LARGEST = 1 << 20  # bytes of one secret


def missing(name: str, why: str, next_command: str) -> TransportFault:
    """Cause `secret not available`; nothing was started."""
    message = f"The secret {name} is not available: {why}"
    return TransportFault(Cause.SECRET, message, started=False, why=why, next_command=next_command)
