"""The branches that a plan has: every turn that a night can take, and which of them were taken. Pure."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace

from runbook_engine.model.plan import Package, Plan, PlannedPhase
from runbook_engine.model.rehearsal import IMPOSSIBLE, NOT_TRIED, Branch, BranchKind
from runbook_engine.model.words import OnFailure, Repeat, StepId
from runbook_engine.simulating.placing import machine
from runbook_engine.simulating.watching import Taken

_NO_VALUES = f"{NOT_TRIED}: what earlier steps save is not known here"
_NO_CLOSING = f"{NOT_TRIED}: no window closed in these nights"


def branches_of(plan: Plan) -> tuple[Branch, ...]:
    """All branches, phase by phase; those to which nothing can lead say why."""
    found: list[Branch] = []
    for phase in plan.phases:
        for package in _steps(plan, phase).values():
            found += _of_step(package)
            found += _ways_back(package)
        for package in phase.way_back:
            found += _undoing(package.step, by_person=package.procedure.question is not None)
        found += _of_phase(plan, phase)
    return tuple(found)


def looked_at(branches: tuple[Branch, ...], scenarios: Mapping[str, Set[Taken]]) -> tuple[Branch, ...]:
    """The branches with the scenarios that took them. A branch that was taken is possible, whatever was thought."""
    return tuple(_looked_at(branch, scenarios) for branch in branches)


def _looked_at(branch: Branch, scenarios: Mapping[str, Set[Taken]]) -> Branch:
    key = (branch.kind, branch.where, branch.detail)
    names = tuple(name for name, taken in scenarios.items() if key in taken)
    return replace(branch, exercised=names, why_not="" if names else branch.why_not or NOT_TRIED)


def _steps(plan: Plan, phase: PlannedPhase) -> Mapping[StepId, Package]:
    """The first package of each step."""
    found: dict[StepId, Package] = {}
    for stage in phase.stages:
        for name in stage.packages:
            found.setdefault(plan.packages[name].step, plan.packages[name])
    return found


def _never(reason: str) -> str:
    return f"{IMPOSSIBLE}: {reason}"


def _of_step(package: Package) -> Iterator[Branch]:
    step, procedure = package.step, package.procedure
    if package.when is not None:
        yield Branch(kind=BranchKind.NOT_NEEDED, where=step, why_not=_NO_VALUES)
    if procedure.verify:
        yield Branch(kind=BranchKind.NOT_DONE, where=step)
    for choice in procedure.question.choices if procedure.question else ():
        yield Branch(kind=BranchKind.CHOICE, where=step, detail=choice.name)
    if not machine(package):
        return
    if package.retries.count:
        yield Branch(kind=BranchKind.RETRIED, where=step)
    yield Branch(kind=BranchKind.FAILED, where=step)
    if procedure.guard:
        yield Branch(kind=BranchKind.REFUSED, where=step)
    if procedure.skip_if or procedure.verify:
        yield Branch(kind=BranchKind.SKIPPED, where=step)
    if package.hosts:
        doubt = _never("it may be repeated, so doubt is settled by doing it again") if package.repeat is Repeat.SAFE else ""
        yield Branch(kind=BranchKind.DOUBT, where=step, why_not=doubt)
        yield Branch(kind=BranchKind.UNREACHABLE, where=step)


def _ways_back(package: Package) -> Iterator[Branch]:
    back = package.way_back
    if back is None:
        return
    if back.procedure is None:
        yield Branch(kind=BranchKind.ROLLED_BACK, where=package.step, why_not=_never(back.none))
    else:
        yield from _undoing(package.step, by_person=back.procedure.question is not None)


def _undoing(step: str, *, by_person: bool) -> Iterator[Branch]:
    yield Branch(kind=BranchKind.ROLLED_BACK, where=step)
    never = _never("a person does it, and says when it is done") if by_person else ""
    yield Branch(kind=BranchKind.ROLL_BACK_FAILED, where=step, why_not=never)


def _of_phase(plan: Plan, phase: PlannedPhase) -> Iterator[Branch]:
    if phase.max_failures is not None:
        yield Branch(kind=BranchKind.BUDGET, where=phase.id, detail=phase.on_failure.value, why_not=_within(phase))
    if any(plan.packages[p].health_check for stage in phase.stages for p in stage.packages):
        yield Branch(kind=BranchKind.UNHEALTHY, where=phase.id)
    if phase.window:
        yield Branch(kind=BranchKind.CLOSES, where=phase.id, why_not=_NO_CLOSING)
    if phase.point_of_no_return:
        yield Branch(kind=BranchKind.NO_RETURN, where=phase.id)


def _within(phase: PlannedPhase) -> str:
    """Why a budget cannot be exceeded, if it cannot."""
    if phase.on_failure is OnFailure.CONTINUE:
        return _never("it goes on whatever fails")
    most = phase.max_failures or 0
    if phase.hosts and len(phase.hosts) <= most:
        return _never(f"{most} may fail, and it has {len(phase.hosts)} hosts")
    return ""
