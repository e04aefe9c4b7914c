"""tasks: what is whose, in runs and in booked schedules."""

from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.estates import estates_of
from runbook_engine.cli.looking import reasons_of
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.errors import Usage
from runbook_engine.model.estate import Estate
from runbook_engine.model.schedule import Booked
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PersonId

if TYPE_CHECKING:
    from runbook_engine.reporting.people_tasks import TaskRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is known of tasks: those of a run, and what is booked for a person, now and before."""

    rows: "Sequence[TaskRow] | None" = None  # None: there is no run
    booked: tuple[Booked, ...] = ()
    before: tuple[Booked, ...] = ()


@click.command("tasks")
@click.argument("run", required=False)
@click.option("--for", "person", metavar="PERSON", help="Only what is this person's, or could be; and what is booked for them.")
@click.option("--ics", metavar="FILE", help="With --for: what is booked, as a calendar file; importing it again updates it.")
@options.inventory
@options.journal
@options.as_json
def tasks_command(
    run: str | None, person: str | None, ics: str | None, inventory: str | None, journal: str | None, as_json: bool
) -> None:
    """Show what is whose, planned and actual, and what is ready now; for a person also what is booked for them.

    \b
    runbook tasks rack12-install-1 --for ana.duarte
    runbook tasks --for ana.duarte --ics ana.ics
    runbook assign rack12-install-1 cabling/mount@r12-u01 --to ana.duarte
    """
    place = settings(inventory=inventory, journal=journal)
    estate = estates_of(place.inventory).live().estate if place.inventory.exists() else Estate()
    if ics and not person:
        raise Usage("--ics needs a person", next_command="runbook tasks --for PERSON --ics FILE")
    found = _found(place, run, person, estate)
    if person and not found.rows and not any(person in b.people for e in found.booked for b in e.schedule.bookings):
        _known(person, estate)
    if as_json:
        _show_json(found, person, estate)
    else:
        _show(found, person, estate)
    if ics and person:
        _write(ics, found, PersonId(person), estate)


def _known(person: str, estate: Estate) -> None:
    """Raises Usage for somebody whom the inventory does not know, if it knows anybody."""
    from difflib import get_close_matches

    if not estate.people or person in estate.people:
        return
    near = get_close_matches(person, list(estate.people), 3)
    raise Usage(
        f"The inventory knows no {person}",
        why=f"Did you mean {' or '.join(near)}?" if near else "People are named in inventory/people.yml.",
        next_command=f"runbook tasks --for {near[0]}" if near else "runbook inventory check",
    )


def _found(place: Settings, run: str | None, person: str | None, estate: Estate) -> Found:
    from runbook_engine.reporting.people_tasks import task_rows

    with opening.store_of(place) as store:
        booked = store.booked() if person else ()
        before = store.booked_before() if person else ()
        known = bool(store.runs())
    if run is None and person and not known:
        return Found(booked=booked, before=before)
    with opening.opened(run or "last", place.journal) as found:
        rows = task_rows(
            found.course.shape.plan,
            found.course.run,
            reasons_of(found),
            opening.now(),
            person=person or "",
            groups=_groups(person, estate) if person else frozenset(),
            zone=options.zone(),
        )
    return Found(rows=rows, booked=booked, before=before)


def _groups(person: str, estate: Estate) -> frozenset[str]:
    """What a person may be meant by beside their name: roles, skills and department."""
    known = {str(p): entry for p, entry in estate.people.items()}.get(person)
    roles = {role for role, people in estate.roles.items() if person in people}
    return frozenset({*roles, *(known.skills if known else ()), *([known.department] if known and known.department else ())})


def zone_of(person: str, estate: Estate) -> tzinfo:
    """The zone in which a person lives: that of their calendar, else of their site, else of this machine."""
    from zoneinfo import ZoneInfo

    known = estate.people.get(PersonId(person))
    calendar = estate.calendars.get(known.calendar) if known else None
    site = estate.sites.get(known.site) if known else None
    name = calendar.time_zone if calendar else site.time_zone if site else ""
    return ZoneInfo(name) if name else options.zone()


def names_of(estate: Estate) -> dict[PersonId, str]:
    """What people are called."""
    return {person.id: person.name or person.id for person in estate.people.values()}


def _titles(estate: Estate) -> dict[str, str]:
    return {site.name: site.title or site.name for site in estate.sites.values()}


def _show_json(found: Found, person: str | None, estate: Estate) -> None:
    from runbook_engine.reporting.booked_tasks import booked_data, booked_tasks
    from runbook_engine.reporting.status_data import tasks_data

    data: dict[str, Any] = tasks_data(found.rows or (), person=person or "")
    if person:
        data |= booked_data(booked_tasks(found.booked, PersonId(person)), zone_of(person, estate))
    options.show_json(data)


def _show(found: Found, person: str | None, estate: Estate) -> None:
    from runbook_engine.reporting.booked_tasks import booked_tasks, booked_text, nothing_booked
    from runbook_engine.reporting.people_tasks import tasks_text

    blocks = []
    if person:
        tasks = booked_tasks(found.booked, PersonId(person))
        zone = zone_of(person, estate)
        if tasks:
            blocks.append(booked_text(tasks, PersonId(person), names=names_of(estate), sites=_titles(estate), zone=zone))
        elif found.rows is None:
            blocks.append(nothing_booked(person))
    if found.rows is not None:
        blocks.append(tasks_text(found.rows, person=person or ""))
    options.show("\n\n".join(blocks))


def _write(file: str, found: Found, person: PersonId, estate: Estate) -> None:
    from runbook_engine.cli.projects import write_output
    from runbook_engine.reporting.people_calendar import calendar_file

    data = calendar_file(
        person,
        found.booked,
        found.before,
        names=names_of(estate),
        sites=_titles(estate),
        zone=zone_of(person, estate),
        now=opening.now(),
    )
    write_output(data, file)
    if file != "-":
        options.say(f"Written: {Path(file)} ({data.count(b'BEGIN:VEVENT')} events); importing it again updates what is there.")
