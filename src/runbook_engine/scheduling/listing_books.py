"""The books of a schedule in the making: who works when, and what is left of each thing. Written as `listing_gaps` is."""

from typing import Any, NamedTuple

from runbook_engine.model.jobs import Project, Supply
from runbook_engine.scheduling.listing_case import (
    BIG,
    DAY_MOST,
    DUR,
    LIMITED,
    PAUSE,
    REST,
    SEAT_AT,
    SHIFT_MOST,
    USE_AT,
    WEEK_MOST,
    Case,
)
from runbook_engine.scheduling.listing_gaps import gap_for, later_than


class Books(NamedTuple):
    """What is known while jobs are placed. By person and spell `starts`, `ends`, `whose`; by thing and step `times`, `left`."""

    starts: Any
    ends: Any
    whose: Any
    count: Any  # spells by person
    since: Any  # by person: no slot before it is free
    days: Any  # slots worked, by person and day
    weeks: Any
    times: Any  # when what is left of a thing changes
    left: Any
    steps: Any  # times by thing
    start: Any  # by job; -1: not placed
    finish: Any
    who: Any  # by seat
    spells: Any  # (from, to) of the job that is being placed
    parts: Any  # how many of them there are
    seen: Any  # by seat of that job and candidate: when they could start
    asked: Any  # by seat of that job: (seat, the one in whose favour it was asked, the candidate who is to move there)
    floor: Any  # by job: not before, found out on the way
    rank: Any  # by person: who comes first of those who could start at the same time
    pick: Any  # by job: who does it, if it can be; -1: whoever is first
    room: Any  # (spells by person, times by thing) that there is room for


def books_of(project: Project, case: Case) -> Books:
    """Books in which nothing is placed yet."""
    people, jobs = len(case.people), len(case.jobs) - 1
    profiles = [_profile(each) for each in project.resources] + [[(0, each.most)] for each in project.apart]
    widest = max((case.jobs[k + 1][SEAT_AT] - case.jobs[k][SEAT_AT] for k in range(jobs)), default=0)
    able = max((case.seats[k + 1] - case.seats[k] for k in range(len(case.seats) - 1)), default=0)
    books = Books(
        starts=[[] for _ in range(people)],
        ends=[[] for _ in range(people)],
        whose=[[] for _ in range(people)],
        count=[0] * people,
        since=[0] * people,
        days=[[0] * len(case.days) for _ in range(people)],
        weeks=[[0] * len(case.weeks) for _ in range(people)],
        times=[[at for at, _ in steps] for steps in profiles],
        left=[[amount for _, amount in steps] for steps in profiles],
        steps=[len(steps) for steps in profiles],
        start=[-1] * jobs,
        finish=[-1] * jobs,
        who=[-1] * (len(case.seats) - 1),
        spells=[[0, 0] for _ in range(len(case.spans) + cuts(case) + 2)],
        parts=[0],
        asked=[[0, 0, 0] for _ in range(max(1, widest))],
        seen=[[BIG] * max(1, able) for _ in range(max(1, widest))],
        floor=[0] * jobs,
        rank=list(range(people)),
        pick=[-1] * jobs,
        room=[BIG, BIG],
    )
    _elsewhere(project, case, books)
    return books


