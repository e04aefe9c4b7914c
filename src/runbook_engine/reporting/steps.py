"""A phase of a plan as its author thinks of it: steps, not packages; batches, not stages; what may fail at worst."""

from collections.abc import Sequence
from dataclasses import replace

from runbook_engine.model.plan import Package, Plan, PlannedPhase
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import EdgeKind, FailureScope, HostName, OnFailure, StageKind, StepId


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One step and all of its packages: one per batch, or one in all."""

    id: StepId
    packages: tuple[Package, ...]

    @property
    def first(self) -> Package:
        """The package that speaks for all: batches differ only by their hosts."""
        return self.packages[0]

    @property
    def hosts(self) -> int:
        """On how many hosts it is done; 0 when it is done once."""
        return sum(len(p.hosts) for p in self.packages)

    @property
    def left_out(self) -> tuple[HostName, ...]:
        """The hosts for which `when` says that it is not needed."""
        return tuple(h for p in self.packages for h in p.left_out)


def steps_of(plan: Plan, phase: PlannedPhase) -> tuple[PlannedStep, ...]:
    """The steps of a phase in the order of the plan; health checks last."""
    found: dict[StepId, list[Package]] = {}
    for stage in phase.stages:
        for package in map(plan.packages.__getitem__, stage.packages):
            found.setdefault(package.step, []).append(package)
    steps = [PlannedStep(id=step, packages=tuple(packages)) for step, packages in found.items()]
    return tuple(sorted(steps, key=lambda s: s.first.health_check))


def batch_sizes(phase: PlannedPhase) -> tuple[int, ...]:
    """How many hosts each batch has, in their order."""
    return tuple(len(stage.hosts) for stage in phase.stages if stage.kind is StageKind.BATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstCase:
    """How many hosts can fail before the phase stands still: what is allowed, and what was in flight by then.

    `before` are failures that were allowed in earlier batches, where each batch counts for itself.
    """

    hosts: int
    of: int
    allowed: int
    in_flight: int
    before: int = 0


def worst_case(phase: PlannedPhase, parallel: int | None = None) -> WorstCase | None:
    """The worst that can happen in a phase; None when failures do not stop it, or it has no hosts.

    Starts end once failures exceed what is allowed; by then at most `parallel` hosts, or a whole batch, are at work. Where
    the phase goes on whatever fails, every host can fail.
    """
    sizes = batch_sizes(phase) or ((len(phase.hosts),) if phase.hosts else ())
    if phase.max_failures is None or not sizes:
        return None
    if phase.on_failure is OnFailure.CONTINUE:
        return WorstCase(hosts=len(phase.hosts), of=len(phase.hosts), allowed=phase.max_failures, in_flight=0)
    return _by_batch(phase, sizes, parallel) if phase.failures_over is FailureScope.BATCH else _in_all(phase, sizes, parallel)


def _in_all(phase: PlannedPhase, sizes: Sequence[int], parallel: int | None) -> WorstCase:
    """Failures of all batches count together."""
    allowed = phase.max_failures or 0
    in_flight = min(max(sizes), parallel or max(sizes))
    worst, before = 0, 0
    for size in sizes:
        failed = min(allowed, before)
        worst = max(worst, min(failed + size, allowed + in_flight))
        before += size
    return WorstCase(hosts=worst, of=len(phase.hosts), allowed=allowed, in_flight=in_flight)


def _by_batch(phase: PlannedPhase, sizes: Sequence[int], parallel: int | None) -> WorstCase:
    """Each batch counts for itself: all before may have lost what they may."""
    stages = [stage.max_failures for stage in phase.stages if stage.kind is StageKind.BATCH] or [None]
    worst = WorstCase(hosts=0, of=len(phase.hosts), allowed=0, in_flight=0)
    before = 0
    for size, own in zip(sizes, stages, strict=True):
        allowed = own if own is not None else phase.max_failures or 0
        in_flight = min(size, parallel or size)
        failed = before + min(size, allowed + in_flight)
        if failed > worst.hosts:
            worst = replace(worst, hosts=failed, allowed=allowed, in_flight=in_flight, before=before)
        before += min(size, allowed)
    return worst


def order_words(phase: PlannedPhase, step: PlannedStep, previous: PlannedStep | None) -> str:
    """After what a step starts, where that is not simply host by host after the step before it; otherwise empty."""
    if previous and not step.first.needs and _stage_of(phase, step) > _stage_of(phase, previous):
        return ""  # the stages of a phase follow each other
    names: dict[EdgeKind, list[str]] = {}
    for edge in step.first.needs:
        name = edge.before.partition("#")[0]
        if not _in_step(edge.before, step.first.phase):
            names.setdefault(EdgeKind.ALL_HOSTS, []).append(name)
        else:
            names.setdefault(edge.kind, []).append(name.partition("/")[2])
    expected = [previous.id.partition("/")[2]] if previous else []
    if names == ({EdgeKind.SAME_HOST: expected} if expected else {}):
        return ""
    return _needs_words(names) or "starts at once, beside the steps above"


def _stage_of(phase: PlannedPhase, step: PlannedStep) -> int:
    return next((n for n, stage in enumerate(phase.stages) if step.first.id in stage.packages), 0)


def _in_step(package: str, phase: str) -> bool:
    return package.startswith(f"{phase}/")


def _needs_words(names: dict[EdgeKind, list[str]]) -> str:
    words = []
    for kind, ending in ((EdgeKind.SAME_HOST, ", host by host"), (EdgeKind.ALL_HOSTS, " on all hosts")):
        if kind in names:
            words.append(f"after {_few(names[kind])}{ending}")
    return " and ".join(words)


def _few(names: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(dict.fromkeys(names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
