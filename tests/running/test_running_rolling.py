"""Rolling phases with a failure budget: what is counted, who is set aside, what waits for them, and how they come back."""

from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.model.decisions import GoOn, Resolve, Retry
from runbook_engine.model.errors import Exit
from runbook_engine.model.events import RunEnded
from runbook_engine.model.words import (
    FailureScope,
    OnFailure,
    Purpose,
    RunStatus,
    StageKind,
    Status,
    Verdict,
)
from runbook_engine.model.world import World
from runbook_engine.running.blockers import blockers
from runbook_engine.running.budget import failures
from runbook_engine.running.course import replay
from runbook_engine.running.result import result
from running.nights import Night
from running.random_plans import plans
from stand import (
    ALL,
    FAILED,
    OK,
    START,
    UNKNOWN,
    needs,
    package,
    phase,
    plan,
    stages_of_kind,
)

BAD = {Status.FAILED, Status.UNREACHABLE, Status.REFUSED, Status.UNKNOWN}


def one_step(*batches, **budget):
    """A phase of one step `a`, one batch per tuple of hosts, and a step `z` done once after them."""
    made = [[package("p/a" if n == 1 else f"p/a#{n}", hosts)] for n, hosts in enumerate(batches, 1)]
    planned, packages = phase("p", *made, [package("p/z")], **{"max_failures": 1, **budget})
    return stages_of_kind(planned, StageKind.AFTER, last=True), packages


def failing(*tasks):
    """Workers for whom these tasks fail."""
    return lambda attempt: FAILED if attempt.task in tasks else OK


def test_within_the_budget_a_failed_host_does_not_hold_its_batch():
    """One of two may fail: the next batch begins without it; what is done once at the end, and the end, wait for it."""
    night = Night(plan(one_step(("h1", "h2"), ("h3",)), phase("q", [package("q/a", ("h1", "h3"))])), failing("p/a@h1"))

    course = night.go()

    assert night.order == ["p/a@h1", "p/a@h2", "p/a#2@h3"]
    assert night.status("p/z") is Status.NOT_STARTED
    assert course.run.phases["p"].ended is None
    assert result(course, World()) is Exit.FAILED

    night.play = failing()
    night.wish(Retry, task="p/a@h1").go()

    assert night.order[3:5] == ["p/a@h1", "p/z"]
    assert night.course.run.status is RunStatus.DONE


def test_one_more_than_the_budget_stops_what_is_new():
    """Two of three fail where one may: nothing of the next batch starts, and the reason names both numbers."""
    night = Night(plan(one_step(("h1", "h2", "h3"), ("h4",))), failing("p/a@h1", "p/a@h2"))

    course = night.go()

    assert night.status("p/a#2@h4") is Status.NOT_STARTED
    assert [b.reason for b in blockers(course, "p/a@h1", World(), START)] == ["it is failed"]
    reasons = {b.kind: b.reason for b in blockers(course, "p/a#2@h4", World(), START)}
    assert reasons["budget"] == "2 failed in phase p, 1 allowed"


def test_hosts_are_counted_not_tasks():
    """Two steps of one host that end badly are one failure."""
    steps = [package("p/a", ("h1", "h2")), package("p/b", ("h1", "h2"))]
    night = Night(plan(phase("p", steps, max_failures=1)), failing("p/a@h1", "p/b@h1"), parallel=1)

    course = night.go()

    assert night.status("p/b@h1") is Status.NOT_STARTED  # a host that is set aside begins nothing else
    assert "h1 is set aside in phase p: p/a@h1 is failed" in [b.reason for b in blockers(course, "p/b@h1", World(), START)]
    assert night.status("p/b@h2") is Status.OK


def test_failures_are_counted_by_batch_where_the_plan_says_so():
    """One may fail in each batch: the failure of the first does not count in the second."""
    night = Night(plan(one_step(("h1", "h2"), ("h3", "h4"), failures_over=FailureScope.BATCH)), failing("p/a@h1", "p/a#2@h3"))

    night.go()

    assert night.status("p/a#2@h4") is Status.OK


def test_failures_are_counted_over_the_project_where_the_plan_says_so():
    """A host that fails in one phase, and another in a second one, are two; the same host in both would be one."""
    first = phase("p", [package("p/a", ("h1", "h2"))])
    second = phase(
        "q", [package("q/a", ("h1", "h2"))], [package("q/a#2", ("h3",))], max_failures=1, failures_over=FailureScope.PROJECT
    )
    both = plan(first, second)
    both = replace(both, phases=(both.phases[0], second[0]))  # at the same time
    night = Night(both, failing("p/a@h1", "q/a@h2"), parallel=1)

    course = night.go()

    assert len(course.run.failing) == 2
    reasons = [b.reason for b in blockers(course, "q/a#2@h3", World(), START)]
    assert "2 failed in all phases together, 1 allowed" in reasons


def test_a_person_accepts_the_failures_of_the_whole_project():
    """Where a phase counts over the project and asks, go-on takes the failures of all phases as they are."""
    budget = {"max_failures": 0, "failures_over": FailureScope.PROJECT, "on_failure": OnFailure.ASK}
    first = phase("p", [package("p/a", ("h1",)), package("p/b", ("h2",), needs=needs(("p/a", ALL)))])
    both = plan(first, phase("q", [package("q/a", ("h3",))], **budget))
    night = Night(replace(both, phases=(both.phases[0], replace(both.phases[1], needs=()))), failing("p/a@h1"), parallel=1)
    night.go()
    assert night.status("q/a@h3") is Status.NOT_STARTED

    night.wish(GoOn, phase="q", reason="known").go()

    assert night.status("q/a@h3") is Status.OK


