"""What is proved of projects with people: never more than is true, the best of small ones, the same twice, in time."""

import subprocess
import sys
import time
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from runbook_engine.model.jobs import FIRST_ONLY, Crew, Effort, Job, Project, Solution, Supply, Worker
from runbook_engine.scheduling import crew_prover, crew_search
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.crew_bounds import bound
from runbook_engine.scheduling.crew_proof import Proof
from runbook_engine.scheduling.crew_puzzle import packed, unpacked
from runbook_engine.scheduling.crew_relaxed import puzzle
from runbook_engine.scheduling.crew_search import general
from runbook_engine.scheduling.listing import first
from runbook_engine.scheduling.listing_reasons import NotPlaced
from scheduling.projects_made import mixed_project
from scheduling.test_listing import DAY, DAYS, NIGHTS, OFFICE, job, needs, project, projects
from scheduling.test_search import Strange

WORK = 5.0  # of CP-SAT's own measure: seconds


def proved(of: Project, best: Solution, *, longer: int = 0, work: float = WORK) -> Proof:
    """What the prover says of a project, in this process; it also looks at what is over so much later than the best."""
    proof = Proof(of, replace(best, finish=best.finish + longer), 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew_prover, "answer", proof.hear)
        crew_prover.Prover(proof.task(proof.first, 1, work)).prove()
    return proof


def best_of_all(of: Project) -> Solution:
    """The best of the lists in all orders."""
    found = []
    for order in permutations(range(len(of.jobs))):
        try:
            found.append(first(of, order=order))
        except NotPlaced:
            continue
    return min(found, key=lambda each: each.finish) if found else reject()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(projects(most=4))
def test_nothing_is_proved_that_a_list_refutes(of):
    """Of projects with all rules: a schedule of a list is over at the bound at the earliest, as is one of the prover."""
    best = best_of_all(of)
    proof = proved(of, best, longer=3)

    assert proof.bound <= best.finish
    if proof.solution is not None:
        assert faults(of, proof.solution) == ()
        assert proof.bound <= proof.solution.finish


@st.composite
def named_projects(draw):
    """Small projects in which it matters who does what: certificates, the same people, others, people who are given, facts."""
    number = st.integers
    free = st.sampled_from((None, OFFICE, tuple((d + 7, d + 13) for d in DAYS), NIGHTS))
    people = tuple(Worker(id=f"w{k}", free=draw(free), day_most=draw(st.sampled_from((None, None, 4)))) for k in range(3))
    made: list[Job] = []
    for k in range(draw(number(1, 4))):
        able = tuple(draw(st.lists(number(0, 2), min_size=1, max_size=3, unique=True)))
        until = ((able[0], draw(number(5, 40))),) if draw(number(0, 2)) == 0 else ()
        one = job(f"j{k}", draw(number(0, 5)), crews=(Crew(people=able, until=until),), pausable=draw(number(0, 3)) == 0)
        kind = draw(st.sampled_from(("", "same", "other", "people", "start", "fact")))
        if kind in ("same", "other") and k:
            one = replace(one, **{{"same": "same_people_as", "other": "other_people_than"}[kind]: (draw(number(0, k - 1)),)})
        if kind in ("people", "fact"):
            one = replace(one, people=(draw(number(0, 2)),))
        if kind in ("start", "fact"):
            one = replace(one, start=draw(number(0, 30)))
        made.append(one)
    return project(*made, workers=people)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(named_projects())
def test_nothing_is_proved_of_named_people_that_a_list_refutes(of):
    """The same for rules that name people."""
    best = best_of_all(of)

    assert proved(of, best, longer=3).bound <= best.finish


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 300))
def test_what_is_found_by_search_is_over_at_the_bound_at_the_earliest(seed):
    """Twelve jobs with pauses, tools, parts and limits."""
    try:
        best = first(mixed_project(seed))
    except NotPlaced:
        reject()
    proof = proved(mixed_project(seed), best, work=1.0)

    assert bound(mixed_project(seed)) <= best.finish
    assert proof.bound <= best.finish


def found_and_proved(of: Project) -> tuple[int, int]:
    """The finish of what is found, and the one that is proved."""
    proof = proved(of, first(of), longer=1)
    return (proof.solution.finish if proof.solution is not None else -1), proof.bound


