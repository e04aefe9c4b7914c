"""Make-believe hosts for the demo and for practice: real SSH on loopback, each host in a sandbox of its own.

`serve` runs a lab, `overlay` points an estate at it; `python -m runbook_engine.lab` is the process.
`guest` is the part inside the sandbox; `tools` are the programs that the hosts offer.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runbook_engine.lab.overlaying import overlay
    from runbook_engine.lab.serving import serve

__all__ = ["overlay", "serve"]


def __getattr__(name: str) -> Any:
    """Loaded when asked for: the part inside the sandbox needs neither, and shall stay small."""
    if name == "overlay":
        from runbook_engine.lab.overlaying import overlay

        return overlay
    if name == "serve":
        from runbook_engine.lab.serving import serve

        return serve
    raise AttributeError(name)
