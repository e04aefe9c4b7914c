"""A plan as a picture has it: a lane per phase, a node per step, further batches folded into one node each."""

from enum import StrEnum
from graphlib import TopologicalSorter
from itertools import groupby

from runbook_engine.model.plan import Package, Plan, PlannedPhase, Stage
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import EdgeKind, PhaseId, StageKind
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.naming import by_person, title_of, whom
from runbook_engine.reporting.plan_text import order_of_phase
from runbook_engine.reporting.rolling_text import failure_words
from runbook_engine.reporting.words import count, duration, span

BATCHES_DRAWN = 6  # further ones share a node


class NodeKind(StrEnum):
    """What a node is; each kind has its own shape and its own word."""

    AUTOMATIC = "automatic"
    PERSON = "by hand"
    DECISION = "decision"
    CHECK = "health check"
    PAUSE = "pause"
    BATCH = "batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One box. `detail` is what a reader finds when pointing at it."""

    id: str
    kind: NodeKind
    title: str
    note: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An arrow inside a lane; `barrier`: all hosts must have come so far."""

    before: str
    after: str
    barrier: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One phase."""

    id: PhaseId
    number: int
    title: str
    note: str
    needs: tuple[PhaseId, ...]
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]


def lanes_of(plan: Plan) -> tuple[Lane, ...]:
    """Every phase as a lane. The first batch is drawn step by step; those like it become one node each."""
    return tuple(_lane(plan, number, phase) for number, phase in enumerate(plan.phases, 1))


def _lane(plan: Plan, number: int, phase: PlannedPhase) -> Lane:
    nodes: list[Node] = []
    links: list[Link] = []
    ends: list[str] = []
    for group in _drawn(phase):
        inside, arrows = _group(plan, phase, group)
        starts = [n.id for n in inside if all(a.after != n.id for a in arrows)]
        links += [Link(before=e, after=s, barrier=True) for e in ends for s in starts]
        links += arrows
        nodes += inside
        ends = [n.id for n in inside if all(a.before != n.id for a in arrows)] or ends
    return Lane(
        id=phase.id,
        number=number,
        title=one_line(phase.title),
        note=one_line(" · ".join(_lane_notes(plan, phase))),
        needs=phase.needs,
        nodes=tuple(nodes),
        links=_reduced(links),
    )


def _lane_notes(plan: Plan, phase: PlannedPhase) -> list[str]:
    order = order_of_phase(plan, phase)
    notes = [order] if order else []
    notes += [f"{count(len(phase.hosts), 'host')}: {fold_hosts(phase.hosts, most=3)}" if phase.hosts else "once"]
    notes += [f"window {phase.window}"] if phase.window else []
    return [*notes, *([failure_words(phase)] if phase.max_failures is not None and phase.hosts else [])]


def _drawn(phase: PlannedPhase) -> list[tuple[Stage, ...]]:
    """The stages as groups: each alone, the batches from `BATCHES_DRAWN` on together."""

    def key(stage: Stage) -> tuple[StageKind, int]:
        return stage.kind, min(stage.number, BATCHES_DRAWN)

    return [tuple(group) for _, group in groupby(phase.stages, key)]


def _group(plan: Plan, phase: PlannedPhase, group: tuple[Stage, ...]) -> tuple[list[Node], list[Link]]:
    first = group[0]
    if first.kind is StageKind.BATCH and first.number > 1 and all(_like_first(plan, phase, s) for s in group):
        return [_batch_node(phase, group)], []
    packages = [plan.packages[p] for stage in group for p in stage.packages]
    inside = {p.id for p in packages}
    arrows = [
        Link(before=e.before, after=p.id, barrier=e.kind is EdgeKind.ALL_HOSTS)
        for p in packages
        for e in p.needs
        if e.before in inside
    ]
    return [_step_node(p) for p in packages], arrows


def _like_first(plan: Plan, phase: PlannedPhase, stage: Stage) -> bool:
    """Whether a batch has the steps of the first one."""
    batch = next(s for s in phase.stages if s.kind is StageKind.BATCH)
    return _steps(plan, stage) == _steps(plan, batch)


def _steps(plan: Plan, stage: Stage) -> list[str]:
    return [plan.packages[p].step for p in stage.packages]


def _batch_node(phase: PlannedPhase, group: tuple[Stage, ...]) -> Node:
    total = sum(1 for s in phase.stages if s.kind is StageKind.BATCH)
    hosts = [h for stage in group for h in stage.hosts]
    first, last = group[0].number, group[-1].number
    which = f"Batch {first} of {total}" if first == last else f"Batches {first} to {last} of {total}"
    pause_s = max(s.pause_s for s in group)
    note = "the same steps" + (f" · pause {duration(pause_s)}" if pause_s and last < total else "")
    return Node(
        id=f"{phase.id}/batch#{first}",
        kind=NodeKind.BATCH,
        title=f"{which}: {count(len(hosts), 'host')}",
        note=note,
        detail=one_line(f"{which}: {fold_hosts(hosts, most=20)}"),
    )


def _step_node(package: Package) -> Node:
    timer = package.procedure.timer
    times = [duration(timer.for_s)] if timer else [span(package.takes)] if package.takes else []
    hosts = f"{count(len(package.hosts), 'host')}: {fold_hosts(package.hosts, most=20)}" if package.hosts else "once"
    return Node(
        id=package.id,
        kind=_kind(package),
        title=title_of(package),
        note=one_line(" · ".join([*times, *(str(who) for who in package.who), *([] if package.hosts else ["once"])])),
        detail=one_line(f"{package.step}: {title_of(package)} ({'; '.join([whom(package), *times, hosts])})", 1000),
    )


def _kind(package: Package) -> NodeKind:
    question = package.procedure.question
    if question and question.choices:
        return NodeKind.DECISION
    if by_person(package):
        return NodeKind.PERSON
    if package.procedure.timer:
        return NodeKind.PAUSE
    return NodeKind.CHECK if package.health_check else NodeKind.AUTOMATIC


def _reduced(links: list[Link]) -> tuple[Link, ...]:
    """Only the arrows that say something new: not those that a way of two or more arrows replaces."""
    leaving: dict[str, list[Link]] = {}
    for link in links:
        leaving.setdefault(link.before, []).append(link)
    reach = _reach(leaving)

    def replaced(link: Link) -> bool:
        return any(
            other.after != link.after and link.after in reach[other.after] and (other.barrier or not link.barrier)
            for other in leaving[link.before]
        )

    return tuple(dict.fromkeys(link for link in links if not replaced(link)))


def _reach(leaving: dict[str, list[Link]]) -> dict[str, frozenset[str]]:
    """For each node, all that comes after it."""
    after = {before: {link.after for link in links} for before, links in leaving.items()}
    reach: dict[str, frozenset[str]] = {}
    for name in TopologicalSorter(after).static_order():
        direct = after.get(name, set())
        reach[name] = frozenset(direct).union(*(reach[n] for n in direct))
    return reach
