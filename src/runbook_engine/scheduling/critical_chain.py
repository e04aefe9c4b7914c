"""What decides the end of a schedule: for each job what it waits for, be it other work, people, things or the calendar.

Beside the links there are arcs along which people and things are handed on from job to job, as the schedule has it. What
each job waits for last makes the critical chain; how near the other ways through the schedule are makes the drag.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from runbook_engine.model.jobs import Job, Link, LinkKind, Project, Solution
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.critical import backwards, followers, free_slack
from runbook_engine.scheduling.critical_hours import FOREVER, Clocks, Hours, Time, first


class Held(StrEnum):
    """What a job waits for last."""

    WORK = "work"
    PERSON = "person"
    THING = "thing"
    PARTS = "parts"
    RELEASE = "release"
    CALENDAR = "calendar"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Arc:
    """A job that is over, with its lag, before another can go on; `name` is the number of the person or thing handed on."""

    before: int
    lag: int
    held: Held
    name: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a job stands in a schedule, in slots."""

    slack: int  # by its links and calendars; people and things aside
    free_slack: int
    chain: bool
    drag: int
    held: Held
    before: int | None = None  # the job that it waits for
    name: int = -1  # the person or the thing that it waits for
    opens: bool = False  # it also waits for its hours to begin


def standings(project: Project, solution: Solution) -> tuple[Standing, ...]:
    """Where each job stands: slack, critical chain, drag, and what it waits for."""
    placed: list[Time] = [(p.start, p.finish) for p in solution.placed]
    clocks = Clocks(project)
    hours = [clocks.of(job, p.people) for job, p in zip(project.jobs, solution.placed, strict=True)]
    after, order = followers(project)
    late = backwards(project, hours, order, after, solution.finish, placed)
    slack = [max(0, b[1] - a[1]) for a, b in zip(placed, late, strict=True)]
    handed = list(_handed_on(project, solution))
    parts = _parts(project, placed)
    waits = [_waits(project, placed, hours[n], n, handed[n], parts.get(n)) for n in range(len(placed))]
    chain = _chain(placed, waits, solution.finish)
    drags = _drags(project, placed, hours, handed, chain, solution.finish)
    return tuple(
        replace(
            waits[n],
            slack=slack[n],
            free_slack=free_slack(project, hours[n], n, after[n], placed, slack[n]),
            chain=n in chain,
            drag=drags.get(n, 0),
        )
        for n in range(len(placed))
    )


def _handed_on(project: Project, solution: Solution) -> Iterator[list[Arc]]:
    """From which jobs each gets its people and things."""
    order = sorted(range(len(project.jobs)), key=lambda n: (solution.placed[n].start, solution.placed[n].finish, n))
    arcs: list[list[Arc]] = [[] for _ in project.jobs]
    done_by: dict[int, int] = {}
    for number in order:
        for person in solution.placed[number].people:
            if person in done_by:
                way = _way(project, person, done_by[person], number)
                arcs[number].append(Arc(done_by[person], way, Held.PERSON, person))
            done_by[person] = number
    for name, supply in enumerate(project.resources):
        if not supply.used_up:
            uses = {n: a for n in order for resource, a in project.jobs[n].uses if resource == name}
            _hand_on(arcs, uses, supply.amount, solution, name)
    for rule in project.apart:
        _hand_on(arcs, dict.fromkeys((n for n in order if n in rule.jobs), 1), rule.most, solution, -1)
    yield from arcs


def _parts(project: Project, placed: Sequence[Time]) -> dict[int, tuple[int, int]]:
    """For jobs that use up parts which were not there from the beginning: when the last of theirs come, and which they are."""
    found: dict[int, tuple[int, int]] = {}
    order = sorted(range(len(placed)), key=lambda n: (placed[n][0], n))
    for name, supply in enumerate(project.resources):
        left, coming = supply.amount - sum(amount for _, _, amount in supply.taken), sorted(supply.arrives)
        came = 0
        for number in order if supply.used_up else ():
            for amount in (a for resource, a in project.jobs[number].uses if resource == name):
                left -= amount
                while left < 0 and coming:
                    came, more = coming.pop(0)
                    left += more
                if came > found.get(number, (0, 0))[0]:
                    found[number] = (came, name)
    return found


def _hand_on(arcs: list[list[Arc]], uses: dict[int, int], amount: int, solution: Solution, name: int) -> None:
    """Units of a thing go from jobs that are over to those that begin: first what was never used, then what was freed last."""
    unused, busy = amount, list[tuple[int, int, int]]()
    freed: list[list[int]] = []
    for number, wanted in uses.items():
        start = solution.placed[number].start
        while busy and busy[0][0] <= start:
            _, other, count = heapq.heappop(busy)
            freed.append([other, count])
        left = wanted - min(wanted, unused)
        unused -= wanted - left
        while left > 0 and freed:
            count = min(left, freed[-1][1])
            arcs[number].append(Arc(freed[-1][0], 0, Held.THING, name))
            freed[-1][1] -= count
            left -= count
            if freed[-1][1] == 0:
                freed.pop()
        heapq.heappush(busy, (solution.placed[number].finish, number, wanted))


def _way(project: Project, person: int, before: int, after: int) -> int:
    one, other = project.jobs[before].site, project.jobs[after].site
    travels = project.workers[person].site is not None and one is not None and other is not None
    return project.travel.get((one, other), 0) if travels and one is not None and other is not None else 0


