"""What stands before a phase, or before a step of it: what a run that starts there leaves out. Pure."""

from runbook_engine.model.words import PackageId, PhaseId, StageKind, StepId, TaskId
from runbook_engine.running.shape import Shape


def standing_before(shape: Shape, phase: PhaseId, step: StepId | None) -> list[TaskId]:
    """The tasks that come before, in the order of the plan: of the phases that it needs, and of its own phase."""
    earlier = {p for p in shape.phases if phase in shape.later(p)}
    found = _in_phase(shape, phase, step) if step else set()
    names = (p.id for p in shape.plan.packages.values() if p.phase in earlier or p.id in found)
    return [task for name in names for task in shape.tasks(name)]


def _in_phase(shape: Shape, phase: PhaseId, step: StepId) -> set[PackageId]:
    """The packages of the phase that stand before the step in any of its batches."""
    found: set[PackageId] = set()
    for stage in shape.phases[phase].stages:
        targets = [p for p in stage.packages if shape.packages[p].step == step]
        for target in targets:
            found |= {p for p in shape.earlier(target) if shape.packages[p].step != step and not _other_batch(shape, p, target)}
    return found


def _other_batch(shape: Shape, package: PackageId, target: PackageId) -> bool:
    """Whether both are done in batches, but not in the same: the later steps of an earlier batch are not left out."""
    stages = shape.phases[shape.packages[target].phase].stages
    mine, other = shape.stage_of[target], shape.stage_of[package]
    return mine != other and stages[mine].kind is StageKind.BATCH and stages[other].kind is StageKind.BATCH
