"""Phases and steps as far as they could be read. What is not valid keeps its id: a reference to it is no second mistake."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from runbook_engine.actions import all_actions
from runbook_engine.loading.conversion import STEP_FIELDS, become_of, deadline_of, lags_of, roll_back_of, rolling_of
from runbook_engine.loading.crews import crewed
from runbook_engine.loading.explain import validated
from runbook_engine.loading.including import Entry, Including, in_phase
from runbook_engine.loading.runbook_document import PhaseDocument
from runbook_engine.loading.step_document import StepDocument, step_model
from runbook_engine.model.places import Mistake
from runbook_engine.model.runbook import Phase, RollBack, Step
from runbook_engine.model.text import plain
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PhaseId, Repeat, StepId

Part = Literal["steps", "healthy_when", "roll_back"]  # the lists of steps that a phase has
PARTS: tuple[Part, ...] = ("steps", "healthy_when", "roll_back")
_IDS: dict[Part, str] = {"healthy_when": "healthy", "roll_back": "back"}  # ids of those that may go without one


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDraft:
    """A step, and the list of its phase in which it stands; `step` is None when it is not valid."""

    entry: Entry
    id: str
    part: Part
    step: Step | None

    @property
    def health(self) -> bool:
        """Whether it is a health check."""
        return self.part == "healthy_when"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseDraft:
    """A phase; `document` is None when it is not valid."""

    entry: Entry
    id: str
    document: PhaseDocument | None
    steps: tuple[StepDraft, ...]

    def phase(self) -> Phase | None:
        """The phase of the model; None unless it and all its steps are valid."""
        if self.document is None or any(d.step is None for d in self.steps):
            return None
        written = self.document
        return Phase(
            id=PhaseId(self.id),
            title=plain(written.title),
            needs=None if written.needs is None else tuple(PhaseId(n) for n in written.needs),
            hosts=written.hosts,
            window=written.window or "",
            earliest=written.earliest,
            deadline=deadline_of(written.deadline),
            rolling=rolling_of(written.rolling),
            steps=self._of("steps"),
            healthy_when=self._of("healthy_when"),
            roll_back=self._of("roll_back"),
            point_of_no_return=written.point_of_no_return.why if written.point_of_no_return else "",
            no_return_step=(written.point_of_no_return.step or "") if written.point_of_no_return else "",
            scope=self.entry.source.scope,
            path=self.entry.source.path(self.entry.at),
        )

    def _of(self, part: Part) -> tuple[Step, ...]:
        return tuple(d.step for d in self.steps if d.part == part and d.step is not None)


def phase_drafts(entries: Iterator[Entry], including: Including) -> tuple[PhaseDraft, ...]:
    """Every phase of the runbook with its steps; mistakes go to `including`."""
    return tuple(_phase_draft(entry, including) for entry in entries)


def _phase_draft(entry: Entry, including: Including) -> PhaseDraft:
    document = validated(PhaseDocument, entry.source.document, entry.at, including.mistakes, entry.data)
    steps = tuple(draft for part in PARTS for draft in _step_drafts(entry, part, including))
    return PhaseDraft(entry=entry, id=_raw_id(entry, "phases"), document=document, steps=steps)


def _step_drafts(phase: Entry, part: Part, including: Including) -> Iterator[StepDraft]:
    data = phase.data.get(part) if isinstance(phase.data, dict) else None
    if not isinstance(data, list):
        return
    entries = including.entries(in_phase(phase.source), (*phase.at, part), data, "steps")
    for number, entry in enumerate(entries, 1):
        named = _named(entry, f"{_IDS[part]}-{number}") if part in _IDS else entry
        step = _step(named, including.mistakes)
        if part == "healthy_when" and step is not None and step.repeat is None and _changes(step):
            step = replace(step, repeat=Repeat.SAFE)
        yield StepDraft(entry=entry, id=_raw_id(named, "steps"), part=part, step=step)


def _named(entry: Entry, name: str) -> Entry:
    """The same with an id, when it has none."""
    if not isinstance(entry.data, dict) or "id" in entry.data:
        return entry
    return Entry(source=entry.source, at=entry.at, data={"id": name, **entry.data})


def _changes(step: Step) -> bool:
    """Whether the kind of step does not say by itself what doubt means."""
    return bool(step.action) and all_actions()[step.action].nature(step.params) is None


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
    if written.needs:
        fields["lags"] = lags_of(written.needs)
    if written.takes is not None and written.takes.crew is not None:
        fields["who"] = crewed(entry, written.takes.crew, written.who, mistakes)
    fields["id"] = StepId(entry.source.prefix("steps") + written.id)
    return Step(
        **fields,
        action=action,
        params=getattr(written, action) if action else None,
        timeout_s=written.timeout,
        confirm_within_s=written.confirm_within,
        roll_back=roll_back,
        scope=entry.source.scope,
        path=entry.source.path(entry.at),
    )


_PLAIN_FIELDS = frozenset(StepDocument.model_fields) - {"id", "become", "timeout", "confirm_within"}


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
