"""The way back: what is undone in which order, whose turn it is, and what may not start meanwhile.

The order is that of the plan reversed: phase by phase, stage by stage; within a stage host by host, and what was done once
stands between. The parts that this makes follow each other. A host whose way back failed, or is in doubt until a person
settles it, holds up only itself; what is done once holds up everything before it.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from runbook_engine.model.plan import Package, PlannedPhase
from runbook_engine.model.run import GoingBack, Run, TaskState
from runbook_engine.model.turns import RollBackBegan
from runbook_engine.model.words import HostName, PhaseId, Status, TaskId
from runbook_engine.running.shape import Shape, task_of

UNDOABLE = frozenset({Status.OK, Status.FAILED, Status.UNKNOWN, Status.RETRYING, Status.RUNNING})
OPEN_AGAIN = frozenset({Status.ROLLING_BACK, Status.ROLL_BACK_FAILED})  # what is left of a way back, beside doubt


def phases_meant(shape: Shape, run: Run, phase: PhaseId | None) -> tuple[PhaseId, ...]:
    """The phases that go back together, the last first: one and all that were built on it, or all that have begun."""
    wanted = [p for p in shape.phases if phase is None or p == phase or p in shape.later(phase)]
    begun = [p for p in wanted if _begun(run, p) and not run.phases[p].undone]
    return tuple(sorted(begun, key=lambda p: -_depth(shape, p)))


def _begun(run: Run, phase: PhaseId) -> bool:
    counts = run.phases[phase].counts
    return any(number > 0 for status, number in counts.items() if status is not Status.NOT_STARTED)


def _depth(shape: Shape, phase: PhaseId) -> int:
    """A number that is greater for a phase than for each that it needs; later ones of the plan have greater numbers."""
    order = list(shape.phases)
    before = sum(phase in shape.later(p) for p in order)
    return before * len(order) + order.index(phase)


def to_undo(shape: Shape, run: Run, phases: Sequence[PhaseId], hosts: frozenset[HostName]) -> tuple[TaskId, ...]:
    """The tasks that are undone, in that order. `hosts` empty: all, and what was done once too."""
    found: list[TaskId] = []
    for phase in phases:
        found += _of_phase(shape, run, shape.phases[phase], hosts)
    return tuple(found)


def _of_phase(shape: Shape, run: Run, phase: PlannedPhase, hosts: frozenset[HostName]) -> Iterator[TaskId]:
    packages = [shape.packages[p] for stage in reversed(phase.stages) for p in reversed(stage.packages)]
    for package in packages:
        if package.id in shape.ways_back:
            yield from (t for t in _tasks(package, hosts) if _undoable(run.task(t)))
    for package in phase.way_back:
        yield from (t for t in _tasks(package, hosts) if run.task(t).status is Status.NOT_STARTED)


def _tasks(package: Package, hosts: frozenset[HostName]) -> Iterator[TaskId]:
    if not package.hosts and not hosts:
        yield task_of(package.id, None)
    for host in package.hosts:
        if not hosts or host in hosts:
            yield task_of(package.id, host)


def _undoable(state: TaskState) -> bool:
    return state.status in UNDOABLE and not state.back


def without_way_back(shape: Shape, run: Run, phases: Sequence[PhaseId], hosts: frozenset[HostName]) -> list[TaskId]:
    """What was done, or may have been, and stays as it is, because it has no way back."""
    packages = [shape.packages[p] for phase in phases for stage in shape.phases[phase].stages for p in stage.packages]
    return [t for p in packages if p.id not in shape.ways_back for t in _tasks(p, hosts) if _undoable(run.task(t))]


def going_back(shape: Shape, event: RollBackBegan) -> GoingBack:
    """The parts of a way back, and what each host has to do in them."""
    closed = set(event.phases).union(*(shape.later(p) for p in event.phases))
    going = GoingBack(
        phases=event.phases, hosts=frozenset(event.hosts), closed=frozenset(closed), by=event.by, reason=event.reason
    )
    number, last = -1, None
    for task in event.tasks:
        package, host = shape.parts(task)
        of_phase = package.id not in shape.stage_of
        here = (package.phase, shape.stage_of.get(package.id), package.id if of_phase or host is None else None)
        number += here != last
        last = here
        going.lanes.setdefault(host or task, deque()).append((number, task))
    return going


def moved(shape: Shape, run: Run, task: TaskId) -> None:
    """A task of a way back stands elsewhere than before: whose turn it is now. The last one ends the way back."""
    going = run.back
    if going is None:
        return
    lane = task.partition("@")[2] or task
    if lane in going.lanes:
        _look(run, going, lane)
    while not going.busy and going.lanes and not _blocked(shape, run, going):
        heads = [lanes[0][0] for lanes in going.lanes.values() if lanes[0][0] > going.at]
        if not heads:
            return
        going.at = min(heads)
        for name in list(going.lanes):
            _look(run, going, name)
    if not going.lanes:
        run.back = None
        run.eased += 1


def begin(run: Run, going: GoingBack) -> None:
    """Open the first part."""
    run.back = going
    for lane in list(going.lanes):
        _look(run, going, lane)
    if not going.lanes:
        run.back = None


def drop(going: GoingBack, task: TaskId) -> None:
    """A task turned out to need no way back."""
    lane = task.partition("@")[2] or task
    going.lanes[lane] = deque(part for part in going.lanes.get(lane, ()) if part[1] != task)


def add(going: GoingBack, task: TaskId) -> None:
    """A task has begun although its phase goes back, because nobody could keep it from it: it is undone first."""
    going.lanes.setdefault(task.partition("@")[2] or task, deque()).appendleft((going.at, task))
    going.busy.add(task.partition("@")[2] or task)


def is_due(run: Run, task: TaskId) -> bool:
    """Whether it is a task's turn to be undone."""
    going = run.back
    parts = going.lanes.get(task.partition("@")[2] or task) if going else None
    return bool(going and parts and parts[0][1] == task and parts[0][0] <= going.at)


def is_closed(run: Run, phase: PhaseId, host: HostName | None) -> bool:
    """Whether nothing may start there because of a way back, but what belongs to it."""
    state = run.phases[phase]
    return (run.back is not None and phase in run.back.closed) or state.undone or host in state.undone_hosts


def stands_still(state: TaskState) -> bool:
    """Whether a way back needs a person before it goes on here."""
    return state.status is Status.ROLL_BACK_FAILED or (state.status is Status.UNKNOWN and not state.settles_itself)


def _look(run: Run, going: GoingBack, lane: str) -> None:
    """Take off what is undone; what comes next in an open part is due."""
    parts = going.lanes[lane]
    while parts and run.task(parts[0][1]).status is Status.ROLLED_BACK:
        parts.popleft()
    going.busy.discard(lane)
    if not parts:
        del going.lanes[lane]
        return
    number, task = parts[0]
    state = run.task(task)
    if number <= going.at and not stands_still(state):
        going.busy.add(lane)
        if state.status is Status.ROLLING_BACK:
            run.due.append(task)


def _blocked(shape: Shape, run: Run, going: GoingBack) -> bool:
    """Whether something that is done once stands still, so that nothing before it may be undone."""
    return any(
        parts[0][0] <= going.at and shape.parts(parts[0][1])[1] is None and stands_still(run.task(parts[0][1]))
        for parts in going.lanes.values()
    )
