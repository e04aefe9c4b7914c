"""Plain projects for the tests of the search, and what is wrong with a schedule of one."""

import random
from itertools import permutations

from hypothesis import strategies as st

from runbook_engine.model.jobs import Job, Link, Project, Solution, Supply
from runbook_engine.scheduling.plain import net
from runbook_engine.scheduling.plain_list import by


@st.composite
def projects(draw, most=7, longest=6):
    """Small plain projects; jobs wait for some of those before them, and are then shuffled."""
    capacities = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    size = draw(st.integers(1, most))
    place = draw(st.permutations(range(size)))
    jobs: list[Job | None] = [None] * size
    for n in range(size):
        before = draw(st.sets(st.integers(0, n - 1), max_size=2)) if n else set()
        uses = [(k, draw(st.integers(0, c))) for k, c in enumerate(capacities)]
        links = tuple(Link(before=place[b]) for b in before)
        jobs[place[n]] = Job(id=f"j{n}", duration=draw(st.integers(0, longest)), links=links, uses=tuple(uses))
    return Project(jobs=tuple(jobs), resources=tuple(Supply(name=f"r{k}", amount=c) for k, c in enumerate(capacities)))


def broken(project: Project, solution: Solution) -> list[str]:
    """What is wrong with a schedule, slot by slot."""
    wrong = [p for p, j in zip(solution.placed, project.jobs, strict=True) if p.finish - p.start != j.duration or p.start < 0]
    for job, here in zip(project.jobs, solution.placed, strict=True):
        wrong += [link for link in job.links if solution.placed[link.before].finish > here.start]
    for slot in range(solution.finish):
        for k, supply in enumerate(project.resources):
            under_way = [j for j, p in zip(project.jobs, solution.placed, strict=True) if p.start <= slot < p.finish]
            if sum(amount for job in under_way for used, amount in job.uses if used == k) > supply.amount:
                wrong.append((slot, k))
    if solution.finish != max(p.finish for p in solution.placed):
        wrong.append("finish")
    return wrong


def best(project: Project) -> int:
    """The shortest of all lists; one of them is always optimal."""
    the = net(project)
    return min(the.span(by(the, list(keys))) for keys in permutations(range(the.size)))


def layered(size: int, seed: int) -> Project:
    """A random project of jobs that wait for one to three before them; of four resources, each job needs some."""
    dice = random.Random(seed)
    amounts = [[dice.choice([0, dice.randint(1, 10)]) for _ in range(4)] for _ in range(size)]
    jobs = tuple(
        Job(
            id=f"j{n}",
            duration=dice.randint(1, 10),
            links=tuple(Link(before=b) for b in {dice.randrange(max(0, n - 25), n) for _ in range(dice.randint(1, 3))})
            if n
            else (),
            uses=tuple(enumerate(amounts[n])),
        )
        for n in range(size)
    )
    return Project(jobs=jobs, resources=tuple(Supply(name=f"r{k}", amount=16) for k in range(4)))
