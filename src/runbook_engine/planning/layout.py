"""Phases → stages → parts: which step is done in which batch, on which hosts. Selects hosts; renders nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from runbook_engine.actions.contract import Action
from runbook_engine.actions.pause import PauseParams
from runbook_engine.model.durations import time_words
from runbook_engine.model.places import Path
from runbook_engine.model.runbook import Phase, Rolling, Step
from runbook_engine.model.text import plain
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PackageId, Per, StageKind, StepId
from runbook_engine.planning.batches import Hosts
from runbook_engine.planning.findings import BadTemplate, Findings
from runbook_engine.planning.grouping import grouped
from runbook_engine.planning.selecting import Selectors

SOAK = "soak"  # the id of the step that lets the soak pass, unless a step of the phase has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A step with how often it is done and where."""

    step: Step
    per: Per
    hosts: Hosts  # empty when it is done once
    health: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One step in one stage: what becomes a package."""

    id: PackageId
    phase: Phase
    chosen: Chosen
    stage: int  # number of the stage
    hosts: Hosts  # selected; empty when it is done once

    @property
    def step_id(self) -> StepId:
        """phase/step."""
        return step_id(self.phase, self.chosen.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A stage with its parts in the order in which they were written."""

    number: int
    kind: StageKind
    hosts: Hosts
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidPhase:
    """A phase with its stages."""

    phase: Phase
    hosts: Hosts
    steps: tuple[Chosen, ...]
    stages: tuple[Laid, ...]
    way_back: tuple[Part, ...] = ()

    @property
    def batches(self) -> tuple[int, ...]:
        """How many hosts each batch has."""
        return tuple(len(stage.hosts) for stage in self.stages if stage.kind is StageKind.BATCH)


def step_id(phase: Phase, step: Step) -> StepId:
    """phase/step."""
    return StepId(f"{phase.id}/{step.id}")


def lay_out(
    phase: Phase,
    actions: dict[str, Action],
    selectors: Selectors,
    selector_of: Callable[[Phase, Step | None], str | None],
    found: Findings,
) -> LaidPhase:
    """The stages of a phase. Mistakes go to `found`; a step with one is left out."""
    choose = _Choosing(phase, actions, selectors, selector_of, found)
    steps = tuple(c for s in phase.steps if (c := choose.step(s)) is not None)
    hosts = selectors.in_order({h for c in steps for h in c.hosts}) or choose.of_phase()
    checks = tuple(c for s in phase.healthy_when if (c := choose.check(s, hosts)) is not None)
    back = tuple(c for s in phase.roll_back if (c := choose.back(s)) is not None)
    if phase.rolling:
        checks = (*_soak(phase, phase.rolling), *checks)
        batches = grouped(phase, phase.rolling, hosts, selectors.estate, choose.canaries(phase.rolling), found)
        stages = tuple(_rolling(phase, batches, steps, checks, found))
    else:
        stages = (_single(phase, hosts, steps, checks),)
    way_back = tuple(_part(phase, chosen, 0, 1, chosen.hosts) for chosen in back)
    laid = LaidPhase(phase=phase, hosts=hosts, steps=(*steps, *checks, *back), stages=stages, way_back=way_back)
    _check_stages(laid, found)
    return laid


def _check_stages(laid: LaidPhase, found: Findings) -> None:
    """A step cannot need one that the batches put after it."""
    place: dict[str, int] = {}
    for number, stage in enumerate(laid.stages):
        for part in stage.parts:
            place.setdefault(part.chosen.step.id, number)
    for step in laid.phase.steps:
        for number, need in enumerate(step.needs or ()):
            name = need.removeprefix(f"{laid.phase.id}/")
            later = place.get(name, 0) > place.get(step.id, 0) and not _both_in_batches(laid, step.id, name)
            if later:
                message = f"{step.id} is done once before the batches of {name} begin and cannot need it"
                found.add((*step.path, "needs", number), message, "per: batch does it once in each batch")


def _both_in_batches(laid: LaidPhase, *names: str) -> bool:
    once = {p.chosen.step.id for s in laid.stages if s.kind is not StageKind.BATCH for p in s.parts}
    return once.isdisjoint(names)


