"""Bookings by what people ask for: by phase, person, site, window or day."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta, tzinfo
from enum import StrEnum

from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.words import PersonId, PhaseId
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.schedule_words import in_order, name_of, work_spans


class By(StrEnum):
    """What the bookings are grouped by."""

    PHASE = "phase"
    PERSON = "person"
    SITE = "site"
    WINDOW = "window"
    DAY = "day"


def grouped(
    schedule: Schedule, by: By, phases: Mapping[PhaseId, str], names: Mapping[PersonId, str], zone: tzinfo
) -> Iterator[tuple[str, str, list[Booking]]]:
    """Key, title and bookings of each group, in the order of their first work. A person's bookings are theirs, each once."""
    found: dict[str, list[Booking]] = {}
    for booking in in_order(schedule.bookings):
        for key in keys_of(booking, by, zone, abstract=schedule.abstract):
            found.setdefault(key, []).append(booking)
    order = list(found) if by in (By.DAY, By.PHASE) else sorted(found, key=lambda key: (not key, key))
    if by is By.PHASE and phases:
        written = {phase: number for number, phase in enumerate(phases)}
        order.sort(key=lambda key: written.get(PhaseId(key), len(written)))
    for key in order:
        yield key, _title(key, by, phases, names), found[key]


def keys_of(booking: Booking, by: By, zone: tzinfo, *, abstract: bool) -> Iterable[str]:
    """In which groups a booking is."""
    match by:
        case By.PHASE:
            return (booking.phase,)
        case By.PERSON:
            return booking.people or ("",)
        case By.SITE:
            return (booking.site,)
        case By.WINDOW:
            return (booking.window,)
        case By.DAY:
            return ("",) if abstract else _days(booking, zone)


def _days(booking: Booking, zone: tzinfo) -> tuple[str, ...]:
    """The days on which it is worked on; what ends at midnight is not of the day that begins then."""
    found: dict[str, None] = {}
    for span in work_spans(booking):
        day = span.start.astimezone(zone).date()
        last = max(span.start, span.end - timedelta(microseconds=1)).astimezone(zone).date()
        while day <= last:
            found[day.isoformat()] = None
            day += timedelta(days=1)
    return tuple(found)


_NOBODY = {By.PERSON: "Nobody: it goes by itself", By.SITE: "No site", By.WINDOW: "Any time", By.DAY: "All", By.PHASE: "All"}


def _title(key: str, by: By, phases: Mapping[PhaseId, str], names: Mapping[PersonId, str]) -> str:
    if not key:
        return _NOBODY[by]
    if by is By.PHASE:
        return one_line(phases.get(PhaseId(key), key), 120)
    if by is By.PERSON:
        return name_of(PersonId(key), names)
    return one_line(key, 120)
