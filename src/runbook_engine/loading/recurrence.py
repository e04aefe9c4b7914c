"""The days on which an event of an iCalendar file repeats (RRULE of RFC 5545), within a number of years.

The usual library goes on to the year 9999 for a rule that never matches, so that one such line would hold everything up. Here
each day of the years is looked at once, and nothing else: rules that repeat within a day are refused.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from runbook_engine.model.values import dataclass

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_DAY = timedelta(days=1)
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYYEARDAY", "BYSETPOS"})
_ONLY = {"BYMONTHDAY": ("DAILY", "MONTHLY", "YEARLY"), "BYYEARDAY": ("YEARLY",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What of a rule decides on which days it falls; nothing stated means any."""

    frequency: str
    interval: int = 1
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()  # negative ones count from the end
    week_days: frozenset[tuple[int, int]] = frozenset()  # (0, weekday): each; (2, weekday): the second; (-1, weekday): the last
    year_days: frozenset[int] = frozenset()
    positions: tuple[int, ...] = ()  # which of the days of a period; all if empty
    week_start: int = 0


def rule_of(said: Mapping[str, Sequence[Any]], first: date) -> Rule:
    """The rule that the parts of an RRULE make, for an event that first takes place on a day. Raises ValueError."""
    frequency = str(said["FREQ"][0]).upper() if said.get("FREQ") else ""
    if frequency not in _FREQUENCIES:
        raise ValueError(f"a rule repeats DAILY, WEEKLY, MONTHLY or YEARLY here, not {frequency or 'at all'}")
    for part in said:
        if part.upper() not in _PARTS or frequency not in _ONLY.get(part.upper(), _FREQUENCIES):
            raise ValueError(f"{part} is not understood in a rule that repeats {frequency}")
    return _with_day_of(
        first,
        Rule(
            frequency=frequency,
            interval=_bounded(said, "INTERVAL", 1, 1_000, [1])[0],
            months=frozenset(_bounded(said, "BYMONTH", 1, 12)),
            month_days=frozenset(_bounded(said, "BYMONTHDAY", -31, 31)),
            week_days=frozenset(_week_day(str(text), frequency) for text in said.get("BYDAY", ())),
            year_days=frozenset(_bounded(said, "BYYEARDAY", -366, 366)),
            positions=tuple(_bounded(said, "BYSETPOS", -366, 366)),
            week_start=DAYS.index(str(said["WKST"][0]).upper()) if said.get("WKST") else 0,
        ),
    )


def repeated(rule: Rule, first: date, last: date) -> Iterator[date]:
    """The days from `first` to `last` on which a rule falls that begins on `first`, in order."""
    for period in _periods(rule, first, last):
        days = [day for day in period if _falls(rule, day)]
        for day in _chosen(days, rule.positions):
            if first <= day <= last:
                yield day


def _bounded(said: Mapping[str, Sequence[Any]], part: str, low: int, high: int, default: Sequence[int] = ()) -> list[int]:
    numbers = [int(str(value)) for value in said.get(part, default)]
    if any(not low <= number <= high or number == 0 for number in numbers):
        raise ValueError(f"{part} is out of bounds: {', '.join(map(str, numbers))[:60]}")
    return numbers


def _week_day(text: str, frequency: str) -> tuple[int, int]:
    ordinal = int(text[:-2] or 0)
    if ordinal and frequency in ("DAILY", "WEEKLY"):
        raise ValueError(f"BYDAY={text} is not understood in a rule that repeats {frequency}")
    return ordinal, DAYS.index(text[-2:].upper())


def _with_day_of(first: date, rule: Rule) -> Rule:
    """The rule with the day of its first event, where it states none."""
    if rule.frequency == "DAILY" or rule.month_days or rule.week_days or rule.year_days:
        return rule
    if rule.frequency == "WEEKLY":
        return replace(rule, week_days=frozenset({(0, first.weekday())}))
    months = rule.months or frozenset({first.month} if rule.frequency == "YEARLY" else ())
    return replace(rule, months=months, month_days=frozenset({first.day}))


def _periods(rule: Rule, first: date, last: date) -> Iterator[list[date]]:
    """The days of each period that a rule looks at: days, weeks, months or years, `interval` apart."""
    following = _FOLLOWING[rule.frequency]
    begin = _period_of(rule, first)
    while begin <= last:
        yield [begin + _DAY * number for number in range((following(begin, 1) - begin).days)]
        begin = following(begin, rule.interval)


def _period_of(rule: Rule, first: date) -> date:
    """When the period begins that a day is in."""
    if rule.frequency == "WEEKLY":
        return first - _DAY * ((first.weekday() - rule.week_start) % 7)
    if rule.frequency == "MONTHLY":
        return first.replace(day=1)
    return first.replace(month=1, day=1) if rule.frequency == "YEARLY" else first


def _months_on(day: date, count: int) -> date:
    months = day.year * 12 + day.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


_FOLLOWING: Mapping[str, Callable[[date, int], date]] = {
    "DAILY": lambda day, count: day + _DAY * count,
    "WEEKLY": lambda day, count: day + _DAY * 7 * count,
    "MONTHLY": _months_on,
    "YEARLY": lambda day, count: date(day.year + count, 1, 1),
}


def _falls(rule: Rule, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    length = monthrange(day.year, day.month)[1]
    if rule.month_days and rule.month_days.isdisjoint((day.day, day.day - length - 1)):
        return False
    if rule.year_days and rule.year_days.isdisjoint(_in_year(day)):
        return False
    return not rule.week_days or _on_week_day(rule, day, length)


def _on_week_day(rule: Rule, day: date, length: int) -> bool:
    weekday = day.weekday()
    if rule.frequency == "YEARLY" and not rule.months:
        from_start, from_end = _in_year(day)
    else:
        from_start, from_end = day.day, day.day - length - 1
    ordinals = (0, (from_start + 6) // 7, -((6 - from_end) // 7))
    return any((ordinal, weekday) in rule.week_days for ordinal in ordinals)


def _in_year(day: date) -> tuple[int, int]:
    """Which day of the year it is, from the start and, as a negative number, from the end."""
    number = day.timetuple().tm_yday
    return number, number - (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days - 1


def _chosen(days: list[date], positions: Sequence[int]) -> list[date]:
    if not positions:
        return days
    places = {position - 1 if position > 0 else position + len(days) for position in positions}
    return [day for place, day in enumerate(days) if place in places]
