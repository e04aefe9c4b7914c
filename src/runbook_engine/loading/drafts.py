"""Phases and steps as far as they could be read. What is not valid keeps its id: a reference to it is no second mistake."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from runbook_engine.actions import all_actions
from runbook_engine.loading.conversion import STEP_FIELDS, become_of, roll_back_of, rolling_of
from runbook_engine.loading.explain import validated
from runbook_engine.loading.including import Entry, Including, in_phase
from runbook_engine.loading.runbook_document import PhaseDocument
from runbook_engine.loading.step_document import StepDocument, step_model
from runbook_engine.model.places import Mistake
from runbook_engine.model.runbook import Phase, RollBack, Step
from runbook_engine.model.text import plain
from runbook_engine.model.words import PhaseId, Repeat, StepId


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDraft:
    """A step; `step` is None when it is not valid."""

    entry: Entry
    id: str
    health: bool
    step: Step | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseDraft:
    """A phase; `document` is None when it is not valid."""

    entry: Entry
    id: str
    document: PhaseDocument | None
    steps: tuple[StepDraft, ...]

    def phase(self) -> Phase | None:
        """The phase of the model; None unless it and all its steps are valid."""
        valid = [d.step for d in self.steps if d.step is not None]
        if self.document is None or len(valid) < len(self.steps):
            return None
        written = self.document
        return Phase(
            id=PhaseId(self.id),
            title=plain(written.title),
            needs=None if written.needs is None else tuple(PhaseId(n) for n in written.needs),
            hosts=written.hosts,
            window=written.window or "",
            rolling=rolling_of(written.rolling),
            steps=tuple(s for s, d in zip(valid, self.steps, strict=True) if not d.health),
            healthy_when=tuple(s for s, d in zip(valid, self.steps, strict=True) if d.health),
            point_of_no_return=written.point_of_no_return or "",
            scope=self.entry.source.scope,
            path=self.entry.source.path(self.entry.at),
        )


def phase_drafts(entries: Iterator[Entry], including: Including) -> tuple[PhaseDraft, ...]:
    """Every phase of the runbook with its steps; mistakes go to `including`."""
    return tuple(_phase_draft(entry, including) for entry in entries)


def _phase_draft(entry: Entry, including: Including) -> PhaseDraft:
    document = validated(PhaseDocument, entry.source.document, entry.at, including.mistakes, entry.data)
    steps = (*_step_drafts(entry, "steps", including), *_step_drafts(entry, "healthy_when", including))
    return PhaseDraft(entry=entry, id=_raw_id(entry, "phases"), document=document, steps=steps)


def _step_drafts(phase: Entry, key: str, including: Including) -> Iterator[StepDraft]:
    data = phase.data.get(key) if isinstance(phase.data, dict) else None
    if not isinstance(data, list):
        return
    entries = including.entries(in_phase(phase.source), (*phase.at, key), data, "steps")
    for number, entry in enumerate(entries, 1):
        if key == "steps":
            yield StepDraft(entry=entry, id=_raw_id(entry, "steps"), health=False, step=_step(entry, including.mistakes))
        else:
            yield _health_draft(entry, number, including.mistakes)


def _health_draft(entry: Entry, number: int, mistakes: list[Mistake]) -> StepDraft:
    """A health check may go without an id, and is read-only."""
    named = entry
    if isinstance(entry.data, dict) and "id" not in entry.data:
        named = Entry(source=entry.source, at=entry.at, data={"id": f"healthy-{number}", **entry.data})
    step = _step(named, mistakes)
    if step is not None and step.repeat is None and step.action and all_actions()[step.action].repeat is None:
        step = replace(step, repeat=Repeat.SAFE)
    return StepDraft(entry=entry, id=_raw_id(named, "steps"), health=True, step=step)


def _raw_id(entry: Entry, kind: Any) -> str:
    written = entry.data.get("id") if isinstance(entry.data, dict) else None
    return entry.source.prefix(kind) + written if isinstance(written, str) else ""


def _step(entry: Entry, mistakes: list[Mistake]) -> Step | None:
    written = validated(step_model(), entry.source.document, entry.at, mistakes, entry.data)
    if written is None:
        return None
    given = written.model_fields_set
    action = _the_action(entry, given, (), mistakes)
    roll_back = _roll_back(entry, written, mistakes) if "roll_back" in given else None
    if action is None:
        return None
    fields = {name: STEP_FIELDS.get(name, _as_written)(getattr(written, name)) for name in given & _PLAIN_FIELDS}
    if written.become is not None:
        fields.update(become_of(written.become))
    fields["id"] = StepId(entry.source.prefix("steps") + written.id)
    return Step(
        **fields,
        action=action,
        params=getattr(written, action) if action else None,
        timeout_s=written.timeout,
        roll_back=roll_back,
        scope=entry.source.scope,
        path=entry.source.path(entry.at),
    )


_PLAIN_FIELDS = frozenset(StepDocument.model_fields) - {"id", "become", "timeout"}


def _as_written(value: Any) -> Any:
    return value


def _roll_back(entry: Entry, written: Any, mistakes: list[Mistake]) -> RollBack | None:
    back = written.roll_back
    action = _the_action(entry, back.model_fields_set, ("roll_back",), mistakes)
    if action is None:
        return None
    if bool(action) == (back.none is not None):
        what = "an action, or none with the reason why there is no way back"
        mistakes.append(entry.mistake(("roll_back",), f"expected {what}{', not both' if action else ''}"))
    return roll_back_of(back, action, entry.source.path((*entry.at, "roll_back")))


def _the_action(entry: Entry, given: set[str], at: tuple[str, ...], mistakes: list[Mistake]) -> str | None:
    """The action's key, empty if there is none; None, with a mistake, when there are two."""
    data = entry.data
    for part in at:
        data = data[part]
    found = [key for key in data if key in given and key in all_actions()]
    if len(found) < 2:
        return found[0] if found else ""
    message = f"one step does one thing, but here are {' and '.join(found)}"
    mistakes.append(entry.mistake((*at, found[1]), message, "make a step of each", key=True))
    return None
