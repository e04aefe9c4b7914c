"""What differs between two plans, in words: the whole, the phases, the steps, the hosts."""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from runbook_engine.model.plan import Edge, Package, Plan, PlannedPhase, Stage
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PhaseId, StageKind, StepId
from runbook_engine.planning import shown
from runbook_engine.planning.digests import digest_of, leaves
from runbook_engine.planning.following import lag_words

_WHOLE = (
    "title",
    "kind",
    "owner",
    "why",
    "impact",
    "start",
    "deadline",
    "deadline_soft",
    "priority",
    "budget",
    "costs",
    "approvals",
    "stakeholders",
    "unenforced",
)
_PHASE = (
    ("title", "title"),
    ("needs", "comes after"),
    ("window", "window"),
    ("earliest", "earliest start"),
    ("deadline", "deadline"),
    ("opens", "when the window is open"),
    ("point_of_no_return", "point of no return"),
    ("no_return_step", "step of no return"),
    ("max_failures", "failures allowed"),
    ("failures_over", "what failures are counted over"),
    ("on_failure", "what follows too many failures"),
)
_ROLLING = (
    ("batches", "sizes of batches"),
    ("canary", "canaries"),
    ("order", "order of the batches"),
    ("spread_over", "spread over"),
    ("never_together", "never together"),
    ("soak_s", "seconds of soak"),
    ("pause_s", "seconds of pause"),
)
_STEP = (
    ("title", "title"),
    ("action", "action"),
    ("action_version", "version of the action"),
    ("per", "how often"),
    ("when", "condition"),
    ("repeat", "when in doubt"),
    ("reboots", "restarts the host"),
    ("drops_link", "drops the link"),
    ("confirm_s", "seconds to confirm"),
    ("retries", "retries"),
    ("timeout_s", "time limit"),
    ("takes", "planned time"),
    ("who", "people"),
    ("uses", "resources"),
    ("earliest", "earliest start"),
    ("deadline", "deadline"),
    ("milestone", "milestone"),
    ("same_people_as", "the same people as"),
    ("other_people_than", "other people than"),
    ("on_site_said", "on site"),
    ("evidence", "evidence"),
    ("save_as", "saved as"),
    ("way_back", "way back"),
)
_DOING = (
    ("procedure.guard", "guard"),
    ("procedure.skip_if", "skipped if"),
    ("procedure.apply", "command"),
    ("procedure.verify", "verified by"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs. `phase` is the phase whose approvals it touches; None for the whole plan."""

    where: str
    what: str
    before: str = ""
    after: str = ""
    phase: PhaseId | None = None


def compare(old: Plan, new: Plan) -> tuple[Difference, ...]:
    """Every difference between two plans, the whole first, then phase by phase; empty when they are the same."""
    found = [*_whole(old, new), *_phases(old, new)]
    if not found and digest_of(old) != digest_of(new):
        found.append(Difference(where="plan", what="differs in a detail that has no words of its own"))
    return tuple(found)


def unchanged_phases(old: Plan, new: Plan) -> tuple[PhaseId, ...]:
    """The phases that keep their leaf, and with it the approvals that were given for them."""
    before, after = leaves(old), leaves(new)
    return tuple(phase for phase, leaf in after.items() if before.get(phase) == leaf)


def _changed(where: str, what: str, before: object, after: object, phase: PhaseId | None = None) -> Iterator[Difference]:
    if before != after:
        yield Difference(where=where, what=f"{what} changed", before=shown.value(before), after=shown.value(after), phase=phase)


def _whole(old: Plan, new: Plan) -> Iterator[Difference]:
    yield from _changed("plan", "runbook", old.runbook, new.runbook)
    for name in _WHOLE:
        yield from _changed("plan", name.replace("_", " "), getattr(old, name), getattr(new, name))
    for name in dict.fromkeys((*old.params, *new.params)):
        yield from _changed(f"parameter {name}", "value", old.params.get(name), new.params.get(name))
    for host in dict.fromkeys((*old.targets, *new.targets)):
        if host in old.targets and host in new.targets:
            yield from _changed(f"host {host}", "how it is reached", old.targets[host], new.targets[host])
    if [p.id for p in old.phases] != [p.id for p in new.phases] and {p.id for p in old.phases} == {p.id for p in new.phases}:
        yield from _changed("plan", "order of phases", tuple(p.id for p in old.phases), tuple(p.id for p in new.phases))


def _phases(old: Plan, new: Plan) -> Iterator[Difference]:
    before, after = {p.id: p for p in old.phases}, {p.id: p for p in new.phases}
    kept = set(unchanged_phases(old, new))
    for phase in dict.fromkeys((*before, *after)):
        where = f"phase {phase}"
        if phase not in after:
            yield Difference(where=where, what="removed", before=before[phase].title, phase=phase)
        elif phase not in before:
            yield Difference(where=where, what="added", after=after[phase].title, phase=phase)
        elif phase not in kept:
            found = [*_phase(before[phase], after[phase]), *_steps(old, new, before[phase], after[phase])]
            yield from found or [Difference(where=where, what="how its hosts are reached, or a detail, changed", phase=phase)]


def _phase(old: PlannedPhase, new: PlannedPhase) -> Iterator[Difference]:
    where, phase = f"phase {new.id}", new.id
    for name, what in _PHASE:
        yield from _changed(where, what, getattr(old, name), getattr(new, name), phase)
    yield from _changed(where, "batches", _batches(old), _batches(new), phase)
    for name, what in _ROLLING:
        before, after = (getattr(p.rolling, name) if p.rolling else None for p in (old, new))
        yield from _changed(where, what, before, after, phase)
    yield from _hosts(where, old.hosts, new.hosts, phase)


def _batches(phase: PlannedPhase) -> tuple[str, ...]:
    return tuple(_batch(stage) for stage in phase.stages if stage.kind is StageKind.BATCH)


def _batch(stage: Stage) -> str:
    pause = f" then {stage.pause_s:g} s" if stage.pause_s else ""
    return f"{len(stage.hosts)} ({shown.hosts(stage.hosts)}){pause}"


def _hosts(where: str, old: tuple[HostName, ...], new: tuple[HostName, ...], phase: PhaseId) -> Iterator[Difference]:
    gone, come = [h for h in old if h not in set(new)], [h for h in new if h not in set(old)]
    if gone:
        yield Difference(where=where, what=f"{len(gone)} hosts removed", before=shown.hosts(gone), phase=phase)
    if come:
        yield Difference(where=where, what=f"{len(come)} hosts added", after=shown.hosts(come), phase=phase)
    if not gone and not come:
        yield from _changed(where, "order of hosts", old, new, phase)


def _by_step(plan: Plan, phase: PlannedPhase) -> dict[StepId, list[Package]]:
    found: dict[StepId, list[Package]] = {}
    for stage in phase.stages:
        for name in stage.packages:
            found.setdefault(plan.packages[name].step, []).append(plan.packages[name])
    return found


def _steps(old: Plan, new: Plan, old_phase: PlannedPhase, new_phase: PlannedPhase) -> Iterator[Difference]:
    yield from _each_step("step", _by_step(old, old_phase), _by_step(new, new_phase), new_phase.id)
    old_ways, new_ways = _ways_back(old_phase), _ways_back(new_phase)
    yield from _each_step("way back", old_ways, new_ways, new_phase.id)
    if set(old_ways) == set(new_ways):
        yield from _changed(f"phase {new_phase.id}", "order of its way back", (*old_ways,), (*new_ways,), new_phase.id)


def _ways_back(phase: PlannedPhase) -> dict[StepId, list[Package]]:
    return {package.step: [package] for package in phase.way_back}


def _each_step(
    kind: str, before: Mapping[StepId, list[Package]], after: Mapping[StepId, list[Package]], phase: PhaseId
) -> Iterator[Difference]:
    for step in dict.fromkeys((*before, *after)):
        where = f"{kind} {step}"
        if step not in after:
            yield Difference(
                where=where, what="removed", before=shown.text(before[step][0].title, before[step][0]), phase=phase
            )
        elif step not in before:
            first = after[step][0]
            yield Difference(where=where, what="added", before="", after=shown.value(first.procedure, first), phase=phase)
        else:
            yield from _step(where, before[step], after[step], phase)


def _step(where: str, old: list[Package], new: list[Package], phase: PhaseId) -> Iterator[Difference]:
    first, second = old[0], new[0]
    for name, what in (*_STEP, *_DOING):
        yield from _field(where, what, attrgetter(name), first, second, phase)
    yield from _hosts(where, _all(old, "hosts"), _all(new, "hosts"), phase)
    if set(_all(old, "left_out")) != set(_all(new, "left_out")):
        left = shown.hosts(_all(old, "left_out")), shown.hosts(_all(new, "left_out"))
        yield Difference(
            where=where, what="hosts left out by its condition changed", before=left[0], after=left[1], phase=phase
        )
    if [_needs(p) for p in old] != [_needs(p) for p in new]:
        yield Difference(
            where=where, what="what it waits for changed", before=_said_needs(first), after=_said_needs(second), phase=phase
        )
    yield from _values(where, old, new, phase)


def _field(
    where: str, what: str, of: Callable[[Package], Any], old: Package, new: Package, phase: PhaseId
) -> Iterator[Difference]:
    if of(old) != of(new):
        before, after = shown.value(of(old), old), shown.value(of(new), new)
        yield Difference(where=where, what=f"{what} changed", before=before, after=after, phase=phase)


def _all(packages: list[Package], name: str) -> tuple[HostName, ...]:
    return tuple(h for p in packages for h in getattr(p, name))


def _needs(package: Package) -> frozenset[tuple[str, str, str]]:
    return frozenset((edge.before, edge.kind.value, lag_words(edge.lag) if edge.lag else "") for edge in package.needs)


def _said_needs(package: Package) -> str:
    return ", ".join(f"{edge.before} ({edge.kind.value.replace('_', ' ')}{_said_lag(edge)})" for edge in package.needs)


def _said_lag(edge: Edge) -> str:
    return f", {lag_words(edge.lag)}" if edge.lag else ""


def _rows(packages: list[Package]) -> Mapping[HostName, tuple[str, ...]]:
    return {h: tuple(c[n] for c in p.columns) for p in packages for n, h in enumerate(p.hosts)}


def _values(where: str, old: list[Package], new: list[Package], phase: PhaseId) -> Iterator[Difference]:
    """Hosts whose own values differ."""
    before, after = _rows(old), _rows(new)
    differing = [h for h in before if h in after and before[h] != after[h]]
    if differing:
        first = differing[0]
        yield Difference(
            where=where,
            what=f"values of {len(differing)} hosts changed ({shown.hosts(differing)})",
            before=f"{first}: {', '.join(before[first])}",
            after=f"{first}: {', '.join(after[first])}",
            phase=phase,
        )
