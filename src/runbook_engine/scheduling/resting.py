"""Who works longer on end than anybody should: people of whom no calendar says when they are off."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter

from runbook_engine.model.estate import Estate
from runbook_engine.model.schedule import Schedule
from runbook_engine.model.times import Span
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PersonId

MOST = timedelta(hours=16)  # of work on end: what is more leaves no day with a night in it
BREAK = timedelta(hours=6)  # a shorter break is no rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Stint:
    """Work of one person without a rest: from when to when, and how much of that is work."""

    person: PersonId
    start: datetime
    end: datetime
    work: timedelta


def restless(
    work: Mapping[PersonId, Sequence[Span]], estate: Estate, beside: Mapping[PersonId, Sequence[Span]] | None = None
) -> list[Stint]:
    """The worst stint of everybody who works too long on end, the longest first. Whose calendar says so is not asked.

    `beside` is what they do for others: it counts where it is in one stint with this work.
    """
    found: list[Stint] = []
    for name, spans in work.items():
        person = estate.people.get(name)
        if person is not None and not person.calendar:
            stints = _stints(name, [*spans, *(beside or {}).get(name, ())])
            long = [stint for stint in stints if stint.work > MOST and any(stint.start <= s.start < stint.end for s in spans)]
            found += [max(long, key=attrgetter("work"))] if long else []
    return sorted(found, key=lambda stint: (-stint.work, stint.person))


def work_of(schedules: Iterable[Schedule]) -> dict[PersonId, list[Span]]:
    """When people work by schedules, pauses left out. Those without a calendar for time itself have no people."""
    found: dict[PersonId, list[Span]] = {}
    for booking in (b for schedule in schedules if not schedule.abstract for b in schedule.bookings):
        for person in booking.people:
            found.setdefault(person, []).extend(booking.spells or (Span(booking.start, booking.finish),))
    return found


def _stints(person: PersonId, spans: Iterable[Span]) -> Iterator[Stint]:
    """Work between rests. What overlaps counts once."""
    stint: Stint | None = None
    for span in sorted((s for s in spans if s.start < s.end), key=attrgetter("start")):
        if stint is not None and span.start - stint.end >= BREAK:
            yield stint
            stint = None
        stint = stint or Stint(person=person, start=span.start, end=span.start, work=timedelta())
        more = max(timedelta(), span.end - max(span.start, stint.end))
        stint = replace(stint, end=max(span.end, stint.end), work=stint.work + more)
    if stint is not None:
        yield stint
