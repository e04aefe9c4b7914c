"""When a window is open.

The clock on the wall decides: a moment is within weekly hours if the clock of the window's zone shows a time within them.
In spring an hour that the clock jumps over is no part of an opening. In autumn an hour that comes twice counts both times if
it lies within the hours; of hours that begin or end inside it, only those minutes count whose time is within them.
"""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from runbook_engine.calendars.local_time import merged
from runbook_engine.calendars.rotas import rota_spans, turn_on, with_holidays
from runbook_engine.calendars.weekly import DaysOff, weekly_spans
from runbook_engine.model.estate import Calendar, Window
from runbook_engine.model.times import Span


def resolved(window: Window, calendars: Mapping[str, Calendar]) -> Window:
    """The window with the working time of the calendar that it names written in. Raises ValueError."""
    if not window.calendar:
        return window
    calendar = calendars.get(window.calendar)
    if calendar is None or not (calendar.work or calendar.rota):
        what = "has no hours" if calendar else "does not exist"
        raise ValueError(f"window {window.name} follows the calendar '{window.calendar}', which {what}")
    if calendar.rota is not None:
        rota = with_holidays(calendar.rota, window.holidays) if window.holidays else calendar.rota
        return replace(window, time_zone=calendar.time_zone, rota=rota)
    holidays = window.holidays or calendar.holidays
    return replace(window, time_zone=calendar.time_zone, open=calendar.work, holidays=holidays)


def working_time(calendar: str, calendars: Mapping[str, Calendar]) -> Window | None:
    """The working time of a calendar, as a window, which never opens if it has no hours; None: there is no such calendar."""
    known = calendars.get(calendar)
    if known is None:
        return None
    if not (known.work or known.rota):
        return Window(name=calendar, time_zone=known.time_zone)
    return resolved(Window(name=calendar, calendar=calendar), calendars)


def every_day(window: Window) -> Window:
    """The same with hours on public holidays, too."""
    return replace(window, holidays="", rota=with_holidays(window.rota, "") if window.rota else None)


def holidays_on(window: Window, day: date) -> str:
    """The code of the public holidays that a window keeps on a day; empty: none."""
    return turn_on(window.rota, day).holidays if window.rota else window.holidays


def spans(window: Window, start: datetime, end: datetime, days_off: DaysOff) -> Iterator[Span]:
    """When the window is open between two moments: sorted, what touches is one, in UTC. Found one by one as they are asked for.

    An opening belongs to the day on which it begins, and does not take place on a public holiday. Raises ValueError for a
    window that is not resolved, and whatever `days_off` raises.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("moments need a time zone")
    if window.calendar and not (window.open or window.rota):
        raise ValueError(f"the hours of window {window.name} are not known: its calendar is not written in")
    begin, stop = start.astimezone(UTC), end.astimezone(UTC)
    return merged(_clipped(_openings(window, begin, days_off), begin, stop))


def _openings(window: Window, start: datetime, days_off: DaysOff) -> Iterator[Span]:
    def off(code: str, day: date) -> bool:
        return bool(code) and day in days_off(code, day.year)

    zone = ZoneInfo(window.time_zone)
    if window.rota is not None:
        weekly = rota_spans(window.rota, zone, start, off)
    else:
        weekly = weekly_spans(window.open, zone, start, lambda day: off(window.holidays, day))
    dates = sorted((span for span in window.dates if span.end > start), key=_start)
    return heapq.merge(weekly, dates, key=_start)


def _clipped(openings: Iterator[Span], start: datetime, end: datetime) -> Iterator[Span]:
    for opening in openings:
        if opening.start >= end:
            return
        if opening.end > start:
            yield Span(max(opening.start, start), min(opening.end, end))


def _start(span: Span) -> datetime:
    return span.start
