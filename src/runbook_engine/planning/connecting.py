"""Packages → a whole: what each waits for, what it reads, and an order that respects both."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from runbook_engine.model.plan import Package
from runbook_engine.model.runbook import Runbook
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PackageId, PhaseId, StepId
from runbook_engine.planning.edges import Kinds, Staying, around_left_out, as_edges, in_order, stage_edges
from runbook_engine.planning.findings import BadTemplate, Findings
from runbook_engine.planning.following import meant, with_lags
from runbook_engine.planning.layout import Laid, LaidPhase, Part
from runbook_engine.planning.order import phase_edges, phase_needs
from runbook_engine.planning.ordering import Circle, ancestors, in_sequence
from runbook_engine.planning.packages import Built
from runbook_engine.planning.reads import Reading


@dataclass(slots=True)
class Connected:
    """The packages in order, with their needs; and the packages of each stage, by phase and number."""

    packages: dict[PackageId, Package] = field(default_factory=dict)
    by_stage: dict[tuple[PhaseId, int], tuple[PackageId, ...]] = field(default_factory=dict)
    kinds: dict[PackageId, Kinds] = field(default_factory=dict)
    stages: dict[PackageId, int] = field(default_factory=dict)
    ways_back: dict[PhaseId, tuple[Package, ...]] = field(default_factory=dict)


def connect(runbook: Runbook, laid: Sequence[LaidPhase], built: Mapping[PackageId, Built], found: Findings) -> Connected:
    """Put the packages together. Mistakes go to `found`; phases that wait for each other are left as they are written."""
    elsewhere: dict[StepId, list[Part]] = {}
    for part in (part for phase in laid for stage in phase.stages for part in stage.parts):
        elsewhere.setdefault(part.step_id, []).append(part)
    staying = {i: b.package.hosts for i, b in built.items()}
    whole = Connected()
    for phase in _in_order(runbook, laid):
        for number, stage in enumerate(phase.stages):
            order = _connect_stage(phase, stage, elsewhere, staying, whole, found)
            whole.by_stage[phase.phase.id, stage.number] = tuple(order)
            whole.packages.update({i: built[i].package for i in order})
            whole.stages.update(dict.fromkeys(order, number))
    _add_needs(runbook, laid, whole, built, found)
    return whole


def _in_order(runbook: Runbook, laid: Sequence[LaidPhase]) -> list[LaidPhase]:
    by_id = {phase.phase.id: phase for phase in laid}
    try:
        return [by_id[i] for i in in_sequence([*by_id], phase_edges(runbook))]
    except Circle:
        return list(laid)  # the circle is among the mistakes already


def _connect_stage(
    phase: LaidPhase,
    stage: Laid,
    elsewhere: Mapping[StepId, list[Part]],
    staying: Staying,
    whole: Connected,
    found: Findings,
) -> list[PackageId]:
    kinds = stage_edges(stage.parts, elsewhere)
    try:
        ordered = in_order(stage.parts, kinds)
    except Circle:
        hint = "write the steps in the order in which they are done, or give each its needs"
        found.add(phase.phase.path, "the steps of the phase wait for each other in a circle", hint)
        ordered, kinds = list(stage.parts), {part.id: {} for part in stage.parts}
    whole.kinds.update(around_left_out(ordered, kinds, staying))
    return [part.id for part in ordered]


def _add_needs(
    runbook: Runbook, laid: Sequence[LaidPhase], whole: Connected, built: Mapping[PackageId, Built], found: Findings
) -> None:
    before = ancestors((need, phase) for phase, needs in phase_needs(runbook).items() for need in needs)
    parts = {part.id: part for phase in laid for stage in phase.stages for part in stage.parts}
    steps: dict[StepId, list[Part]] = {}
    for part in parts.values():
        steps.setdefault(part.step_id, []).append(part)
    edges = {name: with_lags(as_edges(whole.kinds[name]), parts[name], whole.packages) for name in whole.packages}
    ended = {name: {e.before: e.kind for e in needs if e.lag is None or e.lag.after_end} for name, needs in edges.items()}
    reading = Reading(whole.packages, {**whole.kinds, **ended}, whole.stages, before)
    for name, package in whole.packages.items():
        reads = _reads(built[name], package, reading, found)
        needs = edges[name]
        same, other = (meant(names, parts[name], steps, whole.stages) for names in _of_people(parts[name]))
        whole.packages[name] = replace(package, needs=needs, reads=reads, same_people_as=same, other_people_than=other)
    for phase in laid:
        ways = [(part.id, built[part.id]) for part in phase.way_back]
        whole.stages.update(
            (name, len(phase.stages)) for name, _ in ways
        )  # after all stages, so that it may read what they save
        whole.kinds.update((name, {}) for name, _ in ways)
        way = tuple(replace(b.package, reads=_reads(b, b.package, reading, found)) for _, b in ways)
        whole.ways_back[phase.phase.id] = way


def _of_people(part: Part) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return part.chosen.step.same_people_as, part.chosen.step.other_people_than


def _reads(built: Built, package: Package, reading: Reading, found: Findings) -> tuple[PackageId, ...]:
    reads: dict[PackageId, None] = {}
    for saver in built.reads:
        try:
            reads.update(dict.fromkeys(reading.sources(package, saver)))
        except BadTemplate as error:
            found.bad(built.path, error)
    return tuple(reads)
