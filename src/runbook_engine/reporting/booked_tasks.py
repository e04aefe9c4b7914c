"""What a person is booked for, day by day, before any run exists: when, where, with whom, and how many hours a week."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from runbook_engine.model.schedule import Booked, Booking
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PersonId
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.naming import command
from runbook_engine.reporting.schedule_tables import weekly_hours
from runbook_engine.reporting.schedule_words import Names, name_of, times, work_s, work_spans
from runbook_engine.reporting.words import count, hours_of_work, listed, month_day, zone_name

HOSTS_MOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedTask:
    """One time of work of a person: a booking, or what lies between two of its pauses."""

    runbook: str
    booking: Booking
    start: datetime
    finish: datetime
    part: str = ""


def booked_tasks(booked: Sequence[Booked], person: PersonId) -> tuple[BookedTask, ...]:
    """All that a person is booked for, in the order of its time."""
    found = [
        task
        for entry in booked
        for booking in entry.schedule.bookings
        if person in booking.people
        for task in _parts(entry.schedule.runbook, booking)
    ]
    return tuple(sorted(found, key=lambda t: (t.start, t.finish, t.runbook, t.booking.id)))


def _parts(runbook: str, booking: Booking) -> list[BookedTask]:
    spans = work_spans(booking)
    parts = [f"part {n} of {len(spans)}" if len(spans) > 1 else "" for n in range(1, len(spans) + 1)]
    return [
        BookedTask(runbook=runbook, booking=booking, start=span.start, finish=span.end, part=part)
        for span, part in zip(spans, parts, strict=True)
    ]


def booked_text(
    tasks: Sequence[BookedTask],
    person: PersonId,
    *,
    names: Names,
    sites: Mapping[str, str] | None = None,
    zone: tzinfo = UTC,
) -> str:
    """Day by day what is to be done, with place and company; then the hours of each week."""
    if not tasks:
        return f"{name_of(person, names)} is booked for nothing."
    bookings = list({(t.runbook, t.booking.id): t.booking for t in tasks}.values())
    head = f"{name_of(person, names)} is booked for {count(len(bookings), 'task')}, {hours_of_work(work_s(bookings))} in all"
    lines = [f"{head} (times in {zone_name(tasks[0].start, zone)})"]
    today: date | None = None
    for task in tasks:
        day = task.start.astimezone(zone).date()
        if day != today:
            lines += ["", f"{month_day(day)} {day.year}"]
            today = day
        lines.append(_line(task, person, names, sites or {}, zone))
    weeks = [f"  week of {month_day(week)}: {hours_of_work(seconds)}" for week, seconds in weekly_hours(bookings, zone).items()]
    return "\n".join([*lines, "", "Hours", *weeks])


def _line(task: BookedTask, person: PersonId, names: Names, sites: Mapping[str, str], zone: tzinfo) -> str:
    booking = task.booking
    others = [name_of(p, names) for p in booking.people if p != person]
    facts = [task.part] if task.part else []
    facts += [one_line(sites.get(booking.site) or booking.site)] if booking.site else []
    facts += [fold_hosts(booking.hosts, most=HOSTS_MOST)] if booking.hosts else []
    facts += [f"with {listed(others)}"] if others else []
    told = times(task.start, task.finish, zone).split(" ", 3)[-1]
    return f"  {told:<13}  {one_line(booking.title or booking.id)} [{task.runbook}]  {', '.join(facts)}".rstrip()


def nothing_booked(person: str) -> str:
    """Why there is no list, and what would make one."""
    return (
        f"Nothing is booked for {one_line(person)}. A schedule books people: {command('runbook', 'schedule', 'PLAN', '--book')}"
    )


def booked_data(tasks: Sequence[BookedTask], zone: tzinfo = UTC) -> dict[str, Any]:
    """`booked` (times of work: `runbook`, `task`, `title`, `start`, `finish`, `site`, `hosts`, `people`) and `weeks`."""
    bookings = list({(t.runbook, t.booking.id): t.booking for t in tasks}.values())
    return {
        "booked": [_data(task, zone) for task in tasks],
        "weeks": [{"from": week.isoformat(), "work_s": round(s)} for week, s in weekly_hours(bookings, zone).items()],
    }


def _data(task: BookedTask, zone: tzinfo) -> dict[str, Any]:
    booking = task.booking
    return {
        "runbook": task.runbook,
        "task": booking.id,
        "title": booking.title,
        "start": task.start.astimezone(zone).isoformat(),
        "finish": task.finish.astimezone(zone).isoformat(),
        "site": booking.site,
        "hosts": list(booking.hosts),
        "people": list(booking.people),
    }
