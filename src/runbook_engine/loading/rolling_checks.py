"""What the keys of a rolling phase and of its way back must keep to together."""

from collections.abc import Iterator

from runbook_engine.loading.drafts import PhaseDraft, StepDraft
from runbook_engine.model.places import Mistake
from runbook_engine.model.words import HostOrder

_NOT_ON_THE_WAY_BACK = (
    *("needs", "barrier", "when", "save_as", "per", "roll_back"),
    *("milestone", "earliest", "deadline", "same_people_as", "other_people_than"),
)


def rolling_mistakes(phase: PhaseDraft) -> Iterator[Mistake]:
    """Keys of `rolling` that do not go together, or that have nothing to act on."""
    rolling = phase.document.rolling if phase.document else None
    if phase.document is None or rolling is None:
        return
    if rolling.soak and not phase.document.healthy_when:
        message = "soak is the time before the checks of healthy_when, and the phase has none"
        yield phase.entry.mistake(("rolling", "soak"), message, "add healthy_when, or say pause", key=True)
    if rolling.order is HostOrder.BY_RACK and rolling.spread_over == "rack":
        message = "by_rack takes one rack after the other, and spread_over: rack takes from all of them"
        yield phase.entry.mistake(("rolling", "order"), message, "take one of them out")


def way_back_mistakes(draft: StepDraft) -> Iterator[Mistake]:
    """What a step of the way back of a phase cannot say."""
    for key in _NOT_ON_THE_WAY_BACK if isinstance(draft.entry.data, dict) else ():
        if key in draft.entry.data:
            message = f"a step of the way back has no {key}: these steps follow each other as written, each once"
            yield draft.entry.mistake((key,), message, "take it out", key=True)
