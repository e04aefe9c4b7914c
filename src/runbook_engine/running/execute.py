"""The spine. It is the same for the real night, the rehearsal and the fault tests: the world comes in as parameters."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from runbook_engine.model.attempts import Attempt, Ended
from runbook_engine.model.errors import JournalFault
from runbook_engine.model.events import AttemptStarted, Event, NoteAdded, PlanAmended, RunEnded, TimerEnded
from runbook_engine.model.run import Run
from runbook_engine.model.turns import HostLeftOut, PhasesReopened, RollBackBegan
from runbook_engine.model.words import AttemptId, HostName, OnFailure, PackageId, PhaseId, Purpose, RunStatus, Status, TaskId
from runbook_engine.model.world import World
from runbook_engine.running.admit import admit
from runbook_engine.running.admit_turns import asks, turns_by_itself
from runbook_engine.running.agenda import BEGINNING, Agenda
from runbook_engine.running.budget import anything_spent
from runbook_engine.running.course import Course, Plans, replay
from runbook_engine.running.departures import back_in_service, departures
from runbook_engine.running.ends import ended_event
from runbook_engine.running.evolve import in_the_air
from runbook_engine.running.focus import Focus, Habits
from runbook_engine.running.gates import reopening
from runbook_engine.running.pacing import asked_from
from runbook_engine.running.ports import Inbox, Journal, Workers
from runbook_engine.running.ready import ready
from runbook_engine.running.recovery import STOPPED, left_open
from runbook_engine.running.starts import Starts, newly_held
from runbook_engine.running.way_back import is_closed

TURNS = (PlanAmended, HostLeftOut, RollBackBegan, PhasesReopened)
Observer = Callable[[Run, Sequence[Event]], None]


def execute(
    plans: Plans,
    journal: Journal,
    inbox: Inbox,
    workers: Workers,
    world: Callable[[], World],
    now: Callable[[], datetime],
    new_id: Callable[[], str],
    observe: Observer,
    focus: Focus = Focus(),
    habits: Habits = Habits(),
    course: Course | None = None,
) -> Course:
    """Carry out an approved plan until it ends or needs a person. Start reading here.

    `course`: what the journal holds, if the caller has folded it already; it is carried on.
    """
    course = course or replay(journal.read(), plans)
    spine = _Spine(course, focus, journal, workers, now, observe)
    spine.mark_unknown(STOPPED)
    try:
        return _drive(spine, inbox, world, new_id, habits)
    except KeyboardInterrupt:
        with suppress(JournalFault):  # then the next controller says it
            spine.mark_unknown("the engine was interrupted while it ran")
        raise


def _drive(spine: "_Spine", inbox: Inbox, world: Callable[[], World], new_id: Callable[[], str], habits: Habits) -> Course:
    course, workers, now = spine.course, spine.workers, spine.now
    while True:
        for decision in inbox.waiting():  # one by one: the second sees the effect of the first
            spine.note(admit(course, decision, now()), consumes=decision.id)
            spine.commit()
        spine.turn_back()
        spine.ring(spine.agenda.due(now()))
        spine.leave(world)
        workers.hold(on=spine.holds())
        seen = spine.look(world())
        spine.come_back(seen)
        starts = spine.start(ready(course, spine.agenda, seen, now(), workers, new_id))
        spine.hold(starts, seen, habits)
        if workers.idle() and not starts and not inbox.waiting():
            spine.commit()
            if not spine.worth_waiting(habits):
                return course  # finished, or waiting: blockers() says for what and until when
        spine.take(workers.outcomes(spine.wait_s(habits)))
        spine.commit_if_due(habits)


class _Spine:
    """The effects of one execution, in the order that keeps its promises: record, make durable, then act."""

    def __init__(
        self,
        course: Course,
        focus: Focus,
        journal: Journal,
        workers: Workers,
        now: Callable[[], datetime],
        observe: Observer,
    ) -> None:
        self.course = course
        self.agenda = Agenda(course, focus)
        self._focus = focus
        self.workers = workers
        self.now = now
        self._journal = journal
        self._observe = observe
        self._unseen: list[Event] = []  # recorded, not yet durable, not yet shown
        self._since = now()
        self._version: int | None = None
        self._phases_left = self._opened = -1
        self._moment: int | None = None
        self._reopens: datetime | None = None  # when the opening of a phase begins that is held now
        self._late: set[PhaseId] = set()  # phases in whose opening too little time is left
        self._turns_by_itself = any(p.on_failure is OnFailure.ROLL_BACK for p in course.shape.plan.phases)
        self._stale = False  # something has happened that an agenda does not follow: it is made anew
        self._greeted: dict[AttemptId, tuple[TaskId, Agenda]] = {}  # hosts are being greeted for these; not in the journal

    def note(self, events: Sequence[Event], consumes: str = "") -> None:
        """Fold facts and hand them to the journal for its next commit."""
        for event in events:
            self.course.note(event)
            self._stale = self._stale or isinstance(event, TURNS)
            if not self._stale:
                self.agenda.note(event)
        if not events and not consumes:
            return
        if not self._unseen:
            self._since = self.now()
        self._journal.append(events, consumes=consumes)
        self._unseen.extend(events)

    def turn_back(self) -> None:
        """Begin the way back of a phase whose plan says so, and look anew where single events cannot be followed."""
        if self.course.run.status is RunStatus.OPEN and self._turns_by_itself:
            event = turns_by_itself(self.course, self.now())
            if event is not None:
                self.note([event])
        if self._stale:
            self._stale = False
            self.agenda = Agenda(self.course, self._focus, [task for task, _ in self._greeted.values()])

    def commit(self) -> None:
        """Make durable what was noted, then show it."""
        if self._unseen:
            self._journal.commit()
            self._show()

    def holds(self) -> bool:
        """Whether workers may not go on with what follows by themselves: the run rests, or a phase has failed too often."""
        run = self.course.run
        return run.status is not RunStatus.OPEN or anything_spent(self.course.shape, run)

    def commit_if_due(self, habits: Habits) -> None:
        """Group the records of repeatable work, but not for long."""
        if self._unseen and self.now() - self._since >= timedelta(seconds=habits.group_s):
            self.commit()

    def start(self, starts: Starts) -> Starts:
        """Intent before effect: what may not be repeated begins only once its start is on disk."""
        if not starts:
            return starts
        if starts.durable:
            if not self._journal.commit(starts.events, if_still=self._version):
                for task in reversed(starts.taken):
                    self.agenda.put_back(task)
                self._show()
                return Starts(events=starts.events)  # look at the world again, and hold nothing
            self._fold(starts)
            self._show()
        else:
            self.note(starts.events)
        self._greeted.update((a.id, (a.task, self.agenda)) for a in starts.attempts if a.purpose is Purpose.GREET)
        self.workers.start(starts.attempts)
        return starts

    def _fold(self, starts: Starts) -> None:
        for event in starts.events:
            self.course.note(event)
            self.agenda.note(event)
        self._unseen.extend(starts.events)

    def _show(self) -> None:
        shown, self._unseen = self._unseen, []
        self._observe(self.course.run, shown)

    def look(self, world: World) -> World:
        """Take the world in; what it forbade before is looked at again when it has changed."""
        if (world.version, world.moment) != (self._version, self._moment):
            self._version, self._moment = world.version, world.moment
            self._late.clear()
            self.agenda.unpark()
        return world

    def take(self, ended: Sequence[Ended]) -> None:
        """Record what came back."""
        now = self.now()
        for one in ended:
            if one.purpose is not Purpose.GREET:
                self.note([ended_event(self.course, one, now)])
                if one.went_on:
                    self._follow(one.went_on, now)
            elif one.attempt in self._greeted:
                _, agenda = self._greeted.pop(one.attempt)
                self._meet(one, now, known=agenda is self.agenda)

    def _follow(self, attempt: Attempt, now: datetime) -> None:
        """A worker has gone on with what follows on its host: that is its start."""
        self.agenda.claim(attempt.task)
        self.note([AttemptStarted(at=now, task=attempt.task, attempt=attempt.id)])

    def _meet(self, greeted: Ended, now: datetime, *, known: bool) -> None:
        """A host was greeted: the task for which it was comes again; without an answer, that is how the task ended."""
        if greeted.outcome.status is Status.OK:
            (self.agenda.put_back if known else self.agenda.go_on)(greeted.task)
            if remark := greeted.outcome.message:
                self.note([NoteAdded(at=now, by="engine", text=remark, task=greeted.task)])
            return
        if not self._still_meant(greeted.task):
            self.agenda.go_on(greeted.task)
            return
        purpose = Purpose.ROLL_BACK if self.course.run.task(greeted.task).back else Purpose.DO
        self.note([AttemptStarted(at=now, task=greeted.task, attempt=greeted.attempt, purpose=purpose)])
        self.note([ended_event(self.course, greeted, now)])

    def _still_meant(self, task: TaskId) -> bool:
        """Whether a task for which a host was greeted could begin now, whatever has happened meanwhile."""
        shape, state = self.course.shape, self.course.run.task(task)
        name, _, host = task.partition("@")
        if name not in shape.packages or (host and host not in shape.hosts[PackageId(name)]):
            return False
        closed = is_closed(self.course.run, shape.packages[PackageId(name)].phase, HostName(host) if host else None)
        return state.back or (state.status in BEGINNING and not closed)

    def ring(self, tasks: Sequence[TaskId]) -> None:
        """Record the timers that have ended."""
        self.note([TimerEnded(at=self.now(), task=task) for task in tasks])

    def leave(self, world: Callable[[], World]) -> None:
        """Release the hosts that no open phase works on, and end the run when all is done."""
        run = self.course.run
        left = sum(phase.ended is None for phase in run.phases.values())
        ended = left == 0 and not in_the_air(run)
        over = ended or run.status is RunStatus.STOPPED
        if not self.workers.idle() or (left == self._phases_left and not over):
            return
        self._phases_left = left
        self.note(list(departures(self.course, world(), self.now(), over=over)))
        if ended and run.status in (RunStatus.OPEN, RunStatus.PAUSED):
            self.note([RunEnded(at=self.now())])

    def come_back(self, world: World) -> None:
        """Say which hosts are in service again, where only so many may be out of it."""
        run = self.course.run
        if not (world.pools and run.out) or run.opened == self._opened:
            return
        events, all_of_them = back_in_service(self.course, self.now())
        if events:
            self.note(events)
            self.agenda.unpark()
        if all_of_them:
            self._opened = run.opened

    def hold(self, starts: Starts, world: World, habits: Habits) -> None:
        """Record what keeps phases from starting whose tasks could, once for each reason."""
        self.note(list(newly_held(starts, self.course.run, self.now(), lambda until: self._stays(until, habits))))
        self._late.update(phase for phase, gate in starts.held.items() if gate.kind == "fit")
        self._reopens = reopening(self.course, world, self._late)

    def _stays(self, until: datetime, habits: Habits) -> bool:
        return habits.wait_for_people or until - self.now() <= timedelta(seconds=habits.patience_s)

    def mark_unknown(self, why: str) -> None:
        """Nobody is left to hear of the attempts that are open: what became of them is not known."""
        self.note(left_open(self.course, self.now(), why))
        self.commit()

    def worth_waiting(self, habits: Habits) -> bool:
        """Whether to stay although nothing can be done now."""
        if self.course.run.status is not RunStatus.OPEN:
            return False
        if habits.people_first and (asked := self._asked_from()) is not None:
            return asked > self.now() and self._stays(asked, habits)
        next_time = self._next_time()
        return habits.wait_for_people or (next_time is not None and self._stays(next_time, habits))

    def _next_time(self) -> datetime | None:
        """When something becomes due by itself: a timer, a next try, an opening."""
        times = [time for time in (self.agenda.next_time(), self._reopens) if time is not None]
        return min(times, default=None)

    def _asked_from(self) -> datetime | None:
        """From when on somebody can be asked for what waits for people; None: nobody can."""
        if any(asks(self.course, phase) for phase in self.course.run.phases):
            return self.now()
        return asked_from(self.course, self.now())

    def wait_s(self, habits: Habits) -> float:
        """How long to listen to the workers before looking around again."""
        next_time = self._next_time()
        until_timer = (next_time - self.now()).total_seconds() if next_time else habits.glance_s
        return max(0.0, min(habits.glance_s, until_timer, habits.group_s if self._unseen else habits.glance_s))
