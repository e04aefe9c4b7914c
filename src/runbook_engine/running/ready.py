"""What starts now: the tasks without blockers, as the events that say so and the attempts that carry them out."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Protocol

from runbook_engine.model.attempts import Attempt
from runbook_engine.model.events import AttemptStarted, TaskOpened, TaskSkipped
from runbook_engine.model.plan import Package
from runbook_engine.model.run import Run, TaskState
from runbook_engine.model.text import Fill, Part, Text
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import (
    CONTROLLER,
    FILES,
    AttemptId,
    HostName,
    PackageId,
    PhaseId,
    Purpose,
    Repeat,
    RunStatus,
    Status,
    StepId,
    TaskId,
)
from runbook_engine.model.world import Blocker, World
from runbook_engine.running.agenda import Agenda
from runbook_engine.running.aside import out_of_turn
from runbook_engine.running.budget import exhausted, left
from runbook_engine.running.claims import elsewhere
from runbook_engine.running.conditions import holds
from runbook_engine.running.course import Course
from runbook_engine.running.doubt import ASKING
from runbook_engine.running.following import followers
from runbook_engine.running.gates import Begun, closed_gates
from runbook_engine.running.pacing import too_early
from runbook_engine.running.shape import Shape, task_of
from runbook_engine.running.starts import Starts, clear, finished, take_hosts, take_parts, take_places, take_resources
from runbook_engine.running.way_back import is_closed

Saved = Mapping[StepId, Mapping[str, str]]

OPENED_AT_ONCE = 1000  # tasks for people and timers that one tick opens at most


class Hands(Protocol):
    """What is asked of the workers here."""

    def room(self) -> int:
        """How many more attempts can begin at once, in places that are lent too."""
        ...

    def lent(self) -> int:
        """How many places are lent while others wait for their hosts to answer."""
        ...

    def boot(self, host: HostName | None) -> str | None:
        """Under which boot id a host keeps what becomes of an attempt; None: greet it first; '': it keeps nothing."""
        ...


def ready(course: Course, agenda: Agenda, world: World, now: datetime, workers: "Hands", new_id: Callable[[], str]) -> Starts:
    """The starts of one tick; no more attempts than the workers have room for. What is forbidden now is parked."""
    tick, room = _Tick(course, agenda, world, now, workers.boot, new_id), workers.room()
    own = room - workers.lent()  # without places that are lent
    if course.run.status is not RunStatus.OPEN:
        return tick.starts
    for task in agenda.take():
        package, host = course.shape.parts(task)
        package = course.shape.work(task, back=course.run.task(task).back)
        begun = len(tick.starts.attempts)
        full = begun >= room or (begun >= own and not _may_borrow(course, task, package, room - own))
        if full or len(tick.starts.events) >= OPENED_AT_ONCE:
            agenda.put_back(task)
            break
        if forbidden(course, task, package, host, world):
            agenda.park(task)
            continue
        state = course.run.task(task)
        if not state.back and state.status is not Status.UNKNOWN and out_of_turn(course.shape, course.run, package, host):
            agenda.hold(task)
            continue
        if early := tick.early(package, host, state):
            if early.until:
                agenda.wait(task, datetime.fromisoformat(early.until))
            else:
                agenda.park(task)
            continue
        if gate := tick.gate(package, host, state):
            tick.starts.held[package.phase] = gate
            agenda.park(task)
            continue
        tick.begin(task, package, host)
    return finished(tick.starts, course, now)


def _may_borrow(course: Course, task: TaskId, package: Package, lent: int) -> bool:
    """Whether a lent place may be used: not where all who are at work could fail, and more than the plan says at worst."""
    if course.run.task(task).back:
        return True
    allowance = left(course.shape, course.run, package.phase, course.shape.stage_of[package.id])
    return allowance is None or lent <= allowance


def forbidden(course: Course, task: TaskId, package: Package, host: HostName | None, world: World) -> bool:
    """Whether another run has the host, it is set aside, or no more may fail. Settling doubt is always allowed."""
    if host is not None and host in world.taken:
        return True
    state = course.run.task(task)
    if state.status is Status.UNKNOWN or state.back:
        return False
    shape, run = course.shape, course.run
    if is_closed(run, package.phase, host):
        return True
    return host in run.phases[package.phase].aside or exhausted(shape, run, package.phase, shape.stage_of[package.id])


@dataclass(slots=True)
class _Tick:
    """One look at the agenda: the starts that it gathers."""

    course: Course
    agenda: Agenda
    world: World
    now: datetime
    boot: Callable[[HostName | None], str | None]
    new_id: Callable[[], str]
    starts: Starts = field(default_factory=Starts)
    busy: dict[PhaseId, Blocker | None] = field(default_factory=dict)

    def early(self, package: Package, host: HostName | None, state: TaskState) -> Blocker | None:
        """What of time keeps a task from starting that has not begun."""
        if state.status is not Status.NOT_STARTED or state.back:
            return None
        return next(too_early(self.course, package, host, self.world, self.now), None)

    def gate(self, package: Package, host: HostName | None, state: TaskState) -> Blocker | None:
        """What keeps the task from starting although its turn has come. Settling doubt, and undoing, is always allowed."""
        known = self.course.run.phases[package.phase]
        alone = self.course.shape.phases[package.phase].alone_with
        if state.back or state.status is Status.UNKNOWN:
            return None
        if package.claims_hosts and (there := self._elsewhere(package.phase)):
            return there
        if not (self.world.restricts or known.due or known.missed or alone):
            return None
        begun = Begun(self.starts.leaving, self.starts.parts, self.starts.supplied)
        return next(closed_gates(self.course, package, host, self.world, self.now, begun, self.agenda.focus), None)

    def _elsewhere(self, phase: PhaseId) -> Blocker | None:
        """The run that has hosts of a phase; looked for once."""
        if phase not in self.busy:
            self.busy[phase] = next(elsewhere(self.course, phase, self.world, self.agenda.focus), None)
        return self.busy[phase]

    def begin(self, task: TaskId, package: Package, host: HostName | None) -> None:
        """Start a task, open it for a person or a timer, or skip it because its condition does not hold."""
        course, starts = self.course, self.starts
        status = course.run.task(task).status
        saved = saved_for(course.shape, course.run, package, host)
        if status in (Status.NOT_STARTED, Status.ROLLING_BACK) and package.when is not None and not holds(package.when, saved):
            starts.events.append(TaskSkipped(at=self.now, task=task, reason="its condition does not hold"))
            self.agenda.go_on(task)
            return
        take_hosts(starts, course, self.agenda.focus, self.world, task)
        take_parts(starts, course, self.world, package, host)
        if status not in (Status.UNKNOWN, Status.ROLLING_BACK):
            take_places(starts, course, package)
        take_resources(starts, course, self.world, package, host, self.now)
        clear(starts, course, self.world, package.phase, self.now)
        starts.taken.append(task)
        position = course.shape.hosts[package.id][host] if host else 0
        opened = None if status is Status.UNKNOWN else opening(package, task, position, self.now)
        if opened is None:
            self._attempt(task, package, host, saved)
        else:
            starts.events.append(opened)
            starts.durable = True

    def _attempt(self, task: TaskId, package: Package, host: HostName | None, saved: Saved) -> None:
        state = self.course.run.task(task)
        purpose = _purpose(state)
        boot = state.boot if purpose in ASKING else self._witness(package, host)
        attempt = self._made(task, package, host, saved)
        returned = host in self.course.run.phases[package.phase].returned
        alone = returned or package.phase in self.world.closes  # every single start is looked at
        if purpose is Purpose.DO and host and package.may_follow_at_once and not alone:
            attempt = replace(attempt, then=self._then(package, host))
        elif purpose is Purpose.SETTLE and state.attempt:
            attempt = replace(attempt, id=state.attempt, number=state.attempts)
        attempt = replace(attempt, purpose=Purpose.GREET if boot is None else purpose, boot=boot or "")
        self.starts.attempts.append(attempt)
        if attempt.purpose is not Purpose.GREET:
            self._record(attempt, package)

    def _witness(self, package: Package, host: HostName | None) -> str | None:
        """Who can say later what became of an attempt: the host since this start, its controller, its files, or nobody."""
        if package.told_by_controller:
            return CONTROLLER
        if package.told_by_files and package.repeat is not Repeat.SAFE:
            return FILES
        if package.kept_here:
            return self.boot(None) or ""
        return self.boot(host) if host and package.kept_on_host else ""

    def _then(self, package: Package, host: HostName) -> tuple[Attempt, ...]:
        """What may follow on a host. What one of them saves for another is told by the worker, when it is there.

        Nothing does where the end of an opening is known: each start has to be inside of it, and to fit into what is left.
        """
        if package.phase in self.world.closes:
            return ()
        found, before = [], {package.id}
        for after in followers(self.course, self.agenda, package, host):
            saved = saved_for(self.course.shape, self.course.run, after, host, without=before)
            found.append(self._made(task_of(after.id, host), after, host, saved))
            before.add(after.id)
        return tuple(found)

    def _made(self, task: TaskId, package: Package, host: HostName | None, saved: Saved) -> Attempt:
        return Attempt(
            id=AttemptId(self.new_id()),
            run=self.course.run.id,
            task=task,
            number=self.course.run.task(task).attempts + 1,
            purpose=Purpose.DO,
            package=package,
            target=self.course.shape.plan.targets[host] if host else None,
            position=self.course.shape.hosts[package.id][host] if host else 0,
            saved=saved,
        )

    def _record(self, attempt: Attempt, package: Package) -> None:
        """The intent, which for what may not be repeated must be on disk before anything is done."""
        boot = "" if attempt.purpose in ASKING else attempt.boot
        event = AttemptStarted(at=self.now, task=attempt.task, attempt=attempt.id, purpose=attempt.purpose, boot=boot)
        self.starts.events.append(event)
        if attempt.purpose not in ASKING and package.repeat is not Repeat.SAFE:
            self.starts.durable = True


def _purpose(state: TaskState) -> Purpose:
    """Why the next attempt of a task is made; the host knows more than a probe can find out."""
    if state.status is not Status.UNKNOWN:
        return Purpose.ROLL_BACK if state.back else Purpose.DO
    return Purpose.SETTLE if state.ask_first else Purpose.VERIFY


def opening(package: Package, task: TaskId, position: int, now: datetime) -> TaskOpened | None:
    """How a task begins that no worker carries out: a question to a person, or a timer. None for all others."""
    timer, question = package.procedure.timer, package.procedure.question
    if timer is not None:
        return TaskOpened(at=now, task=task, until=now + timedelta(seconds=timer.for_s))
    if question is not None or not package.action:
        return TaskOpened(at=now, task=task, prompt=words(question.prompt if question else package.title, package, position))
    return None


def words(text: Text, package: Package, position: int) -> str:
    """Text for people: each host's own values filled in, what the run finds out named."""
    return "".join(_word(part, package, position) for part in text.parts)


def _word(part: Part, package: Package, position: int) -> str:
    if isinstance(part, Fill):
        return package.columns[part.index][position]
    return part if isinstance(part, str) else "…"


def saved_for(shape: Shape, run: Run, package: Package, host: HostName | None, without: Collection[PackageId] = ()) -> Saved:
    """What the package reads of earlier steps: of the same host, or of the step that was done once.

    `without`: what these have saved, perhaps long ago, is not meant.
    """
    found: dict[StepId, Mapping[str, str]] = {}
    for name in package.reads:
        if name in without:
            continue
        read = shape.packages[name]
        if read.hosts and host not in shape.hosts[name]:
            continue  # another batch of the step
        found[read.step] = run.task(task_of(name, host if host in shape.hosts[name] else None)).saved
    return found
