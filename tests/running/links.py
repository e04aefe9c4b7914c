"""A run of days on stand-ins that take their time, and who reads its journal to see that every link was kept."""

import heapq
from datetime import timedelta
from itertools import count

from runbook_engine.model import decisions as de
from runbook_engine.model.attempts import Ended
from runbook_engine.model.events import (
    AttemptEnded,
    AttemptResolved,
    AttemptStarted,
    Outcome,
    TaskAnswered,
    TaskOpened,
    TimerEnded,
)
from runbook_engine.model.gates import LateAgreed
from runbook_engine.model.jobs import LinkKind
from runbook_engine.model.plan import Edge
from runbook_engine.model.runbook import Lag
from runbook_engine.model.words import SETTLED_BADLY, EdgeKind, Purpose, RunStatus, Status, Verdict
from runbook_engine.model.world import World
from runbook_engine.running.execute import execute
from runbook_engine.running.focus import Focus, Habits
from runbook_engine.running.limits import limits
from stand import FAILED, OK, UNKNOWN, Clock, ListInbox, MemoryJournal, created, ids

IDLE_MOST = 60  # turns of the loop without work in which no time passes: more of them, and it spins
AFTER_END = (LinkKind.FINISH_START, LinkKind.FINISH_FINISH)


def link(before, kind=LinkKind.FINISH_FINISH, lag_s=0.0, most_s=None, hosts=EdgeKind.SAME_HOST):
    """A need with its lag."""
    return Edge(before=before, kind=hosts, lag=Lag(kind=kind, lag_s=lag_s, at_most_s=most_s))


class Crash(Exception):
    """The engine dies here."""


class Slow:
    """Workers whose attempts take the time, and come to the end, that chance gives them."""

    def __init__(self, clock, chance, *, dies=False):
        self._clock, self._chance, self._dies = clock, chance, dies
        self._running, self._numbers, self._idle = [], count(), 0
        self.turns = 0

    def boot(self, host):
        return ""

    def room(self):
        return 3 - len(self._running)

    def lent(self):
        return 0

    def hold(self, *, on):
        pass

    def idle(self):
        return not self._running

    def start(self, attempts):
        for attempt in attempts:
            if self._dies and self._chance.random() < 0.15:
                raise Crash
            end = self._clock.now + timedelta(seconds=self._chance.randint(1, 900))
            heapq.heappush(self._running, (end, next(self._numbers), attempt))

    def outcomes(self, wait_s):
        self.turns += 1
        self._idle = self._idle + 1 if wait_s <= 0 and not self._running else 0
        assert self._idle < IDLE_MOST, "the loop spins"
        if not self._running or (self._running[0][0] - self._clock.now).total_seconds() > wait_s:
            self._clock.pass_s(max(0.0, wait_s))
            return ()
        end, _, attempt = heapq.heappop(self._running)
        self._clock.now = max(self._clock.now, end)
        outcome = self._chance.choice([OK, OK, OK, OK, FAILED, UNKNOWN])
        if attempt.purpose is not Purpose.DO:
            outcome = self._chance.choice([OK, Outcome(status=Status.NOT_STARTED)])
        return (Ended(task=attempt.task, attempt=attempt.id, outcome=outcome, purpose=attempt.purpose),)


