"""Bad nights, made from a seed: hosts that restart and forget, links that are cut, requests that come late, engines that die.

The core is the real one; only workers, hosts, clock and people are made. `Hosts` is what the program on a host promises.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from runbook_engine.model.attempts import Attempt, Ended
from runbook_engine.model.commands import Procedure, Shell
from runbook_engine.model.decisions import Decision, Resolve, Retry
from runbook_engine.model.events import Event, Outcome
from runbook_engine.model.plan import Plan
from runbook_engine.model.text import shell
from runbook_engine.model.words import SETTLED_BADLY, Cause, Purpose, Repeat, RunStatus, Status, Verdict
from runbook_engine.running.course import Course
from runbook_engine.running.execute import execute
from stand import OK, SAME, Clock, ListInbox, MemoryJournal, created, ids, needs, no_world, package, phase, plan

HOSTS = ("h1", "h2")
LIVES = 60  # of the engine in one night, after which a night that goes on is a mistake
CHECK = Procedure(apply=(Shell(script=shell("do")),), verify=(Shell(script=shell("is it done")),))
LOST = Outcome(status=Status.UNKNOWN, cause=Cause.LOST, message="the host does not know", host_asked=True)
AWAY = Outcome(status=Status.UNKNOWN, cause=Cause.REFUSED, message="the host did not say")
NOT_BEGUN = Outcome(status=Status.NOT_STARTED, cause=Cause.NOT_BEGUN)


class Crash(Exception):
    """The engine dies here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds on a good day; a test switches one off and must notice."""

    intent_first: bool = True  # R1: the start is on disk before anything is done
    fence: bool = True  # R4: "not begun" only behind a fence
    restart_is_doubt: bool = True  # R5: a missing claim proves nothing after a restart
    boot_in_request: bool = True  # R6: a host refuses a request of before its restart
    doubt_is_a_state: bool = True  # R8: what nobody knows is not simply called a failure that may be tried again
    claim: bool = True  # R2: an id starts once


@dataclass(slots=True)
class Host:
    """A machine: what it remembers, and what was really done on it."""

    boot: int = 1
    records: dict[str, str] = field(default_factory=dict)  # id → run, exit or fence

    def restart(self, chance: Random) -> None:
        """All that ran is gone, and each record that was not on disk yet may be."""
        self.boot += 1
        self.records = {name: r for name, r in self.records.items() if chance.random() < 0.5}


@dataclass(slots=True)
class Night:
    """Everything outside the engine, over all its lives."""

    seed: int
    rules: Rules = Rules()
    chance: Random = field(init=False)
    hosts: dict[str, Host] = field(init=False)
    done: Counter[str] = field(default_factory=Counter)  # task → how often it was really done
    intended: set[str] = field(default_factory=set)  # attempts that were on disk when they were handed over
    late: list[Attempt] = field(default_factory=list)  # requests that are still on their way

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.hosts = {name: Host() for name in HOSTS}

    def happens(self, share: float) -> bool:
        """By lot."""
        return self.chance.random() < share

    def stir(self) -> None:
        """Between any two things something else may happen."""
        if self.happens(0.06):
            self.hosts[self.chance.choice(HOSTS)].restart(self.chance)
        while self.late and self.happens(0.3):
            self.arrive(self.late.pop(self.chance.randrange(len(self.late))))

    def arrive(self, attempt: Attempt) -> str:
        """A request reaches its host: what the host says."""
        assert attempt.target
        host = self.hosts[attempt.target.name]
        if attempt.boot and self.rules.boot_in_request and attempt.boot != str(host.boot):
            return "other boot"
        if attempt.id in host.records and self.rules.claim:
            return host.records[attempt.id]
        self.done[attempt.task] += 1
        host.records[attempt.id] = "exit"
        return "exit"

    def ask(self, attempt: Attempt) -> Outcome:
        """What a host says of an attempt when its end was not heard."""
        assert attempt.target
        host = self.hosts[attempt.target.name]
        if self.happens(0.15):
            return AWAY
        record = host.records.get(attempt.id, "gone")
        if record == "exit":
            return OK
        if str(host.boot) != attempt.boot:
            return LOST if self.rules.restart_is_doubt else NOT_BEGUN
        if self.rules.fence:
            host.records[attempt.id] = "fence"
        return NOT_BEGUN


class Team:
    """Workers of one life of the engine."""

    def __init__(self, night: Night, clock: Clock, dies: Callable[[], bool]) -> None:
        self._night, self._clock, self._dies = night, clock, dies
        self._open: list[Attempt] = []
        self._boots: dict[str, str] = {}

    def room(self) -> int:
        return 3 - len(self._open)

    def lent(self) -> int:
        return 0

    def boot(self, host: str) -> str | None:
        return self._boots.get(host)

    def hold(self, *, on: bool) -> None:
        """Nothing follows by itself here."""

    def start(self, attempts: Sequence[Attempt]) -> None:
        self._open.extend(attempts)

    def idle(self) -> bool:
        return not self._open

    def outcomes(self, wait_s: float) -> Sequence[Ended]:
        self._clock.pass_s(max(wait_s, 0.01))
        if not self._open:
            return ()
        attempt = self._open.pop(self._night.chance.randrange(len(self._open)))
        outcome = self._carried(attempt)
        return (Ended(task=attempt.task, attempt=attempt.id, outcome=outcome, purpose=attempt.purpose),)

    def _carried(self, attempt: Attempt) -> Outcome:
        self._night.stir()
        self._may_die()
        match attempt.purpose:
            case Purpose.GREET:
                assert attempt.target
                self._boots[attempt.target.name] = str(self._night.hosts[attempt.target.name].boot)
                return OK
            case Purpose.SETTLE:
                return self._night.ask(attempt)
            case Purpose.VERIFY:
                return OK if self._night.done[attempt.task] else Outcome(status=Status.FAILED, exit_code=1)
            case _:
                return self._do(attempt)

    def _do(self, attempt: Attempt) -> Outcome:
        night = self._night
        if attempt.package.procedure.verify and night.done[attempt.task]:
            return Outcome(status=Status.SKIPPED)
        if night.happens(0.12):  # the request is on its way when the link goes
            night.late.append(attempt)
            self._may_die()
            return self._after_loss(attempt)
        said = night.arrive(attempt)
        self._may_die()
        if said == "other boot":
            assert attempt.target
            self._boots.pop(attempt.target.name)
            return NOT_BEGUN
        return self._after_loss(attempt) if night.happens(0.12) else OK

    def _after_loss(self, attempt: Attempt) -> Outcome:
        if not self._night.rules.doubt_is_a_state:
            return Outcome(status=Status.NOT_STARTED, cause=Cause.LOST)
        self._night.stir()
        return self._night.ask(attempt) if attempt.boot else LOST

    def _may_die(self) -> None:
        if self._dies():
            raise Crash


def project(chance: Random) -> Plan:
    """Three steps on two hosts, each changing something."""
    kinds = [chance.choice(["once", "once", "verify"]) for _ in range(3)]
    made = []
    for number, kind in enumerate(kinds):
        step = package(f"p/s{number}", HOSTS, needs=needs((f"p/s{number - 1}", SAME)) if number else ())
        made.append(replace(step, procedure=CHECK, repeat=Repeat.VERIFY) if kind == "verify" else step)
    return plan(phase("p", made))


class HastyJournal(MemoryJournal):
    """A journal that forgets what was not synced, and (R1 off) says that it is synced before it is."""

    def __init__(self, events: Sequence[Event], *, intent_first: bool) -> None:
        super().__init__(events)
        self._intent_first = intent_first
        self.unsynced: list[Event] = []

    def commit(self, starts: Sequence[Event] = (), *, if_still: int | None = None) -> bool:
        if self._intent_first:
            return super().commit(starts, if_still=if_still)
        self.durable.extend(self.unsynced)
        self.unsynced.clear()
        done = super().commit((), if_still=if_still)
        self.unsynced.extend(starts)
        return done

    def crash(self) -> None:
        """What was not durable is gone."""
        self.pending.clear()
        self.unsynced.clear()


def lived(seed: int, rules: Rules = Rules()) -> tuple[Night, Course, Sequence[Event]]:
    """One night, to its end: the engine is started again after each death, and a person answers what only a person can."""
    night = Night(seed, rules)
    made, clock, new_id = project(night.chance), Clock(), ids()
    plans = {made.digest: made}.__getitem__
    journal = HastyJournal([created(made)], intent_first=rules.intent_first)
    answers: list[Decision] = []
    deaths = night.chance.choice((0, 1, 2, 3))
    for _ in range(LIVES):
        left = [night.chance.randrange(25)] if deaths else [-1]

        def dies(left: list[int] = left) -> bool:
            left[0] -= 1
            return left[0] == 0

        try:
            inbox = ListInbox(journal, answers)
            team = Team(night, clock, dies)
            course = execute(plans, journal, inbox, team, no_world, clock, new_id, lambda *_: None)
        except Crash:
            deaths -= 1
            journal.crash()
            continue
        if course.run.status is RunStatus.DONE:
            return night, course, journal.durable
        answers += _answers(night, course, len(answers))
        _asked_again(course, journal)
    raise AssertionError(f"seed {seed}: the night does not end")


def _answers(night: Night, course: Course, number: int) -> list[Decision]:
    """A person looks at hosts that answer and says what is true; what ended badly is to be tried again."""
    found: list[Decision] = []
    for task, state in course.run.tasks.items():
        if state.status is Status.UNKNOWN and state.outcome and (state.outcome.host_asked or state.purpose is Purpose.VERIFY):
            verdict = Verdict.DONE if night.done[task] else Verdict.NOT_DONE
            found.append(
                Resolve(id=f"d{number + len(found)}", by="ana", task=task, verdict=verdict, reason="x", without_host=True)
            )
        elif state.status in SETTLED_BADLY:
            found.append(Retry(id=f"d{number + len(found)}", by="ana", task=task))
    return found


def _asked_again(course: Course, journal: MemoryJournal) -> None:
    """The next engine takes over: hosts that did not answer are asked again."""
    from runbook_engine.model.events import ControllerTookOver

    at = journal.durable[-1].at
    journal.durable.append(ControllerTookOver(at=at, epoch=course.run.epoch + 1, by="ana", machine="m", pid=1))


def wrong(night: Night, course: Course) -> list[str]:
    """What an honest engine can never bring about."""
    found = [f"{task} was done {times} times" for task, times in night.done.items() if times > 1]
    for task, state in course.run.tasks.items():
        if state.status is Status.OK and not night.done[task]:
            found.append(f"{task} is called done, and never was")
    return found
