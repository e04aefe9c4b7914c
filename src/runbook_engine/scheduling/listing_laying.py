"""Job after job is placed where it fits first: serial list scheduling. Written as `listing_gaps` is."""

from typing import Any

from runbook_engine.scheduling.listing_books import book, unbook, use
from runbook_engine.scheduling.listing_case import (
    BIG,
    DUR,
    FACT,
    FIXED,
    IN_AT,
    JOB,
    KIND,
    LAG,
    MOST,
    OUT_AT,
    PAUSE,
    RELEASE,
    SEAT_AT,
)
from runbook_engine.scheduling.listing_crews import one, several, things_for
from runbook_engine.scheduling.listing_pauses import pattern, pausing

PLACED, NO_PLACE, TOO_LATE = 0, 1, 2


def chosen(case: Any, books: Any, job: int, slot: int) -> int:
    """When a job can start, from a slot on, with whomever; its people and spells are noted in the books. `BIG`: never."""
    seats = case.jobs[job + 1][SEAT_AT] - case.jobs[job][SEAT_AT]
    if case.jobs[job][DUR] and case.jobs[job][PAUSE]:
        return pausing(case, books, job, slot, seats)
    if seats == 0:
        start = things_for(case, books, job, slot)
    elif seats == 1:
        start = one(case, books, job, slot)
    else:
        start = several(case, books, job, slot, seats)
    books.spells[0][0] = start
    books.spells[0][1] = start + case.jobs[job][DUR]
    books.parts[0] = 1
    return start


def held(case: Any, books: Any, job: int) -> tuple[int, int, int, int]:
    """What the placed jobs leave of the start and the finish of a job: not before, not before, not after, not after."""
    start, finish, start_most, finish_most = 0, 0, BIG, BIG
    for k in range(case.jobs[job][IN_AT], case.jobs[job + 1][IN_AT]):
        other, kind = case.into[k][JOB], case.into[k][KIND]
        if books.finish[other] >= 0:
            end = books.start[other] if kind in (1, 3) else books.finish[other]
            low, high = end + case.into[k][LAG], end + case.into[k][MOST]
            if kind < 2:
                start, start_most = max(start, low), min(start_most, high)
            else:
                finish, finish_most = max(finish, low), min(finish_most, high)
    for k in range(case.jobs[job][OUT_AT], case.jobs[job + 1][OUT_AT]):
        other, kind = case.onto[k][JOB], case.onto[k][KIND]
        if books.finish[other] >= 0:
            end = books.start[other] if kind < 2 else books.finish[other]
            low, high = end - case.onto[k][MOST], end - case.onto[k][LAG]
            if kind in (1, 3):
                start, start_most = max(start, low), min(start_most, high)
            else:
                finish, finish_most = max(finish, low), min(finish_most, high)
    return start, finish, start_most, finish_most


def place(case: Any, books: Any, job: int) -> int:
    """Place a job where it fits first: PLACED, NO_PLACE, or TOO_LATE for what it is tied to."""
    if case.jobs[job][FACT]:
        return given(case, books, job)
    slot, finish, start_most, finish_most = held(case, books, job)
    slot = max(slot, books.floor[job], case.jobs[job][RELEASE], finish - case.jobs[job][DUR])
    if case.jobs[job][FIXED] >= 0:
        if slot > case.jobs[job][FIXED]:
            return TOO_LATE
        slot = start_most = case.jobs[job][FIXED]
    while slot < BIG:
        slot = chosen(case, books, job, slot)
        if slot == BIG:
            return NO_PLACE
        ends = books.spells[books.parts[0] - 1][1]
        if ends >= finish:
            if slot > start_most or ends > finish_most:
                return TOO_LATE
            settle(case, books, job, ends)
            return PLACED
        slot += finish - ends
    return NO_PLACE


def given(case: Any, books: Any, job: int) -> int:
    """Place a fact, whatever the rules say."""
    first, start = case.jobs[job][SEAT_AT], case.jobs[job][FIXED]
    seats = case.jobs[job + 1][SEAT_AT] - first
    for i in range(seats):
        books.who[first + i] = case.candidates[case.seats[first + i]]
    books.spells[0][0] = start
    if not case.jobs[job][PAUSE] or not pattern(case, books, job, start, seats) or books.spells[0][0] != start:
        books.spells[0][0], books.spells[0][1] = start, start + case.jobs[job][DUR]
        books.parts[0] = 1
    settle(case, books, job, books.spells[books.parts[0] - 1][1])
    return PLACED


def settle(case: Any, books: Any, job: int, finish: int) -> None:
    """Enter a job with its people and spells, which are noted in the books."""
    start = books.spells[0][0]
    books.start[job], books.finish[job] = start, finish
    use(case, books, job, start, finish, 1)
    if finish > start:
        for seat in range(case.jobs[job][SEAT_AT], case.jobs[job + 1][SEAT_AT]):
            for part in range(books.parts[0]):
                book(case, books, books.who[seat], job, books.spells[part][0], books.spells[part][1])


def lift(case: Any, books: Any, job: int) -> None:
    """Take a job out of the schedule again."""
    use(case, books, job, books.start[job], books.finish[job], -1)
    for seat in range(case.jobs[job][SEAT_AT], case.jobs[job + 1][SEAT_AT]):
        unbook(case, books, books.who[seat], job)
    books.start[job] = books.finish[job] = -1


def lay(case: Any, books: Any, order: Any, tries: int) -> tuple[int, int]:
    """Place all jobs in an order. How many were placed and, if not all, why not the next: NO_PLACE or TOO_LATE.

    Where a job comes too late for one that it may not follow by so much, that one is moved and all after it placed again, as
    often as `tries` says.
    """
    at = 0
    while at < len(order):
        code = place(case, books, order[at])
        if code == PLACED:
            at += 1
            continue
        back = moved(case, books, order[at]) if code == TOO_LATE and tries > 0 else -1
        if back < 0:
            return at, code
        tries -= 1
        while at > 0 and books.finish[back] >= 0:
            at -= 1
            lift(case, books, order[at])
    return at, PLACED


def moved(case: Any, books: Any, job: int) -> int:
    """Which job is to be placed later, since the one after it comes too late for it; -1 if none can help."""
    slot, _, start_most, finish_most = held(case, books, job)
    ends = books.spells[books.parts[0] - 1][1]
    late = max(max(slot, books.spells[0][0]) - start_most, ends - finish_most)
    for k in range(case.jobs[job][IN_AT], case.jobs[job + 1][IN_AT]):
        other, kind = case.into[k][JOB], case.into[k][KIND]
        if books.finish[other] >= 0 and case.into[k][MOST] < BIG and not case.jobs[other][FACT]:
            end = books.start[other] if kind in (1, 3) else books.finish[other]
            if end + case.into[k][MOST] == (start_most if kind < 2 else finish_most) and case.jobs[other][FIXED] < 0:
                books.floor[other] = books.start[other] + max(1, late)
                return int(other)
    return -1
