"""What one runbook must keep to as a whole: its references, and the rules between the keys of a step."""

from collections.abc import Iterator, Mapping, Sequence

from runbook_engine.actions import all_actions
from runbook_engine.loading.drafts import PhaseDraft, StepDraft
from runbook_engine.loading.including import Entry
from runbook_engine.loading.moments import moment_mistakes
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.loading.no_return import no_return_mistakes
from runbook_engine.loading.planned_checks import planned_mistakes
from runbook_engine.loading.rolling_checks import rolling_mistakes, way_back_mistakes
from runbook_engine.model.places import Mistake, Path
from runbook_engine.model.runbook import RollBack, Step
from runbook_engine.model.words import Repeat

CONFIRMABLE = ("run", "script", "upload", "template")
RESERVED = frozenset({"params", "host", "vars", "runbook", "phase", "step", "batch", "true", "false", "none"})

Ids = Mapping[str, None]  # in the order of the runbook


def ids_of_steps(phases: Sequence[PhaseDraft]) -> Mapping[str, Ids]:
    """The ids of the steps of each phase."""
    ids: dict[str, dict[str, None]] = {}
    for phase in phases:
        ids.setdefault(phase.id, {}).update(dict.fromkeys(s.id for s in phase.steps if s.id and s.part != "roll_back"))
    return ids


def whole_mistakes(phases: Sequence[PhaseDraft]) -> Iterator[Mistake]:
    """Every mistake that only several phases or steps together make."""
    phase_ids = dict.fromkeys(p.id for p in phases if p.id)
    yield from _twice([(p.entry, p.id) for p in phases], "phase")
    yield from _saved_twice([s for p in phases for s in p.steps])
    steps_of = ids_of_steps(phases)
    for phase in phases:
        yield from _twice([(s.entry, s.id) for s in phase.steps], "step")
        yield from _phase_needs(phase, phase_ids)
        yield from moment_mistakes(phase)
        yield from rolling_mistakes(phase)
        yield from no_return_mistakes(phase)
        for draft in phase.steps:
            if draft.part == "roll_back":
                yield from way_back_mistakes(draft)
            else:
                yield from _step_needs(draft, phase, steps_of)
                yield from _people_of(draft, phase, steps_of)
            yield from _rules(draft, phase)


def _twice(named: list[tuple[Entry, str]], what: str) -> Iterator[Mistake]:
    first: dict[str, Entry] = {}
    for entry, name in named:
        if name and name in first:
            other = first[name].source.document.places.of((*first[name].at, "id"))
            yield entry.mistake(("id",), f"two {what}s are called {name!r}; the first is at {other}", "rename one")
        first.setdefault(name, entry)


def _saved_twice(drafts: list[StepDraft]) -> Iterator[Mistake]:
    first: dict[tuple[int, str], StepDraft] = {}
    for draft in drafts:
        name = draft.step.save_as if draft.step else ""
        if not name:
            continue
        if name in RESERVED:
            yield draft.entry.mistake(("save_as",), f"{name!r} has a meaning of its own in {{{{ }}}}", "take another name")
        key = (draft.entry.source.scope, name)
        if key in first:
            other = first[key].entry
            place = other.source.document.places.of((*other.at, "save_as"))
            yield draft.entry.mistake(("save_as",), f"two steps save as {name!r}; the first is at {place}", "rename one")
        first.setdefault(key, draft)


def _phase_needs(phase: PhaseDraft, ids: Ids) -> Iterator[Mistake]:
    for index, name in enumerate(phase.document.needs or () if phase.document else ()):
        found = resolved(name, phase.entry.source.prefixes["phases"], ids)
        at: Path = ("needs", index)
        if found is None:
            yield phase.entry.mistake(at, f"there is no phase {name!r}", did_you_mean(name, ids, "the phases are"))
        elif found == phase.id:
            yield phase.entry.mistake(at, "a phase cannot wait for itself", "take it out")


def _step_needs(draft: StepDraft, phase: PhaseDraft, steps_of: Mapping[str, Ids]) -> Iterator[Mistake]:
    for index, name in enumerate(draft.step.needs or () if draft.step else ()):
        at: Path = ("needs", index)
        found = needed(name, draft, phase, steps_of)
        if found in (draft.id, f"{phase.id}/{draft.id}"):
            yield draft.entry.mistake(at, "a step cannot wait for itself", "take it out")
        elif found is None:
            yield draft.entry.mistake(at, *_unknown_step(name, draft, phase, steps_of))


def _people_of(draft: StepDraft, phase: PhaseDraft, steps_of: Mapping[str, Ids]) -> Iterator[Mistake]:
    """Steps whose people are to do this one as well, or never."""
    step = draft.step
    if step is None:
        return
    for key, names in (("same_people_as", step.same_people_as), ("other_people_than", step.other_people_than)):
        for index, name in enumerate(names):
            found = needed(name, draft, phase, steps_of)
            if found in (draft.id, f"{phase.id}/{draft.id}"):
                yield draft.entry.mistake((key, index), "a step cannot be compared with itself", "name another step")
            elif found is None:
                yield draft.entry.mistake((key, index), *_unknown_step(name, draft, phase, steps_of))
            elif key == "other_people_than" and name in step.same_people_as:
                message = f"the people of {name!r} are to do it, and must not"
                yield draft.entry.mistake((key, index), message, "take one of the two out")


