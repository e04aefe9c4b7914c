"""The critical path of a project by the calendars of its jobs and people: nothing is over before it."""

from typing import Any

from runbook_engine.model.jobs import Project
from runbook_engine.scheduling.listing_case import (
    BIG,
    CAL,
    DUR,
    FIXED,
    FREE_AT,
    FREE_END,
    IN_AT,
    JOB,
    KIND,
    LAG,
    PAUSE,
    RELEASE,
    SEAT_AT,
    Case,
)
from runbook_engine.scheduling.listing_gaps import open_for, span_after
from runbook_engine.scheduling.listing_order import sequence


def critical_path(project: Project, case: Case) -> int:
    """No schedule is over before this slot: work and calendars alone, with everybody there for each job."""
    return max((finish for _, finish in earliest(project, case)), default=0)


def earliest(project: Project, case: Case) -> list[tuple[int, int]]:
    """By job, a slot before which it cannot start, and one before which it cannot be over."""
    jobs = len(project.jobs)
    order = [0] * jobs
    sequence(case, range(jobs), order)
    found = [(0, 0)] * jobs
    for job in order:
        row, start, finish = case.jobs[job], case.jobs[job][RELEASE], 0
        if row[FIXED] >= 0:
            found[job] = (row[FIXED], row[FIXED] + row[DUR])
            continue
        for k in range(row[IN_AT], case.jobs[job + 1][IN_AT]):
            link = case.into[k]
            anchor = found[link[JOB]][0 if link[KIND] in (1, 3) else 1] + link[LAG]
            start, finish = (max(start, anchor), finish) if link[KIND] < 2 else (start, max(finish, anchor))
        if not row[PAUSE]:  # with pauses it may begin long before its end
            start = max(start, finish - row[DUR])
        start, ends = fitted(case, job, start)
        found[job] = (start, max(finish, ends))
    return found


def fitted(case: Case, job: int, slot: int) -> tuple[int, int]:
    """When a job can start and be over from a slot on, with a calendar and for each seat a candidate, alone in the world."""
    row = case.jobs[job]
    if row[DUR] == 0:
        return slot, slot
    start, finish = alone_in(case, case.calendars[row[CAL]], row, slot) if row[CAL] >= 0 else (slot, slot + row[DUR])
    for seat in range(row[SEAT_AT], case.jobs[job + 1][SEAT_AT]):
        hours = {
            tuple(case.people[p][FREE_AT : FREE_END + 1]) for p in case.candidates[case.seats[seat] : case.seats[seat + 1]]
        }
        ways = [alone_in(case, each, row, start) for each in hours]
        start = max(start, min((a for a, _ in ways), default=start))
        finish = max(finish, min((b for _, b in ways), default=finish))
    return start, max(finish, start + row[DUR])


def alone_in(case: Case, spans: Any, row: Any, slot: int) -> tuple[int, int]:
    """When a job with no other needs would start and be over within some spans."""
    at, end = spans
    if not row[PAUSE]:
        start = open_for(case.spans, at, end, slot, row[DUR])
        return (start, start + row[DUR]) if start < BIG else (slot, slot + row[DUR])
    k, left = span_after(case.spans, at, end, slot), row[DUR]
    start = max(slot, case.spans[k][0]) if k < end else slot
    while k < end:
        begin, close = max(slot, case.spans[k][0]), case.spans[k][1]
        if begin + left <= close:
            return start, begin + left
        left -= close - begin
        k += 1
    return slot, slot + row[DUR]
