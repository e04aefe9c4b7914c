"""An iCalendar file → when its events take place, by the `icalendar` library; every event that is not right is a mistake.

Times with a zone, times in UTC, times that float (they are those of whoever asks) and whole days are kept apart. Events repeat
within a number of years from their first one, and a file gives a bounded number of them.
"""

import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import chain
from typing import Any

from runbook_engine.loading.calendar_files import CalendarText
from runbook_engine.loading.recurrence import repeated, rule_of
from runbook_engine.model.places import Mistake
from runbook_engine.model.values import dataclass

MOST = 10_000  # times that the events of a file take place
FIRST_YEAR, LAST_YEAR = 1970, 2200  # of a first event

_DAY = timedelta(days=1)
_ONCE = ("DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID", "SUMMARY", "STATUS", "UID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time that an event takes place, as its calendar shows it: `begin` and `end` are without a zone."""

    title: str
    begin: datetime
    end: datetime
    zone: tzinfo | None = None  # None: the zone of whoever asks
    whole_days: bool = False
    lasts: timedelta | None = None  # how long it takes by the watch, where the file says that instead of its end


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """An event as it stands in the file."""

    line: int
    uid: str
    first: Occurrence
    said: Any  # its properties
    replaces: Any = None  # which time of the event with the same uid it stands for, as it is written
    cancelled: bool = False


def occurrences(text: CalendarText, years: int, mistakes: list[Mistake]) -> list[Occurrence]:
    """When the events of a file take place, within so many years of the first time of each; its mistakes join the list."""
    events = list(_events(text, mistakes))
    replaced: dict[str, list[Any]] = {}
    for event in events:
        if event.replaces is not None:
            replaced.setdefault(event.uid, []).append(event.replaces)
    found: list[Occurrence] = []
    for event in events:
        try:
            others = replaced.get(event.uid, []) if event.replaces is None else []
            without = {_told(value, event.first) for value in others}
            for occurrence in () if event.cancelled else _times(event, years, without):
                if len(found) == MOST:
                    mistakes.append(_too_many(text, event.line))
                    return found
                found.append(occurrence)
        except (ValueError, OverflowError, TypeError) as error:
            mistakes.append(text.mistake(event.line, f"the rule of this event cannot be followed: {error}"))
    return found


def _too_many(text: CalendarText, line: int) -> Mistake:
    hint = "give its rule an end (UNTIL or COUNT), or write weekly hours as open:"
    return text.mistake(line, f"with this event the file has more than {MOST:,} times", hint)


def _events(text: CalendarText, mistakes: list[Mistake]) -> Iterator[_Event]:
    from icalendar import Calendar

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about names of zones that it had to look up in other ways
        try:
            parsed = Calendar.from_ical("\r\n".join(text.lines), multiple=True)
            components = list(chain.from_iterable(calendar.walk("VEVENT") for calendar in parsed))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            mistakes.append(text.mistake(1, f"the calendar cannot be read: {str(error)[:200]}"))
            return
    if len(components) != len(text.events):
        mistakes.append(text.mistake(1, "the calendar cannot be read: some of its events are not inside a calendar"))
        return
    for line, said in zip(text.events, components, strict=True):
        try:
            yield _event(line, said)
        except (ValueError, OverflowError, TypeError, AttributeError) as error:
            mistakes.append(text.mistake(line, f"this event cannot be used: {error}"))


def _event(line: int, said: Any) -> _Event:
    """Check an event. Raises ValueError in words."""
    if said.errors:
        name, problem = said.errors[0]
        raise ValueError(f"{name or 'a line of it'}: {str(problem)[:160]}")
    twice = next((name for name in _ONCE if isinstance(said.get(name), list)), "")
    if twice:
        raise ValueError(f"{twice} stands in it more than once")
    if "EXRULE" in said:
        raise ValueError("EXRULE is not understood; use EXDATE")
    first = _first(said)
    moved = said.get("RECURRENCE-ID")
    if moved is not None:
        _known(moved)
    if moved is not None and moved.params.get("RANGE"):
        raise ValueError("it changes all that follows (RANGE); split the series in two instead")
    return _Event(
        line=line,
        uid=str(said.get("UID", "")),
        first=first,
        said=said,
        replaces=moved,
        cancelled=str(said.get("STATUS", "")).upper() == "CANCELLED",
    )


def _first(said: Any) -> Occurrence:
    if "DTSTART" not in said:
        raise ValueError("it does not say when it begins (DTSTART)")
    start = _known(said["DTSTART"])
    if not FIRST_YEAR <= start.year <= LAST_YEAR:
        raise ValueError(f"it begins in the year {start.year}")
    zone = start.tzinfo if isinstance(start, datetime) else None
    begin, lasts = _bare(start), _lasts(said, start)
    end = begin + lasts if lasts is not None else _end(said, start, zone)
    if end <= begin:
        raise ValueError("it ends before it begins")
    return Occurrence(
        title=" ".join(str(said.get("SUMMARY", "")).split())[:200],
        begin=begin,
        end=end,
        zone=zone,
        whole_days=not isinstance(start, datetime),
        lasts=lasts if lasts is not None and lasts % _DAY else None,
    )


def _lasts(said: Any, start: date | datetime) -> timedelta | None:
    """How long an event takes, unless it says when it ends."""
    whole = not isinstance(start, datetime)
    if "DURATION" not in said:
        return _DAY if whole and "DTEND" not in said else None
    lasts = said["DURATION"].dt
    if not isinstance(lasts, timedelta) or "DTEND" in said or (whole and lasts % _DAY):
        raise ValueError("DURATION is not understood beside its beginning and its end")
    return lasts


def _end(said: Any, start: date | datetime, zone: tzinfo | None) -> datetime:
    if "DTEND" not in said:
        raise ValueError("it does not say when it ends (DTEND or DURATION)")
    end = _known(said["DTEND"])
    floats = isinstance(end, datetime) and end.tzinfo is None
    if isinstance(end, datetime) != isinstance(start, datetime) or (isinstance(end, datetime) and floats != (zone is None)):
        raise ValueError("its beginning and its end are of different kinds")
    return _bare(end.astimezone(zone) if isinstance(end, datetime) and zone is not None else end)


def _times(event: _Event, years: int, without: set[datetime]) -> Iterator[Occurrence]:
    """Each time that an event takes place."""
    first, long = event.first, event.first.end - event.first.begin
    days_out, times_out = _left_out(event)
    out = without | times_out
    for begin in _begins(event, years):
        if begin not in out and begin.date() not in days_out:
            yield Occurrence(
                title=first.title,
                begin=begin,
                end=begin + long,
                zone=first.zone,
                whole_days=first.whole_days,
                lasts=first.lasts,
            )


def _begins(event: _Event, years: int) -> Iterator[datetime]:
    first, rule = event.first.begin, event.said.get("RRULE")
    added = sorted(_told(value, event.first) for value in _values(event.said, "RDATE"))
    if rule is None:
        yield from dict.fromkeys((first, *added))
        return
    followed = list(_followed(event, rule, first, years))
    if not followed or followed[0] != first:
        raise ValueError("it does not begin on a day on which its rule repeats it")
    yield from dict.fromkeys((*followed, *added))


def _followed(event: _Event, said: Any, first: datetime, years: int) -> Iterator[datetime]:
    if said.get("COUNT") and said.get("UNTIL"):
        raise ValueError("COUNT and UNTIL are both stated")
    rule, last = rule_of(said, first.date()), first.date().replace(year=first.year + years, day=min(first.day, 28))
    most = int(said["COUNT"][0]) if said.get("COUNT") else MOST + 1
    until = said["UNTIL"][0] if said.get("UNTIL") else None
    for number, day in enumerate(repeated(rule, first.date(), last)):
        begin = datetime.combine(day, first.time())
        if number >= most or (until is not None and _after(begin, until, event.first.zone)):
            return
        yield begin


def _after(begin: datetime, until: date | datetime, zone: tzinfo | None) -> bool:
    if not isinstance(until, datetime):
        return begin.date() > until
    if until.tzinfo is None or zone is None:
        return begin > until.replace(tzinfo=None)
    return begin.replace(tzinfo=zone).astimezone(UTC) > until.astimezone(UTC)


def _left_out(event: _Event) -> tuple[set[date], set[datetime]]:
    """What EXDATE takes out: whole days, and times."""
    days: set[date] = set()
    times: set[datetime] = set()
    for value in _values(event.said, "EXDATE"):
        told = _known(value)
        if isinstance(told, datetime):
            times.add(_told(value, event.first))
        else:
            days.add(told)
    return days, times


def _values(said: Any, name: str) -> list[Any]:
    """The values of a property that may stand several times and hold several each."""
    found = said.get(name, [])
    lists: Sequence[Any] = found if isinstance(found, list) else [found]
    for part in lists:
        for value in part.dts:
            _check_zone(value.dt, part.params)
    return [value for part in lists for value in part.dts]


def _told(value: Any, first: Occurrence) -> datetime:
    """A moment that belongs to an event, as the calendar of that event shows it."""
    moment = _known(value)
    if isinstance(moment, datetime) and moment.tzinfo is not None and first.zone is not None:
        moment = moment.astimezone(first.zone)
    return _bare(moment)


def _known(value: Any) -> date | datetime:
    """The day or the time that a property says."""
    told = value.dt
    if not isinstance(told, date):
        raise ValueError(f"{str(told)[:60]} is neither a day nor a time")
    _check_zone(told, value.params)
    return told


def _check_zone(told: object, params: Any) -> None:
    """Refuse a time in a zone that nobody knows: it would pass for one that floats."""
    zone = str(params.get("TZID", "")) if params else ""
    if zone and isinstance(told, datetime) and told.tzinfo is None:
        raise ValueError(f"the time zone {zone[:60]!r} is not known, and the file does not define it")


def _bare(value: date | datetime) -> datetime:
    return value.replace(tzinfo=None, fold=0) if isinstance(value, datetime) else datetime.combine(value, time())
