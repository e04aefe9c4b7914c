"""Which tasks could start, kept up to date event by event: the cost follows what changed, never the size of the plan."""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from runbook_engine.model import events as ev
from runbook_engine.model.words import SETTLED_WELL, EdgeKind, HostName, PackageId, PhaseId, Status, TaskId
from runbook_engine.running.course import Course
from runbook_engine.running.doubt import ASKING
from runbook_engine.running.focus import Focus
from runbook_engine.running.shape import task_of, waited_for
from runbook_engine.running.stages import is_passed, waiting_on, waits_within
from runbook_engine.running.timers import Times
from runbook_engine.running.way_back import is_due

BEGINNING = frozenset({Status.NOT_STARTED, Status.RETRYING})
Lane = str  # a host, on which one attempt is made at a time; or a task that no host is needed for


class Agenda:
    """The tasks without unmet needs, by lane, and the times at which others become due."""

    def __init__(self, course: Course, focus: Focus, greeted: Iterable[TaskId] = ()) -> None:
        self._course = course
        self.focus = focus
        self._open: set[PackageId] = set()
        self._gates: dict[PackageId, int] = {}  # barriers not yet passed
        self._unmet: dict[TaskId, int] = {}  # needs on the same host not yet met
        self._queues: dict[Lane, deque[TaskId]] = {}
        self._free: deque[Lane] = deque()  # lanes with tasks and nothing running
        self._busy: dict[Lane, TaskId] = {}  # what was taken there, or runs
        self._parked: list[TaskId] = []
        self._held: dict[HostName, list[TaskId]] = {}  # until another task of the host has ended
        self._ripe: set[TaskId] = set()  # their next try has come
        self._passed = 0  # so many of the packages that the run knows to be passed were seen here
        self._due = len(course.run.due)
        self._eased, self._opened = course.run.eased, course.run.opened
        self._times = Times(course)
        self._reached: dict[PhaseId, int] = {}  # the stage of each phase that was opened here, or waits for its time
        for task in greeted:  # nothing else begins on their hosts before these have answered
            self._busy[self._lane(task)] = task
        for task, state in course.run.tasks.items():
            self._recall(task, state.status, state.until)
        self._open_stages()
        self._passed = len(course.run.passed)

    def note(self, event: ev.Event) -> None:
        """Follow an event that the course has already folded."""
        match event:
            case ev.AttemptEnded() | ev.TaskAnswered() | ev.TimerEnded() | ev.TaskSkipped():
                self._task_moved(event.task)
            case ev.AttemptResolved() | ev.TaskReopened():
                self._task_moved(event.task)
                self.unpark()
            case ev.TaskOpened(until=until):
                self.go_on(event.task)
                if until is not None:
                    self._times.at(until, event.task, timer=True)
            case ev.AttemptStarted():
                self._busy[self._lane(event.task)] = event.task
            case _:
                pass
        self._times.follow(event)
        self._catch_up()

    def _catch_up(self) -> None:
        """Take in what the fold has found out: packages that nothing waits for any more, and what has become possible."""
        run = self._course.run
        if len(run.passed) > self._passed:
            new = list(islice(run.passed, self._passed, None))
            self._passed = len(run.passed)
            for package in new:
                self._passed_as_a_whole(package)
        for task in run.due[self._due :]:
            self._push(task)
        self._due = len(run.due)
        if run.eased != self._eased:
            self._eased = run.eased
            self.unpark()
        if run.opened != self._opened:
            self._opened = run.opened
            self._open_stages()

    def due(self, now: datetime) -> list[TaskId]:
        """The tasks whose timer has ended; tasks whose next try has come, and stages whose pause is over, join the queue."""
        ended: list[TaskId] = []
        for what, timer in self._times.due(now):
            if timer:
                ended.append(TaskId(what))
            elif PhaseId(what) in self._course.shape.phases:
                self._open_stage(PhaseId(what), self._reached[PhaseId(what)])
            elif self._course.run.task(TaskId(what)).status in BEGINNING:
                self._ripe.add(TaskId(what))
                self._push(TaskId(what))
        return ended

    def next_time(self) -> datetime | None:
        """When something becomes due by itself."""
        return self._times.next()

    def take(self) -> Iterator[TaskId]:
        """The tasks that could start now, one per free lane. Each must be started, or given back by `put_back`."""
        while self._free:
            lane = self._free.popleft()
            queue = self._queues.get(lane)
            while queue and lane not in self._busy:
                task = queue.popleft()
                if self._may_begin(task):
                    self._busy[lane] = task
                    yield task

    def _may_begin(self, task: TaskId) -> bool:
        """Whether a task that came into a queue still stands where it can be begun."""
        state = self._course.run.task(task)
        if state.status is Status.ROLLING_BACK:
            return is_due(self._course.run, task)
        if state.status is Status.RETRYING:
            return task in self._ripe
        return state.status is Status.NOT_STARTED or (state.status is Status.UNKNOWN and state.settles_itself)

    def waits_for_one(self, package: PackageId, host: HostName) -> bool:
        """Whether a task of an open package waits for exactly one step on its host, and for nothing else."""
        task = task_of(package, host)
        return (
            package in self._open
            and self._unmet.get(task) == 1
            and not self._gates[package]
            and self._course.run.task(task).status is Status.NOT_STARTED
        )

    def claim(self, task: TaskId) -> None:
        """Take this very task, which a worker has begun by itself."""
        queue = self._queues.get(self._lane(task), deque())
        if task in queue:
            queue.remove(task)

    def put_back(self, task: TaskId) -> None:
        """A task that was taken but did not start."""
        lane = self._lane(task)
        self._release(lane, task)
        self._queues.setdefault(lane, deque()).appendleft(task)
        if lane not in self._busy:
            self._free.append(lane)

    def park(self, task: TaskId) -> None:
        """A task that was taken but is forbidden for now; `unpark` brings it back."""
        self._parked.append(task)
        self.go_on(task)

    def hold(self, task: TaskId) -> None:
        """A task that was taken, but before which its host has something else to do."""
        self._held.setdefault(HostName(self._lane(task)), []).append(task)
        self.go_on(task)

    def wait(self, task: TaskId, until: datetime) -> None:
        """A task that was taken, but too early."""
        self._times.at(until, task)
        self.go_on(task)

    def unpark(self) -> None:
        """Something that forbade starts has changed: look at the parked tasks again."""
        parked, self._parked = self._parked, []
        for task in reversed(parked):
            self.put_back(task)

    def go_on(self, task: TaskId) -> None:
        """A task that was taken needed no worker: its lane is free for the next."""
        lane = self._lane(task)
        self._release(lane, task)
        if lane not in self._busy and self._queues.get(lane):
            self._free.appendleft(lane)  # a host that has begun goes on first

    def _release(self, lane: Lane, task: TaskId) -> None:
        if self._busy.get(lane) == task:
            del self._busy[lane]

    def _lane(self, task: TaskId) -> Lane:
        return task.partition("@")[2] or task

    def _recall(self, task: TaskId, status: Status, until: datetime | None) -> None:
        if status is Status.RUNNING:
            self._busy[self._lane(task)] = task
        elif until is not None and status in (Status.WAITING, Status.RETRYING):
            self._times.at(until, task, timer=status is Status.WAITING)
        elif status is Status.UNKNOWN or (status is Status.ROLLING_BACK and is_due(self._course.run, task)):
            self._push(task)

    def _push(self, task: TaskId) -> None:
        package, host = self._course.shape.parts(task)
        state = self._course.run.task(task)
        if not self.focus.allows(package.phase, host):
            return
        if state.status is Status.UNKNOWN and not state.settles_itself:
            return
        lane = self._lane(task)
        queue = self._queues.setdefault(lane, deque())
        hurries = package.id in self._course.shape.limited  # it must follow within some time: before what need not
        (queue.appendleft if hurries else queue.append)(task)
        if lane not in self._busy:
            (self._free.appendleft if hurries else self._free.append)(lane)

    def _task_moved(self, task: TaskId) -> None:
        state, package = self._course.run.task(task), self._course.shape.parts(task)[0].id
        if state.purpose in ASKING:
            self.unpark()  # doubt was settled, one way or the other
        if state.status in SETTLED_WELL:
            self._met(task)
        elif state.status is Status.RETRYING and state.until:
            self._ripe.discard(task)
            self._times.at(state.until, task)
        elif state.status is Status.UNKNOWN or (state.status is Status.NOT_STARTED and package in self._open):
            self._push(task)
        self.go_on(task)

    def _met(self, task: TaskId) -> None:
        """A task ended well: what waited for it on its host comes nearer, and for its package where phases are crossed."""
        shape, run = self._course.shape, self._course.run
        package, host = shape.parts(task)
        for held in self._held.pop(host, []) if host else ():
            self.put_back(held)
        for after in shape.after_same_host.get(package.id, ()):
            if host in shape.hosts[after] and after in self._open:
                self._one_less(task_of(after, host), after)
        if run.settled[package.id] >= package.size:
            for after in shape.after_all_hosts.get(package.id, ()):
                if not waits_within(shape, package.id, after):
                    self._barrier_passed(after)

    def _passed_as_a_whole(self, package: PackageId) -> None:
        shape = self._course.shape
        if package in shape.begins:
            self.unpark()  # hosts that are set aside need not begin it
        for after in shape.after_all_hosts.get(package, ()):
            if waits_within(shape, package, after):
                self._barrier_passed(after)

    def _one_less(self, task: TaskId, package: PackageId) -> None:
        self._unmet[task] = self._unmet.get(task, 0) - 1
        if self._unmet[task] <= 0:
            del self._unmet[task]
            if not self._gates[package]:
                self._push(task)

    def _barrier_passed(self, package: PackageId) -> None:
        if package in self._open:
            self._gates[package] -= 1
            if not self._gates[package]:
                self._push_all(package)

    def _push_all(self, package: PackageId) -> None:
        run, shape = self._course.run, self._course.shape
        tasks = shape.tasks(package)
        for task in reversed(list(tasks)) if package in shape.limited else tasks:  # those come in front of each other
            if task not in self._unmet and run.task(task).status is Status.NOT_STARTED:
                self._push(task)

    def _open_stages(self) -> None:
        """Open what the run has reached; a stage behind a pause is opened when its time comes."""
        for phase_id, phase in self._course.run.phases.items():
            reached = self._reached.get(phase_id, -1)
            if phase.stage is None or reached >= phase.stage or (phase.ended is not None and not phase.returned):
                continue
            self._reached[phase_id] = phase.stage
            for index in range(reached + 1, phase.stage):
                self._open_stage(phase_id, index)
            if phase.next_stage_at is not None:
                self._times.at(phase.next_stage_at, phase_id)
                continue
            self._open_stage(phase_id, phase.stage)

    def _open_stage(self, phase: PhaseId, index: int) -> None:
        """Open what is left of a stage: nobody waits here for what has ended well."""
        run, shape = self._course.run, self._course.shape
        stages = shape.phases[phase].stages
        for package in stages[index].packages if stages else ():
            if run.settled[package] < shape.packages[package].size:
                self._open_package(package)

    def _open_package(self, package: PackageId) -> None:
        shape, run = self._course.shape, self._course.run
        self._open.add(package)
        gate = 0
        for edge in waited_for(shape.packages[package]):
            before = shape.packages[edge.before]
            if edge.kind is EdgeKind.ALL_HOSTS:
                gate += not is_passed(shape, run, before, package)
            else:
                for task in waiting_on(shape, run, package, before.id):
                    self._unmet[task] = self._unmet.get(task, 0) + 1
        self._gates[package] = gate
        if not gate:
            self._push_all(package)
