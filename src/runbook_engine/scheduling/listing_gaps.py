"""Where there is room: in calendars, in what is left of things, and between the jobs of a person. Start reading here.

These functions run as they are, on lists, and compiled, on arrays (`crew_compiled`): so they use nothing but numbers, loops
and tables. Each says the first slot, from a given one on, at which there is room; `BIG` if there never is. The two that look
something up (`span_after`, `later_than`) have twins there.
"""

from bisect import bisect_right
from operator import itemgetter
from typing import Any

from runbook_engine.scheduling.listing_case import (
    BIG,
    CAL,
    DAY_MOST,
    FREE_AT,
    FREE_END,
    HOME,
    LIMITED,
    REST,
    SHIFT_MOST,
    SITE,
    WEEK_MOST,
)

_END = itemgetter(1)


def span_after(spans: Any, at: int, end: int, slot: int) -> int:
    """Which of the spans from `at` up to `end` is the first that is not over before a slot."""
    return bisect_right(spans, slot, at, end, key=_END)


def open_for(spans: Any, at: int, end: int, slot: int, length: int) -> int:
    """The first slot from which some slots in a row lie in one span."""
    for k in range(span_after(spans, at, end, slot), end):
        if slot < spans[k][0]:  # noqa: PLR1730 - a call of `max` costs more than all else here
            slot = spans[k][0]
        if slot + length <= spans[k][1]:
            return int(slot)
    return BIG


def later_than(row: Any, count: int, slot: int) -> int:
    """How many of the rising numbers of a row are at most a slot."""
    return bisect_right(row, slot, 0, count)


def thing_for(times: Any, left: Any, count: int, slot: int, length: int, amount: int) -> int:
    """The first slot from which, for some slots in a row, that much of a thing is left."""
    k = max(0, later_than(times, count, slot) - 1)
    while True:
        if left[k] < amount:
            k += 1
            if k == count:
                return BIG
            slot = times[k]
        elif k + 1 == count or times[k + 1] >= slot + length:
            return slot
        else:
            k += 1


def gap_for(case: Any, books: Any, person: int, slot: int, length: int) -> int:
    """The first slot from which a person is free for some slots in a row and does nothing else."""
    return gap_in(case, books, person, case.people[person][FREE_AT], case.people[person][FREE_END], slot, length)


def gap_in(case: Any, books: Any, person: int, at: int, last: int, slot: int, length: int) -> int:
    """The same within the spans from `at` up to `last`, in which they are free."""
    spans, starts, ends, count = case.spans, books.starts[person], books.ends[person], books.count[person]
    k = span_after(spans, at, last, slot)
    b = later_than(ends, count, slot)
    while k < last:
        if slot < spans[k][0]:  # noqa: PLR1730 - a call of `max` costs more than all else here
            slot = spans[k][0]
        while b < count and ends[b] <= slot:
            b += 1
        if slot + length > spans[k][1]:
            k += 1
        elif b < count and starts[b] < slot + length:
            slot = ends[b]
        else:
            return slot
    return BIG


def person_for(case: Any, books: Any, person: int, job: int, slot: int, length: int) -> int:
    """The same while the calendar of an unbroken job is open, within the limits of days, weeks, rest and travel."""
    meet = case.meets[(case.jobs[job][CAL] + 1) * len(case.people) + person]
    slot = gap_in(case, books, person, meet[0], meet[1], slot, length)
    if not case.people[person][LIMITED]:
        return slot
    while slot < BIG:
        later = limited(case, books, person, job, slot, length)
        if later == slot:
            return slot
        slot = gap_in(case, books, person, meet[0], meet[1], later, length)
    return BIG


def limited(case: Any, books: Any, person: int, job: int, slot: int, length: int) -> int:
    """The slot itself if limits let a person work then; otherwise a later one, before which they do not."""
    row = case.people[person]
    if row[DAY_MOST] < BIG:
        later = load_for(case.days, books.days[person], row[DAY_MOST], slot, length)
        if later > slot:
            return later
    if row[WEEK_MOST] < BIG:
        later = load_for(case.weeks, books.weeks[person], row[WEEK_MOST], slot, length)
        if later > slot:
            return later
    if row[REST]:
        later = rest_for(books, person, row[REST], row[SHIFT_MOST], slot, length)
        if later > slot:
            return later
    if row[HOME] >= 0:
        return way_for(case, books, person, job, slot, length)
    return slot


def load_for(days: Any, loads: Any, most: int, slot: int, length: int) -> int:
    """The slot itself if the days from then on have so many slots left; otherwise the first at which this one has."""
    k = max(0, later_than(days, len(days), slot) - 1)
    while k < len(days) and days[k] < slot + length:
        ends = days[k + 1] if k + 1 < len(days) else BIG
        part = min(ends, slot + length) - max(days[k], slot)
        if loads[k] + part > most:
            return BIG if ends == BIG else max(slot + 1, ends - max(0, most - loads[k]))
        k += 1
    return slot


