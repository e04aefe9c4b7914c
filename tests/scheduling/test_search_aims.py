"""What is aimed for: on small projects the figure of an aim is no worse than without it, and all schedules pass the check.

The search runs here, on lists, in place of the child processes: it is the same code, which other tests hold against each other.
"""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from runbook_engine.model.jobs import FIRST_ONLY, Aim, Effort, Placed, Project, Solution
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.crew_search import general
from runbook_engine.scheduling.listing_reasons import NotPlaced
from runbook_engine.scheduling.schedules import hours_cost
from scheduling.alone import alone  # noqa: F401 - a fixture
from scheduling.projects_made import mixed_project

WORK = Effort(work=1500, seed=3)


def priced(seed: int) -> Project:
    """A small project whose people have prices, some of them dearer by night."""
    chance, made = Random(seed), mixed_project(seed, 7)
    nights = tuple((day * 24 + 20, day * 24 + 28, 2.0) for day in range(29))
    people = (
        replace(w, rate=float(chance.randint(2, 9) * 10), dear=nights if chance.random() < 0.5 else ()) for w in made.workers
    )
    return replace(made, workers=tuple(people))


def cost(of: Project, found: Solution) -> float:
    """What the hours of people cost."""
    return sum(
        hours_cost(of, person, begin, end)
        for placed in found.placed
        for person in placed.people
        for begin, end in placed.spells or ((placed.start, placed.finish),)
    )


def openings(of: Project, found: Solution) -> int:
    """How many openings of calendars are used."""
    used = {
        (job.calendar, begin)
        for job, placed in zip(of.jobs, found.placed, strict=True)
        if job.calendar is not None
        for begin, end in of.calendars[job.calendar]
        if placed.start < placed.finish and begin < placed.finish and placed.start < end
    }
    return len(used)


def found(of: Project, aim: Aim, effort: Effort = WORK) -> Solution:
    """A schedule that passes the check; a project that has none is no example."""
    try:
        made = general(of, effort, aim)
    except NotPlaced:
        reject()
    assert faults(of, made) == ()
    return made


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 79))
def test_the_cheapest_is_no_dearer_than_what_is_over_first(seed):
    """Nor than the first list, which is where nothing is searched for."""
    of = priced(seed)
    cheap = cost(of, found(of, Aim.COST))

    assert cheap <= cost(of, found(of, Aim.FINISH)) + 1e-6
    assert cheap <= cost(of, found(of, Aim.FINISH, FIRST_ONLY)) + 1e-6


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 79))
def test_the_fewest_openings_are_no_more_than_without_that_aim(seed):
    """By a count of what is open while something is done."""
    of = priced(seed)
    few = openings(of, found(of, Aim.WINDOWS))

    assert few <= openings(of, found(of, Aim.FINISH))
    assert few <= openings(of, found(of, Aim.FINISH, FIRST_ONLY))


@pytest.mark.parametrize("seed", [52, 55, 79])
def test_a_search_for_low_cost_never_ends_above_the_first_list(seed):
    """It begins with the people whose hours cost least; where that makes it worse, it begins with the list."""
    of = priced(seed)

    assert cost(of, found(of, Aim.COST)) <= cost(of, found(of, Aim.COST, FIRST_ONLY))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 400))
def test_what_nothing_has_changed_stays_as_it_was(seed):
    """The aim CHANGE with the same project gives what was promised again, be that a list or what a search has found."""
    of = priced(seed)
    for effort in (FIRST_ONLY, WORK):
        was = found(of, Aim.FINISH, effort)
        now = general(of, effort, Aim.CHANGE, {job.id: placed for job, placed in zip(of.jobs, was.placed, strict=True)})
        assert [told(placed) for placed in now.placed] == [told(placed) for placed in was.placed]


def told(placed: Placed) -> tuple[object, ...]:
    """What people are told of a placing; the order of those who do it is no part of that."""
    return placed.start, placed.finish, placed.spells, frozenset(placed.people)