def _unknown_step(name: str, draft: StepDraft, phase: PhaseDraft, steps_of: Mapping[str, Ids]) -> tuple[str, str]:
    other, slash, step = name.partition("/")
    if not slash:
        elsewhere = [f"{p}/{name}" for p, steps in steps_of.items() if name in steps]
        hint = did_you_mean(name, steps_of[phase.id], "its steps are") if not elsewhere else f"did you mean {elsewhere[0]!r}?"
        return f"the phase {phase.id!r} has no step {name!r}", hint
    known = resolved(other, draft.entry.source.prefixes["phases"], steps_of)
    if known is None:
        return f"there is no phase {other!r}", did_you_mean(other, [p for p in steps_of if p], "the phases are")
    return f"the phase {known!r} has no step {step!r}", did_you_mean(step, steps_of[known], "its steps are")


def needed(name: str, draft: StepDraft, phase: PhaseDraft, steps_of: Mapping[str, Ids]) -> str | None:
    """What an entry of a step's `needs` means: a step of its phase, or phase/step; None when there is no such step."""
    other, slash, step = name.partition("/")
    prefixes = draft.entry.source.prefixes
    if not slash:
        return resolved(name, prefixes["steps"], steps_of[phase.id])
    known = resolved(other, prefixes["phases"], steps_of)
    found = resolved(step, prefixes["steps"], steps_of[known]) if known is not None else None
    return None if found is None else f"{known}/{found}"


def resolved(name: str, prefixes: Sequence[str], known: Mapping[str, object]) -> str | None:
    """The id that a name means: the included file's own before those of the files that include it."""
    return next((prefix + name for prefix in prefixes if prefix + name in known), None)


def _rules(draft: StepDraft, phase: PhaseDraft) -> Iterator[Mistake]:
    step, entry = draft.step, draft.entry
    if step is None:
        return
    yield from planned_mistakes(draft)
    if not step.action and step.takes is None and not step.uses and not step.who and not step.milestone:
        known = ", ".join(all_actions())
        yield entry.mistake((), f"the step {draft.id!r} does nothing", f"add one of {known}; or takes, who or uses")
    if step.repeat is Repeat.VERIFY and not step.verify:
        yield entry.mistake(("repeat",), "repeat: verify needs a verify command", "add verify")
    untimed = step.takes is None and step.timeout_s is None and not step.milestone
    if phase.document and phase.document.window and not draft.health and untimed:
        message = f"the phase has a window, so the step {draft.id!r} must say how long it can take"
        yield entry.mistake((), message, "add takes or timeout")
    yield from _retry_rules(draft, step)
    if step.confirm_within_s is not None:
        yield from _confirm_rules(entry, step)


def _confirm_rules(entry: Entry, step: Step) -> Iterator[Mistake]:
    at: Path = ("confirm_within",)
    if not step.roll_back or step.roll_back.action not in ("run", "script"):
        message = "the host undoes the step by itself, so it needs a way back that is one command"
        yield entry.mistake(at, message, "add roll_back with run or script", key=True)
    if step.reboots or step.action == "reboot":
        yield entry.mistake(at, "a host that restarts forgets that it was to go back", "take it out", key=True)
    if step.action not in CONFIRMABLE or step.repeat is Repeat.SAFE:
        message = f"only what changes a host, and may not simply be repeated, is confirmed ({', '.join(CONFIRMABLE)})"
        yield entry.mistake(at, message, "take it out, or repeat: safe", key=True)


def _retry_rules(draft: StepDraft, step: Step) -> Iterator[Mistake]:
    by_nature = all_actions()[step.action].nature(step.params) if step.action else Repeat.MANUAL
    if step.retries.count and by_nature is Repeat.MANUAL:
        yield draft.entry.mistake(("retries",), "what a person does is not retried", "take it out", key=True)
    elif step.retries.count and not step.verify and Repeat.SAFE not in (step.repeat, by_nature):
        message = "a step that changes something is retried only with verify, or with repeat: safe"
        yield draft.entry.mistake(("retries",), message, "add verify, or repeat: safe if doing it twice does no harm", key=True)
    back = step.roll_back
    if back and back.action and back.retries.count and back.verify is None and not _harmless(back):
        message = "a way back that changes something is retried only with verify or repeat: safe"
        yield draft.entry.mistake(("roll_back", "retries"), message, "add verify", key=True)


def _harmless(back: RollBack) -> bool:
    return Repeat.SAFE in (back.repeat, all_actions()[back.action].nature(back.params))
