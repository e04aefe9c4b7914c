"""How good a schedule is, as one number: the smaller, the better. Written as `listing_gaps` is.

First come deadlines, then due times, then what is aimed for, then the finish. While a deadline is missed, how late all jobs are
is weighed together with the finish: to look at the late ones alone leads nowhere. The finish alone says too little to a search,
as most changes leave it as it is: so how late the jobs are over that nothing waits for counts as well, with little weight, and
with more of it what is over later than it would have to be in a schedule as short as the bound. Least weight has each way of
somebody from one site to another.
"""

from typing import Any

from runbook_engine.scheduling.listing_case import CAL, DEADLINE, DEAR_AT, DEAR_END, DUE, OUT_AT, PRICE
from runbook_engine.scheduling.listing_gaps import site_of, span_after

FINISH, COST, WINDOWS = 0, 1, 2
WORST = 1 << 62
HALF = 1 << 18
MISSED = 1 << 61  # where a deadline is missed
PRESSING = 2000  # a slot after a deadline, divided by the number of jobs: so a search has a way through other schedules
LATE = 1 << 42  # a slot after a due time weighs as much
FIRST = 1 << 21  # a slot of the finish weighs as much between schedules of which the better is kept


def value(case: Any, books: Any, aim: int, whole: int, least: int, marks: Any) -> int:
    """How good a finished schedule is as a place to go on from.

    `whole` is what costs are measured by, `least` a slot before which it is not to be over, `marks` scratch for each span.
    """
    late, after, over = lateness(case, books, DEADLINE), lateness(case, books, DUE), overall(case, books, least)
    if late:
        return int(MISSED + min(over + (PRESSING * late + after) // len(books.finish), MISSED - 1))
    if aim == COST:
        over = cost(case, books) * 1_000_000_000 // max(1, whole) + over // 1000
    elif aim == WINDOWS:
        over = openings(case, books, marks) * 100_000_000 + over // 10
    return int(pressed(after, HALF) * LATE + min(over, LATE - 1))


def pressed(number: int, half: int) -> int:
    """As much as a number below a half; beyond that it grows more slowly, and stays below twice the half."""
    return int(number) if number < half else int(half + min((number - half) >> 10, half - 1))


def merit(case: Any, books: Any, aim: int, value: int) -> int:
    """How good a finished schedule is as an answer: nothing makes up for being late or, if that is the aim, a later finish."""
    finish, total, jobs = 0, 0, 1
    for job in range(len(books.finish)):
        finish = max(finish, books.finish[job])
        if case.jobs[job][OUT_AT] == case.jobs[job + 1][OUT_AT]:
            total += books.finish[job]
            jobs += 1
    if value >= MISSED:
        return int(MISSED + min(lateness(case, books, DEADLINE) * FIRST + min(finish, FIRST - 1), MISSED - 1))
    if aim != FINISH:
        return value
    over = min(finish * FIRST + min(4 * total // jobs + ways(case, books), FIRST - 1), LATE - 1)
    return int(pressed(lateness(case, books, DUE), HALF) * LATE + over)


def finish_of(merit: int, aim: int) -> int:
    """The finish of a schedule of that merit; 0 if it is over too late, or something else is the aim."""
    return merit // FIRST if aim == FINISH and merit < LATE else 0


def lateness(case: Any, books: Any, by: int) -> int:
    """How many slots jobs are over after their deadlines (DEADLINE) or due times (DUE), all together."""
    late = 0
    for job in range(len(books.finish)):
        late += max(0, books.finish[job] - case.jobs[job][by])
    return int(late)


def overall(case: Any, books: Any, least: int) -> int:
    """The finish of all, and with little weight how late the jobs are that nothing waits for: most of all, after `least`."""
    finish, total, jobs = 0, 0, 0
    for job in range(len(books.finish)):
        finish = max(finish, books.finish[job])
        if case.jobs[job][OUT_AT] == case.jobs[job + 1][OUT_AT]:
            total += books.finish[job] + 20 * max(0, books.finish[job] - least)
            jobs += 1
    return int(finish * 100 + total * 25 // max(1, jobs) + 20 * ways(case, books))


def ways(case: Any, books: Any) -> int:
    """How often people go from one site to another: between equals, whoever is there already does it."""
    found = 0
    for person in range(len(case.people)):
        at = -1
        for k in range(books.count[person]):
            site = site_of(case, books.whose[person][k])
            if site >= 0 and at >= 0 and site != at:
                found += 1
            if site >= 0:
                at = site
    return found


def cost(case: Any, books: Any) -> int:
    """What all hours of people cost."""
    total = 0
    for person in range(len(case.people)):
        row = case.people[person]
        for k in range(books.count[person]):
            begin, end = books.starts[person][k], books.ends[person][k]
            total += row[PRICE] * (end - begin)
            for d in range(row[DEAR_AT], row[DEAR_END]):
                total += case.dear[d][2] * max(0, min(end, case.dear[d][1]) - max(begin, case.dear[d][0]))
    return int(total)


def openings(case: Any, books: Any, marks: Any) -> int:
    """How many openings of calendars are used."""
    for k in range(len(marks)):
        marks[k] = 0
    count = 0
    for job in range(len(books.finish)):
        calendar = case.jobs[job][CAL]
        if calendar >= 0 and books.finish[job] > books.start[job]:
            at, end = case.calendars[calendar][0], case.calendars[calendar][1]
            k = span_after(case.spans, at, end, books.start[job])
            while k < end and case.spans[k][0] < books.finish[job]:
                count += 1 - marks[k]
                marks[k] = 1
                k += 1
    return count
