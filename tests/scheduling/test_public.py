"""Projects of a public collection (PSPLIB, by R. Kolisch and A. Sprecher), limited by work, against the best that is known."""

import sys
from pathlib import Path

import pytest

from runbook_engine.model.jobs import Effort, Job, Link, Project, Supply
from runbook_engine.scheduling.solve import solve
from scheduling.plain_projects import broken

BENCH = Path(__file__).parents[2] / "bench" / "scheduling"
BEST = {"j301_1": 43, "j3013_1": 58, "j3041_1": 86, "j601_2": 68, "j6021_2": 108}


def project(name: str) -> Project:
    """As the bench reads it."""
    sys.path.insert(0, str(BENCH))
    try:
        from public_files import read
    finally:
        sys.path.remove(str(BENCH))
    instance = read(Path(__file__).parent / "instances" / f"{name}.sm")
    jobs = tuple(
        Job(id=str(n), duration=length, links=tuple(Link(before=b) for b in before), uses=tuple(enumerate(uses)))
        for n, (length, before, uses) in enumerate(zip(instance.durations, instance.before(), instance.uses, strict=True))
    )
    return Project(jobs=jobs, resources=tuple(Supply(name=str(k), amount=c) for k, c in enumerate(instance.capacities)))


@pytest.mark.parametrize("name", BEST)
def test_it_is_as_good_as_the_best_known_and_proved(name):
    """Not earlier than is known to be possible, not later, and shown to be the best."""
    solution = solve(project(name), Effort(work=30_000_000))

    assert broken(project(name), solution) == []
    assert (solution.finish, solution.optimal) == (BEST[name], True)
