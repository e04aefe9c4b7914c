"""What waits for what within a stage: host by host where that is safe, as a whole where it is not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from runbook_engine.model.plan import Edge
from runbook_engine.model.runbook import Phase
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import EdgeKind, HostName, PackageId, StepId
from runbook_engine.planning.layout import Part
from runbook_engine.planning.ordering import in_sequence

Kinds = dict[PackageId, EdgeKind]  # by the package that comes before
Staying = Mapping[PackageId, tuple[HostName, ...]]  # the hosts of each part for which `when` does not say no


@dataclass(slots=True)
class _Sofar:
    """What stands at the end of the stage, while its parts are gone through as written."""

    parts: dict[PackageId, Part] = field(default_factory=dict)
    last: dict[HostName, Part] = field(default_factory=dict)  # the latest part of each host
    base: Part | None = None  # the latest part that everything after it waits for
    front: dict[PackageId, Part] = field(default_factory=dict)  # parts that no later one waits for as a whole
    previous: Part | None = None
    branched: bool = False  # a step has said what it needs, so that the way of a host is no longer one line
    kinds: dict[PackageId, Kinds] = field(default_factory=dict)


def whole(part: Part) -> bool:
    """Whether what comes after waits for all of the part, and the part for all that comes before."""
    return not part.hosts or part.chosen.step.barrier


def stage_edges(parts: Sequence[Part], elsewhere: Mapping[StepId, Sequence[Part]]) -> dict[PackageId, Kinds]:
    """The needs of each part of a stage. `elsewhere` holds all parts of steps that `needs` may name, by phase/step."""
    sofar = _Sofar()
    by_step: dict[str, Part] = {part.chosen.step.id: part for part in parts if not part.chosen.health}
    for part in parts:
        named = part.chosen.step.needs
        if named is not None and not part.chosen.health:
            kinds = _named(part, named, by_step, elsewhere)
        else:
            kinds = _default(part, sofar)
        _go_on(part, kinds, sofar, replaced=named is not None and not part.chosen.health)
    return sofar.kinds


def _default(part: Part, sofar: _Sofar) -> Kinds:
    """A part without `needs` follows what was written before it."""
    before = sofar.previous
    if before is None:
        return {}
    if part.chosen.health and sofar.branched:
        return {i: _kind(part, p) for i, p in sofar.front.items()}
    if whole(part):
        return dict.fromkeys(sofar.front, EdgeKind.ALL_HOSTS)
    if not whole(before) and before.hosts is part.hosts:
        return {before.id: EdgeKind.SAME_HOST}
    return _by_host(part, before, sofar)


def _by_host(part: Part, before: Part, sofar: _Sofar) -> Kinds:
    """Each host waits for the latest part that has it; hosts that are new here wait for all of the part before."""
    kinds: Kinds = {}
    barrier = whole(before) or (_lacks(before, part) and not part.chosen.health)
    implied = {i for i, kind in sofar.kinds[before.id].items() if kind is EdgeKind.ALL_HOSTS} if barrier else set()
    for latest in {id(p): p for h in part.hosts if (p := sofar.last.get(h)) is not None}.values():
        if latest.id not in implied:
            kinds[latest.id] = EdgeKind.ALL_HOSTS if whole(latest) else EdgeKind.SAME_HOST
    if barrier:
        kinds[before.id] = EdgeKind.ALL_HOSTS
    elif sofar.base is not None and any(h not in sofar.last for h in part.hosts):
        kinds[sofar.base.id] = EdgeKind.ALL_HOSTS
    return kinds


def _named(part: Part, needs: Iterable[str], by_step: Mapping[str, Part], elsewhere: Mapping[StepId, Sequence[Part]]) -> Kinds:
    """A part with `needs` follows those steps, and nothing else."""
    kinds: Kinds = {}
    own = f"{part.phase.id}/"
    for need in needs:
        if "/" in need and not need.startswith(own):
            kinds.update({o.id: _across(part, o) for o in elsewhere.get(StepId(need), ())})
        else:
            kinds.update({o.id: _kind(part, o) for o in _reached(part, need.removeprefix(own), by_step, {part.chosen.step.id})})
    return kinds


def _reached(part: Part, need: str, by_step: Mapping[str, Part], seen: set[str]) -> Iterator[Part]:
    """The part of a needed step; for hosts that this step does not have, also what the step itself comes after."""
    if need in seen:
        return
    seen.add(need)
    other = by_step.get(need)
    if other is not None:
        yield other
    if other is None or (other.hosts and _lacks(other, part)):
        for further in _own_needs(part.phase, need):
            yield from _reached(part, further, by_step, seen)


def _own_needs(phase: Phase, name: str) -> tuple[str, ...]:
    """The steps of the same phase that a step comes after."""
    number = next((n for n, step in enumerate(phase.steps) if step.id == name), None)
    if number is None:
        return ()
    needs = phase.steps[number].needs
    if needs is None:
        return (phase.steps[number - 1].id,) if number else ()
    return tuple(n.removeprefix(f"{phase.id}/") for n in needs)


def _kind(part: Part, before: Part) -> EdgeKind:
    if whole(part) or whole(before) or _lacks(before, part):
        return EdgeKind.ALL_HOSTS
    return EdgeKind.SAME_HOST


def _across(part: Part, before: Part) -> EdgeKind:
    equal = bool(part.hosts) and set(part.hosts) == set(before.hosts)
    return EdgeKind.SAME_HOST if equal and not whole(part) and not whole(before) else EdgeKind.ALL_HOSTS


def _lacks(before: Part, part: Part) -> bool:
    """Whether the part has hosts that the one before has not."""
    return before.hosts is not part.hosts and not set(part.hosts) <= set(before.hosts)


def _go_on(part: Part, kinds: Kinds, sofar: _Sofar, *, replaced: bool) -> None:
    if whole(part) and not replaced:
        sofar.last.clear()
        sofar.front.clear()
        sofar.base = part
    else:
        _pass(part, kinds, sofar)
    sofar.last.update(dict.fromkeys(part.hosts, part))
    sofar.front[part.id] = part
    sofar.previous = part
    sofar.branched = sofar.branched or replaced
    sofar.kinds[part.id] = kinds
    sofar.parts[part.id] = part


def _pass(part: Part, kinds: Kinds, sofar: _Sofar) -> None:
    """Take off the front what is settled as a whole once the part is."""
    many = len(kinds) > 1
    counts = Counter(p.id for h in part.hosts if (p := sofar.last.get(h)) is not None) if many else Counter()
    for before, kind in kinds.items():
        other = sofar.parts.get(before)
        if other is None:
            continue
        covered = other.hosts is part.hosts or counts[before] == len(other.hosts) or (not many and not _lacks(part, other))
        if kind is EdgeKind.ALL_HOSTS or covered:
            sofar.front.pop(before, None)


def in_order(parts: Sequence[Part], kinds: Mapping[PackageId, Kinds]) -> list[Part]:
    """The parts of a stage so that each comes after what it needs; as written where that leaves a choice.

    Raises Circle when they wait for each other.
    """
    by_id = {part.id: part for part in parts}
    edges = ((before, part.id) for part in parts for before in kinds[part.id] if before in by_id)
    return [by_id[i] for i in in_sequence([*by_id], edges)]


def around_left_out(ordered: Sequence[Part], kinds: Mapping[PackageId, Kinds], staying: Staying) -> dict[PackageId, Kinds]:
    """The same needs when `when` leaves hosts out: a host that skips a part waits for what that part waited for."""
    by_id = {part.id: part for part in ordered}
    ways: dict[PackageId, Kinds] = {}  # of all selected hosts, those that skip the part included
    for part in ordered:
        ways[part.id] = _way(part, kinds[part.id], by_id, staying, ways)
    return {part.id: _of_staying(part, ways[part.id], staying) for part in ordered}


def _of_staying(part: Part, way: Kinds, staying: Staying) -> Kinds:
    """What the hosts that do not skip a part wait for; a part that is skipped everywhere is one task."""
    if not staying[part.id]:
        return dict.fromkeys(way, EdgeKind.ALL_HOSTS)
    if len(staying[part.id]) == len(part.hosts):
        return way
    hosts = set(staying[part.id])
    return {i: kind for i, kind in way.items() if kind is EdgeKind.ALL_HOSTS or not hosts.isdisjoint(staying[i])}


def _way(part: Part, kinds: Kinds, by_id: Mapping[PackageId, Part], staying: Staying, ways: Mapping[PackageId, Kinds]) -> Kinds:
    """What the selected hosts of a part wait for, or would if they did not skip it."""
    new: Kinds = {}
    for before, kind in kinds.items():
        other = by_id.get(before)
        if other is None:
            equal = kind is EdgeKind.SAME_HOST and bool(staying[before]) and set(staying[before]) == set(staying[part.id])
            _wait(new, before, kind if equal else EdgeKind.ALL_HOSTS)
        elif len(staying[before]) == len(other.hosts):
            _wait(new, before, kind)
        elif kind is EdgeKind.ALL_HOSTS:
            _wait(new, before, kind)
            for further in ways[before]:
                _wait(new, further, kind)  # also for the hosts that skip it
        else:
            _around(new, before, set(part.hosts), staying, ways)
    return new


def _around(new: Kinds, before: PackageId, hosts: set[HostName], staying: Staying, ways: Mapping[PackageId, Kinds]) -> None:
    """Wait for a part that some hosts skip; for those hosts, for what it waited for."""
    skipping = hosts - set(staying[before])
    for further, kind in ways[before].items() if skipping else ():
        if kind is EdgeKind.ALL_HOSTS or not skipping.isdisjoint(staying[further]):
            _wait(new, further, kind)
    if not hosts.isdisjoint(staying[before]):
        _wait(new, before, EdgeKind.SAME_HOST)


def _wait(new: Kinds, before: PackageId, kind: EdgeKind) -> None:
    """Add a need; waiting for all hosts is never made less."""
    if new.get(before) is not EdgeKind.ALL_HOSTS:
        new[before] = kind


def as_edges(kinds: Kinds) -> tuple[Edge, ...]:
    """Needs as edges."""
    return tuple(Edge(before=before, kind=kind) for before, kind in kinds.items())
