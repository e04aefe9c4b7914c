"""What a run gives back: hosts that no open phase works on, resources of phases that ended; and what is in service again."""

from collections.abc import Iterator
from datetime import datetime

from runbook_engine.model.events import Event, HostsReleased
from runbook_engine.model.gates import BackInService, ResourcesReleased
from runbook_engine.model.plan import PlannedPhase
from runbook_engine.model.run import PhaseState
from runbook_engine.model.words import HostName, Status
from runbook_engine.model.world import World
from runbook_engine.running.claims import is_out_for
from runbook_engine.running.course import Course


def departures(course: Course, world: World, now: datetime, *, over: bool) -> Iterator[Event]:
    """The events that say so, while nothing is being carried out. `over`: the run works on nothing any more."""
    run = course.run
    if free := run.taken - (set() if over else _worked_on(course, world)):
        yield HostsReleased(at=now, hosts=tuple(sorted(free)))
    yield from (ResourcesReleased(at=now, phase=phase) for phase in tuple(run.uses) if over or run.phases[phase].ended)


def back_in_service(course: Course, now: datetime) -> tuple[list[Event], bool]:
    """The event that says which hosts are back: those that no phase wants out of service any more, where nothing goes on.

    And whether that was all of the first kind.
    """
    unwanted = course.run.out.keys() - _kept_out(course)
    back = unwanted - _busy(course) if unwanted else unwanted
    return [BackInService(at=now, hosts=tuple(sorted(back)))] if back else [], back == unwanted


def _worked_on(course: Course, world: World) -> set[HostName]:
    found: set[HostName] = set()
    for planned in course.shape.plan.phases:
        phase = course.run.phases[planned.id]
        if phase.stage is not None or phase.undone:
            found.update(_had_by(planned, phase, world) if phase.ended is None else phase.aside)
    return found


def _had_by(planned: PlannedPhase, phase: PhaseState, world: World) -> tuple[HostName, ...]:
    """What an open phase keeps. One that has not begun and waits for others keeps nothing: they could wait for it."""
    hosts = (*planned.hosts, *planned.alone_with)
    begun = phase.undone or phase.claimed or (planned.alone_with and phase.begun >= 0)
    return hosts if begun or (not planned.alone_with and not any(host in world.taken for host in hosts)) else ()


def _kept_out(course: Course) -> set[HostName]:
    """The hosts that open stages took out, and those that failed or were set aside: nobody says that they are in service."""
    found: set[HostName] = set()
    for planned in course.shape.plan.phases:
        phase = course.run.phases[planned.id]
        if phase.undone or phase.stage is None:
            continue
        found.update(phase.aside, map(HostName, phase.bad))
        if phase.ended is None and planned.stages:
            found.update(host for host in planned.stages[phase.stage].hosts if is_out_for(course.run, planned.id, host))
    return found


def _busy(course: Course) -> set[HostName]:
    """Where something goes on, or is being undone, that takes a host out of service."""
    moving = (Status.RUNNING, Status.UNKNOWN, Status.RETRYING, Status.WAITING)
    going_on = [(task, state.back) for task, state in course.run.tasks.items() if state.status in moving or state.back]
    parts = ((back, *course.shape.parts(task)) for task, back in going_on)
    return {host for back, package, host in parts if host and (back or package.takes_out)}
