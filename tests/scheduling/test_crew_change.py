"""The search for few changes: never more of them than the repair by rule, none where none is needed, no rule broken."""

from dataclasses import replace
from itertools import product
from random import Random

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from runbook_engine.model.jobs import FIRST_ONLY, Aim, Crew, Effort, Placed, Project, Solution
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.crew_keeping import A_CHANGE, A_MISS
from runbook_engine.scheduling.crew_keeping_island import Before, Keeping, before_of
from runbook_engine.scheduling.crew_late import NotKept
from runbook_engine.scheduling.crew_search import general
from runbook_engine.scheduling.listing import first
from runbook_engine.scheduling.listing_case import case_of
from runbook_engine.scheduling.listing_reasons import NotPlaced
from runbook_engine.scheduling.spans import minus
from scheduling.alone import alone  # noqa: F401 - a fixture
from scheduling.projects_made import job, mixed_project, project, worker
from scheduling.test_crew_search import tangled

SOME = Effort(work=4000, seed=3)
ALL_BUSY = (Crew(people=(0,)), Crew(people=(1,)))


def promised(of: Project) -> dict[str, Placed]:
    """What was promised: the first schedule; a project that has none is no example."""
    try:
        return {job.id: placed for job, placed in zip(of.jobs, first(of).placed, strict=True)}
    except NotPlaced:
        reject()


def disturbed(of: Project, seed: int) -> Project:
    """Somebody is away for some hours, and a job or two takes longer or may begin only later."""
    chance, workers, jobs = Random(seed), list(of.workers), list(of.jobs)
    who, since = chance.randrange(len(workers)), chance.randrange(60)
    hours = workers[who].free
    away = ((since, since + chance.choice((4, 10, 30))),)
    workers[who] = replace(workers[who], free=minus(((0, of.horizon),) if hours is None else hours, away))
    for _ in range(chance.randint(0, 2)):
        at = chance.randrange(len(jobs))
        later = chance.choice((0, 0, jobs[at].release + 5))
        jobs[at] = replace(jobs[at], duration=jobs[at].duration + 1, release=later)
    return replace(of, workers=tuple(workers), jobs=tuple(jobs))


def differences(of: Project, before: dict[str, Placed], found: Solution) -> tuple[int, int, int]:
    """How many jobs have another time or other people, by how many slots they were shifted in all, and the finish."""
    pairs = [(before[job.id], placed) for job, placed in zip(of.jobs, found.placed, strict=True)]
    moved = [(a, b) for a, b in pairs if (a.start, a.finish, set(a.people)) != (b.start, b.finish, set(b.people))]
    return len(moved), sum(abs(a.start - b.start) for a, b in moved), found.finish


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 5000))
def test_never_more_changes_than_the_repair(seed):
    """Nor, with as many, larger shifts; nor, with the same shifts, a later end."""
    of = mixed_project(seed, 10)
    before, now = promised(of), disturbed(of, seed)
    try:
        repair = general(now, FIRST_ONLY, Aim.CHANGE, before)
        found = general(now, SOME, Aim.CHANGE, before)
    except NotPlaced:
        reject()

    assert faults(now, found) == ()
    assert differences(now, before, found) <= differences(now, before, repair)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 5000))
def test_no_choice_of_what_gives_up_its_place_is_better(seed):
    """All choices are tried on small projects, the others placed around what stays in the order of the repair."""
    of = mixed_project(seed, 6)
    before, now = promised(of), disturbed(of, seed)
    try:
        found = general(now, SOME, Aim.CHANGE, before)
    except NotPlaced:
        reject()
    values = []
    each = Keeping(before_of(now, case_of(now), before), 0, fast=False)
    for free in product((0, 1), repeat=6):
        each.keep.free[:] = free
        values.append(each.decoded(each.start.order))

    if min(values) < A_MISS:
        assert differences(now, before, found)[0] <= min(values) // A_CHANGE


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 5000))
def test_nothing_changes_when_nothing_has_to(seed):
    """More people, longer hours, later deadlines: all that was promised still holds, and is promised again."""
    of = mixed_project(seed, 10)
    before = promised(of)
    spare = replace(of, workers=(*of.workers, worker("new")))
    found = general(spare, SOME, Aim.CHANGE, before)

    assert differences(spare, before, found)[:2] == (0, 0)
    assert found.tried == 1


