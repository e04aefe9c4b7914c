"""How one task moves from status to status, with the counts that depend on it. Part of the fold."""

from collections.abc import Mapping
from datetime import datetime

from runbook_engine.model.errors import ImpossibleEvent
from runbook_engine.model.plan import Package
from runbook_engine.model.run import Run, TaskState
from runbook_engine.model.words import SETTLED_BADLY, SETTLED_WELL, Status, TaskId
from runbook_engine.running.aside import came_through
from runbook_engine.running.shape import Shape
from runbook_engine.running.stages import count, settle_package

UNDOING: Mapping[Status, Status] = {  # what a way back calls what would be said of the way forth
    Status.NOT_STARTED: Status.ROLLING_BACK,
    Status.OK: Status.ROLLED_BACK,
    Status.SKIPPED: Status.ROLLED_BACK,
    Status.FAILED: Status.ROLL_BACK_FAILED,
    Status.REFUSED: Status.ROLL_BACK_FAILED,
    Status.UNREACHABLE: Status.ROLL_BACK_FAILED,
}


def change(shape: Shape, run: Run, task: TaskId, status: Status, *allowed: Status) -> tuple[TaskState, Package]:
    """Move a task to a status, or to its twin on the way back; refuse it from any status but the allowed ones."""
    try:
        package, _ = shape.parts(task)
    except KeyError:
        raise ImpossibleEvent(f"the plan has no task {task}") from None
    state = run.tasks.get(task)
    if state is None:
        state = run.tasks[task] = TaskState()
    if allowed and state.status not in allowed:
        raise ImpossibleEvent(f"{task} is {state.status}, it cannot become {status}")
    status = UNDOING.get(status, status) if state.back else status
    count(run.phases[package.phase], state.status, status)
    state.status = status
    return state, shape.ways_back[package.id] if state.back else package


def settle(shape: Shape, run: Run, task: TaskId, at: datetime) -> None:
    """What the end of a task means for its package, its stage and its phase."""
    state, (package, host) = run.tasks[task], shape.parts(task)
    if state.status in SETTLED_WELL:
        state.ended = at
        came_through(shape, run, package, host)
        settle_package(shape, run, package, at)
    elif state.status in SETTLED_BADLY or state.status is Status.ROLLED_BACK:
        state.ended = at
