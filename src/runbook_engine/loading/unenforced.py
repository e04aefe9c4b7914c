"""What is accepted and checked but has no effect yet. Each later step of the work makes this list shorter."""

from collections.abc import Iterator

from runbook_engine.model.jobs import LinkKind
from runbook_engine.model.places import Path
from runbook_engine.model.runbook import Runbook, Step

UNENFORCED: tuple[str, ...] = (
    "runbook.budget",
    "runbook.costs",
    "runbook.stakeholders",
    "need.at_most",
    "need.kind",
)
_FOLLOWED = (LinkKind.FINISH_START, LinkKind.START_START)  # as kept by the run; the others it lets start after the end
_OF_RUNBOOK = ("budget", "costs", "stakeholders")


def unenforced_keys(runbook: Runbook) -> Iterator[tuple[str, Path]]:
    """Each such key that a runbook uses, and the path to it; in the order of the runbook."""
    for key in _OF_RUNBOOK:
        if getattr(runbook, key):
            yield f"runbook.{key}", (key,)
    for phase in runbook.phases:
        for step in (*phase.steps, *phase.healthy_when):
            yield from _of_step(step)


def _of_step(step: Step) -> Iterator[tuple[str, Path]]:
    for name, lag in step.lags.items():
        at = (*step.path, "needs", (step.needs or ()).index(name))
        if lag.at_most_s is not None:
            yield "need.at_most", (*at, "at_most")
        if lag.kind not in _FOLLOWED:
            yield "need.kind", (*at, "kind")
