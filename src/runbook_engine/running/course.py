"""The course of a run: its plan and the fold of its events. `note` is the only way in which a run changes."""

from collections.abc import Callable, Iterable

from runbook_engine.model.errors import ImpossibleEvent
from runbook_engine.model.events import Event, PlanAmended, RunCreated
from runbook_engine.model.plan import Plan
from runbook_engine.model.run import PhaseState, Run, TaskState
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import SETTLED_WELL, Digest, TaskId
from runbook_engine.running.aside import follow
from runbook_engine.running.evolve import evolve
from runbook_engine.running.shape import Shape, shape_of
from runbook_engine.running.stages import count, open_phases, settle_package

Plans = Callable[[Digest], Plan]


@dataclass(slots=True)
class Course:
    """A run and the structure of the plan that is in force."""

    shape: Shape
    run: Run
    plans: Plans

    def note(self, event: Event) -> None:
        """Fold one more event. Raises ImpossibleEvent when it cannot follow what is known."""
        if isinstance(event, PlanAmended):
            self._adopt(event)
        evolve(self.shape, self.run, event)
        self.run.events += 1

    def _adopt(self, event: PlanAmended) -> None:
        """Go on with another plan: carried tasks keep what they are, the counts are made anew."""
        run, old = self.run, self.run.tasks
        self.shape = shape_of(self.plans(event.digest))
        run.digest, run.title = event.digest, self.shape.plan.title
        run.tasks, run.phases = {}, {}
        for counted in (run.settled, run.aside, run.passed, run.failed, run.failing):
            counted.clear()
        lay_out(self.shape, run, event)
        for task in event.carried:
            restore(self.shape, run, task, old[task], event)


def replay(events: Iterable[Event], plans: Plans) -> Course:
    """The course of a run from its events. Raises ImpossibleEvent for a sequence that no run can have written."""
    stream = iter(events)
    first = next(stream, None)
    if not isinstance(first, RunCreated):
        raise ImpossibleEvent("a journal begins with the creation of its run")
    course = Course(shape_of(plans(first.digest)), Run(id=first.run, digest=first.digest), plans)
    lay_out(course.shape, course.run, first)
    course.note(first)
    for event in stream:
        course.note(event)
    return course


def lay_out(shape: Shape, run: Run, event: Event) -> None:
    """Count the tasks of each phase and open the phases that wait for nothing."""
    for phase in shape.plan.phases:
        total = sum(shape.plan.packages[p].size for stage in phase.stages for p in stage.packages)
        run.phases[phase.id] = PhaseState(total=total)
        count(run.phases[phase.id], None, TaskState().status, total)
    open_phases(shape, run, event.at)


def restore(shape: Shape, run: Run, task: TaskId, state: TaskState, event: Event) -> None:
    """Take a task over from the former plan as it was."""
    package, _ = shape.parts(task)
    run.tasks[task] = state
    count(run.phases[package.phase], TaskState().status, state.status)
    if state.status in SETTLED_WELL:
        settle_package(shape, run, package, event.at)
    follow(shape, run, task, event.at)
