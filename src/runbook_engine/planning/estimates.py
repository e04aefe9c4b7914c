"""What a plan may cost in hosts and in time, before anything runs."""

import math
from collections.abc import Mapping

from runbook_engine.model.plan import Package, Plan, PlannedPhase, Stage
from runbook_engine.model.words import PackageId, PhaseId, StageKind


def worst_case(plan: Plan, parallel: int) -> dict[PhaseId, int]:
    """Per phase, on how many hosts work can go wrong before the engine stops: what is allowed, and what is in flight.

    `parallel` is how many attempts are made at once. Without a limit on failures that is every host of the phase.
    """
    return {phase.id: _worst(phase, parallel) for phase in plan.phases}


def _worst(phase: PlannedPhase, parallel: int) -> int:
    if phase.max_failures is None:
        return len(phase.hosts)
    largest = max((len(s.hosts) for s in phase.stages if s.kind is StageKind.BATCH), default=0)
    return min(len(phase.hosts), phase.max_failures + min(parallel, largest))


def planned_seconds(plan: Plan, phase: PlannedPhase, parallel: int) -> float | None:
    """How long a phase should take by what its steps state, with the pauses between batches; None if none states it.

    A step on more hosts than are worked on at once takes as many rounds as it needs.
    """
    stated = [p for s in phase.stages for p in s.packages if plan.packages[p].takes is not None]
    if not stated:
        return None
    return sum(_stage_seconds(plan.packages, stage, parallel) + stage.pause_s for stage in phase.stages)


def _stage_seconds(packages: Mapping[PackageId, Package], stage: Stage, parallel: int) -> float:
    """The longest way through a stage."""
    ends: dict[PackageId, float] = {}
    for name in stage.packages:
        package = packages[name]
        start = max((ends.get(edge.before, 0.0) for edge in package.needs), default=0.0)
        ends[name] = start + _package_seconds(package, parallel)
    return max(ends.values(), default=0.0)


def _package_seconds(package: Package, parallel: int) -> float:
    if package.takes is None:
        return 0.0
    rounds = 1 if package.takes.per_batch else math.ceil(package.size / max(1, parallel))
    return package.takes.planned_s * rounds