class _Choosing:
    """How often each step of one phase is done, and on which hosts."""

    def __init__(
        self,
        phase: Phase,
        actions: dict[str, Action],
        selectors: Selectors,
        selector_of: Callable[[Phase, Step | None], str | None],
        found: Findings,
    ) -> None:
        self.phase, self.actions, self.selectors, self.found = phase, actions, selectors, found
        self.selector_of = selector_of

    def step(self, step: Step) -> Chosen | None:
        """A step of the phase; None when it has a mistake."""
        if step.action and step.action not in self.actions:
            self.found.add(step.path, f"there is no action {step.action!r}")
            return None
        if step.milestone:  # a timer that is over at once
            step = replace(step, action="pause", params=PauseParams.model_construct(for_s=0.0), per=step.per or Per.PHASE)
        named = step.hosts is not None or self.phase.hosts is not None
        per = (
            step.per or (self.actions[step.action].per if named and step.action else None) or (Per.HOST if named else Per.PHASE)
        )
        if per is Per.HOST and not named:
            self.found.add(
                (*step.path, "per"), "the step is done per host, but neither it nor its phase names hosts", "add hosts:"
            )
            return None
        hosts = self._hosts(step) if named else ()
        if hosts is None:
            return None
        return Chosen(step=step, per=per, hosts=hosts if per is Per.HOST else ())

    def check(self, step: Step, hosts: Hosts) -> Chosen | None:
        """A health check: per host of the batch unless it says otherwise."""
        selected = self._hosts(step) if step.hosts is not None else hosts
        if selected is None:
            return None
        per = step.per or (Per.HOST if selected else Per.BATCH)
        return Chosen(step=step, per=per, hosts=selected if per is Per.HOST else (), health=True)

    def back(self, step: Step) -> Chosen | None:
        """A step of the phase's way back: once, unless it names hosts of its own."""
        hosts = self._hosts(step) if step.hosts is not None else ()
        if hosts is None:
            return None
        return Chosen(step=step, per=Per.HOST if hosts else Per.PHASE, hosts=hosts)

    def canaries(self, rolling: Rolling) -> Hosts:
        """The hosts that go first."""
        if not rolling.canary:
            return ()
        return self._selected(None, (*self.phase.path, "rolling", "canary"), rolling.canary) or ()

    def of_phase(self) -> Hosts:
        """The hosts of the phase itself."""
        return self._selected(None, (*self.phase.path, "hosts")) or ()

    def _hosts(self, step: Step) -> Hosts | None:
        own = step.hosts is not None
        return self._selected(step if own else None, (*(step.path if own else self.phase.path), "hosts"))

    def _selected(self, step: Step | None, path: Path, instead: str | None = None) -> Hosts | None:
        """What a step, the phase, or a selector of the phase `instead` of its own names."""
        try:
            selector = self.selector_of(replace(self.phase, hosts=instead) if instead else self.phase, step)
            return self.selectors.hosts(selector) if selector is not None else ()
        except BadTemplate as error:
            self.found.bad(path, error)
            return None


def _single(phase: Phase, hosts: Hosts, steps: Sequence[Chosen], checks: Sequence[Chosen]) -> Laid:
    parts = tuple(_part(phase, chosen, 1, 1, chosen.hosts) for chosen in (*steps, *checks))
    return Laid(number=1, kind=StageKind.BATCH, hosts=hosts, parts=parts)


def _soak(phase: Phase, rolling: Rolling) -> Iterator[Chosen]:
    """The time between the steps of a batch and its checks, as a timer that stands among the checks."""
    if rolling.soak_s and phase.healthy_when:
        taken = {step.id for step in (*phase.steps, *phase.healthy_when, *phase.roll_back)}
        name = next(name for n in count(1) if (name := StepId(SOAK if n == 1 else f"{SOAK}-{n}")) not in taken)
        title = plain(f"Watch the batch for {time_words(rolling.soak_s)}")
        step = Step(id=name, title=title, action="pause", params=PauseParams.model_construct(for_s=rolling.soak_s))
        step = replace(step, scope=phase.scope, path=(*phase.path, "rolling", "soak"))
        yield Chosen(step=step, per=Per.BATCH, hosts=(), health=True)


def _rolling(
    phase: Phase, batches: Sequence[Hosts], steps: Sequence[Chosen], checks: Sequence[Chosen], found: Findings
) -> Iterator[Laid]:
    """Before, the batches, after."""
    in_batches = [n for n, chosen in enumerate(steps) if chosen.per is not Per.PHASE]
    if not in_batches or not batches:
        if steps:
            found.add(
                (*phase.path, "rolling"),
                "the phase goes in batches, but no step is done per host",
                "name hosts, or drop rolling",
            )
        return
    first, last = in_batches[0], in_batches[-1]
    inside = []
    for chosen in steps[first : last + 1]:
        if chosen.per is Per.PHASE:
            where = (*chosen.step.path, "per")
            found.add(
                where, "a step done once stands between steps that go in batches", "per: batch does it once in each batch"
            )
        else:
            inside.append(chosen)
    yield from _around(phase, StageKind.BEFORE, 0, steps[:first])
    members = {id(chosen.hosts): frozenset(chosen.hosts) for chosen in (*inside, *checks)}
    for number, batch in enumerate(batches, 1):
        yield _batch(phase, number, batch, (*inside, *checks), members)
    yield from _around(phase, StageKind.AFTER, len(batches) + 1, steps[last + 1 :])


def _around(phase: Phase, kind: StageKind, number: int, steps: Sequence[Chosen]) -> Iterator[Laid]:
    if steps:
        yield Laid(number=number, kind=kind, hosts=(), parts=tuple(_part(phase, c, number, 1, ()) for c in steps))


def _batch(
    phase: Phase, number: int, batch: Hosts, steps: Sequence[Chosen], members: Mapping[int, frozenset[HostName]]
) -> Laid:
    shared: dict[int, Hosts] = {}  # equal selections stay one object, which keeps plans small and comparisons quick
    parts = []
    for chosen in steps:
        hosts = shared.get(id(chosen.hosts)) if chosen.hosts else ()
        if hosts is None:
            hosts = shared[id(chosen.hosts)] = tuple(h for h in batch if h in members[id(chosen.hosts)])
        if hosts or not chosen.hosts:
            parts.append(_part(phase, chosen, number, number, hosts))
    return Laid(number=number, kind=StageKind.BATCH, hosts=batch, parts=tuple(parts))


def _part(phase: Phase, chosen: Chosen, stage: int, batch: int, hosts: Hosts) -> Part:
    name = step_id(phase, chosen.step)
    return Part(id=PackageId(f"{name}#{batch}" if batch > 1 else name), phase=phase, chosen=chosen, stage=stage, hosts=hosts)
