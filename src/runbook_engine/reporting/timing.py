"""How long a plan takes by what its author stated. An estimate for people: it decides nothing."""

from runbook_engine.model.durations import Pick, in_order, likely, longest, package_time, phase_time, untimed
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.words import PhaseId

__all__ = ["Pick", "in_order", "likely", "longest", "package_time", "phase_time", "plan_time", "without_time"]


def plan_time(plan: Plan, pick: Pick = likely, parallel: int | None = None) -> float:
    """Seconds from the start of the first phase to the end of the last; what waits for nobody goes side by side."""
    ends: dict[PhaseId, float] = {}
    for phase in in_order(plan):
        begin = max((ends.get(need, 0.0) for need in phase.needs), default=0.0)
        ends[phase.id] = begin + phase_time(plan, phase, pick, parallel)
    return max(ends.values(), default=0.0)


def without_time(plan: Plan, phase: PlannedPhase) -> int:
    """How many steps of a phase state no time."""
    steps = {
        package.step for stage in phase.stages for package in map(plan.packages.__getitem__, stage.packages) if untimed(package)
    }
    return len(steps)
