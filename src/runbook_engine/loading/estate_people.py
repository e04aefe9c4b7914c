"""What an inventory says of people's time: leave, hours of their own, sites where they may work, the way between sites."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from runbook_engine.loading.estate_checks import as_moment
from runbook_engine.loading.estate_documents import CalendarDocument, InventoryDocument
from runbook_engine.loading.estate_pages import Ledger
from runbook_engine.loading.estate_parts import own_hours
from runbook_engine.loading.estate_people_documents import LeaveDocument, PersonDocument
from runbook_engine.loading.estate_reading import Written
from runbook_engine.loading.estate_times import Times, whole_time
from runbook_engine.model.estate import Calendar, Leave, Site
from runbook_engine.model.places import Path
from runbook_engine.model.words import PersonId

_HOURS = 'give it some, such as work: {mon-fri: "09:00-17:00"}'
LEAVE_YEARS = 10  # in which an event of a leave repeats, from its first time


def check_people(files: Sequence[Written], ledger: Ledger) -> None:
    """Note leave that says too much or too little or ends before it begins, and homes where nobody may work."""
    for file in files:
        for name, person in file.document.people.items():
            at: Path = (file.file, "people", name)
            for index, leave in enumerate(person.leave):
                _check_leave(leave, (*at, "leave", index), ledger)
            _check_also(person, at, ledger)
            if person.sites and person.site and person.site not in person.sites:
                message = f"{name} works at {person.site}, which is not among the sites where {name} may work"
                ledger.note((*at, "sites"), message, f"add {person.site}")
            limits = person.limits
            if limits and limits.day and limits.week and limits.week < limits.day:
                ledger.note((*at, "limits", "week"), "a week is shorter than a day", "change one of the two")


def _check_leave(leave: LeaveDocument, path: Path, ledger: Ledger) -> None:
    if bool(leave.ics) == (leave.start is not None) or (leave.ics and leave.end is not None):
        ledger.note(path, "a leave has either from: and to:, or an iCalendar file", "write them as two entries")
    elif leave.start is not None and leave.end is None and isinstance(leave.start, datetime):
        ledger.note(path, "the key 'to' is missing", "a leave that begins at a time ends at one")
    elif leave.start and leave.end and as_moment(leave.end, last=True) <= as_moment(leave.start, last=False):
        ledger.note((*path, "to"), "the leave ends before it begins")


def _check_also(person: PersonDocument, at: Path, ledger: Ledger) -> None:
    for index, extra in enumerate(person.also):
        path: Path = (*at, "also", index)
        if not isinstance(extra.start, datetime) or not isinstance(extra.end, datetime):
            key = "to" if isinstance(extra.start, datetime) else "from"
            ledger.note(
                (*path, key), "expected a date with a time, such as 2026-12-05 22:00", "a whole day is 24 hours of work"
            )
        elif as_moment(extra.end, last=True) <= as_moment(extra.start, last=False):
            ledger.note((*path, "to"), "this work ends before it begins")
    if person.also and not (person.calendar or person.work):
        message = "without a calendar there is nothing to work beside: whoever has none works at any time"
        ledger.note((*at, "also"), message, "give the person a calendar, or take this out", key=True)


def check_hours(files: Sequence[Written], ledger: Ledger) -> None:
    """Note people and tools that follow a calendar by which nobody ever works."""
    told: dict[str, CalendarDocument] = {}
    for file in files:
        told = {**file.document.calendars, **told}  # of a name defined twice the first counts
    shut = {name for name, calendar in told.items() if not calendar.rota and not any(calendar.work.values())}
    for file in files:
        for name, person in file.document.people.items():
            if person.calendar in shut and not person.work and not person.also:
                message = f"the calendar '{person.calendar}' has no hours, so {name} would never work"
                hint = f"{_HOURS}, or take it out: whoever has no calendar works at any time"
                ledger.note((file.file, "people", name, "calendar"), message, hint)
        for name, thing in file.document.resources.items():
            if thing.calendar in shut:
                message = f"the calendar '{thing.calendar}' has no hours, so {name} could never be used"
                ledger.note((file.file, "resources", name, "calendar"), message, f"{_HOURS}, or take it out")


def check_travel(files: Sequence[Written], ledger: Ledger) -> None:
    """Note ways from a site to itself, and those of which two sites say different things."""
    said: dict[tuple[str, str], float] = {}
    for file in files:
        for name, site in file.document.sites.items():
            for other, time in site.travel.items():
                path: Path = (file.file, "sites", name, "travel", other)
                if other == name:
                    ledger.note(path, f"{name} is no way from itself", "take it out", key=True)
                elif said.setdefault((other, name), time) != time:
                    ledger.note(path, f"{other} says another time for this way", "the way back takes as long: say it once")
                said[name, other] = time


def leave_of(times: Times) -> dict[PersonId, tuple[Leave, ...]]:
    """The leave of each person who has any; one for each time of an event. Mistakes of calendar files are noted."""
    found: dict[PersonId, tuple[Leave, ...]] = {}
    for file in times.files:
        for name, person in file.document.people.items():
            if person.leave:
                found.setdefault(PersonId(name), tuple(_leave(times, (file.file, "people", name, "leave"), person)))
    return found


def _leave(times: Times, path: Path, person: PersonDocument) -> Iterator[Leave]:
    for index, told in enumerate(person.leave):
        if told.start is not None:
            yield Leave(start=told.start, end=told.end or told.start, why=told.why)
        for occurrence in times.read((*path, index), told.ics, LEAVE_YEARS):
            start, end = whole_time(occurrence)
            yield Leave(start=start, end=end, why=told.why or occurrence.title, source=told.ics)


def hours_of_people(
    documents: Sequence[InventoryDocument], calendars: Mapping[str, Calendar], sites: Mapping[str, Site]
) -> dict[str, Calendar]:
    """A calendar for everybody with hours of their own: in the zone of the calendar that they name, else of their site."""
    found: dict[str, Calendar] = {}
    for document in documents:
        for name, person in document.people.items():
            if person.work:
                calendar, site = calendars.get(person.calendar), sites.get(person.site)
                zone = calendar.time_zone if calendar else site.time_zone if site else "UTC"
                holidays = calendar.holidays if calendar else ""
                made = Calendar(name=own_hours(name), time_zone=zone, work=person.work, holidays=holidays)
                found.setdefault(made.name, made)
    return found
