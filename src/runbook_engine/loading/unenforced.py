"""What is accepted and checked but has no effect yet. Each later step of the work makes this list shorter."""

from collections.abc import Iterator

from runbook_engine.model.places import Path
from runbook_engine.model.runbook import Runbook

UNENFORCED: tuple[str, ...] = (
    "runbook.budget",
    "runbook.costs",
    "runbook.stakeholders",
)
_OF_RUNBOOK = ("budget", "costs", "stakeholders")


def unenforced_keys(runbook: Runbook) -> Iterator[tuple[str, Path]]:
    """Each such key that a runbook uses, and the path to it; in the order of the runbook."""
    for key in _OF_RUNBOOK:
        if getattr(runbook, key):
            yield f"runbook.{key}", (key,)
