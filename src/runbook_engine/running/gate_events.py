"""The part of the fold about gates: what lets phases start or keeps them from it, and what the run has for itself."""

from collections.abc import Callable
from typing import Any

from runbook_engine.model import events as ev
from runbook_engine.model.errors import ImpossibleEvent
from runbook_engine.model.gates import (
    BackInService,
    LateAgreed,
    PartsTaken,
    PhaseCleared,
    PhaseHeld,
    ResourcesReleased,
    ResourcesTaken,
    StartAgreed,
    StartMissed,
)
from runbook_engine.model.run import PhaseState, Run, TaskState
from runbook_engine.model.words import PhaseId, TaskId
from runbook_engine.model.world import Grounds
from runbook_engine.running.shape import Shape


def begun(shape: Shape, run: Run, task: TaskId) -> None:
    """Something of a stage has begun: nobody waits any more to start its phase."""
    package, _ = shape.parts(task)
    phase = run.phases[package.phase]
    phase.claimed = phase.claimed or package.claims_hosts
    if package.id in shape.begins:
        run.eased += 1  # what waits for its start is looked at again
    phase.begun = max(phase.begun, shape.stage_of.get(package.id, -1))
    phase.due = phase.held = None


def _hosts_taken(_shape: Shape, run: Run, event: ev.HostsTaken) -> None:
    run.taken.update(event.hosts)
    for host in event.hosts if event.out else ():
        run.out.setdefault(host, set()).add(event.phase)


def _hosts_released(_shape: Shape, run: Run, event: ev.HostsReleased) -> None:
    run.taken.difference_update(event.hosts)
    _back_in_service(_shape, run, event)


def _back_in_service(_shape: Shape, run: Run, event: ev.HostsReleased | BackInService) -> None:
    for host in event.hosts:
        run.out.pop(host, None)


def _cleared(_shape: Shape, run: Run, event: PhaseCleared) -> None:
    phase = _phase(run, event.phase)
    phase.grounds = Grounds(statements=event.statements, by=event.by, entry=event.entry, until=event.until, glass=event.glass)


def _held(_shape: Shape, run: Run, event: PhaseHeld) -> None:
    phase = _phase(run, event.phase)
    phase.held = (event.kind, event.until)
    phase.due = event.until if event.waits and phase.begun < 0 else phase.due


def _missed(_shape: Shape, run: Run, event: StartMissed) -> None:
    _phase(run, event.phase).missed = event.due


def _agreed(_shape: Shape, run: Run, event: StartAgreed) -> None:
    phase = _phase(run, event.phase)
    phase.missed = phase.due = None
    run.eased += 1


def _late_agreed(shape: Shape, run: Run, event: LateAgreed) -> None:
    for task in event.tasks:
        try:
            shape.parts(task)
        except KeyError:
            raise ImpossibleEvent(f"the plan has no task {task}") from None
        run.tasks.setdefault(task, TaskState()).late = True
    run.eased += 1


def _resources_taken(_shape: Shape, run: Run, event: ResourcesTaken) -> None:
    run.uses[event.phase] = {**run.uses.get(event.phase, {}), **event.uses}


def _parts_taken(_shape: Shape, run: Run, event: PartsTaken) -> None:
    run.parts.update(event.uses)


def _resources_released(_shape: Shape, run: Run, event: ResourcesReleased) -> None:
    run.uses.pop(event.phase, None)


def _phase(run: Run, phase: PhaseId) -> PhaseState:
    """A phase of the plan in force. Raises ImpossibleEvent for another."""
    if phase not in run.phases:
        raise ImpossibleEvent(f"the plan has no phase {phase}")
    return run.phases[phase]


HANDLERS: dict[type, Callable[[Shape, Run, Any], None]] = {
    ev.HostsTaken: _hosts_taken,
    ev.HostsReleased: _hosts_released,
    BackInService: _back_in_service,
    PhaseCleared: _cleared,
    PhaseHeld: _held,
    StartMissed: _missed,
    StartAgreed: _agreed,
    LateAgreed: _late_agreed,
    ResourcesTaken: _resources_taken,
    ResourcesReleased: _resources_released,
    PartsTaken: _parts_taken,
}
