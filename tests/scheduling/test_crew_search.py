"""The search over lists and people: better than the first list, the same each time, in time, and for what it is asked."""

import time
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings

from runbook_engine.model.jobs import Aim, Effort, Project, Solution, Worker
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.crew_bounds import bound
from runbook_engine.scheduling.crew_island import Island
from runbook_engine.scheduling.crew_search import general
from runbook_engine.scheduling.crew_start import started
from runbook_engine.scheduling.listing import Laid, first, solution
from runbook_engine.scheduling.listing_case import DEADLINE
from runbook_engine.scheduling.listing_reasons import NotPlaced, Reason
from scheduling.test_listing import DAYS, NIGHTS, OFFICE, job, needs, project, projects


def tangled(**more) -> Project:
    """Chains of three jobs, two by day and one in the window, for people who can do one or all of them."""
    jobs = []
    for k in range(12):
        jobs.append(job(f"a{k}", 1 + k % 4, crews=needs(0, 2)))
        jobs.append(job(f"b{k}", 1 + k % 3, 3 * k, crews=needs(1, 2)))
        jobs.append(job(f"c{k}", 1 + k % 2, 3 * k + 1, calendar=0, crews=needs(2, 3)))
    night = tuple((d + 20, d + 30) for d in DAYS[:-1])
    people = [Worker(id=str(k), free=free, rate=50.0) for k, free in enumerate((OFFICE, OFFICE, None, night))]
    people[0] = Worker(id="0", free=OFFICE[1:], rate=50.0, day_most=6, rest=11, elsewhere=((-8, -2, None), (9, 14, None)))
    people[2] = Worker(id="2", rate=100.0, dear=tuple((d, d + 8, 2.0) for d in DAYS))
    return project(*jobs, workers=tuple(people), calendars=(NIGHTS,), **more)


def searched(of: Project, aim: Aim, work: int) -> Island:
    _, start = started(of, aim, {})
    island = Island(start, 1, fast=False)
    for part in range(10):
        island.search(work // 10, 1 - part / 9)
    island.books.pick[:] = island.hunt.best_picks
    island.hunt.waits[:] = island.hunt.best_waits
    island.decoded(island.hunt.best)
    return island


@pytest.mark.parametrize("aim", [Aim.FINISH, Aim.WINDOWS])
def test_a_search_finds_better_schedules_that_pass_the_check(aim):
    of = tangled()
    _, start = started(of, aim, {})
    before = Island(start, 1, fast=False).told
    island = searched(of, aim, 8000)
    found = solution(of, Laid(island.case, island.books, list(island.hunt.best)), "", 1)

    assert faults(of, found) == ()
    assert int(island.hunt.state[3]) < before


@settings(max_examples=40, deadline=None)
@given(projects())
def test_what_a_search_keeps_is_never_over_later_than_its_first_list(of):
    """Also where nothing is known of how early it could be over: the ends of many others count for less than the last."""
    try:
        laid, start = started(of, Aim.FINISH, {})
    except NotPlaced:
        return
    assume(all(end <= laid.case.jobs[j][DEADLINE] for j, end in enumerate(laid.books.finish)))
    island = Island(start, 3, fast=False)
    for part in range(4):
        island.search(200, 1 - part / 3)
    island.books.pick[:] = island.hunt.best_picks
    island.decoded(island.hunt.best)

    assert max(island.books.finish) <= max(laid.books.finish)


def test_the_bound_knows_limits_by_day():
    """Twelve hours of work in pieces of three for two people who may work three hours a day: two days."""
    people = tuple(Worker(id=name, free=OFFICE, day_most=3) for name in ("ana", "ben"))
    of = project(*(job(f"j{k}", 3, crews=needs(0, 1)) for k in range(4)), workers=people)

    assert bound(of) == first(of).finish == DAYS[1] + 12
    later = replace(of, jobs=tuple(replace(each, release=DAYS[1] + 11) for each in of.jobs))
    assert bound(later) <= first(later).finish == DAYS[2] + 12


def test_the_same_seed_finds_the_same():
    assert searched(tangled(), Aim.FINISH, 3000).news() == searched(tangled(), Aim.FINISH, 3000).news()


def test_compiled_or_not_it_is_the_same_search():
    _, start = started(tangled(), Aim.FINISH, {})
    plain, fast = (Island(start, 5, fast=each) for each in (False, True))
    for island in (plain, fast):
        island.search(2000, 0.5)

    assert plain.news() == fast.news() != {}


def test_a_limit_by_the_clock_is_kept():
    began = time.monotonic()
    found = general(tangled(), Effort(seconds=1.5, work=None))

    assert time.monotonic() - began < 30  # a search that knew no clock would go on for minutes
    assert faults(tangled(), found) == ()
    assert first(tangled()).finish >= found.finish >= found.bound


def test_a_deadline_that_cannot_be_kept_is_refused():
    of = tangled(horizon=bound(tangled()) - 1)

    with pytest.raises(NotPlaced) as refused:
        general(of, Effort(seconds=0.5, work=None))

    assert refused.value.reason in (Reason.DEADLINE, Reason.FULL)


def test_the_cheapest_people_do_the_work():
    of = tangled()
    cheap = general(of, Effort(seconds=1.0, work=None), Aim.COST)

    assert faults(of, cheap) == ()
    assert cost(of, cheap) < 0.7 * cost(of, first(of))


def cost(of: Project, found: Solution) -> float:
    return sum((each.finish - each.start) * of.workers[p].rate for each in found.placed for p in each.people)
