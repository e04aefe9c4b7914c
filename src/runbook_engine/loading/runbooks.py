"""From the file of a runbook to the `Runbook`, its included files in their places. Start reading here."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from runbook_engine.loading.checks import Ids, ids_of_steps, needed, resolved, whole_mistakes
from runbook_engine.loading.conversion import approval_of, budget_of, cost_of, stakeholder_of
from runbook_engine.loading.document import Document, read_file
from runbook_engine.loading.drafts import Part, PhaseDraft, StepDraft, phase_drafts
from runbook_engine.loading.explain import validated
from runbook_engine.loading.including import Including, Source, params_of
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.loading.nodes import joined
from runbook_engine.loading.parse import Limits, collector_paused
from runbook_engine.loading.runbook_document import RunbookDocument
from runbook_engine.loading.unenforced import unenforced_keys
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake, Place
from runbook_engine.model.runbook import Param, Phase, Runbook, Step
from runbook_engine.model.words import PhaseId


def load_runbook(file: FilePath, *, limits: Limits = Limits()) -> Runbook:
    """Read a runbook and the files it includes. Raises NotValid with every mistake of all of them.

    Included files must lie in the project folder: the parent of `runbooks/`, else the folder of the file.
    """
    with collector_paused():
        return _loaded(file, limits)


def _loaded(file: FilePath, limits: Limits) -> Runbook:
    document = read_file(file, limits=limits)
    if not isinstance(document.data, dict):
        what = "the file is empty" if document.data is None else "a runbook is keys and values"
        raise NotValid([Mistake(Place(document.file, 1, 1), what, "begin with runbook: NAME")])
    path = file.resolve()
    including = Including(project=_project(path), limits=limits)
    written = validated(RunbookDocument, document, (), including.mistakes)
    source = Source(document=document, chain=(path,))
    drafts = phase_drafts(_entries(including, source), including)
    params = params_of(written.params, document, including.mistakes) if written else ()
    including.mistakes.extend(whole_mistakes(drafts))
    if written is not None:
        including.mistakes.extend(_own_references(written, document, drafts))
    if written is None or including.mistakes:
        raise NotValid(including.mistakes)
    return _runbook(written, document, including, params, drafts)


def _project(path: FilePath) -> FilePath:
    return next((p.parent for p in path.parents if p.name == "runbooks"), path.parent)


def _entries(including: Including, source: Source) -> Iterator[Any]:
    data = source.document.data.get("phases")
    return including.entries(source, ("phases",), data, "phases") if isinstance(data, list) else iter(())


def _own_references(written: RunbookDocument, document: Document, drafts: tuple[PhaseDraft, ...]) -> Iterator[Mistake]:
    ids = [d.id for d in drafts if d.id]
    named = [("approvals", i, "before", a.before) for i, a in enumerate(written.approvals)]
    named += [("costs", i, "phase", c.phase) for i, c in enumerate(written.costs) if c.phase]
    for key, index, inner, name in named:
        if name not in ids:
            hint = did_you_mean(name, ids, "the phases are")
            yield document.mistake((key, index, inner), f"there is no phase {name!r}", hint)
    if written.start and written.deadline and written.deadline.by.isoformat()[:10] < written.start.isoformat():
        yield document.mistake(("deadline",), f"the deadline is before the start, {written.start.isoformat()}")


def _runbook(
    written: RunbookDocument,
    document: Document,
    including: Including,
    params: tuple[Param, ...],
    drafts: tuple[PhaseDraft, ...],
) -> Runbook:
    runbook = Runbook(
        id=written.runbook,
        title=written.title,
        kind=written.kind,
        owner=written.owner,
        why=written.why,
        impact=written.impact,
        phases=tuple(_with_needs(drafts)),
        start=written.start,
        deadline=written.deadline.by if written.deadline else None,
        deadline_soft=written.deadline.soft if written.deadline else False,
        priority=written.priority,
        params=params,
        budget=budget_of(written.budget),
        costs=tuple(cost_of(c) for c in written.costs),
        approvals=tuple(approval_of(a) for a in written.approvals),
        stakeholders=tuple(stakeholder_of(s) for s in written.stakeholders),
        scopes=tuple(including.scopes),
        file=document.file,
        places=joined({"": document.places, **{name: d.places for name, d in including.documents.items()}}),
    )
    return replace(runbook, unenforced=tuple(unenforced_keys(runbook)))


def _with_needs(drafts: tuple[PhaseDraft, ...]) -> Iterator[Phase]:
    """The phases, every `needs` with the whole id that it means."""
    steps_of = ids_of_steps(drafts)
    for draft in drafts:
        phase = draft.phase()
        if phase is None:  # its mistakes have been raised before
            continue
        prefixes = draft.entry.source.prefixes["phases"]
        needs = None if phase.needs is None else tuple(PhaseId(resolved(n, prefixes, steps_of) or n) for n in phase.needs)
        yield replace(
            phase,
            needs=needs,
            steps=_steps(draft, steps_of, "steps"),
            healthy_when=_steps(draft, steps_of, "healthy_when"),
        )


def _steps(draft: PhaseDraft, steps_of: Mapping[str, Ids], part: Part) -> Any:
    return tuple(_whole_ids(d.step, d, draft, steps_of) for d in draft.steps if d.step is not None and d.part == part)


def _whole_ids(step: Step, draft: StepDraft, phase: PhaseDraft, steps_of: Mapping[str, Ids]) -> Step:
    """The step with whole ids for the steps that it names."""

    def whole(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(needed(name, draft, phase, steps_of) or name for name in names)

    if step.needs is not None:
        step = replace(step, needs=whole(step.needs))
    if step.lags:
        step = replace(step, lags=dict(zip(whole(step.lags), step.lags.values(), strict=True)))
    if step.same_people_as or step.other_people_than:
        step = replace(step, same_people_as=whole(step.same_people_as), other_people_than=whole(step.other_people_than))
    return step
