"""The laws hold in rehearsals too: over random plans, faults and seeds."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook_engine.model.rehearsal import Fault, FaultKind
from runbook_engine.model.words import FailureScope, OnFailure, RunStatus, Status
from runbook_engine.running.budget import failures
from runbook_engine.running.course import replay
from runbook_engine.simulating import body_of, rehearsal_of, rehearse
from runbook_engine.simulating.drawing import with_times
from runbook_engine.simulating.placing import able
from running.random_plans import plans
from stand import START

WORST = (Status.FAILED, Status.UNREACHABLE, Status.REFUSED, Status.UNKNOWN)


@st.composite
def nights(draw):
    """A random plan, up to three faults that it can meet, a seed, and how many attempts go at once."""
    made = draw(plans())
    kinds = [kind for kind in FaultKind if able(made, kind)]
    faults = draw(st.lists(st.sampled_from(kinds), max_size=3)) if kinds else []
    return made, [Fault(kind=kind) for kind in faults], draw(st.integers(0, 99)), draw(st.integers(1, 4))


def _exceeding(course):
    """By how much each budget of the run is exceeded."""
    for planned in course.shape.plan.phases:
        if planned.max_failures is None or planned.on_failure is OnFailure.CONTINUE:
            continue
        stages = range(len(planned.stages)) if planned.failures_over is FailureScope.BATCH else (None,)
        for stage in stages:
            yield failures(course.shape, course.run, planned.id, stage) - planned.max_failures


@pytest.mark.law(7)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nights())
def test_no_budget_is_exceeded_by_more_than_what_was_in_flight(given_night):
    """L7: at every moment of every night, also after what people typed."""
    made, faults, seed, parallel = given_night
    (one,) = rehearse(made, faults, seed, START, parallel=parallel).scenarios
    timed = with_times(made)
    course = replay(one.events[:1], lambda _: timed)

    for event in one.events[1:]:
        course.note(event)
        assert max(_exceeding(course), default=0) <= parallel


@pytest.mark.law(8)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nights())
def test_how_a_night_ended_is_said_in_the_right_word(given_night):
    """L8: 'done' only when nothing is left, failed or unknown; every task is counted once, under its own word."""
    made, faults, seed, parallel = given_night
    (one,) = rehearse(made, faults, seed, START, parallel=parallel).scenarios
    timed = with_times(made)
    course = replay(one.events, lambda _: timed)

    assert sum(one.counts.values()) == sum(phase.total for phase in course.run.phases.values())
    if one.ended == "done":
        assert course.run.status is RunStatus.DONE
        assert set(one.counts) <= {Status.OK, Status.SKIPPED}
    if one.ended == "rolled_back":
        assert any(phase.undone or phase.undone_hosts for phase in course.run.phases.values())
    if not any(one.counts.get(status, 0) for status in WORST):
        assert one.ended not in ("failed", "unreachable", "unknown")
    assert one.as_planned or one.why


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nights())
def test_any_night_can_be_played_again(given_night):
    """The same bytes, kept and read back; the journal replays to the same end."""
    made, faults, seed, parallel = given_night
    first, second = (rehearse(made, faults, seed, START, parallel=parallel) for _ in range(2))

    assert body_of(first) == body_of(second)
    assert first.scenarios[0].events == second.scenarios[0].events
    assert rehearsal_of(body_of(first)) == first
