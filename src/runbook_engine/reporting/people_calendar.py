"""One person's booked tasks as an iCalendar file. Importing it again updates what is there: each event keeps its id."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from runbook_engine.model.schedule import Booked, Booking
from runbook_engine.model.times import Span
from runbook_engine.model.words import PersonId
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.schedule_words import Names, in_order, name_of, work_spans
from runbook_engine.reporting.words import listed

PRODUCT = "-//runbook-engine//schedule//EN"
HOSTS_MOST = 20


def calendar_file(
    person: PersonId,
    booked: Sequence[Booked],
    before: Sequence[Booked] = (),
    *,
    names: Names,
    sites: Mapping[str, str] | None = None,
    zone: tzinfo = UTC,
    now: datetime,
) -> bytes:
    """The events of a person, in their zone. `before`: what was booked earlier; what is gone since then is cancelled.

    `sites` gives the titles of sites. A task with pauses is an event for each of its times of work.
    """
    zone = zone if isinstance(zone, ZoneInfo) else UTC  # a zone without a name is none that others know
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"Tasks of {name_of(person, names)}")
    events = {uid: event for entry in booked for uid, event in _events(person, entry, names, sites or {}, zone, now)}
    gone: dict[str, Event] = {}
    last = max((entry.number for entry in (*before, *booked)), default=0) + 1
    for entry in before:
        gone |= {uid: event for uid, event in _events(person, entry, names, sites or {}, zone, now) if uid not in events}
    for event in gone.values():
        event["STATUS"] = "CANCELLED"
        event["SEQUENCE"] = last
    every = sorted((*events.values(), *gone.values()), key=lambda e: (e.start, str(e["UID"])))
    for event in every:
        calendar.add_component(event)
    if zone is not UTC and every:  # the changes of its clock in these years
        first, last_ = (date(e.start.year + by, 1, 1) for e, by in ((every[0], -1), (every[-1], 2)))
        calendar.add_missing_timezones(first_date=first, last_date=last_)
    return bytes(calendar.to_ical())


def _events(
    person: PersonId, booked: Booked, names: Names, sites: Mapping[str, str], zone: tzinfo, now: datetime
) -> Iterator[tuple[str, Event]]:
    for booking in in_order(booked.schedule.bookings):
        if person not in booking.people:
            continue
        spans = work_spans(booking)
        for number, span in enumerate(spans, 1):
            uid = uid_of(booked.schedule.runbook, booking.id, person, number)
            part = f" (part {number} of {len(spans)})" if len(spans) > 1 else ""
            yield uid, _event(uid, person, booked, booking, span, part, names, sites, zone, now)


def uid_of(runbook: str, booking: str, person: PersonId, part: int) -> str:
    """The id of an event: the same whenever the same part of the same task is the same person's."""
    told = "\0".join((runbook, booking, person, str(part)))
    return f"{sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}@runbook-engine"


def _event(
    uid: str,
    person: PersonId,
    booked: Booked,
    booking: Booking,
    span: Span,
    part: str,
    names: Names,
    sites: Mapping[str, str],
    zone: tzinfo,
    now: datetime,
) -> Event:
    event = Event()
    start, end = _told(span, zone)
    facts: dict[str, Any] = {
        "uid": uid,
        "dtstamp": now.astimezone(UTC),
        "sequence": booked.number,
        "dtstart": start,
        "dtend": end,
        "summary": one_line(booking.title or booking.id) + part,
        "description": _description(person, booked, booking, names),
        "status": "CONFIRMED",
    }
    if booking.site:
        facts["location"] = one_line(sites.get(booking.site) or booking.site)
    for name, value in facts.items():
        event.add(name, value)
    return event


def _told(span: Span, zone: tzinfo) -> tuple[datetime, datetime]:
    """Both ends in a zone; in UTC, if one of them is in the hour that comes twice: there a calendar takes the first."""
    start, end = span.start.astimezone(zone), span.end.astimezone(zone)
    return (start.astimezone(UTC), end.astimezone(UTC)) if start.fold or end.fold else (start, end)


def _description(person: PersonId, booked: Booked, booking: Booking, names: Names) -> str:
    others = [name_of(p, names) for p in booking.people if p != person]
    lines = [one_line(booked.schedule.title), f"Task {one_line(booking.id)} of {one_line(booked.schedule.runbook)}"]
    lines += [f"Hosts: {fold_hosts(booking.hosts, most=HOSTS_MOST)}"] if booking.hosts else []
    lines += [f"With {listed(others)}"] if others else []
    lines += [f"Window: {one_line(booking.window)}"] if booking.window else []
    lines += [f"Needs: {', '.join(f'{n} × {one_line(what)}' for what, n in booking.uses.items())}"] if booking.uses else []
    return "\n".join(lines)
