"""When a pausable job is worked on, and who does it. Written as `listing_gaps` is."""

from typing import Any

from runbook_engine.scheduling.listing_books import book, unbook
from runbook_engine.scheduling.listing_case import BIG, CAL, DUR, FREE_AT, FREE_END, LIMITED, SEAT_AT, USE_AT
from runbook_engine.scheduling.listing_crews import allowed, holder, overdue, thing_free
from runbook_engine.scheduling.listing_gaps import later_than, limited, span_after
from runbook_engine.scheduling.listing_pace import paced


def pausing(case: Any, books: Any, job: int, slot: int, seats: int) -> int:
    """When a pausable job can start; its people are found seat by seat, each so that it is over first."""
    first = case.jobs[job][SEAT_AT]
    for i in range(seats):
        best, who = BIG, -1
        for k in range(case.seats[first + i], case.seats[first + i + 1]):
            person = case.candidates[k]
            if holder(books, first, first + i, person) >= 0 or not allowed(case, books, job, person):
                continue
            books.who[first + i] = person
            picked = seats == 1 and person == books.pick[job]
            if paused(case, books, job, slot, i + 1, BIG if picked else best) == BIG:
                continue
            finish = books.spells[books.parts[0] - 1][1]
            if finish > case.lasts[k] or overdue(case, books, job, i, finish):
                continue
            if picked:
                finish = -1
            if finish < best or (finish == best and books.rank[person] < books.rank[who]):
                best, who = finish, person
        if who < 0:
            return BIG
        books.who[first + i] = who
    return paused(case, books, job, slot, seats, BIG)


def paused(case: Any, books: Any, job: int, slot: int, seats: int, by: int) -> int:
    """When a pausable job can start with the people who have its first seats, if it can be over by a slot."""
    while slot < BIG and slot + case.jobs[job][DUR] <= by:
        parts = pattern(case, books, job, slot, seats)
        if parts == 0:
            return BIG
        slot = hindered(case, books, job, seats, parts)
        if slot == books.spells[0][0]:
            return slot
    return BIG


def pattern(case: Any, books: Any, job: int, slot: int, seats: int) -> int:
    """Note the spells of a pausable job from a slot on; how many they are, 0 if its time is not found."""
    left, parts = case.jobs[job][DUR], 0
    while left > 0:
        slot, end = open_at(case, books, job, slot, seats)
        if slot == BIG:
            return 0
        later, end = paced(case, books, job, slot, min(end, slot + left), seats, parts)
        if later > slot:
            slot = later
            continue
        if parts == 0 or books.spells[parts - 1][1] < slot:
            books.spells[parts][0] = slot
            parts += 1
        books.spells[parts - 1][1] = end
        left -= end - slot
        slot = end
    books.parts[0] = parts
    return parts


def open_at(case: Any, books: Any, job: int, slot: int, seats: int) -> tuple[int, int]:
    """The first slot in which the calendar of a job is open and its people are free, and when that ends."""
    first, calendar, spans = case.jobs[job][SEAT_AT], case.jobs[job][CAL], case.spans
    moved = True
    while moved:
        moved, ends = False, BIG
        for k in range(0 if calendar < 0 else -1, seats):
            if k < 0:
                at, last = case.calendars[calendar][0], case.calendars[calendar][1]
            else:
                at, last = case.people[books.who[first + k]][FREE_AT], case.people[books.who[first + k]][FREE_END]
            at = span_after(spans, at, last, slot)
            if at == last:
                return BIG, BIG
            if spans[at][0] > slot:
                moved, slot = True, spans[at][0]
            ends = min(ends, spans[at][1])
    return slot, ends


def hindered(case: Any, books: Any, job: int, seats: int, parts: int) -> int:
    """The start of the spells noted, if things and people are there for them; otherwise a later slot to try."""
    begin, first = books.spells[0][0], case.jobs[job][SEAT_AT]
    for k in range(case.jobs[job][USE_AT], case.jobs[job + 1][USE_AT]):
        length = books.spells[parts - 1][1] - begin
        later = thing_free(books, case.uses[k][0], case.uses[k][1], case.used_up, begin, length)
        if later > begin:
            return later
    for k in range(seats):
        later = clash(case, books, job, books.who[first + k], seats, parts)
        if later > 0:
            return later
    return int(begin)


def gap_after(case: Any, books: Any, job: int, person: int, seats: int, slot: int) -> int:
    """The first slot from one on in which a job can go on to its first pause with this person doing nothing else."""
    while slot < BIG:
        slot, end = open_at(case, books, job, slot, seats)
        later, end = paced(case, books, job, slot, min(end, slot + case.jobs[job][DUR]), seats, 0)
        b = later_than(books.starts[person], books.count[person], end - 1) - 1
        if later == slot and (b < 0 or books.ends[person][b] <= slot):
            return slot
        slot = max(later, books.ends[person][b] if b >= 0 else 0)
        while 0 <= b < books.count[person] - 1 and books.starts[person][b + 1] == slot:
            b += 1
            slot = books.ends[person][b]
    return BIG


def clash(case: Any, books: Any, job: int, person: int, seats: int, parts: int) -> int:
    """Until when something keeps a person from the spells noted; 0 if nothing does."""
    for i in range(parts):
        b = later_than(books.starts[person], books.count[person], books.spells[i][1] - 1) - 1
        if b >= 0 and books.ends[person][b] > books.spells[i][0]:  # whatever begins earlier goes on into this spell, too
            return gap_after(case, books, job, person, seats, books.ends[person][b])
    if not case.people[person][LIMITED]:
        return 0
    later = 0
    for i in range(parts):
        begin, end = books.spells[i][0], books.spells[i][1]
        since = limited(case, books, person, job, begin, end - begin)
        if since > begin:
            later = since if i == 0 else books.spells[0][1]
            break
        if i + 1 < parts:
            book(case, books, person, job, begin, end)
    if parts > 1:
        unbook(case, books, person, job)
    return later


def spells_of(case: Any, books: Any, job: int, seats: int) -> list[tuple[int, int]]:
    """The spells of a job that is placed. Its people's books are as before afterwards."""
    first, start = case.jobs[job][SEAT_AT], books.start[job]
    people = [int(person) for person in books.who[first : first + seats]]
    for person in people:
        unbook(case, books, person, job)
    spells = [(int(a), int(b)) for a, b in books.spells[: pattern(case, books, job, start, seats)]]
    for person in people:
        for begin, end in spells:
            book(case, books, person, job, begin, end)
    return spells
