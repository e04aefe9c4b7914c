"""Clocks that are put forward or back in the middle of a run: nothing is done twice, nothing out of order, every run ends."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from runbook_engine.model.attempts import Attempt
from runbook_engine.model.events import AttemptStarted, Event, Outcome
from runbook_engine.model.plan import Plan
from runbook_engine.model.runbook import Retry
from runbook_engine.model.words import RunStatus
from runbook_engine.running.course import Course
from runbook_engine.running.execute import execute
from runbook_engine.running.focus import Focus, Habits
from stand import FAILED, OK, SAME, Clock, ListInbox, MemoryJournal, Stand, created, ids, needs, no_world, package, pause, phase
from stand import plan as plan_of

SECOND, HOUR, DAY = 1.0, 3600.0, 86400.0
JUMPS = [sign * length for length in (SECOND, HOUR, DAY) for sign in (1, -1)]
HOSTS = ("h1", "h2")
PATIENT = Habits(patience_s=1e9, glance_s=1e6)
LONG = 10**9  # more looks at the clock than there are


class JumpingClock(Clock):
    """Is put forward or back once, at one of the looks at it."""

    def __init__(self, look: int, seconds: float) -> None:
        super().__init__()
        self.looks, self._look, self._seconds = 0, look, seconds

    def __call__(self):
        self.looks += 1
        if self.looks == self._look:
            self.now += timedelta(seconds=self._seconds)
        return super().__call__()


def made() -> Plan:
    """Steps, one of them tried again after a while, a pause, and a second phase."""
    flaky = replace(package("a/flaky", HOSTS, needs=needs(("a/first", SAME))), retries=Retry(count=2, wait_s=30))
    work = phase("a", [package("a/first", HOSTS), flaky], [pause("a/soak", 600, needs=())], pause_s=60)
    return plan_of(work, phase("b", [package("b/last", HOSTS)]))


class World:
    """What was really done: every attempt counts, and the first one of `flaky` on each host fails."""

    def __init__(self) -> None:
        self.tries: Counter[str] = Counter()
        self.order: list[str] = []

    def play(self, attempt: Attempt) -> Outcome:
        """Carry an attempt out."""
        self.tries[attempt.task] += 1
        self.order.append(attempt.task)
        return FAILED if "flaky" in attempt.task and self.tries[attempt.task] == 1 else OK


def lived(look: int, seconds: float) -> tuple[World, Course, JumpingClock, list[Event]]:
    """One run, whose clock jumps at one look at it."""
    plan, world, clock = made(), World(), JumpingClock(look, seconds)
    journal = MemoryJournal([created(plan)])
    team = Stand(world.play, clock)
    course = execute(
        lambda _: plan, journal, ListInbox(journal), team, no_world, clock, ids(), lambda *_: None, Focus(), PATIENT
    )
    return world, course, clock, journal.durable


def check(world: World, course: Course, events: list[Event]) -> None:
    """What holds of the run whatever the clock says."""
    assert course.run.status is RunStatus.DONE
    assert world.tries == {f"a/{s}@{h}": 1 + (s == "flaky") for s in ("first", "flaky") for h in HOSTS} | {
        f"b/last@{h}": 1 for h in HOSTS
    }
    for host in HOSTS:
        assert [task for task in world.order if task.endswith(host)] == [
            f"{step}@{host}" for step in ("a/first", "a/flaky", "a/flaky", "b/last")
        ]
    attempts = [event.attempt for event in events if isinstance(event, AttemptStarted)]
    assert len(attempts) == len(set(attempts))


@pytest.mark.law(9)
@pytest.mark.parametrize("seconds", JUMPS)
def test_a_clock_that_jumps_at_any_look_changes_nothing_that_is_done(seconds) -> None:
    """A second, an hour, a day, both ways, at every single look that the engine takes at its clock."""
    looks = lived(LONG, seconds)[2].looks
    assert looks > 50
    for look in range(1, looks + 1):
        world, course, _, events = lived(look, seconds)
        check(world, course, events)
