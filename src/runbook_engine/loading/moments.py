"""Dates of phases and steps: what begins must not have to be over before."""

from collections.abc import Iterator
from datetime import date, datetime

from runbook_engine.loading.drafts import PhaseDraft
from runbook_engine.loading.including import Entry
from runbook_engine.model.places import Mistake
from runbook_engine.model.runbook import Deadline


def moment_mistakes(phase: PhaseDraft) -> Iterator[Mistake]:
    """Deadlines of a phase and of its steps that come before their earliest start."""
    if phase.document is None:
        return
    earliest, written = phase.document.earliest, phase.document.deadline
    yield from _turned(phase.entry, earliest, Deadline(by=written.by) if written else None)
    for draft in phase.steps:
        if draft.step is not None:
            yield from _turned(draft.entry, draft.step.earliest or earliest, draft.step.deadline)


def _turned(entry: Entry, earliest: date | datetime | None, deadline: Deadline | None) -> Iterator[Mistake]:
    if earliest is not None and deadline is not None and _day(deadline.by) < _day(earliest):
        message = f"the deadline is before the earliest start, {_day(earliest)}"
        yield entry.mistake(("deadline",), message, "change one of the two")


def _day(moment: date | datetime) -> str:
    return moment.isoformat()[:10]