class Days:
    """A run of a plan, life after life of its engine, with people who answer too early, and late."""

    def __init__(self, made, chance):
        self.made, self.chance = made, chance
        self.clock, self.new_id, self.numbers = Clock(), ids(), count()
        self.journal = MemoryJournal([created(made)])
        self.inbox = ListInbox(self.journal)

    def live(self, *, dies=False):
        """One life of the engine; None: it died."""
        workers = Slow(self.clock, self.chance, dies=dies)
        patience = self.chance.choice([0.0, 300.0, 9e9])
        try:
            return execute(
                {self.made.digest: self.made}.__getitem__,
                self.journal,
                self.inbox,
                workers,
                World,
                self.clock,
                self.new_id,
                lambda *_: None,
                Focus(),
                Habits(patience_s=patience, glance_s=60.0),
            )
        except Crash:
            self.journal.pending.clear()
            return None

    def answer(self, course, *, all_of_it=False):
        """What somebody says to what waits, ended badly, is in doubt, or late; not everything at once."""
        for task, state in list(course.run.tasks.items()):
            if not all_of_it and self.chance.random() < 0.5:
                continue
            if state.status is Status.WAITING and state.until is None:
                self._say(de.Done, task=task)
            elif state.status in SETTLED_BADLY:
                self._say(de.Retry, task=task)
            elif state.status is Status.UNKNOWN and not state.settles_itself:
                self._say(de.Resolve, task=task, verdict=self.chance.choice(list(Verdict)), reason="seen")
        late = tuple(one.task for one in limits(course) if one.held(self.clock.now))
        if late and (all_of_it or self.chance.random() < 0.5):
            self._say(de.StartLate, tasks=late, reason="still good")

    def _say(self, kind, **fields):
        self.inbox.decisions.append(kind(id=f"d{next(self.numbers)}", by="ana", **fields))

    def rest(self):
        """Time in which no engine is there."""
        self.clock.pass_s(self.chance.choice([0, 1, 30, 700, 4000]))

    def whole(self, lives=8, more=120):
        """From the first life to the end: some die, then people do all they can."""
        course = None
        for number in range(lives + more):
            course = self.live(dies=number < lives) or course
            if course is not None and course.run.status is RunStatus.DONE:
                return course
            if course is not None:
                self.answer(course, all_of_it=number >= lives)
            self.rest()
        return course


def broken(made, events):
    """Every link that a journal breaks, in words: read from its events and the plan alone."""
    begun, ended, agreed, found = {}, {}, set(), []
    for event in events:
        match event:
            case LateAgreed(tasks=tasks):
                agreed.update(tasks)
            case AttemptStarted(purpose=Purpose.DO) | TaskOpened() if event.task not in begun:
                found += _begins(made, event, begun, ended, agreed)
                begun[event.task] = event.at
            case AttemptEnded(outcome=Outcome(status=Status.OK)) | TimerEnded() | TaskAnswered(goes_on=True):
                found += _ends(made, event, begun, ended)
                ended[event.task] = event.at
            case AttemptResolved(verdict=Verdict.DONE):
                ended[event.task] = event.at
    return found


def _links(made, task):
    name, _, host = task.partition("@")
    for edge in made.packages[name].needs:
        if edge.kind is EdgeKind.ALL_HOSTS:
            hosts = made.packages[edge.before].hosts
            yield from ((edge.lag or Lag(), f"{edge.before}@{h}" if h else edge.before) for h in hosts or ("",))
        elif host in made.packages[edge.before].hosts:
            yield edge.lag or Lag(), f"{edge.before}@{host}"


def _begins(made, event, begun, ended, agreed):
    for lag, before in _links(made, event.task):
        since = (ended if lag.kind in AFTER_END else begun).get(before)
        if lag.kind in (LinkKind.FINISH_START, LinkKind.START_START) and (
            since is None or event.at < since + timedelta(seconds=max(0.0, lag.lag_s))
        ):
            yield f"{event.task} begins too early after {before}: {event.at}, {since}, {lag}"
        late = since is not None and lag.at_most_s is not None and event.at > since + timedelta(seconds=lag.at_most_s)
        if late and event.task not in agreed:
            yield f"{event.task} begins too late after {before}: {event.at}, {since}, {lag}"


def _ends(made, event, begun, ended):
    for lag, before in _links(made, event.task):
        since = (ended if lag.kind in AFTER_END else begun).get(before)
        if lag.kind in (LinkKind.FINISH_FINISH, LinkKind.START_FINISH) and (
            since is None or event.at < since + timedelta(seconds=max(0.0, lag.lag_s))
        ):
            yield f"{event.task} ends too early after {before}: {event.at}, {since}, {lag}"
