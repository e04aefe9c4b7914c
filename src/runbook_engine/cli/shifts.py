"""inventory hours: when people work, day by day, as schedules count it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.projects import load_hosts
from runbook_engine.cli.settings import settings
from runbook_engine.cli.tasking import names_of
from runbook_engine.model.errors import Usage
from runbook_engine.model.estate import Estate, Person
from runbook_engine.model.times import Span
from runbook_engine.model.words import PersonId

if TYPE_CHECKING:
    from runbook_engine.reporting.working_hours import Hours

_SLOT = timedelta(minutes=1)
_AROUND = timedelta(days=2)  # so that shifts that reach into the days, or out of them, are whole


@click.command("hours")
@click.argument("names", nargs=-1, metavar="[PERSON|CALENDAR]…")
@click.option("--from", "first", metavar="DATE", help="The first day, such as 2026-11-30; else today.")
@click.option("--days", type=click.IntRange(1, 366), default=28, show_default=True, help="How many days.")
@options.inventory
@options.as_json
def hours_command(names: tuple[str, ...], first: str | None, days: int, inventory: str | None, as_json: bool) -> None:
    """When people work, as schedules count it: shifts, without leave and holidays. Without a name all calendars of people.

    \b
    runbook inventory hours
    runbook inventory hours ana.duarte team-b --from 2026-12-14 --days 14
    """
    from runbook_engine.reporting.working_hours import always_text, hours_data, hours_text

    estate = load_hosts(settings(inventory=inventory))
    start = _date(first) if first else opening.now().replace(tzinfo=None)
    found = [_hours(person, estate, start, days) for person in _asked(names, estate)]
    if as_json:
        options.show_json({"format": 1, "kind": "hours", "hours": [hours_data(each) for each in found]})
    else:
        options.show("\n\n".join([*map(hours_text, found), *(always_text(_always(estate)) if not names else ())]))


def _always(estate: Estate) -> list[str]:
    """The names of those who have no calendar."""
    return [person.name or person.id for person in estate.people.values() if not person.calendar]


def _date(text: str) -> datetime:
    try:
        return datetime.combine(datetime.strptime(text, "%Y-%m-%d").date(), time())  # noqa: DTZ007 - a day at each place
    except ValueError:
        raise Usage(f"--from: {text} is no date", why="Write it like 2026-11-30.") from None


def _asked(names: Sequence[str], estate: Estate) -> Iterator[Person]:
    """People as they are, and for each calendar somebody who has it and nothing else. Raises Usage."""
    from runbook_engine.loading.estate_parts import own_hours
    from runbook_engine.loading.nearest import did_you_mean

    own = {person.calendar: person.id for person in estate.people.values() if person.calendar == own_hours(person.id)}
    used = dict.fromkeys(own.get(person.calendar, person.calendar) for person in estate.people.values() if person.calendar)
    if not (names or used):
        raise Usage("Nobody in the inventory has a calendar", why="People have one by 'calendar:', in inventory/people.yml.")
    for name in names or used:
        person = estate.people.get(PersonId(name))
        if person is None and name not in estate.calendars:
            near = did_you_mean(name, (*estate.people, *(c for c in estate.calendars if c not in own)), "there are")
            raise Usage(f"There is no person and no calendar {name}", why=f"{near[:1].upper()}{near[1:]}")
        yield person or Person(id=PersonId(""), calendar=name)


def _hours(person: Person, estate: Estate, start: datetime, days: int) -> "Hours":
    from runbook_engine.calendars import hours_entry, working_time
    from runbook_engine.loading.days_off import days_off
    from runbook_engine.loading.estate_parts import own_hours
    from runbook_engine.reporting.working_hours import Hours
    from runbook_engine.scheduling.projects_clock import Clock
    from runbook_engine.scheduling.projects_people import Staff, extra_spans, leave_spans, zone_name

    name, names = zone_name(person, estate), names_of(estate)
    zone, window = ZoneInfo(name), working_time(person.calendar, estate.calendars)
    asked = Span(*(datetime.combine(start.date() + timedelta(days=n), time(), zone).astimezone(UTC) for n in (0, days)))
    clock = Clock(origin=asked.start - _AROUND, slot_s=60, horizon=(asked.end - asked.start + 2 * _AROUND) // _SLOT, zone=zone)
    free = Staff(estate, clock, days_off, (), ()).free(person)
    shown = partial(_meet, asked)
    return Hours(
        name=names.get(person.id, ""),
        person=person.id,
        calendar="" if person.calendar == own_hours(person.id) else person.calendar,
        words=(hours_entry(window) or "no hours") if window else "",
        zone=zone,
        people=tuple(names[p.id] for p in estate.people.values() if not person.id and p.calendar == person.calendar),
        spans=None if free is None else tuple(filter(shown, map(clock.span, free))),
        rota=window.rota if window else None,
        beside=tuple((span, each.why) for each in person.also for span in extra_spans(each, name) if shown(span)),
        away=tuple((span, each.why) for each in person.leave for span in leave_spans(each, name) if shown(span)),
    )


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
