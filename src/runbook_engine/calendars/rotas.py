"""Calendars that take turns: which is on when, and what hours come of it.

The date decides: a day belongs to one turn, and with it every shift that begins on that day by the clock on the wall, however
far it reaches into the next. Turns follow each other over and over, before the first day of the rota as after it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo

from runbook_engine.calendars.weekly import Day, by_weekday, daily_spans
from runbook_engine.model.estate import Rota, Turn
from runbook_engine.model.times import Span

FREE = "off"  # what a free turn is called

_DAY = timedelta(days=1)


def turn_on(rota: Rota, day: date) -> Turn:
    """The turn to which a day belongs."""
    return rota.turns[_number(rota, day) % len(rota.turns)]


def turns_between(rota: Rota, first: date, last: date) -> Iterator[tuple[Turn, date]]:
    """The turns of the days from `first` to `last`, each with its own last day; of one calendar after another, they are one."""
    day, found = first, list[tuple[Turn, date]]()
    while day <= last:
        turn, end = turn_on(rota, day), rota.start + (_number(rota, day) + 1) * rota.days * _DAY - _DAY
        if found and found[-1][0] == turn:
            found.pop()
        found.append((turn, end))
        day = end + _DAY
    yield from found


def rota_spans(rota: Rota, zone: tzinfo, start: datetime, off: Callable[[str, date], bool]) -> Iterator[Span]:
    """Each shift that ends after `start` or soon before it, sorted by its start; `off` leaves days out, by code of holidays."""
    weeks = [by_weekday(turn.work) for turn in rota.turns]

    def hours_on(day: date) -> Day:
        number = _number(rota, day) % len(weeks)
        found, holidays = weeks[number][day.weekday()], rota.turns[number].holidays
        return () if found and holidays and off(holidays, day) else found

    if ever(rota):
        yield from daily_spans(hours_on, zone, start)


def ever(rota: Rota) -> bool:
    """Whether any day has hours: those of Sundays are none in turns that only come on weekdays."""
    weeks, first = [by_weekday(turn.work) for turn in rota.turns], rota.start.weekday()
    begins = ((n, first + (n + again * len(weeks)) * rota.days) for n in range(len(weeks)) for again in range(7))
    return any(weeks[n][(begin + day) % 7] for n, begin in begins for day in range(min(rota.days, 7)))


def codes(rota: Rota) -> tuple[str, ...]:
    """The codes of the public holidays that any of its calendars keeps."""
    return tuple(dict.fromkeys(turn.holidays for turn in rota.turns if turn.holidays))


def with_holidays(rota: Rota, code: str) -> Rota:
    """The same with other public holidays throughout; with none if the code is empty."""
    return replace(rota, turns=tuple(replace(turn, holidays=code) for turn in rota.turns))


def _number(rota: Rota, day: date) -> int:
    """How many turns after the first it is; negative before that."""
    return (day - rota.start).days // rota.days
