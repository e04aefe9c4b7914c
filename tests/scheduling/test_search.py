"""The search of plain projects in child processes: limited by work or by the clock, with children that die or hang."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from queue import Queue

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook_engine.model.jobs import FIRST_ONLY, Effort, Job, Project, Supply
from runbook_engine.scheduling import children, plain_search
from runbook_engine.scheduling.child_side import packed
from runbook_engine.scheduling.children import Child, hear
from runbook_engine.scheduling.island import ALTERING, MOST_PLACES, PLAIN, Island
from runbook_engine.scheduling.plain import net
from runbook_engine.scheduling.plain_bounds import bound
from runbook_engine.scheduling.plain_list import first
from runbook_engine.scheduling.prover import Prover
from runbook_engine.scheduling.solve import solve
from scheduling.plain_projects import best, broken, layered, projects

SLOW = [HealthCheck.too_slow]


def searched(project: Project, work: int, seed: int = 1) -> list[int]:
    the = net(project)
    island = Island(the, first(the), bound(the), seed)
    for _ in range(3):
        island.round(work)
    return [int(start) for start in island.best[:-1]]


def placed(project: Project, starts: list[int]):
    """The answer of an island as a solution, to be judged."""
    the = net(project)
    solution = solve(project, FIRST_ONLY)
    return type(solution)(placed=the.placed(starts), finish=the.span(starts) * the.unit, bound=bound(the) * the.unit)


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(projects(most=9), st.sampled_from([1, 7001]))
def test_what_an_island_finds_is_feasible(project, longer):
    """With short jobs it works by slots, with one very long one by events; no answer is worse than the first schedule."""
    jobs = tuple(
        Job(id=j.id, duration=j.duration * (longer if n == 0 else 1), links=j.links, uses=j.uses)
        for n, j in enumerate(project.jobs)
    )
    project = Project(jobs=jobs, resources=project.resources)
    starts = searched(project, 2_000)
    if net(project).end < 10_000:
        assert broken(project, placed(project, starts)) == []
    assert net(project).span(starts) <= net(project).span(first(net(project)))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_by_events_as_by_slots(seed, monkeypatch):
    """The two ways of placing jobs give the same schedules."""
    project = layered(40, seed)
    by_slots = searched(project, 200_000)
    monkeypatch.setattr("runbook_engine.scheduling.island.SLOTS_PER_JOB", 0)
    monkeypatch.setattr("runbook_engine.scheduling.island.FEWEST_SLOTS", 0)

    assert searched(project, 200_000) == by_slots
    assert broken(project, placed(project, by_slots)) == []


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(
    projects(most=12).filter(lambda project: len(project.jobs) > 1),
    st.sampled_from([PLAIN, ALTERING, (1.0, 0.0), (0.0, 1.0)]),
    st.integers(1, 99),
)
def test_all_schedules_of_a_herd_are_feasible(project, habits, seed):
    """Bred or altered, with ties told apart or not: lists follow the links, and each has the value of its schedule."""
    the = net(project)
    island = Island(the, first(the), -1, seed)  # a bound that is never met: the search goes on
    island.nest.habits[:] = habits
    island.round(3_000)
    herd = island.herd
    for order, starts, value in zip(herd.order, herd.start, herd.worth, strict=True):
        place = {int(job): at for at, job in enumerate(order)}
        assert sorted(place) == list(range(the.size))
        assert all(place[before] < place[job] for job in place for before in the.before[job])
        assert broken(project, placed(project, [int(start) for start in starts])) == []
        assert value // (the.size + 1) == the.span([int(start) for start in starts])


@pytest.mark.parametrize("size", [20, 120])
def test_herds_follow_each_other_and_the_last_one_for_ever(size):
    """Small projects and large ones: the first herd is bred only, later ones are altered too."""
    the = net(layered(size, 2))
    island = Island(the, first(the), -1, 1)
    assert island.nest.habits.tolist() == list(PLAIN)
    sizes = [island.settled]
    for _ in range(8):
        island._settle(MOST_PLACES)
        sizes.append(island.settled)

    assert sizes == sorted(sizes)
    assert sizes[-1] == sizes[-2]
    assert island.nest.habits.tolist() == list(ALTERING)


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(projects(most=5))
def test_what_is_proved_is_the_best(project):
    """Against all lists of tiny projects."""
    the = net(project)
    prover = Prover({"net": packed(the), "starts": first(the), "bound": bound(the), "seed": 1, "work": None})

    assert prover.prove()
    assert the.span(prover.starts) == prover.bound == best(project)
    assert broken(project, placed(project, prover.starts)) == []


def test_the_same_seed_and_work_give_the_same_schedule():
    """Twice, with whatever else this machine does; and it is better than the first schedule."""
    project = layered(60, 5)
    effort = Effort(work=4_000_000, seed=3)
    one, two = solve(project, effort), solve(project, effort)

    assert one == two
    assert broken(project, one) == []
    assert one.finish < solve(project, FIRST_ONLY).finish


def test_a_small_project_is_proved():
    """Thirty jobs, by the prover."""
    solution = solve(layered(30, 4), Effort(work=20_000_000))

    assert solution.optimal


def test_the_clock_is_kept_to():
    """A project that nobody proves within a second; starting and ending of processes counts."""
    began = time.monotonic()
    solution = solve(layered(120, 6), Effort(work=None, seconds=1.0))

    assert time.monotonic() - began < 1.5
    assert broken(layered(120, 6), solution) == []


class Strange(Child):
    """A child that is something else."""

    program = ""

    def __init__(self, _module, name, heard):
        popen = subprocess.Popen
        command = [sys.executable, "-c", self.program]
        try:
            children.subprocess.Popen = lambda _command, **more: popen(command, **more)
            super().__init__("island", name, heard)
        finally:
            children.subprocess.Popen = popen


@pytest.mark.parametrize("program", ["import os; os._exit(3)", "import time; time.sleep(600)", "print('no JSON', flush=True)"])
@pytest.mark.parametrize("effort", [Effort(work=None, seconds=1.0), Effort(work=1_000_000, seconds=1.0)])
def test_children_that_die_hang_or_babble(program, effort, monkeypatch):
    """There is an answer all the same, in time."""
    monkeypatch.setattr(plain_search, "Child", type("Odd", (Strange,), {"program": program}))
    began = time.monotonic()
    solution = solve(layered(120, 6), effort)

    assert time.monotonic() - began < 1.5
    assert broken(layered(120, 6), solution) == []


def test_a_child_ends_when_its_parent_is_gone(tmp_path):
    """A parent that is killed leaves no child behind, even one that is at work."""
    code = (
        "import sys, time; from queue import Queue; from runbook_engine.scheduling.children import Child;"
        "child = Child('prover', 'p', Queue()); print(child.process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        parent.stdout.close()
    until = time.monotonic() + 30
    while alive(child) and time.monotonic() < until:
        time.sleep(0.05)

    assert not alive(child)


def alive(process: int) -> bool:
    """Whether it runs; one that nobody has asked for its end counts as gone."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def test_a_child_is_ended_for_certain():
    """Even one that ignores being asked."""
    heard: Queue = Queue()
    child = type("Deaf", (Strange,), {"program": "import signal,time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"})(
        "", "x", heard
    )
    assert hear(heard, 0.01) is None
    child.end()

    assert child.process.returncode == -signal.SIGKILL


def test_parts_of_a_job_longer_than_a_day_in_seconds():
    """Durations of all sizes that have no common unit: events, not slots."""
    project = Project(
        jobs=tuple(Job(id=str(n), duration=86_400 + n, uses=((0, 1 + n % 2),)) for n in range(12)),
        resources=(Supply(name="lift", amount=2),),
    )
    solution = solve(project, Effort(work=500_000))

    assert solution.bound <= solution.finish <= solve(project, FIRST_ONLY).finish
