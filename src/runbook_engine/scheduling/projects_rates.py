"""Working hours of people, and which of their hours are dear: nights, weekends, public holidays."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo

from runbook_engine.calendars import working_time
from runbook_engine.calendars.rotas import codes
from runbook_engine.calendars.weekly import DaysOff
from runbook_engine.model.estate import Calendar, Estate, Person, Window
from runbook_engine.model.jobs import Spans
from runbook_engine.model.times import Span
from runbook_engine.scheduling.projects_clock import Clock
from runbook_engine.scheduling.projects_known import Known

Dear = tuple[tuple[int, int, float], ...]


class Hours:
    """Looks calendars up once, however many people have the same."""

    def __init__(self, estate: Estate, clock: Clock, days_off: DaysOff, known: Known) -> None:
        self._estate, self._clock, self._days_off, self._known = estate, clock, days_off, known
        self._work: dict[str, Spans | None] = {}
        self._dear: dict[tuple[str, tuple[str, ...]], Dear] = {}

    def work(self, calendar: str) -> Spans | None:
        """When somebody with this calendar works: never, if it has no hours; None: there is no calendar."""
        if calendar not in self._work:
            window = working_time(calendar, self._estate.calendars)
            self._work[calendar] = self._inside(window) if window else None
        return self._work[calendar]

    def dear(self, person: Person) -> Dear:
        """When an hour of a person costs how many times the rate; where several factors hold, the greatest."""
        calendar, site = self._estate.calendars.get(person.calendar), self._estate.sites.get(person.site)
        zone = calendar.time_zone if calendar else site.time_zone if site else "UTC"
        key = (zone, _holidays_of(calendar) if calendar else ())
        if key not in self._dear:
            self._dear[key] = self._factors(*key)
        return self._dear[key]

    def _inside(self, window: Window) -> Spans:
        return self._known.opened(window, self._clock, self._days_off)

    def _factors(self, zone: str, holidays: Sequence[str]) -> Dear:
        rates = self._estate.rates
        parts: list[tuple[float, Spans]] = []
        if rates.night != 1:
            parts.append((float(rates.night), self._inside(_weekly(zone, "mon-sun", rates.night_hours))))
        if rates.weekend != 1:
            parts.append((float(rates.weekend), self._inside(_weekly(zone, "sat-sun", "00:00-00:00"))))
        if rates.holiday != 1 and holidays:
            parts.append((float(rates.holiday), self._clock.inside(self._holidays(zone, holidays))))
        return _greatest(parts)

    def _holidays(self, zone: str, codes: Sequence[str]) -> Iterator[Span]:
        clock = ZoneInfo(zone)
        first, last = (moment.astimezone(clock).date() for moment in (self._clock.origin, self._clock.end))
        for year in range(first.year, last.year + 1):
            for day in sorted({day for code in codes for day in self._days_off(code, year)}):
                if first <= day <= last:
                    yield Span(self._clock.begins(day, clock), self._clock.ends(day, clock))


def _holidays_of(calendar: Calendar) -> tuple[str, ...]:
    if calendar.rota is not None:
        return codes(calendar.rota)
    return (calendar.holidays,) if calendar.holidays else ()


def _weekly(zone: str, days: str, hours: str) -> Window:
    return Window(name="", time_zone=zone, open={days: (hours,)})


def _greatest(parts: list[tuple[float, Spans]]) -> Dear:
    """One row of spans with the greatest factor that holds in each."""
    turns = sorted({slot for _, spans_ in parts for span in spans_ for slot in span})
    ends = sorted((begin, end, factor) for factor, spans_ in parts for begin, end in spans_)
    made: list[tuple[int, int, float]] = []
    going: list[tuple[int, float]] = []
    number = 0
    for begin, end in pairwise(turns):
        while number < len(ends) and ends[number][0] <= begin:
            going.append((ends[number][1], ends[number][2]))
            number += 1
        going = [held for held in going if held[0] > begin]
        if going:
            _extend(made, begin, end, max(factor for _, factor in going))
    return tuple(made)


def _extend(made: list[tuple[int, int, float]], begin: int, end: int, factor: float) -> None:
    if made and made[-1][1] == begin and made[-1][2] == factor:
        made[-1] = (made[-1][0], end, factor)
    else:
        made.append((begin, end, factor))
