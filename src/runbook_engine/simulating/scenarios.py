"""The standard nights of a plan: a quiet one, and one for each thing that can go wrong in it. Pure."""

from collections.abc import Iterator

from runbook_engine.model.plan import Package, Plan, PlannedPhase
from runbook_engine.model.rehearsal import Fault, FaultKind
from runbook_engine.model.words import OnFailure
from runbook_engine.simulating.placing import able, machine

Nights = tuple[tuple[Fault, ...], ...]

_ONCE = (
    FaultKind.UNREACHABLE,
    FaultKind.SLOW,
    FaultKind.LOST_LINK,
    FaultKind.FAILS_ONCE,
    FaultKind.GUARD_REFUSES,
    FaultKind.ALREADY_DONE,
    FaultKind.NOT_DONE,
    FaultKind.NO_RETURN,
    FaultKind.LATE,
    FaultKind.ENGINE_DIES,
)


def standard_faults(plan: Plan) -> Nights:
    """A quiet night; one for each kind of fault that the plan can meet; one for each phase that can go wrong; one for each
    other answer of a decision.
    """
    nights: list[tuple[Fault, ...]] = [()]
    nights += [(Fault(kind=kind),) for kind in _ONCE if _can(plan, kind)]
    nights += [(Fault(kind=FaultKind.FAILS, at=at),) for at in _failing(plan)]
    nights += list(_ways_back(plan))
    nights += list(_answers(plan))
    return tuple(nights)


def _can(plan: Plan, kind: FaultKind) -> bool:
    found = able(plan, kind)
    return any(p.retries.count for p in found) if kind is FaultKind.FAILS_ONCE else bool(found)


def _failing(plan: Plan) -> Iterator[str]:
    """Where failing for good tells something: the last step, and the checks, of each phase that counts its failures."""
    counted = [p for p in plan.phases if p.max_failures is not None and p.on_failure is not OnFailure.CONTINUE]
    if not counted and any(map(machine, plan.packages.values())):
        yield ""
    for phase in counted:
        steps = [p for p in _machines(plan, phase) if not p.health_check and p.hosts]
        checks = [p for p in _machines(plan, phase) if p.health_check]
        yield from dict.fromkeys([*([steps[-1].step] if steps else []), *([checks[0].step] if checks else [])])


def _machines(plan: Plan, phase: PlannedPhase) -> list[Package]:
    return [p for stage in phase.stages for p in map(plan.packages.__getitem__, stage.packages) if machine(p)]


def _ways_back(plan: Plan) -> Iterator[tuple[Fault, ...]]:
    """A phase goes back, and one of its ways back fails."""
    for phase in plan.phases:
        found = [p for p in _machines(plan, phase) if p.way_back and p.way_back.procedure and not p.way_back.procedure.question]
        if found:
            step = found[-1].step
            yield (Fault(kind=FaultKind.FAILS, at=step), Fault(kind=FaultKind.WAY_BACK_FAILS, at=step))


def _answers(plan: Plan) -> Iterator[tuple[Fault, ...]]:
    seen: set[str] = set()
    for package in able(plan, FaultKind.NO_GO):
        question = package.procedure.question
        if question is None or package.step in seen:
            continue
        seen.add(package.step)
        usual = next((c for c in question.choices if c.goes_on), question.choices[0])
        for choice in question.choices:
            if choice.name != usual.name:
                yield (Fault(kind=FaultKind.NO_GO, at=package.step, value=choice.name),)
