"""When people work, day by day: the hours of a calendar or of a person, with the turns of a rota, leave, and work beside it."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta, tzinfo
from typing import Any

from runbook_engine.calendars.rotas import turn_on
from runbook_engine.model.estate import Rota
from runbook_engine.model.times import Span
from runbook_engine.model.values import dataclass
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.words import listed, month_day

_DAY = timedelta(days=1)
_MOST_NAMES = 6

Told = tuple[tuple[Span, str], ...]  # times with their reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The hours of somebody, or of a calendar with all `people` who have it. `spans` None: at any time."""

    name: str  # of the person; empty: it is about the calendar
    person: str = ""  # their id
    calendar: str
    words: str  # what the calendar says
    zone: tzinfo
    spans: Sequence[Span] | None
    rota: Rota | None = None
    people: tuple[str, ...] = ()
    beside: Told = ()
    away: Told = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """Days that follow each other with the same hours in the same turn."""

    first: date
    last: date
    hours: str
    label: str


def hours_text(hours: Hours) -> str:
    """A line on whose hours they are, and a line for days with the same hours that follow each other."""
    whose = (
        f"{one_line(hours.name)}, {hours.calendar}" if hours.name and hours.calendar else one_line(hours.name or hours.calendar)
    )
    more = [f"{len(hours.people) - _MOST_NAMES} more"] if len(hours.people) > _MOST_NAMES else []
    people = f" ({listed([*map(one_line, hours.people[:_MOST_NAMES]), *more])})" if hours.people else ""
    head = f"{whose}{people}: {hours.words or 'at any time'}"
    rows = sorted([*_joined(_rows(hours)), *_away(hours)], key=lambda row: (row.first, row.last))
    lines = [(_days(row), row.hours, row.label) for row in rows]
    if not lines:
        return head if hours.spans is None else f"{head}\n  no work in these days"
    wide = [max(len(line[n]) for line in lines) for n in (0, 1)]
    return "\n".join([head, *(f"  {d:<{wide[0]}}  {h:<{wide[1]}}  {label}".rstrip() for d, h, label in lines)])


def always_text(people: Sequence[str]) -> Iterator[str]:
    """A line on people who have no calendar; nothing if everybody has one."""
    if people:
        yield f"No calendar, so that schedules take them to be there at any time: {listed(list(map(one_line, people)))}"


def hours_data(hours: Hours) -> dict[str, Any]:
    """`person`, `name`, `calendar`, `time_zone`, `people`, `always`, `work` (`start`, `end`, `turn`, `beside`), `leave`."""
    spans = hours.spans or ()
    return {
        "person": hours.person,
        "name": hours.name,
        "calendar": hours.calendar,
        "time_zone": str(hours.zone),
        "people": list(hours.people),
        "always": hours.spans is None,
        "work": [{**_span(hours, span), "turn": _turn(hours, span), "beside": bool(_beside(hours, span))} for span in spans],
        "leave": [{**_span(hours, span), "why": why} for span, why in hours.away],
    }


def _span(hours: Hours, span: Span) -> dict[str, str]:
    return {"start": span.start.astimezone(hours.zone).isoformat(), "end": span.end.astimezone(hours.zone).isoformat()}


def _turn(hours: Hours, span: Span) -> str:
    """The turn in which a shift begins; empty in a free one and without a rota."""
    return turn_on(hours.rota, span.start.astimezone(hours.zone).date()).calendar if hours.rota else ""


def _beside(hours: Hours, span: Span) -> list[str]:
    """Why somebody works beside their calendar in a span, if they do."""
    return [f"also ({one_line(why)})" if why else "also" for each, why in hours.beside if _meet(each, span)]


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _rows(hours: Hours) -> Iterator[_Row]:
    for span in hours.spans or ():
        begin, end = span.start.astimezone(hours.zone), span.end.astimezone(hours.zone)
        day = begin.date()
        long = end.replace(tzinfo=None) - begin.replace(tzinfo=None) > _DAY
        until = f"{month_day(end.date())} {end:%H:%M}" if long else f"{end:%H:%M}"
        own = [] if any(span == each for each, _ in hours.beside) else [_turn(hours, span)]
        label = ", ".join(filter(None, [*own, *_beside(hours, span)]))
        yield _Row(first=day, last=day, hours=f"{begin:%H:%M}–{until}", label=label)


def _joined(rows: Iterator[_Row]) -> list[_Row]:
    """Days that follow each other as one, also where each has several shifts."""
    made: list[_Row] = []
    for day, parts in _by_day(rows).items():
        row = _Row(first=day, last=day, hours=", ".join(p.hours for p in parts), label=parts[-1].label)
        last = made[-1] if made else None
        if last and last.last + _DAY == day and (last.hours, last.label) == (row.hours, row.label):
            made[-1] = _Row(first=last.first, last=day, hours=row.hours, label=row.label)
        else:
            made.append(row)
    return made


def _by_day(rows: Iterator[_Row]) -> dict[date, list[_Row]]:
    found: dict[date, list[_Row]] = {}
    for row in rows:
        found.setdefault(row.first, []).append(row)
    return found


def _away(hours: Hours) -> Iterator[_Row]:
    for span, why in hours.away:
        begin, end = span.start.astimezone(hours.zone), span.end.astimezone(hours.zone)
        whole = begin.time() == end.time() == begin.time().min
        last = (end - timedelta(microseconds=1)).date()
        times = "" if whole else f"{begin:%H:%M}–{end:%H:%M}"
        yield _Row(first=begin.date(), last=last, hours=times, label=f"on leave ({one_line(why)})" if why else "on leave")


def _days(row: _Row) -> str:
    """'Mon 30 Nov – Fri 4 Dec 2026', 'Mon 30 Nov 2026'."""
    end = f"{month_day(row.last)} {row.last.year}"
    return end if row.first == row.last else f"{month_day(row.first)} – {end}"
