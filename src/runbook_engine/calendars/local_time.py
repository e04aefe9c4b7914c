"""From the clock on the wall to moments in UTC, over the nights on which the clock is changed.

A time that does not exist, because the clock jumps over it, is the moment of the jump. A time that exists twice is two moments.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

from runbook_engine.model.times import Span

_STEP = timedelta(hours=6)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)  # no offset is larger, and no zone changes its clock twice within two


def earliest(local: datetime, zone: tzinfo) -> datetime:
    """The first moment at which the clock of a zone shows a time (one without a zone), or jumps over it."""
    first, second = _readings(local, zone)
    return first if first <= second else _change(zone, second, first)


def latest(local: datetime, zone: tzinfo) -> datetime:
    """The last moment at which the clock of a zone shows a time (one without a zone), or jumps over it."""
    first, second = _readings(local, zone)
    return second if first <= second else _change(zone, second, first)


def shown(begin: datetime, end: datetime, zone: tzinfo) -> tuple[Span, ...]:
    """When the clock of a zone shows a time from `begin` up to, and without, `end`; both without a zone.

    That is several spans when the clock goes back over one of them, and none when it jumps over all.
    """
    starts, ends = _readings(begin, zone), _readings(end, zone)
    if starts[0] == starts[1] and ends[0] == ends[1] and ends[0] - starts[0] == end - begin:
        return (Span(starts[0], ends[0]),) if begin < end else ()
    return tuple(merged(_by_offset(begin, end, zone, min(starts), max(ends))))


def steady(midnight: datetime, zone: tzinfo) -> timedelta | None:
    """What the clock of a zone is ahead of UTC on a day and the next, if it is not changed on them or right before or after."""
    plain = midnight.replace(tzinfo=UTC)
    before = _offset(zone, plain - _DAY)
    return before if before == _offset(zone, plain + 3 * _DAY) else None


def merged(parts: Iterable[Span]) -> Iterator[Span]:
    """Spans that touch or overlap as one; `parts` are sorted by their start."""
    last: Span | None = None
    for part in parts:
        if last is None:
            last = part
        elif part.start <= last.end:
            last = last if part.end <= last.end else Span(last.start, part.end)
        else:
            yield last
            last = part
    if last is not None:
        yield last


def _readings(local: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The moments that a time can be: equal, in order when it exists twice, in reverse order when it does not exist.

    Asks the zone only what it shows at a moment: zones of calendar files answer nothing else reliably.
    """
    plain = local.replace(tzinfo=UTC)
    before, after = _offset(zone, plain - _DAY), _offset(zone, plain + _DAY)
    first, second = plain - before, plain - after
    if before == after:
        return first, first
    valid = [moment for moment, offset in ((first, before), (second, after)) if _offset(zone, moment) == offset]
    return (valid[0], valid[0]) if len(valid) == 1 else (first, second)


def _by_offset(begin: datetime, end: datetime, zone: tzinfo, low: datetime, high: datetime) -> Iterator[Span]:
    for start, stop in pairwise((low, *_changes(zone, low, high), high)):
        offset = _offset(zone, start)
        start = max(start, begin.replace(tzinfo=UTC) - offset)  # noqa: PLW2901 - the part of it that is shown
        stop = min(stop, end.replace(tzinfo=UTC) - offset)  # noqa: PLW2901 - the same
        if start < stop:
            yield Span(start, stop)


def _changes(zone: tzinfo, low: datetime, high: datetime) -> Iterator[datetime]:
    while low < high:
        there = min(low + _STEP, high)
        if _offset(zone, low) != _offset(zone, there):
            yield _change(zone, low, there)
        low = there


def _change(zone: tzinfo, low: datetime, high: datetime) -> datetime:
    """The moment after `low` and up to `high` at which the clock is changed, to the second."""
    before = _offset(zone, low)
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    if offset is None:
        raise ValueError(f"the time zone {zone} does not say what time it is")
    return offset