def rest_for(books: Any, person: int, rest: int, most: int, slot: int, length: int) -> int:
    """The slot itself if the shift that this work belongs to does not get too long; otherwise when that may change."""
    starts, ends, count = books.starts[person], books.ends[person], books.count[person]
    after = later_than(starts, count, slot)
    first, last, k = slot, slot + length, after
    while k < count and starts[k] - last < rest:
        last = ends[k]
        k += 1
    k = after - 1
    while k >= 0 and first - ends[k] < rest:
        first = starts[k]
        k -= 1
    if last - first <= most:
        return slot
    before = ends[after - 1] + rest if after > 0 else 0
    beyond = ends[after] if after < count else BIG
    return before if slot < before < beyond else beyond


def together(case: Any, person: int, one: int, other: int) -> bool:
    """Whether spells of a person that start then and then are of one outing."""
    days = case.days
    if later_than(days, len(days), one) == later_than(days, len(days), other):
        return True
    at, end = case.people[person][FREE_AT], case.people[person][FREE_END]
    k = span_after(case.spans, at, end, one)
    return k < end and k == span_after(case.spans, at, end, other) and case.spans[k][0] <= one


def site_of(case: Any, whose: int) -> int:
    """Where a spell of somebody is worked: that of the job, or of the work of another project (`listing_books.foreign`)."""
    return int(case.jobs[whose][SITE]) if whose >= 0 else -2 - whose


def way_for(case: Any, books: Any, person: int, job: int, slot: int, length: int) -> int:
    """The slot itself if a person gets to that work in time, and from it to the next; otherwise when that may change."""
    count, whose = books.count[person], books.whose[person]
    after = later_than(books.starts[person], count, slot)
    before, following = after - 1, after
    while before >= 0 and site_of(case, whose[before]) < 0:
        before -= 1
    while following < count and site_of(case, whose[following]) < 0:
        following += 1
    if case.jobs[job][SITE] >= 0:
        later = arrival(case, books, person, case.jobs[job][SITE], slot, before, after)
        if later > slot:
            return later
    if following == count or leaves(case, books, person, job, slot, length, before, after, following):
        return slot
    return int(books.ends[person][following])


def arrival(case: Any, books: Any, person: int, site: int, slot: int, before: int, after: int) -> int:
    """When a person can be at a site, after the spell `before` at another site, or from home."""
    if before >= 0 and together(case, person, books.starts[person][before], slot):
        other = site_of(case, books.whose[person][before])
        return int(max(slot, books.ends[person][before] + worked(books, person, before + 1, after) + case.travel[other][site]))
    way, since = case.travel[case.people[person][HOME]][site], dawn(case, person, slot)
    if after > 0:
        since = max(since, books.ends[person][after - 1])
    return slot if way == 0 else max(slot, gap_for(case, books, person, since, way) + way)


def dawn(case: Any, person: int, slot: int) -> int:
    """When the day of work that starts then begins: at midnight, or with the shift that goes past it."""
    k = later_than(case.days, len(case.days), slot) - 1
    begin = case.days[k] if k >= 0 else 0
    at, end = case.people[person][FREE_AT], case.people[person][FREE_END]
    k = span_after(case.spans, at, end, slot)
    return int(min(begin, case.spans[k][0]) if k < end else begin)


def leaves(
    case: Any, books: Any, person: int, job: int, slot: int, length: int, before: int, after: int, following: int
) -> bool:
    """Whether work leaves a person the way to the spell `following`, the next at a site."""
    starts, whose = books.starts[person], books.whose[person]
    there, here, since = site_of(case, whose[following]), case.jobs[job][SITE], slot
    work = length + worked(books, person, after, following)
    if here < 0 and before >= 0:
        here, since = site_of(case, whose[before]), starts[before]
        work += worked(books, person, before, after)
    if here >= 0 and together(case, person, since, starts[following]):
        return bool(starts[following] - since - work >= case.travel[here][there])
    way, since = case.travel[case.people[person][HOME]][there], max(slot + length, dawn(case, person, starts[following]))
    if following > after:
        since = max(since, books.ends[person][following - 1])
    return bool(way == 0 or gap_for(case, books, person, since, way) + way <= starts[following])


def worked(books: Any, person: int, at: int, end: int) -> int:
    """How many slots a person works in the spells from `at` up to `end`."""
    total = 0
    for k in range(at, end):
        total += books.ends[person][k] - books.starts[person][k]
    return total