def cuts(case: Case) -> int:
    """In how many places the limits of its people may interrupt a job that pauses, at most."""
    longest = max((row[DUR] for row in case.jobs if row[PAUSE]), default=0)
    shifts = [longest // max(1, row[SHIFT_MOST]) for row in case.people if row[REST]]
    return len(case.days) + len(case.weeks) + max(shifts, default=0) + 1


def _elsewhere(project: Project, case: Case, books: Books) -> None:
    """Enter what people do for other projects."""
    for person, worker in enumerate(project.workers):
        for begin, end, site in worker.elsewhere:
            book(case, books, person, foreign(site), begin, end)


def foreign(site: int | None) -> int:
    """What stands in `whose` for work of another project at a site, or at none."""
    return -1 if site is None else -2 - site


def _profile(supply: Supply) -> list[tuple[int, int]]:
    """What is left of a thing from each slot on, before any job."""
    change: dict[int, int] = {0: supply.amount}
    for slot, amount in supply.arrives if supply.used_up else ():
        change[max(0, slot)] = change.get(max(0, slot), 0) + amount
    for begin, end, amount in supply.taken:
        change[max(0, begin)] = change.get(max(0, begin), 0) - amount
        if not supply.used_up:
            change[max(0, end)] = change.get(max(0, end), 0) + amount
    level, steps = 0, []
    for slot in sorted(change):
        level += change[slot]
        steps.append((slot, level))
    return steps


def insert(row: Any, at: int, count: int, value: int) -> None:
    """Put a number into a row of which the first `count` count."""
    del row[count:]
    row.insert(at, value)


def remove(row: Any, at: int, count: int) -> None:  # noqa: ARG001 - an array does not know how many count
    """Take a number out of a row of which the first `count` count."""
    del row[at]


def take(books: Any, thing: int, begin: int, end: int, amount: int) -> None:
    """Have that much of a thing taken from a slot up to another; given back, if it is less than nothing."""
    first = step_at(books, thing, begin)
    last = step_at(books, thing, end) if end < BIG else books.steps[thing]
    for k in range(first, last):
        books.left[thing][k] -= amount
    joined(books, thing, last)
    joined(books, thing, first)


def step_at(books: Any, thing: int, slot: int) -> int:
    """Which step of a thing begins at a slot; it is made if there is none."""
    times, left, count = books.times[thing], books.left[thing], books.steps[thing]
    k = later_than(times, count, slot)
    if k > 0 and times[k - 1] == slot:
        return k - 1
    insert(left, k, count, left[max(0, k - 1)])
    insert(times, k, count, slot)
    books.steps[thing] += 1
    return k


def joined(books: Any, thing: int, k: int) -> None:
    """Make one of two steps between which nothing changes."""
    count = books.steps[thing]
    if 0 < k < count and books.left[thing][k] == books.left[thing][k - 1]:
        remove(books.left[thing], k, count)
        remove(books.times[thing], k, count)
        books.steps[thing] -= 1


def book(case: Any, books: Any, person: int, job: int, begin: int, end: int) -> None:
    """Have a person work on a job from a slot up to another."""
    count = books.count[person]
    at = later_than(books.starts[person], count, begin)
    insert(books.starts[person], at, count, begin)
    insert(books.ends[person], at, count, end)
    insert(books.whose[person], at, count, job)
    books.count[person] += 1
    if begin <= books.since[person] < end:
        books.since[person] = gap_for(case, books, person, end, 1)
    if case.people[person][LIMITED]:
        load(case, books, person, begin, end, 1)


def unbook(case: Any, books: Any, person: int, job: int) -> None:
    """Have a person no longer work on a job."""
    k = 0
    while k < books.count[person]:
        if books.whose[person][k] == job:
            count, begin, end = books.count[person], books.starts[person][k], books.ends[person][k]
            remove(books.starts[person], k, count)
            remove(books.ends[person], k, count)
            remove(books.whose[person], k, count)
            books.count[person] -= 1
            books.since[person] = min(books.since[person], begin)
            if case.people[person][LIMITED]:
                load(case, books, person, begin, end, -1)
        else:
            k += 1


def load(case: Any, books: Any, person: int, begin: int, end: int, sign: int) -> None:
    """Count work in its days and weeks."""
    if case.people[person][DAY_MOST] < BIG:
        spread(case.days, books.days[person], begin, end, sign)
    if case.people[person][WEEK_MOST] < BIG:
        spread(case.weeks, books.weeks[person], begin, end, sign)


def spread(days: Any, loads: Any, begin: int, end: int, sign: int) -> None:
    """Count slots in the days in which they lie."""
    k = max(0, later_than(days, len(days), begin) - 1)
    while k < len(days) and days[k] < end:
        ends = days[k + 1] if k + 1 < len(days) else BIG
        loads[k] += sign * (min(ends, end) - max(days[k], begin))
        k += 1


def use(case: Any, books: Any, job: int, begin: int, end: int, sign: int) -> None:
    """Take what a job needs (1), or give it back (-1)."""
    for k in range(case.jobs[job][USE_AT], case.jobs[job + 1][USE_AT]):
        thing, amount = case.uses[k][0], case.uses[k][1]
        if case.used_up[thing]:
            take(books, thing, begin, BIG, sign * amount)
        elif end > begin:
            take(books, thing, begin, end, sign * amount)
