"""How far work that pauses may go on before the limits of its people make it pause. Written as `listing_gaps` is.

On each day and in each week no more of it is done than is left of what its people may work, after a shift they rest, and each
day they have to get there first. How that goes together with what else they do is looked at afterwards, and puts off all of it.
"""

from typing import Any

from runbook_engine.scheduling.listing_case import BIG, DAY_MOST, HOME, LIMITED, REST, SEAT_AT, SHIFT_MOST, SITE, WEEK_MOST
from runbook_engine.scheduling.listing_gaps import arrival, dawn, gap_for, later_than, site_of, together


def paced(case: Any, books: Any, job: int, slot: int, end: int, seats: int, parts: int) -> tuple[int, int]:
    """The slot itself and until when people may go on with a job, after the spells noted; or a later slot, if they may not."""
    first = case.jobs[job][SEAT_AT]
    for k in range(seats):
        person = books.who[first + k]
        row = case.people[person]
        if row[LIMITED]:
            later, end = portion(case.days, books.days[person], row[DAY_MOST], books, parts, slot, end)
            if later == slot:
                later, end = portion(case.weeks, books.weeks[person], row[WEEK_MOST], books, parts, slot, end)
            if later == slot and row[REST]:
                later, end = shift(books, row[REST], row[SHIFT_MOST], parts, slot, end)
            if later == slot and row[HOME] >= 0 and case.jobs[job][SITE] >= 0:
                later = reached(case, books, person, job, parts, slot)
            if later > slot:
                return later, end
    return slot, end


def portion(days: Any, loads: Any, most: int, books: Any, parts: int, slot: int, end: int) -> tuple[int, int]:
    """The same for a limit on each of some days, on which so much else is done."""
    if most == BIG:
        return slot, end
    k = max(0, later_than(days, len(days), slot) - 1)
    ends = days[k + 1] if k + 1 < len(days) else BIG
    left, part = most - loads[k], parts - 1
    while part >= 0 and books.spells[part][1] > days[k]:
        left -= books.spells[part][1] - max(days[k], books.spells[part][0])
        part -= 1
    return (slot, min(end, ends, slot + left)) if left > 0 else (ends, end)


def shift(books: Any, rest: int, most: int, parts: int, slot: int, end: int) -> tuple[int, int]:
    """The same for rest after a shift: spells with less between them are one."""
    first, part = slot, parts - 1
    while part >= 0 and first - books.spells[part][1] < rest:
        first = books.spells[part][0]
        part -= 1
    if slot - first < most:
        return slot, min(end, first + most)
    return (books.spells[parts - 1][1] + rest if parts > 0 else BIG), end


def reached(case: Any, books: Any, person: int, job: int, parts: int, slot: int) -> int:
    """When a person can be at the site of a job to go on with it: once they have come there for the day."""
    site = case.jobs[job][SITE]
    if parts == 0:
        after = later_than(books.starts[person], books.count[person], slot)
        before = after - 1
        while before >= 0 and site_of(case, books.whose[person][before]) < 0:
            before -= 1
        return arrival(case, books, person, site, slot, before, after)
    way = case.travel[case.people[person][HOME]][site]
    if way == 0 or together(case, person, books.spells[parts - 1][0], slot):
        return slot
    since = max(dawn(case, person, slot), books.spells[parts - 1][1])
    return int(max(slot, gap_for(case, books, person, since, way) + way))
