"""Deadlines that the first list does not keep: searched for unless a bound proves them lost, and told how near it came."""

from dataclasses import replace

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from runbook_engine.model.jobs import FIRST_ONLY, Aim, Crew, Effort, Link, Project
from runbook_engine.scheduling import crew_search
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.crew_late import NotKept, any_list, proven
from runbook_engine.scheduling.crew_search import general
from runbook_engine.scheduling.crew_values import HALF, pressed
from runbook_engine.scheduling.forecasts import without_deadlines
from runbook_engine.scheduling.listing import first, laid_out
from runbook_engine.scheduling.listing_reasons import NotPlaced, Reason
from scheduling.projects_made import job, mixed_project, project, worker

HANDS = (Crew(people=(0, 1)),)


def shared(*hours: int, deadline: int) -> Project:
    """Unbroken jobs for two people, all to be over by then."""
    jobs = (job(f"j{n}", length, crews=HANDS, deadline=deadline) for n, length in enumerate(hours))
    return project(*jobs, workers=(worker("ana"), worker("ben")))


@pytest.fixture
def nothing_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search would be a mistake."""

    def search(*_: object) -> None:
        raise AssertionError("it was searched")

    monkeypatch.setattr(crew_search, "Search", search)


def test_a_search_keeps_a_deadline_that_the_first_list_misses() -> None:
    of = shared(3, 3, 2, 2, 2, deadline=6)
    with pytest.raises(NotPlaced):
        first(of)

    assert faults(of, general(of, Effort(work=4000))) == ()


@pytest.mark.usefixtures("nothing_searched")
def test_what_is_proved_is_not_searched_for() -> None:
    """The hours of both are too few: 12 of work by slot 5."""
    of = shared(3, 3, 2, 2, 2, deadline=5)
    with pytest.raises(NotKept) as refused:
        general(of, Effort(work=4000))

    assert refused.value.reason is Reason.DEADLINE
    assert refused.value.proof is not None
    assert refused.value.proof.least == 1
    assert refused.value.how.startswith("Proved: in every schedule j")
    assert "is over at least 1h too late" in refused.value.how
    assert refused.value.nearest is not None
    assert faults(without_deadlines(of), refused.value.nearest) == ()


@pytest.mark.usefixtures("nothing_searched")
def test_without_an_effort_nothing_is_searched_for_and_that_is_said() -> None:
    with pytest.raises(NotKept) as refused:
        general(shared(3, 3, 2, 2, 2, deadline=6), FIRST_ONLY)

    assert "a search may find" in refused.value.how


def test_what_is_not_found_is_told_with_how_near_it_came() -> None:
    """Three jobs of two hours for two people: the hours suffice for slot 3, but nobody can be split."""
    of = shared(2, 2, 2, deadline=3)
    assert proven(of) is None
    with pytest.raises(NotKept) as refused:
        general(of, Effort(work=3000))

    error = refused.value
    assert error.nearest is not None
    assert error.nearest.finish == 4
    assert error.tried > 100
    assert f"in {error.tried} schedules: none keeps it" in error.how
    assert "1h after its deadline" in str(error)


def test_a_deadline_within_a_plan_is_searched_for_as_well() -> None:
    """What has to be over by 6 is a part of it; the rest takes much longer."""
    tight = shared(3, 3, 2, 2, 2, deadline=6)
    rest = tuple(job(f"r{n}", 5, crews=HANDS) for n in range(6))
    of = replace(tight, jobs=(*rest, *tight.jobs))

    assert faults(of, general(of, Effort(work=12_000))) == ()


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 3000), slack=st.integers(0, 3))
def test_nothing_is_proved_of_deadlines_that_a_schedule_keeps(seed: int, slack: int) -> None:
    """Each job has to be over by when it is over in a schedule."""
    of = mixed_project(seed, 8)
    try:
        found = first(of)
    except NotPlaced:
        reject()
    jobs = (replace(j, deadline=placed.finish + slack) for j, placed in zip(of.jobs, found.placed, strict=True))

    assert proven(replace(of, jobs=tuple(jobs))) is None


def test_another_order_is_tried_where_the_first_list_has_no_place() -> None:
    """Who follows at once needs the one whom an urgent job would have by then."""
    of = project(
        job("a", 2, start=0),
        job("b", 2, Link(before=0, most=0), crews=(Crew(people=(0,)),)),
        job("c", 3, crews=(Crew(people=(0,)),), deadline=7),
        workers=(worker("ana", ((0, 7),)),),
    )
    with pytest.raises(NotPlaced) as refused:
        laid_out(of, [2, 0, 1], strict=False)
    assert refused.value.reason is Reason.TIED

    assert list(any_list(of, [2, 0, 1]).books.start) == [0, 2, 4]


def test_what_no_order_helps_is_refused_as_before() -> None:
    of = project(job("a", 2, crews=(Crew(people=()),)))

    with pytest.raises(NotPlaced) as refused:
        general(of, Effort(work=100), Aim.FINISH)
    assert refused.value.reason is Reason.NOBODY


@given(st.integers(0, 10**12), st.integers(1, 10**9))
def test_more_is_never_less(late: int, more: int) -> None:
    assert 0 <= pressed(late, HALF) <= pressed(late + more, HALF) < 2 * HALF
    assert late >= HALF or pressed(late, HALF) == late
