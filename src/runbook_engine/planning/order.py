"""Phases and steps in order: what `needs` means, circles, and the plan as a graph."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from runbook_engine.model.places import Mistake, Path
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.runbook import Phase, Runbook, Step
from runbook_engine.model.words import PhaseId
from runbook_engine.planning.findings import Findings, did_you_mean
from runbook_engine.planning.ordering import circles

if TYPE_CHECKING:
    import networkx as nx


def phase_needs(runbook: Runbook) -> dict[PhaseId, tuple[PhaseId, ...]]:
    """What each phase comes after: what it says, else the phase written before."""
    before: tuple[PhaseId, ...] = ()
    needs: dict[PhaseId, tuple[PhaseId, ...]] = {}
    for phase in runbook.phases:
        needs[phase.id] = before if phase.needs is None else phase.needs
        before = (phase.id,)
    return needs


def phase_edges(runbook: Runbook) -> list[tuple[PhaseId, PhaseId]]:
    """From each phase to those that come after it, needs between their steps included."""
    known = {phase.id for phase in runbook.phases}
    edges = [(need, name) for name, needs in phase_needs(runbook).items() for need in needs if need in known]
    for phase in runbook.phases:
        for step in phase.steps:
            for need in step.needs or ():
                other = PhaseId(need.partition("/")[0])
                if "/" in need and other in known and other != phase.id:
                    edges.append((other, phase.id))
    return edges


def check_order(runbook: Runbook) -> list[Mistake]:
    """Needs that name nothing, and circles of phases or steps, as the path of names with the place of each."""
    found = Findings(runbook.places)
    phases = {phase.id: phase for phase in runbook.phases}
    steps = {f"{phase.id}/{step.id}" for phase in runbook.phases for step in phase.steps}
    for phase in runbook.phases:
        for number, need in enumerate(phase.needs or ()):
            if need not in phases:
                found.add((*phase.path, "needs", number), f"there is no phase {need!r}", did_you_mean(need, phases))
        for step in phase.steps:
            _check_step(phase, step, steps, found)
        _check_steps(phase, found)
    _report(phase_edges(runbook), {i: (*p.path, "needs") for i, p in phases.items()}, "phases", found)
    return found.mistakes


def _check_step(phase: Phase, step: Step, steps: set[str], found: Findings) -> None:
    for number, need in enumerate(step.needs or ()):
        full = need if "/" in need else f"{phase.id}/{need}"
        if full not in steps:
            own = {s.id for s in phase.steps}
            hint = did_you_mean(need, own | steps) or "a step of another phase is named as phase/step"
            found.add((*step.path, "needs", number), f"there is no step {need!r}", hint)


def _check_steps(phase: Phase, found: Findings) -> None:
    if all(step.needs is None for step in phase.steps):
        return
    edges: list[tuple[str, str]] = []
    for before, step in zip((None, *phase.steps), phase.steps, strict=False):
        needs = step.needs if step.needs is not None else ([before.id] if before else [])
        edges += [(need.removeprefix(f"{phase.id}/"), step.id) for need in needs]
    _report(edges, {step.id: (*step.path, "needs") for step in phase.steps}, "steps", found)


def _report(edges: Iterable[tuple[str, str]], places: Mapping[str, Path], what: str, found: Findings) -> None:
    for circle in circles(places, edges):
        start = min(range(len(circle)), key=lambda n: list(places).index(circle[n]))
        names = [*circle[start:], *circle[:start], circle[start]]
        said = " → ".join(f"{n} ({found.places.of(places[n])})" for n in names[:-1])
        found.add(places[names[0]], f"these {what} wait for each other: {said} → {names[-1]}", "take one of the needs away")


def graph(plan: Plan) -> "nx.DiGraph[str]":
    """The packages of a plan, with an edge from each to what comes after it: in stages, between stages, between phases."""
    import networkx as nx

    found: nx.DiGraph[str] = nx.DiGraph()
    found.add_nodes_from((package.id, {"package": package}) for package in plan.packages.values())
    for package in plan.packages.values():
        found.add_edges_from((edge.before, package.id, {"kind": edge.kind.value}) for edge in package.needs)
    ends = {phase.id: _ends(found, phase) for phase in plan.phases}
    for phase in plan.phases:
        for (_, last), (first, _) in pairwise(ends[phase.id]):
            _join(found, last, first, "stage")
        for need in phase.needs:
            if ends[need] and ends[phase.id]:
                _join(found, ends[need][-1][1], ends[phase.id][0][0], "phase")
    return found


def _ends(found: "nx.DiGraph[str]", phase: PlannedPhase) -> list[tuple[Sequence[str], Sequence[str]]]:
    """Of each stage: the packages that nothing in it comes before, and those that nothing in it comes after."""
    ends: list[tuple[Sequence[str], Sequence[str]]] = []
    for stage in phase.stages:
        own = set(stage.packages)
        first = [p for p in stage.packages if not own & set(found.predecessors(p))]
        last = [p for p in stage.packages if not own & set(found.successors(p))]
        if own:
            ends.append((first, last))
    return ends


def _join(found: "nx.DiGraph[str]", before: Sequence[str], after: Sequence[str], kind: str) -> None:
    found.add_edges_from((b, a, {"kind": kind}) for b in before for a in after)
