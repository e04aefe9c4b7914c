"""The critical path: when everything could be done if people and things were never short, and how long each job may wait.

Lags, leads and calendars count: what may be late is told by a pass backwards through the hours in which a job can really be
worked on. `critical_chain` follows a schedule that was made, people and things included.
"""

from collections.abc import Sequence

from runbook_engine.model.jobs import Link, LinkKind, Project
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.critical_hours import FOREVER, Clocks, Hours, Time, first, last

Arcs = list[list[tuple[int, Link]]]  # for each job those that wait for it, and how
_FROM_END = {LinkKind.FINISH_START, LinkKind.FINISH_FINISH}
_TO_START = {LinkKind.FINISH_START, LinkKind.START_START}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """For each job the earliest and the latest time, in slots; slack and free slack; and one critical path."""

    early: tuple[Time, ...]
    late: tuple[Time, ...]
    slack: tuple[int, ...]  # how much later it may be over before the end moves
    free_slack: tuple[int, ...]  # how much later it may be over before any other moves
    path: tuple[int, ...]  # jobs of which each waits for the one before, the last of which is over last
    finish: int


def paths(project: Project) -> Paths:
    """The critical path of a project and the slack of each job, people and resources aside."""
    clocks = Clocks(project)
    hours = [clocks.of(job) for job in project.jobs]
    after, order = followers(project)
    early = forwards(project, hours, order, [job.release for job in project.jobs])
    finish = max((end for _, end in early), default=0)
    late = backwards(project, hours, order, after, finish, early)
    slack = tuple(max(0, b[1] - a[1]) for a, b in zip(early, late, strict=True))
    free = tuple(free_slack(project, hours[n], n, after[n], early, slack[n]) for n in range(len(project.jobs)))
    return Paths(
        early=tuple(early),
        late=tuple(late),
        slack=slack,
        free_slack=free,
        path=_path(project, early, hours, finish),
        finish=finish,
    )


def followers(project: Project) -> tuple[Arcs, list[int]]:
    """Who waits for each job; and the jobs in an order in which each comes after what it waits for."""
    after: Arcs = [[] for _ in project.jobs]
    for number, job in enumerate(project.jobs):
        for link in job.links:
            after[link.before].append((number, link))
    return after, in_order([len(job.links) for job in project.jobs], after)


def in_order(unmet: list[int], after: Arcs) -> list[int]:
    """The jobs so that each comes after what it waits for; what waits in a circle comes last."""
    order = [number for number, count in enumerate(unmet) if count == 0]
    for number in order:
        for other, _ in after[number]:
            unmet[other] -= 1
            if unmet[other] == 0:
                order.append(other)
    done = set(order) if len(order) < len(unmet) else ()
    return order + [number for number in range(len(unmet)) if number not in done] if done else order


def forwards(project: Project, hours: Sequence[Hours | None], order: Sequence[int], begins: Sequence[int]) -> list[Time]:
    """The earliest time of each job that starts no sooner than its slot in `begins`."""
    early: list[Time] = [(0, 0)] * len(project.jobs)
    for number in order:
        job, start, finish = project.jobs[number], begins[number], 0
        for link in job.links:
            held = early[link.before][link.kind in _FROM_END] + link.lag
            if link.kind in _TO_START:
                start = max(start, held)
            else:
                finish = max(finish, held)
        early[number] = first(hours[number], job, start, finish)
    return early


def backwards(
    project: Project,
    hours: Sequence[Hours | None],
    order: Sequence[int],
    after: Arcs,
    finish: int,
    placed: Sequence[Time],
) -> list[Time]:
    """The latest time of each job at which nothing is over after `finish`, and no deadline that is kept is missed.

    What may come only so much after another is not later than the time `placed` of that one allows.
    """
    late: list[Time] = [(0, 0)] * len(project.jobs)
    for number in reversed(order):
        job = project.jobs[number]
        start, end = FOREVER, finish
        if job.deadline is not None and placed[number][1] <= job.deadline:
            end = min(end, job.deadline)
        for other, link in after[number]:
            held = late[other][link.kind not in _TO_START] - link.lag
            start, end = (start, min(end, held)) if link.kind in _FROM_END else (min(start, held), end)
        for link in job.links:
            if link.most is not None:
                held = placed[link.before][link.kind in _FROM_END] + link.most
                start, end = (min(start, held), end) if link.kind in _TO_START else (start, min(end, held))
        late[number] = last(hours[number], job, start, end)
    return late


def free_slack(
    project: Project, hours: Hours | None, number: int, after: Sequence[tuple[int, Link]], placed: Sequence[Time], slack: int
) -> int:
    """How much later a job may be over before any that waits for it moves; never more than its slack."""
    start, end = FOREVER, placed[number][1] + slack
    for other, link in after:
        held = placed[other][link.kind not in _TO_START] - link.lag
        start, end = (start, min(end, held)) if link.kind in _FROM_END else (min(start, held), end)
    return max(0, min(slack, last(hours, project.jobs[number], start, end)[1] - placed[number][1]))


def _path(project: Project, early: Sequence[Time], hours: Sequence[Hours | None], finish: int) -> tuple[int, ...]:
    """From the job that is over last back through what each waited for."""
    at: int | None = max((n for n, time in enumerate(early) if time[1] == finish), key=lambda n: early[n], default=None)
    found: list[int] = []
    seen = set[int]()
    while at is not None and at not in seen:
        found.append(at)
        seen.add(at)
        at = awaited(project, early, hours[at], at)
    return tuple(reversed(found))


def awaited(project: Project, placed: Sequence[Time], hours: Hours | None, number: int) -> int | None:
    """The job for which one waits by its links, of several the last; None if it could not start sooner without any."""
    job, best, chosen = project.jobs[number], -FOREVER, None
    for link in job.links:
        held = placed[link.before][link.kind in _FROM_END] + link.lag
        to_start = link.kind in _TO_START
        reached = first(hours, job, held if to_start else 0, 0 if to_start else held)
        bound = held if to_start else held - job.duration
        if reached == placed[number] and bound > max(best, job.release - 1) and held > 0:
            best, chosen = bound, link.before
    return chosen
