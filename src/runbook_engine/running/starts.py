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
from runbook_engine.model.words import HostName, PhaseId, TaskId
from runbook_engine.model.world import Blocker, World
from runbook_engine.running.course import Course
from runbook_engine.running.focus import Focus
from runbook_engine.running.gates import OF_TIME, takes_parts, uses_of


@dataclass(slots=True, kw_only=True)
class Starts:
    """What one tick begins. `taken` are the tasks of it, to be given back if the commit refuses them."""

    events: list[Event] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    taken: list[TaskId] = field(default_factory=list)
    hosts: dict[HostName, None] = field(default_factory=dict)  # newly taken
    leaving: set[HostName] = field(default_factory=set)  # newly taken, and out of service from now on
    parts: dict[str, int] = field(default_factory=dict)  # newly used up
    cleared: set[PhaseId] = field(default_factory=set)
    held: dict[PhaseId, Blocker] = field(default_factory=dict)  # what keeps phases from starting whose tasks could
    durable: bool = False  # whether they may only begin once they are on disk

    def __bool__(self) -> bool:
        return bool(self.events or self.attempts)


def take_hosts(starts: Starts, course: Course, focus: Focus, world: World, package: Package, host: HostName) -> None:
    """The hosts of the whole stage, as far as they are free: one record, not one for each that comes up.

    Where only so many hosts may be out of service, those that a package takes out are taken as they come up.
    """
    ours = course.run.taken
    if world.pools and package.takes_out and host not in course.run.out:
        starts.leaving.add(host)
    if host in ours or host in starts.hosts or host in starts.leaving:
        return
    index = course.shape.stage_of.get(package.id)  # what belongs to a way back alone has none
    for other in package.hosts if index is None else course.shape.stage(package.phase, index).hosts:
        if other not in ours and other not in world.taken and focus.allows(package.phase, other):
            starts.hosts[other] = None


def take_parts(starts: Starts, course: Course, world: World, package: Package, host: HostName | None) -> None:
    """What a task uses up; it is recorded with its start."""
    if package.uses and world.stock and takes_parts(course.run, package, host):
        for name, amount in package.uses.items():
            if name in world.stock:
                starts.parts[name] = starts.parts.get(name, 0) + amount


def clear(starts: Starts, course: Course, world: World, package: Package, now: datetime) -> None:
    """Record on which grounds a phase starts, and what it takes of the resources that runs share."""
    run, phase, grounds = course.run, package.phase, world.grounds.get(package.phase)
    if phase in starts.cleared or not (grounds or package.uses):
        return
    found: list[Event] = []
    if grounds and grounds != run.phases[phase].grounds:
        found.append(
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
    if package.uses and phase not in run.uses and (uses := uses_of(course, phase, world)):
        found.append(ResourcesTaken(at=now, phase=phase, uses=uses))
    if found:
        starts.cleared.add(phase)
        starts.events.extend(found)
        starts.durable = True


def finished(starts: Starts, course: Course, now: datetime) -> Starts:
    """What was gathered, the hosts that are newly taken first."""
    staying = tuple(host for host in starts.hosts if host not in starts.leaving)
    for hosts, out in ((staying, False), (tuple(sorted(starts.leaving)), True)):
        if hosts:
            starts.events.insert(0, HostsTaken(at=now, hosts=hosts, out=out))
            starts.durable = True
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
