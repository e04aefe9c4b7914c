"""Hosts on which nothing is left to do are let go while the run goes on, and no host before that."""

from collections.abc import Callable, Sequence

from runbook_engine.cli.leaving import Leaving
from runbook_engine.model.attempts import Attempt
from runbook_engine.model.decisions import Retry
from runbook_engine.model.events import AttemptEnded, AttemptStarted, Event, Outcome
from runbook_engine.model.plan import Plan
from runbook_engine.model.run import Run
from runbook_engine.model.words import SETTLED_WELL, Status
from runbook_engine.running.course import Course, replay
from runbook_engine.running.execute import execute
from stand import ALL, OK, SAME, Clock, ListInbox, MemoryJournal, Stand, created, ids, needs, no_world, package, phase, plan

THREE = ("h1", "h2", "h3")
BAD = Outcome(status=Status.FAILED, exit_code=1)
Play = Callable[[Attempt], Outcome]


class Night:
    """A run on stand-ins, and who was let go after how many ends."""

    def __init__(self, made: Plan) -> None:
        self.plans = {made.digest: made}
        self.journal = MemoryJournal([created(made)])
        self.inbox = ListInbox(self.journal)
        self.left: list[tuple[str, int]] = []
        self.ends = 0
        self.new_id = ids()

    def go(self, play: Play = lambda _: OK, parallel: int = 1) -> "Night":
        """Carry it on, as a new process would."""
        course: Course = replay(self.journal.read(), self.plans.__getitem__)
        leaving = Leaving(lambda host: self._leave(course, host))

        def observe(_run: Run, events: Sequence[Event]) -> None:
            for event in events:
                self.ends += isinstance(event, AttemptEnded)
                leaving.note(course, [event])

        clock = Clock()
        workers = Stand(play, clock, parallel)
        find = self.plans.__getitem__
        execute(find, self.journal, self.inbox, workers, no_world, clock, self.new_id, observe, course=course)
        return self

    def _leave(self, course: Course, host: str) -> None:
        assert all(s.status in SETTLED_WELL for t, s in course.run.tasks.items() if t.endswith(f"@{host}"))
        self.left.append((host, self.ends))


def chain() -> Plan:
    """Two steps, host by host, and a third in a phase of its own that has no h3."""
    first = [package("p/a", THREE), package("p/b", THREE, needs=needs(("p/a", SAME)))]
    return plan(phase("p", first), phase("q", [package("q/c", THREE[:2])]))


def test_a_host_is_let_go_with_its_last_step() -> None:
    """Each once, at once, and not before the phase that still needs it."""
    night = Night(chain()).go()

    assert [host for host, _ in night.left] == ["h3", "h1", "h2"]
    assert night.left[0][1] == 6
    assert [ends for _, ends in night.left[1:]] == [7, 8]


def test_hosts_that_wait_for_each_other_stay() -> None:
    """A barrier stands before the last step: nobody leaves before it."""
    first = [package("p/a", THREE), package("p/b", THREE, needs=needs(("p/a", ALL)))]
    night = Night(plan(phase("p", first))).go(parallel=10)

    assert sorted(host for host, _ in night.left) == list(THREE)
    assert min(ends for _, ends in night.left) > 3


def test_a_host_that_failed_stays_until_it_is_done() -> None:
    """It is let go when its step has been done again, in another process too."""
    night = Night(chain()).go(lambda attempt: BAD if attempt.task == "p/b@h3" else OK)
    assert "h3" not in [host for host, _ in night.left]

    night.inbox.decisions.append(Retry(id="d1", by="ana", task="p/b@h3"))
    night.go()

    assert sorted(host for host, _ in night.left) == list(THREE)


def test_only_what_has_ended_is_counted() -> None:
    """An event of a task that runs lets nobody go, however often it comes."""
    made = chain()
    course = replay([created(made)], {made.digest: made}.__getitem__)
    left: list[str] = []
    leaving = Leaving(left.append)
    started = AttemptStarted(at=created(made).at, task="p/a@h1", attempt="a1")
    course.note(started)
    ended = AttemptEnded(at=started.at, task="p/a@h1", attempt="a1", outcome=OK)
    course.note(ended)
    leaving.note(course, [started, *[ended] * 10])

    assert left == []
