"""What a person at the keyboard types when a run stands still: the documented next command, as long as it leads on.

The order is that of the reports: doubt first, then ways back that failed, questions of phases, bad ends, what is late. What
was tried once without use is not tried again; then the host is left out, or the phase goes back, or the run is stopped.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from runbook_engine.model import decisions as de
from runbook_engine.model.decisions import Decision
from runbook_engine.model.run import TaskState
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import SETTLED_BADLY, HostName, PhaseId, RunStatus, Status, TaskId, Verdict
from runbook_engine.running.admit_turns import asks
from runbook_engine.running.course import Course
from runbook_engine.running.doubt import unasked
from runbook_engine.running.limits import limits
from runbook_engine.running.way_back import phases_meant, to_undo
from runbook_engine.simulating.hosts import Hosts

BY = "rehearsal"
FEW = 3  # hosts at most are left out in a night; if more are lost, the phase goes back
WHY = "as was to be rehearsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What is typed, and what it means."""

    commands: tuple[str, ...]
    decisions: tuple[Decision, ...] = ()


class Leader:
    """Chooses the next command, run after run of the engine. It remembers what it has tried."""

    def __init__(self, hosts: Hosts, new_id: Callable[[], str]) -> None:
        self._hosts, self._new_id = hosts, new_id
        self._tried: set[tuple[str, str]] = set()

    def turn(self, course: Course, now: datetime) -> Turn | None:
        """The next command; None: no documented one leads on."""
        if course.run.status in (RunStatus.DONE, RunStatus.STOPPED):
            return None
        for rule in (self._doubt, self._backs_failed, self._asked, self._bad, lambda c: self._late(c, now), self._undone):
            if (found := rule(course)) is not None:
                return found
        return None

    def _late(self, course: Course, now: datetime) -> Turn | None:
        """What did not follow in time is done all the same."""
        tasks = tuple(TaskId(task) for task in self._fresh("late", [one.task for one in limits(course) if one.held(now)]))
        if not tasks:
            return None
        steps = dict.fromkeys(course.shape.parts(task)[0].step for task in tasks)
        words = " ".join(f"--late {step}" for step in steps)
        wish = de.StartLate(id=self._new_id(), by=BY, tasks=tasks, reason=WHY)
        return Turn(commands=(f"runbook resume {course.run.id} {words} --reason …",), decisions=(wish,))

    def _fresh(self, what: str, names: Iterable[str]) -> list[str]:
        """Those for which this was not tried yet; now it is."""
        found = [name for name in names if (what, name) not in self._tried]
        self._tried |= {(what, name) for name in found}
        return found

    def _doubt(self, course: Course) -> Turn | None:
        """The host is asked anew; what it cannot say, a person finds out on the machine."""
        run = course.run
        states = {task: state for task, state in run.tasks.items() if state.status is Status.UNKNOWN}
        may_say = [task for task, state in states.items() if state.outcome and unasked(state, state.outcome)]
        if self._fresh("ask", may_say):
            return Turn(commands=(f"runbook resume {run.id}",))
        if not states:
            return None
        wishes = [self._resolved(task, state) for task, state in states.items()]
        typed = [
            f"runbook resolve {run.id} {w.task} --as {w.verdict} --reason …{' --without-host' if w.without_host else ''}"
            for w in wishes
        ]
        return Turn(commands=(*typed, f"runbook resume {run.id}"), decisions=tuple(wishes))

    def _resolved(self, task: TaskId, state: TaskState) -> de.Resolve:
        gone = HostName(task.partition("@")[2]) in self._hosts.gone
        done = (gone if state.back else not gone and task in self._hosts.done) or bool(self._tried & {("resolve", task)})
        self._tried |= {("resolve", task)} if state.back else set()
        verdict = Verdict.DONE if done else Verdict.NOT_DONE
        keeps = bool(state.outcome and unasked(state, state.outcome)) and not done
        return de.Resolve(id=self._new_id(), by=BY, task=task, verdict=verdict, reason=WHY, without_host=keeps)

    def _backs_failed(self, course: Course) -> Turn | None:
        """A way back is tried once more; after that a person undoes it by hand and says so."""
        run = course.run
        failed = [task for task, state in run.tasks.items() if state.status is Status.ROLL_BACK_FAILED]
        if not failed:
            return None
        again = [TaskId(task) for task in self._fresh("back", failed)]
        if again:
            self._hosts.mended.update(again)
            words = " ".join(f"--retry {task}" for task in again[:3]) if len(again) <= 3 else "--failed"
            return Turn(commands=(f"runbook resume {run.id} {words}",), decisions=self._retries(again))
        wishes = [
            de.Resolve(id=self._new_id(), by=BY, task=task, verdict=Verdict.DONE, reason="undone by hand") for task in failed
        ]
        typed = [f"runbook resolve {run.id} {task} --as done --reason …" for task in failed]
        return Turn(commands=(*typed, f"runbook resume {run.id}"), decisions=tuple(wishes))

    def _asked(self, course: Course) -> Turn | None:
        """A phase asks: it goes on at first; asked again, it goes back; without a way back the run stops."""
        run = course.run
        phase = next((p for p in run.phases if asks(course, p)), None)
        if phase is None:
            return None
        if self._fresh("go on", [phase]):
            wish = de.GoOn(id=self._new_id(), by=BY, phase=phase, reason=WHY)
            return Turn(commands=(f"runbook decide {run.id} {phase} go-on", f"runbook resume {run.id}"), decisions=(wish,))
        if self._fresh("back", [phase]) and _can_go_back(course, phase):
            back = de.RollBack(id=self._new_id(), by=BY, phase=phase, reason=WHY)
            typed = (f"runbook decide {run.id} {phase} roll-back", f"runbook resume {run.id}")
            return Turn(commands=typed, decisions=(back,))
        return self._stop(course)

    def _bad(self, course: Course) -> Turn | None:
        run = course.run
        bad = _ended_badly(course)
        if not bad:
            return None
        if self._fresh("again", dict.fromkeys(course.shape.parts(task)[0].step for task in bad)):
            return Turn(commands=(f"runbook resume {run.id} --failed",), decisions=self._retries(bad))
        hosts = list(dict.fromkeys(HostName(task.partition("@")[2]) for task in bad))
        phase = course.shape.parts(bad[0])[0].phase
        if all(hosts) and self._few(course, phase, hosts) and self._fresh("skip", hosts):
            wishes = tuple(de.LeaveOut(id=self._new_id(), by=BY, host=host, reason=WHY) for host in hosts)
            skipped = " ".join(f"--skip {host}" for host in hosts)
            return Turn(commands=(f"runbook resume {run.id} {skipped} --reason …",), decisions=wishes)
        if run.back is None and self._fresh("back", [phase]) and _can_go_back(course, phase):
            back = de.RollBack(id=self._new_id(), by=BY, phase=phase, reason=WHY)
            typed = (f"runbook roll-back {run.id} --phase {phase} --reason …", f"runbook resume {run.id}")
            return Turn(commands=typed, decisions=(back,))
        return self._stop(course)

    def _few(self, course: Course, phase: PhaseId, hosts: Sequence[HostName]) -> bool:
        """Whether so few hosts are lost that the others go on without them; never without half of them."""
        skipped = {name for what, name in self._tried if what == "skip"}.union(hosts)
        return len(skipped) <= FEW and 2 * len(skipped) < len(course.shape.phases[phase].hosts)

    def _undone(self, course: Course) -> Turn | None:
        """What went back is not done again tonight."""
        undone = any(phase.undone or phase.undone_hosts for phase in course.run.phases.values())
        return self._stop(course) if undone and course.run.back is None else None

    def _stop(self, course: Course) -> Turn | None:
        if not self._fresh("stop", ["run"]):
            return None
        wish = de.StopRun(id=self._new_id(), by=BY, reason=WHY)
        return Turn(commands=(f"runbook stop {course.run.id} --reason …",), decisions=(wish,))

    def _retries(self, tasks: Sequence[TaskId]) -> tuple[Decision, ...]:
        return tuple(de.Retry(id=self._new_id(), by=BY, task=task, reason=WHY) for task in tasks)


def _ended_badly(course: Course) -> list[TaskId]:
    """What ended badly in phases that are not given up; an answer of no is nobody's failure."""
    run = course.run
    return [
        task
        for task, state in run.tasks.items()
        if state.status in SETTLED_BADLY
        and not state.back
        and not (state.status is Status.REFUSED and state.choice)
        and not run.phases[course.shape.parts(task)[0].phase].undone
    ]


def _can_go_back(course: Course, phase: PhaseId) -> bool:
    return bool(to_undo(course.shape, course.run, phases_meant(course.shape, course.run, phase), frozenset()))
