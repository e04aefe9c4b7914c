"""Who is needed later for what nobody may do besides something else is kept for it."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_engine.model.jobs import Crew
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.listing import first, laid_out
from runbook_engine.scheduling.listing_aside import set_aside
from runbook_engine.scheduling.listing_reasons import NotPlaced, Reason
from scheduling.projects_made import job, project, worker

TEAM = tuple(worker(name) for name in ("ann", "ben", "eva", "tom"))


def crew(*people, count=1):
    """A need of people."""
    return (Crew(people=people, count=count),)


def test_the_only_two_experts_do_not_both_write_what_one_of_them_must_review():
    """Seven texts by three people, and a review by one of the two experts who has written none of them."""
    writing = [job(f"w{n}", 2, crews=crew(0, 1, 2)) for n in range(7)]
    review = job("review", 3, *range(7), crews=crew(0, 2), other_people_than=tuple(range(7)))
    made = project(*writing, review, workers=TEAM)

    found = first(made)

    assert faults(made, found) == ()
    assert set(found.placed[7].people).isdisjoint(p for placed in found.placed[:7] for p in placed.people)
    assert found.bound == 5  # of the whole project, where three people write


def test_it_holds_the_other_way_round():
    """The review comes first in time, and takes the only one who can do the work."""
    review = job("review", 3, crews=crew(0, 1))
    work = job("work", 2, 0, crews=crew(0), other_people_than=(0,))
    made = project(review, work, workers=TEAM)

    assert first(made).placed[0].people == (1,)


def test_where_too_few_are_left_nobody_is_set_aside():
    """Both are needed for the work; it is refused with the reason."""
    made = project(job("work", 2, crews=crew(0, 1, count=2)), job("review", 3, 0, crews=crew(0, 1), other_people_than=(0,)))
    made = project(*made.jobs, workers=TEAM[:2])

    assert set_aside(made, 1) is None
    with pytest.raises(NotPlaced) as refused:
        laid_out(made)
    assert refused.value.reason is Reason.NOT_THESE


ABLE = st.sets(st.integers(0, 3), min_size=1).map(sorted)


@given(st.lists(ABLE, min_size=1, max_size=4), st.lists(ABLE, min_size=1, max_size=2))
def test_whoever_could_do_it_all_is_found(works, reviews):
    """Against all ways to share the jobs among four people."""
    writing = [job(f"w{n}", 1, crews=crew(*people)) for n, people in enumerate(works)]
    all_of = tuple(range(len(works)))
    reading = [job(f"r{n}", 1, *all_of, crews=crew(*people), other_people_than=all_of) for n, people in enumerate(reviews)]
    made = project(*writing, *reading, workers=TEAM)
    shared = any(set(one[: len(works)]).isdisjoint(one[len(works) :]) for one in product(*works, *reviews))
    try:
        found = first(made)
    except NotPlaced:
        assert not shared
    else:
        assert shared
        assert faults(made, found) == ()
