"""What one tick begins: starts, and with them what the run takes for itself and on which grounds."""

from collections.abc import Callable, Iterator
from dataclasses import field
from datetime import datetime

from runbook_engine.model.attempts import Attempt
from runbook_engine.model.events import Event, HostsTaken
from runbook_engine.model.gates import PartsTaken, PhaseCleared, PhaseHeld, ResourcesTaken, StartMissed
from runbook_engine.model.plan import Package
from runbook_engine.model.run import Run
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PhaseId, Status, TaskId
from runbook_engine.model.world import Blocker, World
from runbook_engine.running.claims import any_of, claims_resources, is_out_for, out_together, uses_of
from runbook_engine.running.course import Course
from runbook_engine.running.focus import Focus
from runbook_engine.running.gates import OF_TIME, takes_parts


@dataclass(slots=True, kw_only=True)
class Starts:
    """What one tick begins. `taken` are the tasks of it, to be given back if the commit refuses them."""

    events: list[Event] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    taken: list[TaskId] = field(default_factory=list)
    hosts: dict[HostName, None] = field(default_factory=dict)  # newly taken
    leaving: dict[PhaseId, frozenset[HostName]] = field(default_factory=dict)  # newly out of service, for each phase
    parts: dict[str, int] = field(default_factory=dict)  # newly used up
    cleared: set[PhaseId] = field(default_factory=set)
    supplied: dict[PhaseId, dict[str, int]] = field(default_factory=dict)  # with resources, newly
    held: dict[PhaseId, Blocker] = field(default_factory=dict)  # what keeps phases from starting whose tasks could
    durable: bool = False  # whether they may only begin once they are on disk

    def __bool__(self) -> bool:
        return bool(self.events or self.attempts)


def take_hosts(starts: Starts, course: Course, focus: Focus, world: World, task: TaskId) -> None:
    """All hosts of the phase, which are free; on a way back and in doubt those of the package that are: see `claims`.

    Where only so many hosts may be out of service, those that a batch takes out go together.
    """
    package, host = course.shape.parts(task)
    state, phase, ours = course.run.task(task), course.run.phases[package.phase], course.run.taken
    package = course.shape.work(task, back=state.back)
    alone = state.back or state.status is Status.UNKNOWN or phase.ended is not None
    leaving = starts.leaving.get(package.phase, frozenset())
    if not package.claims_hosts or host in leaving:
        return
    if host and world.pools and package.takes_out and not is_out_for(course.run, package.phase, host):
        together = frozenset({host}) if alone else out_together(course, package, host, world, focus)
        starts.leaving[package.phase] = together | leaving
    elif ((host is None or host in ours) and phase.claimed) or host in starts.hosts:
        return
    for other in package.hosts if alone else course.shape.phases[package.phase].hosts:
        if other not in ours and other not in world.taken and focus.allows(package.phase, other):
            starts.hosts[other] = None


def take_parts(starts: Starts, course: Course, world: World, package: Package, host: HostName | None) -> None:
    """What a task uses up; it is recorded with its start."""
    if package.uses and world.stock and takes_parts(course.run, package, host):
        for name, amount in package.uses.items():
            if name in world.stock:
                starts.parts[name] = starts.parts.get(name, 0) + amount


def take_places(starts: Starts, course: Course, package: Package) -> None:
    """All hosts of the places where a phase is alone. No other run has one of them: see gates.of_phase."""
    for host in course.shape.phases[package.phase].alone_with:
        if host not in course.run.taken:
            starts.hosts[host] = None


def take_resources(
    starts: Starts, course: Course, world: World, package: Package, host: HostName | None, now: datetime
) -> None:
    """What the phase needs of the resources that runs share, until it ends."""
    phase, run = package.phase, course.run
    if phase in starts.supplied or phase in run.uses or not claims_resources(package, host, world):
        return
    if uses := uses_of(course, phase, world):
        starts.supplied[phase] = uses
        starts.events.append(ResourcesTaken(at=now, phase=phase, uses=uses))
        starts.durable = True


def clear(starts: Starts, course: Course, world: World, phase: PhaseId, now: datetime) -> None:
    """Record on which grounds a phase starts."""
    grounds = world.grounds.get(phase)
    if phase in starts.cleared or not grounds or grounds == course.run.phases[phase].grounds:
        return
    starts.cleared.add(phase)
    starts.events.append(
        PhaseCleared(
            at=now,
            phase=phase,
            statements=grounds.statements,
            by=grounds.by,
            entry=grounds.entry,
            until=grounds.until,
            glass=grounds.glass,
        )
    )
    starts.durable = True


def finished(starts: Starts, course: Course, now: datetime) -> Starts:
    """What was gathered, the hosts that are newly taken first."""
    out = any_of(starts.leaving)
    staying = tuple(host for host in starts.hosts if host not in out)
    taken: list[Event] = [HostsTaken(at=now, hosts=staying)] if staying else []
    taken += (HostsTaken(at=now, hosts=tuple(sorted(hosts)), out=True, phase=p) for p, hosts in starts.leaving.items())
    starts.events[:0] = taken
    starts.durable = starts.durable or bool(taken)
    if starts.parts:
        known = course.run.parts
        uses = {name: known.get(name, 0) + amount for name, amount in sorted(starts.parts.items())}
        starts.events.insert(0, PartsTaken(at=now, uses=uses))
        starts.durable = True
    phases = course.run.phases
    for phase in (p for p, gate in starts.held.items() if gate.kind == "missed" and phases[p].missed is None):
        starts.events.append(StartMissed(at=now, phase=phase, due=phases[phase].due or now))
    return starts


def newly_held(starts: Starts, run: Run, now: datetime, stays: Callable[[datetime], bool]) -> Iterator[PhaseHeld]:
    """What keeps phases from starting, where it was not recorded yet. `stays`: whether the engine waits for that time."""
    for phase, gate in starts.held.items():
        state = run.phases[phase]
        until = datetime.fromisoformat(gate.until) if gate.until else None
        waits = until is not None and gate.kind in OF_TIME and stays(until)
        if state.held != (gate.kind, until) or (waits and state.begun < 0 and state.due != until):
            yield PhaseHeld(at=now, phase=phase, kind=gate.kind, reason=gate.reason, until=until, waits=waits)
