"""In which order jobs are placed. Written as `listing_gaps` is, but for `cycle` and `ranks`."""

from collections import Counter
from typing import Any

from runbook_engine.model.jobs import Project
from runbook_engine.scheduling.listing_case import BIG, DEADLINE, DUE, DUR, FACT, IN_AT, JOB, KIND, LAG, MOST, OUT_AT, Case


def sequence(case: Any, wanted: Any, order: Any) -> None:
    """Write all jobs into `order`: facts first, then as in `wanted`, but each after those that it waits for.

    A job that may not come much later than another follows it at once.
    """
    jobs = len(wanted)
    done, next_link, stack = [0] * jobs, [0] * jobs, [0] * (jobs + 1)
    count = 0
    for job in wanted:
        if case.jobs[job][FACT]:
            order[count], done[job] = job, 1
            count += 1
    for job in wanted:
        depth, stack[0] = 0, job
        while depth >= 0:
            top = stack[depth]
            waits = -1 if done[top] else unmet(case, done, next_link, top)
            if waits >= 0:
                depth += 1
                stack[depth] = waits
                continue
            depth -= 1
            if not done[top]:
                order[count], done[top] = top, 1
                count += 1
                follower = bound(case, done, next_link, top)
                if follower >= 0:
                    depth += 1
                    stack[depth] = follower


def unmet(case: Any, done: Any, next_link: Any, job: int) -> int:
    """The first job that a job waits for and that is not in the order yet; -1 if none."""
    first, end = case.jobs[job][IN_AT], case.jobs[job + 1][IN_AT]
    while first + next_link[job] < end:
        other = case.into[first + next_link[job]][JOB]
        if not done[other]:
            return int(other)
        next_link[job] += 1
    return -1


def bound(case: Any, done: Any, next_link: Any, job: int) -> int:
    """A job that may not come much later than this one and waits for nothing else; -1 if none."""
    for k in range(case.jobs[job][OUT_AT], case.jobs[job + 1][OUT_AT]):
        other = case.onto[k][JOB]
        if case.onto[k][MOST] < BIG and not done[other] and unmet(case, done, next_link, other) < 0:
            return int(other)
    return -1


def latest(case: Any, order: Any, ends: int) -> list[int]:
    """By job, when it has to be over for everything after it to be in time, all else aside; `order` as of `sequence`."""
    late = [min(ends, row[DEADLINE], row[DUE]) for row in case.jobs]
    late[-1] = ends
    for job in reversed(order):
        for k in range(case.jobs[job][OUT_AT], case.jobs[job + 1][OUT_AT]):
            other, kind = case.onto[k][JOB], case.onto[k][KIND]
            end = late[other] - (case.jobs[other][DUR] if kind < 2 else 0) - case.onto[k][LAG]
            late[job] = min(late[job], end + (case.jobs[job][DUR] if kind in (1, 3) else 0))
    return late


def cycle(case: Case) -> list[int]:
    """The jobs that wait for each other in a circle, in that order; empty if there is none."""
    jobs = len(case.jobs) - 1
    waits = [{case.into[k][JOB] for k in range(case.jobs[j][IN_AT], case.jobs[j + 1][IN_AT])} for j in range(jobs)]
    after: list[list[int]] = [[] for _ in range(jobs)]
    for job, others in enumerate(waits):
        for other in others:
            after[other].append(job)
    left = [len(others) for others in waits]
    ready = [job for job in range(jobs) if not left[job]]
    for job in ready:
        for other in after[job]:
            left[other] -= 1
            if not left[other]:
                ready.append(other)
    if len(ready) == jobs:
        return []
    stuck = next(job for job in range(jobs) if left[job])
    path: list[int] = []
    while stuck not in path:
        path.append(stuck)
        stuck = min(other for other in waits[stuck] if left[other])
    return path[path.index(stuck) :][::-1]


def ranks(project: Project, case: Case) -> list[int]:
    """By person, who comes first among those who could start at the same time: the one whom fewest jobs could do with."""
    asked = Counter(case.candidates)
    by = sorted(range(len(project.workers)), key=lambda person: (asked[person], person))
    found = [0] * len(by)
    for rank, person in enumerate(by):
        found[person] = rank
    return found
