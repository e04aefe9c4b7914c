"""The step that a phase names as its point of no return."""

from collections.abc import Iterator

from runbook_engine.loading.drafts import PhaseDraft
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.model.places import Mistake

_AT = ("point_of_no_return", "step")


def no_return_step(phase: PhaseDraft) -> str | None:
    """The whole id of the step that is named; None when none is, or there is no such step."""
    name = _named(phase)
    return next((draft.id for draft in phase.steps if draft.part == "steps" and draft.id == name), None) if name else None


def no_return_mistakes(phase: PhaseDraft) -> Iterator[Mistake]:
    """A step that the phase does not have, or that only looks."""
    name = _named(phase)
    if not name or no_return_step(phase) is not None:
        return
    steps = [draft.id for draft in phase.steps if draft.part == "steps" and draft.id]
    if any(draft.id == name for draft in phase.steps):
        message = f"{name!r} is not one of the steps of the phase, but one of its checks or of its way back"
        yield phase.entry.mistake(_AT, message, did_you_mean(name, steps, "its steps are"))
    else:
        hint = did_you_mean(name, steps, "its steps are")
        yield phase.entry.mistake(_AT, f"the phase {phase.id!r} has no step {name!r}", hint)


def _named(phase: PhaseDraft) -> str | None:
    written = phase.document.point_of_no_return if phase.document else None
    return written.step if written else None
