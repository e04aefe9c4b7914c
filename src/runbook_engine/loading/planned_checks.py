"""What a step that is planned must keep to: milestones, times of nothing, steps that are needed twice."""

from collections.abc import Iterator

from runbook_engine.loading.drafts import StepDraft
from runbook_engine.model.places import Mistake
from runbook_engine.model.runbook import Step
from runbook_engine.model.words import Per

_OF_MILESTONES = frozenset({"id", "title", "needs", "milestone", "earliest", "deadline", "when", "per", "takes"})


def planned_mistakes(draft: StepDraft) -> Iterator[Mistake]:
    """What only the keys of one step together make wrong."""
    step = draft.step
    if step is None:
        return
    if step.milestone:
        yield from _milestone(draft, step)
    elif step.takes is not None and step.takes.high_s <= 0 and step.action:
        hint = "say how long, or milestone: true if there is nothing to do"
        yield draft.entry.mistake(("takes",), f"{step.action} takes some time", hint)
    yield from _twice(draft, step)


def _milestone(draft: StepDraft, step: Step) -> Iterator[Mistake]:
    if draft.part == "healthy_when":
        yield draft.entry.mistake(("milestone",), "a check is no milestone", "take it out", key=True)
    for key in draft.entry.data:
        if key not in _OF_MILESTONES:
            message = f"a milestone is a moment that is reached, not work: it has no {key}"
            yield draft.entry.mistake((key,), message, "take it out, or make a step of its own of it", key=True)
    if step.takes is not None and step.takes.high_s > 0:
        yield draft.entry.mistake(("takes",), "a milestone takes no time", "take it out", key=True)
    if step.per is Per.HOST:
        yield draft.entry.mistake(("per",), "a milestone is not reached host by host", "say per: batch, or take it out")


def _twice(draft: StepDraft, step: Step) -> Iterator[Mistake]:
    """A step that is needed with a lag is needed once: there is one way in which it is followed."""
    needs = step.needs or ()
    for index, name in enumerate(needs):
        if step.lags and name in needs[:index]:
            yield draft.entry.mistake(("needs", index), f"{name!r} is needed twice", "keep the entry with the lag")
