"""When the people, things and calendar of an unbroken job come together, and who does it. Written as `listing_gaps` is."""

from typing import Any

from runbook_engine.scheduling.listing_case import BIG, CAL, DUR, OTHER_AT, SAME_AT, SEAT_AT, USE_AT
from runbook_engine.scheduling.listing_gaps import open_for, person_for, thing_for

MANY = 100  # jobs for others than one: of more it is not asked who is left


def things_for(case: Any, books: Any, job: int, slot: int) -> int:
    """When the calendar and the things of an unbroken job are there for its whole time."""
    length, calendar = case.jobs[job][DUR], case.jobs[job][CAL]
    while True:
        found = slot
        if calendar >= 0 and length:
            found = open_for(case.spans, case.calendars[calendar][0], case.calendars[calendar][1], found, length)
        for k in range(case.jobs[job][USE_AT], case.jobs[job + 1][USE_AT]):
            found = thing_free(books, case.uses[k][0], case.uses[k][1], case.used_up, found, length)
        if found in (slot, BIG):
            return found
        slot = found


def thing_free(books: Any, thing: int, amount: int, used_up: Any, slot: int, length: int) -> int:
    """When that much of a thing is left for some slots in a row; for ever, if it is used up."""
    if used_up[thing]:
        length = BIG
    if slot >= BIG or length == 0:
        return slot
    return thing_for(books.times[thing], books.left[thing], books.steps[thing], slot, length, amount)


def one(case: Any, books: Any, job: int, slot: int) -> int:
    """When an unbroken job for one person can start: with the one who is picked, or who can start first."""
    seat, picked = case.jobs[job][SEAT_AT], books.pick[job]
    slot = things_for(case, books, job, slot)
    if picked >= 0 and allowed(case, books, job, picked):
        start = alone(case, books, job, picked, slot, last_for(case, seat, picked) - case.jobs[job][DUR])
        if start < BIG:
            books.who[seat] = picked
            return start
    best, who = BIG, -1
    for k in range(case.seats[seat], case.seats[seat + 1]):
        person = case.candidates[k]
        if books.since[person] > best or (best <= slot and books.rank[person] > books.rank[who]):
            continue
        if allowed(case, books, job, person):
            start = alone(case, books, job, person, slot, min(best, case.lasts[k] - case.jobs[job][DUR]))
            if start < best or (start == best < BIG and books.rank[person] < books.rank[who]):
                best, who = start, person
    books.who[seat] = who
    return best


def alone(case: Any, books: Any, job: int, person: int, slot: int, last: int) -> int:
    """When an unbroken job can start with one given person; `BIG` if not until the slot `last`."""
    length = case.jobs[job][DUR]
    if length == 0:
        return slot if slot <= last else BIG
    while slot <= last:
        found = person_for(case, books, person, job, slot, length)
        if found > last:
            return BIG
        slot = things_for(case, books, job, found)
        if slot == found:
            return slot
    return BIG


def last_for(case: Any, seat: int, person: int) -> int:
    """When the job of a seat has to be over if a person does it."""
    for k in range(case.seats[seat], case.seats[seat + 1]):
        if case.candidates[k] == person:
            return int(case.lasts[k])
    return BIG


def overdue(case: Any, books: Any, job: int, seats: int, finish: int) -> bool:
    """Whether a job that is over then would be over too late for somebody who has one of its first seats."""
    first = case.jobs[job][SEAT_AT]
    for k in range(first, first + seats):  # noqa: SIM110 - `any` is not compiled
        if finish > last_for(case, k, books.who[k]):
            return True
    return False


def allowed(case: Any, books: Any, job: int, person: int) -> bool:
    """Whether a person may do a job, by who does the jobs that are for the same people or for others, or is left for them."""
    if others_do(case, books, job, person):
        return False
    for k in range(case.jobs[job][OTHER_AT], case.jobs[job + 1][OTHER_AT]):
        if books.finish[case.other[k]] < 0 and not leaves_somebody(case, books, case.other[k], person):
            return False
    for k in range(case.jobs[job][SAME_AT], case.jobs[job + 1][SAME_AT]):
        if books.finish[case.same[k]] >= 0 and not does(case, books, case.same[k], person):
            return False
    return True


def leaves_somebody(case: Any, books: Any, job: int, person: int) -> bool:
    """Whether somebody is left for each seat of a job that is not placed yet, if a person does one that is for others.

    It is not asked where very many jobs are for others than one: that would take longer than it is worth.
    """
    if case.jobs[job + 1][OTHER_AT] - case.jobs[job][OTHER_AT] > MANY:
        return True
    for seat in range(case.jobs[job][SEAT_AT], case.jobs[job + 1][SEAT_AT]):
        left = False
        for k in range(case.seats[seat], case.seats[seat + 1]):
            if case.candidates[k] != person and not others_do(case, books, job, case.candidates[k]):
                left = True
                break
        if not left:
            return False
    return True


