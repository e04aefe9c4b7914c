"""What is accepted and checked but has no effect yet. Each later step of the work makes this list shorter."""

from collections.abc import Iterator

from runbook_engine.model.places import Path
from runbook_engine.model.runbook import Runbook, Step

UNENFORCED: tuple[str, ...] = (
    "runbook.deadline",
    "runbook.budget",
    "runbook.costs",
    "runbook.stakeholders",
    "step.uses",
)
_OF_RUNBOOK = ("deadline", "budget", "costs", "stakeholders")


def unenforced_keys(runbook: Runbook) -> Iterator[tuple[str, Path]]:
    """Each such key that a runbook uses, and the path to it; in the order of the runbook."""
    for key in _OF_RUNBOOK:
        if getattr(runbook, key):
            yield f"runbook.{key}", (key,)
    for phase in runbook.phases:
        for step in (*phase.steps, *phase.healthy_when):
            yield from _of_step(step)


def _of_step(step: Step) -> Iterator[tuple[str, Path]]:
    if step.uses:
        yield "step.uses", (*step.path, "uses")
