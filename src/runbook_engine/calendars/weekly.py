"""Weekly hours as people write them, and when they come round."""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from runbook_engine.calendars.local_time import earliest, shown, steady
from runbook_engine.model.times import Span

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Day = Sequence[tuple[timedelta, timedelta]]  # when each opening begins and ends, counted from the start of the day
DaysOff = Callable[[str, int], Mapping[date, str]]  # of a country or a part of it, in a year: each day and its name

_DAY = timedelta(days=1)
_BEFORE = 2 * _DAY  # an opening that reaches into a day began at most so long before it: zones have left out whole days


def covered(days: str) -> tuple[str, ...]:
    """The days that 'mon', 'mon-fri' or 'sat-mon' stands for, in order."""
    first, _, last = days.partition("-")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return tuple(DAYS[(begin + step) % 7] for step in range((end - begin) % 7 + 1))


def hours(text: str) -> tuple[timedelta, timedelta]:
    """When an opening such as '22:00-04:00' begins and ends, counted from the start of the day on which it opens."""
    begin, end = (timedelta(hours=int(part[:2]), minutes=int(part[3:])) for part in text.split("-"))
    return begin, end if end > begin else end + _DAY


def weekly_spans(
    week: Mapping[str, tuple[str, ...]], zone: tzinfo, start: datetime, off: Callable[[date], bool]
) -> Iterator[Span]:
    """Each opening that ends after `start` or soon before it, sorted by its start, without an end; `off` leaves days out."""
    by_day = by_weekday(week)
    if any(by_day):
        yield from daily_spans(lambda day: _unless(off, day, by_day[day.weekday()]), zone, start)


def by_weekday(week: Mapping[str, tuple[str, ...]]) -> list[Day]:
    """The hours of each day of a week, from Monday on."""
    return [[hours(text) for days, texts in week.items() if name in covered(days) for text in texts] for name in DAYS]


def daily_spans(hours_on: Callable[[date], Day], zone: tzinfo, start: datetime) -> Iterator[Span]:
    """The same for hours that are asked for day by day. Some day must have some: it is looked for without an end."""
    day = start.astimezone(zone).date() - _BEFORE
    waiting: list[tuple[datetime, datetime]] = []
    while True:
        midnight = datetime.combine(day, time())
        offset = steady(midnight, zone)
        for span in _openings(midnight, hours_on(day), zone, offset):
            heapq.heappush(waiting, (span.start, span.end))
        day += _DAY
        following = earliest(midnight + _DAY, zone) if offset is None else _moment(midnight + _DAY, offset)
        while waiting and waiting[0][0] < following:  # nothing of the days to come begins before that
            yield Span(*heapq.heappop(waiting))


def _unless(off: Callable[[date], bool], day: date, found: Day) -> Day:
    return () if found and off(day) else found


def _openings(midnight: datetime, texts: Day, zone: tzinfo, offset: timedelta | None) -> Iterator[Span]:
    for begin, end in texts:
        if offset is None:
            yield from shown(midnight + begin, midnight + end, zone)
        else:
            yield Span(_moment(midnight + begin, offset), _moment(midnight + end, offset))


def _moment(local: datetime, offset: timedelta) -> datetime:
    return (local - offset).replace(tzinfo=UTC)