def test_what_may_begin_only_later_goes_behind_what_keeps_its_place():
    """One change in place of four; unless it has to be over by then, for a deadline comes first."""
    of = project(
        job("long", 6, crews=(Crew(people=(0,)),)),
        job("one", 2, crews=(Crew(people=(0, 1)),)),
        job("two", 2, crews=(Crew(people=(0, 1)),)),
        job("three", 2, crews=(Crew(people=(0, 1)),)),
        workers=(worker("ana"), worker("ben", ((40, 60),))),
    )
    times = {"long": (0, 6), "one": (6, 8), "two": (8, 10), "three": (10, 12)}
    before = {name: Placed(start=a, finish=b, people=(0,)) for name, (a, b) in times.items()}
    now = replace(of, jobs=(replace(of.jobs[0], release=6), *of.jobs[1:]))  # it may begin only when the others were to be
    repair, found = general(now, FIRST_ONLY, Aim.CHANGE, before), general(now, SOME, Aim.CHANGE, before)

    assert differences(now, before, repair)[0] == differences(now, before, found)[0] == 1
    wider = replace(now, jobs=(replace(now.jobs[0], deadline=12), *now.jobs[1:]))
    found = general(wider, SOME, Aim.CHANGE, before)
    assert differences(wider, before, found)[0] == 4
    assert faults(wider, found) == ()


def test_who_is_away_is_stood_in_for_by_one_who_gives_up_one_job():
    """Each of a chain would come later for the leave of the first; instead somebody else does it, and puts off their own."""
    chain = [
        job("c0", 4, crews=(Crew(people=(0, 1)),)),
        *(job(f"c{n}", 2, n - 1, crews=(Crew(people=(2,)),)) for n in (1, 2, 3, 4)),
    ]
    of = project(*chain, job("own", 4, crews=(Crew(people=(1,)),)), workers=(worker("ana"), worker("ben"), worker("eva")))
    before = promised(of)
    assert (before["c0"].people, before["own"].people) == ((0,), (1,))
    now = replace(of, workers=(worker("ana", ((30, 99),)), *of.workers[1:]))

    assert differences(now, before, general(now, FIRST_ONLY, Aim.CHANGE, before))[0] > 2
    assert differences(now, before, general(now, SOME, Aim.CHANGE, before))[0] == 2


def test_a_deadline_comes_before_few_changes():
    """And where none keeps it, that is said as for other aims."""
    of = project(job("a", 3, crews=ALL_BUSY[:1]), job("b", 3, crews=ALL_BUSY[:1]), workers=(worker("ana"), worker("ben")))
    before = {"a": Placed(start=0, finish=3, people=(0,)), "b": Placed(start=3, finish=6, people=(0,))}
    now = replace(of, jobs=(of.jobs[0], replace(of.jobs[1], deadline=3)))
    found = general(now, SOME, Aim.CHANGE, before)
    assert [placed.start for placed in found.placed] == [3, 0]

    with pytest.raises(NotKept):
        general(replace(now, jobs=(replace(now.jobs[0], deadline=5), now.jobs[1])), SOME, Aim.CHANGE, before)


def test_compiled_or_not_it_is_the_same_search():
    before = started()
    plain, fast = (Keeping(before, 5, fast=each) for each in (False, True))
    assert plain.told == fast.told
    for island in (plain, fast):
        island.search(2500, 0.5)

    assert plain.news() == fast.news() != {}


def started() -> Before:
    """Many jobs for few people, of whom one is away."""
    of = tangled()
    placed = {job.id: placed for job, placed in zip(of.jobs, first(of).placed, strict=True)}
    workers = (of.workers[0], replace(of.workers[1], free=minus(of.workers[1].free or (), ((0, 60),))), *of.workers[2:])
    now = replace(of, workers=workers)
    return before_of(now, case_of(now), placed)