def others_do(case: Any, books: Any, job: int, person: int) -> bool:
    """Whether a person does a placed job that is for others than a job."""
    for k in range(case.jobs[job][OTHER_AT], case.jobs[job + 1][OTHER_AT]):
        if books.finish[case.other[k]] >= 0 and does(case, books, case.other[k], person):
            return True
    return False


def does(case: Any, books: Any, job: int, person: int) -> bool:
    """Whether a person does a placed job."""
    for k in range(case.jobs[job][SEAT_AT], case.jobs[job + 1][SEAT_AT]):  # noqa: SIM110 - `any` is not compiled
        if books.who[k] == person:
            return True
    return False


def several(case: Any, books: Any, job: int, slot: int, seats: int) -> int:
    """When an unbroken job for several people can start."""
    while slot < BIG:
        slot = things_for(case, books, job, slot)
        if slot == BIG:
            return BIG
        more = awaited(case, books, job, slot, seats)
        if seated(case, books, job, slot, seats):
            return slot
        slot = more
    return BIG


def awaited(case: Any, books: Any, job: int, slot: int, seats: int) -> int:
    """When somebody can do a job who cannot start at a slot; the books note when each candidate can."""
    first, length, more = case.jobs[job][SEAT_AT], case.jobs[job][DUR], BIG
    for i in range(seats):
        begin, end = case.seats[first + i], case.seats[first + i + 1]
        for k in range(begin, end):
            found = slot
            if not allowed(case, books, job, case.candidates[k]):
                found = BIG
            elif length:
                found = person_for(case, books, case.candidates[k], job, slot, length)
            if found + length > case.lasts[k]:
                found = BIG
            books.seen[i][k - begin] = found
            if slot < found < more:
                more = found
    return more


def seated(case: Any, books: Any, job: int, slot: int, seats: int) -> bool:
    """Whether each seat of a job gets a person of its own at a slot; then the books say whom."""
    first = case.jobs[job][SEAT_AT]
    for i in range(seats):
        books.who[first + i] = -1
    for i in range(seats):  # noqa: SIM110 - the same
        if not seat_found(case, books, job, slot, i):
            return False
    return True


def seat_found(case: Any, books: Any, job: int, slot: int, seat: int) -> bool:
    """Find somebody for a seat; others may have to change theirs (an augmenting path, breadth first)."""
    first, asked, count, k = case.jobs[job][SEAT_AT], books.asked, 1, 0
    asked[0][0], asked[0][1], asked[0][2] = seat, -1, -1
    while k < count:
        i = asked[k][0]
        free = spare(case, books, job, slot, i)
        if free >= 0:
            while k >= 0:
                books.who[first + asked[k][0]], free, k = free, asked[k][2], asked[k][1]
            return True
        for c in range(case.seats[first + i], case.seats[first + i + 1]):
            if books.seen[i][c - case.seats[first + i]] == slot:
                held = holder(books, first, case.jobs[job + 1][SEAT_AT], case.candidates[c])
                if new_seat(asked, count, held):
                    asked[count][0], asked[count][1], asked[count][2] = held, k, case.candidates[c]
                    count += 1
        k += 1
    return False


def spare(case: Any, books: Any, job: int, slot: int, i: int) -> int:
    """Who can take a seat at a slot and has none: the first by rank; -1 if nobody."""
    first, best = case.jobs[job][SEAT_AT], -1
    for k in range(case.seats[first + i], case.seats[first + i + 1]):
        person = case.candidates[k]
        if (
            books.seen[i][k - case.seats[first + i]] == slot
            and (best < 0 or person == books.pick[job] or books.rank[person] < books.rank[best])
            and holder(books, first, case.jobs[job + 1][SEAT_AT], person) < 0
        ):
            best = person
            if person == books.pick[job]:
                return int(person)
    return best


def holder(books: Any, first: int, end: int, person: int) -> int:
    """Which seat a person has; -1 if none."""
    for k in range(first, end):
        if books.who[k] == person:
            return k - first
    return -1


def new_seat(asked: Any, count: int, seat: int) -> bool:
    """Whether a seat is one that was not asked yet."""
    if seat < 0:
        return False
    for k in range(count):  # noqa: SIM110 - the same
        if asked[k][0] == seat:
            return False
    return True