def test_go_on_whatever_fails():
    """on_failure: continue: the phase ends without the failed host, the next leaves it aside too, the run ends as failed."""
    made = plan(
        one_step(("h1",), ("h2",), max_failures=0, on_failure=OnFailure.CONTINUE), phase("q", [package("q/a", ("h1", "h2"))])
    )
    night = Night(made, failing("p/a@h1"))

    course = night.go()

    assert night.order == ["p/a@h1", "p/a#2@h2", "p/z", "q/a@h2"]
    assert isinstance(night.journal.durable[-1], RunEnded)
    assert result(course, World()) is Exit.FAILED


def test_a_host_that_comes_back_does_its_own_steps_in_order():
    """The barrier was passed without it; when it is retried, its later steps wait for its earlier ones all the same."""
    once = package("p/once", needs=needs(("p/a", ALL)))
    after = package("p/b", ("h1", "h2"), needs=needs(("p/once", ALL)))
    night = Night(plan(phase("p", [package("p/a", ("h1", "h2")), once, after], max_failures=1)), failing("p/a@h1"))
    night.go()
    assert night.order == ["p/a@h1", "p/a@h2", "p/once", "p/b@h2"]

    night.play = failing()
    night.wish(Retry, task="p/a@h1").go()

    assert night.order[4:] == ["p/a@h1", "p/b@h1"]
    assert night.course.run.status is RunStatus.DONE


def test_doubt_counts_and_is_set_aside_until_a_person_settles_it():
    """An UNKNOWN host does not hold the next batch, but the run does not end before somebody says what became of it."""
    made = plan(phase("p", [package("p/a", ("h1",))], [package("p/a#2", ("h2",))], max_failures=1))
    night = Night(made, lambda a: UNKNOWN if a.task == "p/a@h1" else OK)

    course = night.go()

    assert night.status("p/a#2@h2") is Status.OK
    assert result(course, World()) is Exit.UNKNOWN
    night.wish(Resolve, task="p/a@h1", verdict=Verdict.DONE, reason="seen").go()
    assert night.course.run.status is RunStatus.DONE


def test_a_run_does_not_end_while_nobody_knows():
    """Also where it goes on whatever fails: the last phase has ended, the run has not, until the doubt is settled."""
    made = plan(phase("p", [package("p/a", ("h1", "h2"))], max_failures=0, on_failure=OnFailure.CONTINUE))
    night = Night(made, lambda a: UNKNOWN if a.task == "p/a@h1" else OK)

    course = night.go()

    assert course.run.phases["p"].ended
    assert course.run.status is RunStatus.OPEN
    night.wish(Resolve, task="p/a@h1", verdict=Verdict.DONE, reason="seen").go()
    assert night.course.run.status is RunStatus.DONE


class Crash(Exception):
    """The engine dies here."""


def _counted(course, planned, stage):
    """Who has failed where a phase counts, found anew from the tasks alone."""
    found = set()
    for task, state in course.run.tasks.items():
        own, host = course.shape.parts(task)
        asked = state.status is Status.RUNNING and state.purpose in (Purpose.VERIFY, Purpose.SETTLE)
        here = own.phase == planned.id or planned.failures_over is FailureScope.PROJECT
        if planned.failures_over is FailureScope.BATCH:
            here = here and course.shape.stage_of[own.id] == stage
        if here and not state.back and (asked or state.status in BAD):
            found.add(host or task)
    return found


def _check(course):
    """What is counted is found anew from the tasks alone; no budget is exceeded by more than was in flight."""
    for planned in course.shape.plan.phases:
        if planned.max_failures is None:
            continue
        for stage in range(len(planned.stages)):
            found = _counted(course, planned, stage)
            assert len(found) == failures(course.shape, course.run, planned.id, stage)
            yield len(found) - planned.max_failures if planned.on_failure is not OnFailure.CONTINUE else 0


@pytest.mark.law(7)
@settings(max_examples=200, deadline=None)
@given(plans(), st.integers(1, 4), st.integers(0, 3), st.sets(st.integers(1, 12), max_size=2), st.data())
def test_failures_never_exceed_the_budget_by_more_than_what_was_in_flight(made, parallel, lent, deaths, data):
    """L7: over all schedules, outcomes and crashes, wherever failures are counted, and whatever places are lent."""
    night, numbers = Night(made, parallel=parallel), count(1)
    night.lent = lent

    def play(attempt):
        if next(numbers) in deaths:
            raise Crash
        return OK if attempt.purpose is Purpose.GREET else data.draw(st.sampled_from([OK, OK, FAILED, UNKNOWN]))

    night.play = play
    for _ in range(3):
        with suppress(Crash):
            night.go()
        night.journal.pending.clear()
        night.seen[:] = night.journal.durable[1:]
    for length in range(1, len(night.journal.durable) + 1, 3):
        course = replay(night.journal.durable[:length], night.plans.__getitem__)
        assert max(_check(course), default=0) <= parallel