def _waits(
    project: Project,
    placed: Sequence[Time],
    hours: Hours | None,
    number: int,
    handed: Sequence[Arc],
    parts: tuple[int, int] | None,
) -> Standing:
    """What a job waits for last: of several things that do not let it start sooner, the latest; work before people."""
    job, start = project.jobs[number], placed[number][0]
    found = [(arc.before, held, arc.held, arc.name) for arc, held in _holds(job, placed, handed)]
    found += [(-1, job.release, Held.RELEASE, -1)] if job.release > 0 else []
    found += [(-1, parts[0], Held.PARTS, parts[1])] if parts else []
    rank = {Held.WORK: 4, Held.RELEASE: 3, Held.PARTS: 2, Held.PERSON: 1, Held.THING: 0}
    tight = [f for f in found if f[1] > 0 and first(hours, job, f[1], 0)[0] >= start]
    before, bound, held, name = max(
        tight, key=lambda f: (min(f[1], start), rank[f[2]], -f[0]), default=(-1, 0, Held.NOTHING, -1)
    )
    opens = bound < start and first(hours, job, bound, 0)[0] >= start
    if held is Held.NOTHING and opens:
        held = Held.CALENDAR
    other = before if before >= 0 else None
    return Standing(slack=0, free_slack=0, chain=False, drag=0, held=held, before=other, name=name, opens=opens)


def _holds(job: Job, placed: Sequence[Time], handed: Sequence[Arc]) -> Iterator[tuple[Arc, int]]:
    """Each job that may hold one up, with the slot from which it does not any more."""
    for link in job.links:
        from_end = link.kind in {LinkKind.FINISH_START, LinkKind.FINISH_FINISH}
        to_start = link.kind in {LinkKind.FINISH_START, LinkKind.START_START}
        held = placed[link.before][from_end] + link.lag - (0 if to_start else job.duration)
        yield Arc(link.before, link.lag, Held.WORK), held
    for arc in handed:
        yield arc, placed[arc.before][1] + arc.lag


def _chain(placed: Sequence[Time], waits: Sequence[Standing], finish: int) -> dict[int, None]:
    """From the job that is over last back through what each waits for."""
    at: int | None = max((n for n, time in enumerate(placed) if time[1] == finish), key=lambda n: placed[n], default=None)
    found: dict[int, None] = {}
    while at is not None and at not in found:
        found[at] = None
        at = waits[at].before
    return found


def _drags(
    project: Project,
    placed: Sequence[Time],
    hours: Sequence[Hours | None],
    handed: Sequence[Sequence[Arc]],
    chain: dict[int, None],
    finish: int,
) -> dict[int, int]:
    """How much earlier the end would be without each job of the chain: until another way through the schedule decides.

    At the moment at which a job begins, each other way has some work or some wait under way; the least slack of those counts.
    """
    jobs = tuple(replace(job, links=_all_links(job, arcs)) for job, arcs in zip(project.jobs, handed, strict=True))
    whole = replace(project, jobs=jobs)
    after, order = followers(whole)
    late = backwards(whole, hours, order, after, finish, placed)
    under_way = sorted(_under_way(whole, placed, late, finish))
    slacks: list[tuple[int, int, int]] = []
    found, at = dict[int, int](), 0
    for number in sorted(chain, key=lambda n: placed[n]):
        begin, end = placed[number]
        while at < len(under_way) and under_way[at][0] <= begin:
            _, until, slack, of = under_way[at]
            heapq.heappush(slacks, (slack, until, of))
            at += 1
        aside = [s for s in _least(slacks, begin) if s[2] != number]
        found[number] = max(0, min(end - begin, aside[0][0] if aside else FOREVER))
    return found


def _least(slacks: list[tuple[int, int, int]], begin: int) -> list[tuple[int, int, int]]:
    """The two of least slack that are still under way; those that are over are dropped."""
    while slacks and slacks[0][1] <= begin:
        heapq.heappop(slacks)
    if not slacks:
        return []
    least = heapq.heappop(slacks)
    while slacks and slacks[0][1] <= begin:
        heapq.heappop(slacks)
    second = slacks[:1]
    heapq.heappush(slacks, least)
    return [least, *second]


def _under_way(
    project: Project, placed: Sequence[Time], late: Sequence[Time], finish: int
) -> Iterator[tuple[int, int, int, int]]:
    """Work and waits: from, to, slack, and the job if it is work."""
    ended = set(range(len(project.jobs)))
    for number, job in enumerate(project.jobs):
        if job.duration:
            yield (*placed[number], max(0, late[number][1] - placed[number][1]), number)
        if not job.links and placed[number][0] > 0:
            yield 0, placed[number][0], max(0, late[number][0]), -1
        for link in job.links:
            ended.discard(link.before)
            since, until = placed[link.before][1], placed[number][0]
            if since < until:
                yield since, until, max(0, late[number][0] - link.lag - since), -1
    for number in ended:
        if placed[number][1] < finish:
            yield placed[number][1], finish, finish - placed[number][1], -1


def _all_links(job: Job, arcs: Sequence[Arc]) -> tuple[Link, ...]:
    return (*job.links, *(Link(before=arc.before, lag=arc.lag) for arc in arcs))