def test_small_ones_are_proved():
    """Their best finish was counted by hand: it is found, and proved. Each by what makes it longer than its work."""
    ben, eva = Worker(id="ben", free=OFFICE), Worker(id="eva", free=OFFICE)
    always = (Worker(id="ben"), Worker(id="eva"))
    two = [job(f"a{k}", 5, crews=needs(0, 1)) for k in range(3)]
    lift, on_lift = (Supply(name="lift", amount=1),), [replace(each, uses=((0, 1),)) for each in two]
    disks = (Supply(name="disk", amount=1, used_up=True, arrives=((40, 5),)),)
    limited = (replace(ben, day_most=4), Worker(id="eva", day_most=10, free=tuple((d, d + 20) for d in DAYS)))
    apart = replace(two[1], other_people_than=(0,)), replace(two[2], same_people_as=(0,), calendar=0)
    pausing = job("a", 20, crews=needs(0), pausable=True), job("b", 3, crews=needs(0))
    counted = [
        (project(*two, workers=(ben, eva)), DAY + 14),  # nobody has ten hours: a third job is for the next day
        (project(*two, workers=(ben, eva), resources=lift), DAY + 14),
        (project(*on_lift, workers=always, resources=lift), 15),
        (project(*on_lift, workers=always, resources=disks), 45),
        (project(*two, workers=limited), DAY + 5),
        (project(two[0], *apart, workers=(ben, Worker(id="eva")), calendars=(NIGHTS,)), 27),
        (project(*pausing, workers=(ben,)), 2 * DAY + 16),
    ]

    assert [found_and_proved(of) for of, _ in counted] == [(finish, finish) for _, finish in counted]


def test_a_puzzle_can_be_sent():
    """As JSON and back it is the same puzzle."""
    of = mixed_project(5)

    assert packed(unpacked(packed(puzzle(of, 99)))) == packed(puzzle(of, 99))


def knotty() -> Project:
    """Fifteen jobs whose first list is an hour too long, and which no bound of hours alone proves."""
    return next(
        of
        for of in (mixed_project(seed, 15) for seed in range(40))
        if listed(of) > bound(of) and proved(of, first(of), work=1.0).bound == listed(of)
    )


def listed(of: Project) -> int:
    """The finish of the first list; 0 without one."""
    try:
        return first(of).finish
    except NotPlaced:
        return 0


def test_the_same_seed_and_work_give_the_same_schedule_and_the_same_proof():
    """A schedule that only the prover knows to be the best."""
    of = knotty()
    one, two = (general(of, Effort(work=60_000, seed=3)) for _ in range(2))

    assert one == two
    assert one.optimal
    assert one.bound > bound(of)
    assert faults(of, one) == ()


def test_by_the_clock_it_is_proved_too_and_what_is_proved_is_not_waited_for():
    """One core: the island rests for the prover."""
    began = time.monotonic()
    found = general(knotty(), Effort(work=None, seconds=60.0, cores=1))

    assert time.monotonic() - began < 50
    assert found.optimal


@pytest.mark.parametrize("program", ["import os; os._exit(3)", "import time; time.sleep(600)", "print('no JSON', flush=True)"])
def test_a_prover_that_dies_hangs_or_babbles(program, monkeypatch):
    """The answer is that of the islands, in time; only the bound is not as high."""
    of, children = knotty(), crew_search.Child
    odd = type("Odd", (Strange,), {"program": program})
    monkeypatch.setattr(
        crew_search, "Child", lambda module, *more: (odd if module == "crew_prover" else children)(module, *more)
    )
    began = time.monotonic()
    found = general(of, Effort(work=60_000, seconds=8.0))

    assert time.monotonic() - began < 9
    assert faults(of, found) == ()
    assert bound(of) == found.bound < found.finish <= listed(of)


def test_nothing_is_proved_of_many_jobs_or_without_a_search(monkeypatch):
    """No child is started for it."""
    started: list[str] = []
    children = crew_search.Child
    monkeypatch.setattr(crew_search, "Child", lambda module, *more: started.append(module) or children(module, *more))
    general(knotty(), FIRST_ONLY)
    assert started == []
    monkeypatch.setattr(crew_search, "PROVABLE", 14)
    general(knotty(), Effort(work=2_000))

    assert set(started) == {"crew_child"}


def test_whoever_asks_for_a_proof_does_not_load_what_proves():
    """It is large: only the child does."""
    code = "import sys, runbook_engine.scheduling.crew_search; print([m for m in sys.modules if m.startswith('ortools')])"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
