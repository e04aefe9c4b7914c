"""What every schedule needs at least: asked before one is made, for it costs a fraction of that.

What is refused here fits into no schedule. What is not refused may still fit into none.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from runbook_engine.model.jobs import Project, Spans
from runbook_engine.scheduling.crew_path import earliest
from runbook_engine.scheduling.listing_case import (
    BIG,
    CAL,
    DAY_MOST,
    DEADLINE,
    DUR,
    FIXED,
    FREE_AT,
    FREE_END,
    PAUSE,
    SEAT_AT,
    WEEK_MOST,
    Case,
)
from runbook_engine.scheduling.spans import common, joined

Able = tuple[int, ...]


def hopeless(project: Project, case: Case) -> bool:
    """Whether a job comes too late by work and calendars alone, or people have fewer hours than their work takes."""
    times = earliest(project, case)
    if any(finish > row[DEADLINE] for (_, finish), row in zip(times, case.jobs, strict=False)):
        return True
    heads = [start for start, _ in times]
    return any(_too_much(project, case, people, jobs, heads) for people, jobs in _sets(case))


def _sets(case: Case) -> Iterator[tuple[Able, list[int]]]:
    """Jobs that the same people can do, and of those again the jobs with the same calendar."""
    by: dict[tuple[Able, int | None], list[int]] = {}
    for job in range(len(case.jobs) - 1):
        row = case.jobs[job]
        if not row[DUR] or row[FIXED] >= 0:
            continue
        if people := able(case, job):
            by.setdefault((people, None), []).append(job)
            by.setdefault((people, row[CAL]), []).append(job)
    for (people, calendar), jobs in by.items():
        if calendar is None or len(jobs) < len(by[people, None]):
            yield people, jobs


def able(case: Case, job: int) -> Able:
    """Everybody who can have a seat of a job."""
    first, end = case.seats[case.jobs[job][SEAT_AT]], case.seats[case.jobs[job + 1][SEAT_AT]]
    return tuple(sorted(set(case.candidates[first:end])))


def _too_much(project: Project, case: Case, people: Able, jobs: list[int], heads: list[int]) -> bool:
    """Whether some jobs take more hours than those who can do them have between the first start and the last deadline."""
    rows = [case.jobs[job] for job in jobs]
    work = sum(row[DUR] * (case.jobs[job + 1][SEAT_AT] - row[SEAT_AT]) for job, row in zip(jobs, rows, strict=True))
    head, end = min(heads[job] for job in jobs), max(row[DEADLINE] for row in rows)
    if end >= BIG:
        return False
    within = _within(project, {row[CAL] for row in rows}, head, end)
    least = 1 if any(row[PAUSE] for row in rows) else min(row[DUR] for row in rows)
    for person in people:
        at, last = case.people[person][FREE_AT], case.people[person][FREE_END]
        free = [(a, b) for a, b in common(within, tuple(case.spans[at:last])) if b - a >= least]
        work -= _hours(case, person, free)
        if work <= 0:
            return False
    return True


def _within(project: Project, calendars: set[int], head: int, end: int) -> Spans:
    """When jobs of these calendars may be worked on, between two slots; -1 stands for always."""
    if -1 in calendars:
        return ((head, end),)
    spans = joined(*(project.calendars[each] for each in calendars))
    return tuple((max(a, head), min(b, end)) for a, b in spans if a < end and b > head)


def _hours(case: Case, person: int, free: Iterable[tuple[int, int]]) -> int:
    """How many of these slots a person may work, by the limits of days or by those of weeks, whichever are fewer."""
    row, spans = case.people[person], list(free)
    found = sum(end - begin for begin, end in spans)
    for most, begins in ((row[DAY_MOST], case.days), (row[WEEK_MOST], case.weeks)):
        if most < BIG:
            found = min(found, sum(min(most, slots) for slots in _by(begins, spans).values()))
    return found


def _by(begins: list[int], spans: Iterable[tuple[int, int]]) -> dict[int, int]:
    """The slots of spans by the day, or the week, in which they lie."""
    found: dict[int, int] = {}
    for begin, end in spans:
        while begin < end:
            k = bisect_right(begins, begin)
            until = min(end, begins[k]) if k < len(begins) else end
            found[k] = found.get(k, 0) + until - begin
            begin = until  # noqa: PLW2901 - what is left of the span
    return found
