"""Follows a rehearsed night, event by event: which branches of the plan it takes, and how many hosts are out at once."""

from collections.abc import Sequence

from runbook_engine.model.events import (
    AttemptEnded,
    AttemptResolved,
    AttemptStarted,
    Event,
    TaskAnswered,
    TaskOpened,
    TaskSkipped,
    TimerEnded,
)
from runbook_engine.model.gates import PhaseHeld
from runbook_engine.model.plan import Package
from runbook_engine.model.rehearsal import BranchKind
from runbook_engine.model.turns import HostLeftOut
from runbook_engine.model.words import SETTLED_WELL, AttemptId, HostName, PhaseId, Purpose, Status, TaskId
from runbook_engine.planning.outages import taken_out
from runbook_engine.running.budget import spent
from runbook_engine.running.course import Course

Taken = tuple[BranchKind, str, str]  # kind, phase or phase/step, detail

_ENDS = {
    Status.SKIPPED: BranchKind.SKIPPED,
    Status.REFUSED: BranchKind.REFUSED,
    Status.UNREACHABLE: BranchKind.UNREACHABLE,
    Status.UNKNOWN: BranchKind.DOUBT,
}
_LOOKED_AT = (AttemptEnded, AttemptResolved, TaskSkipped, TaskAnswered, TimerEnded)


class Watcher:
    """Told of every event after it was folded, or just before. `course` is the one that goes on."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.taken: set[Taken] = set()
        self.most_out = 0
        self._undoing: set[AttemptId] = set()
        self._out: dict[HostName, set[tuple[PhaseId, int]]] = {}  # the stages in which each host was taken out

    def heard(self, events: Sequence[Event]) -> None:
        """Take note of events."""
        for event in events:
            match event:
                case AttemptStarted():
                    self._started(event)
                case AttemptEnded():
                    self._ended(event)
                case TaskAnswered():
                    self._answered(event)
                case TaskSkipped():
                    self._take(BranchKind.NOT_NEEDED, self._package(event.task).step)
                case TaskOpened(until=None):
                    self._goes_out(event.task)
                case PhaseHeld() if self.course.run.phases[event.phase].begun >= 0:
                    self._take(BranchKind.CLOSES, event.phase)
                case HostLeftOut():
                    self._out.pop(event.host, None)
            if isinstance(event, _LOOKED_AT):
                self._comes_back(event.task)

    def _take(self, kind: BranchKind, where: str, detail: str = "") -> None:
        self.taken.add((kind, where, detail))

    def _package(self, task: TaskId) -> Package:
        return self.course.shape.parts(task)[0]

    def _started(self, event: AttemptStarted) -> None:
        if event.purpose is Purpose.ROLL_BACK:
            self._undoing.add(event.attempt)
        elif event.purpose is Purpose.DO:
            self._goes_out(event.task)

    def _ended(self, event: AttemptEnded) -> None:
        package = self._package(event.task)
        status, state = event.outcome.status, self.course.run.task(event.task)
        if event.attempt in self._undoing or state.back:
            if state.status is Status.ROLLED_BACK:
                self._take(BranchKind.ROLLED_BACK, package.step)
            elif state.status is Status.ROLL_BACK_FAILED:
                self._take(BranchKind.ROLL_BACK_FAILED, package.step)
            return
        if status is Status.FAILED:
            self._failed(event, package)
        elif status in _ENDS and (status is not Status.UNKNOWN or state.status is Status.UNKNOWN):
            self._take(_ENDS[status], package.step)
        elif status is Status.OK:
            self._no_return(package)
        self._budget(package.phase)

    def _failed(self, event: AttemptEnded, package: Package) -> None:
        if self.course.run.task(event.task).purpose is Purpose.VERIFY or event.outcome.message.endswith("verify says not done"):
            self._take(BranchKind.NOT_DONE, package.step)
        if event.retry_at is not None:
            self._take(BranchKind.RETRIED, package.step)
        elif self.course.run.task(event.task).status is Status.FAILED:
            self._take(BranchKind.FAILED, package.step)
        if package.health_check:
            self._take(BranchKind.UNHEALTHY, package.phase)

    def _answered(self, event: TaskAnswered) -> None:
        package, state = self._package(event.task), self.course.run.task(event.task)
        if event.choice:
            self._take(BranchKind.CHOICE, package.step, event.choice)
        elif state.back:
            self._take(BranchKind.ROLLED_BACK, package.step)
        else:
            self._no_return(package)

    def _no_return(self, package: Package) -> None:
        phase = self.course.shape.phases[package.phase]
        if not phase.point_of_no_return:
            return
        if phase.no_return_step == package.step or (phase.no_return_step is None and package.changes_something):
            self._take(BranchKind.NO_RETURN, phase.id)

    def _budget(self, phase: PhaseId) -> None:
        """Whether more has failed than is allowed, and none of it is doubt that is about to be settled."""
        run = self.course.run
        for name in run.phases if run.failing else ():
            bad = (run.task(task) for tasks in run.phases[name].bad.values() for task in tasks)
            settling = any(s.settles_itself or s.status is Status.RUNNING for s in bad)
            reached = run.phases[name].failures or name == phase
            if reached and spent(self.course.shape, run, name) is not None and not settling:
                self._take(BranchKind.BUDGET, name, self.course.shape.phases[name].on_failure.value)

    def _goes_out(self, task: TaskId) -> None:
        package, host = self.course.shape.parts(task)
        index = self.course.shape.stage_of.get(package.id)
        if index is None or not package.takes_out:
            return
        stage = self.course.shape.stage(package.phase, index)
        for name in [host] if host else taken_out(package, stage):
            self._out.setdefault(name, set()).add((package.phase, index))
        self.most_out = max(self.most_out, len(self._out))

    def _comes_back(self, task: TaskId) -> None:
        """A host is in service again when all its tasks of the stage have ended well, or its way back is over."""
        run, (package, host) = self.course.run, self.course.shape.parts(task)
        if host is None:
            self._crew_is_through(package, task)
            return
        if host not in self._out:
            return
        if run.task(task).back:
            if run.back is None or host not in run.back.lanes:
                del self._out[host]
            return
        index = self.course.shape.stage_of.get(package.id)
        if index is not None and self._is_through(package.phase, index, host):
            self._out[host].discard((package.phase, index))
            if not self._out[host]:
                del self._out[host]

    def _crew_is_through(self, package: Package, task: TaskId) -> None:
        """Something that was done once for a batch has ended: its hosts may be through."""
        index = self.course.shape.stage_of.get(package.id)
        if index is None or self.course.run.task(task).status not in SETTLED_WELL:
            return
        for host in list(self._out):
            if (package.phase, index) in self._out[host] and self._is_through(package.phase, index, host):
                self._out[host].discard((package.phase, index))
                if not self._out[host]:
                    del self._out[host]

    def _is_through(self, phase: PhaseId, index: int, host: HostName) -> bool:
        shape, run = self.course.shape, self.course.run
        return all(
            run.task(TaskId(f"{name}@{host}" if shape.hosts[name] else name)).status in SETTLED_WELL
            for name in shape.stage(phase, index).packages
            if not shape.hosts[name] or host in shape.hosts[name]
        )
