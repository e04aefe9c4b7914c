"""Calendars that take turns: what an inventory says of them, checked, and with the hours of each turn written in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from runbook_engine.calendars.rotas import FREE, ever
from runbook_engine.loading.estate_documents import CalendarDocument, InventoryDocument
from runbook_engine.loading.estate_pages import Ledger
from runbook_engine.loading.estate_reading import Written
from runbook_engine.model.estate import Calendar, Rota, Turn
from runbook_engine.model.places import Path

Documents = Mapping[str, CalendarDocument]

_OF_CALENDARS = {"time_zone": "time zone", "work": "hours", "holidays": "public holidays"}
_SOME_DAY = date(2026, 1, 5)  # in place of one that is missing, which is a mistake of its own


def with_rotas(documents: Sequence[InventoryDocument], calendars: Mapping[str, Calendar]) -> dict[str, Calendar]:
    """The calendars with the hours, the holidays and the zone of its turns written into each rota."""
    told = _told(documents)
    return {name: _filled(calendar, told[name], calendars) for name, calendar in calendars.items()}


def _filled(calendar: Calendar, told: CalendarDocument, calendars: Mapping[str, Calendar]) -> Calendar:
    if not told.rota:
        return calendar
    of = [calendars.get(name) for name in told.rota]
    turns = tuple(Turn(calendar=c.name, work=c.work, holidays=c.holidays) if c else Turn() for c in of)
    zone = next((c.time_zone for c in of if c), calendar.time_zone)
    rota = Rota(start=told.start or _SOME_DAY, turns=turns, days=told.turn)
    return replace(calendar, time_zone=zone, work={}, holidays="", rota=rota)


def check_rotas(files: Sequence[Written], ledger: Ledger) -> None:
    """Note rotas that say too little or too much, whose turns are no hours of one zone, or by which nobody ever works."""
    told = _told([file.document for file in files])
    for file in files:
        for name, calendar in file.document.calendars.items():
            path: Path = (file.file, "calendars", name)
            if calendar.rota:
                _check_rota(calendar, told, path, ledger)
            else:
                _check_plain(calendar, path, ledger)
        for name, person in file.document.people.items():
            if person.work and person.calendar in told and told[person.calendar].rota:
                message = f"{name} has hours of their own, and {person.calendar} is a rota: only one of them can count"
                hint = "take out one of them, or name the calendar whose zone and holidays go with these hours"
                ledger.note((file.file, "people", name, "work"), message, hint, key=True)


def _check_plain(calendar: CalendarDocument, path: Path, ledger: Ledger) -> None:
    for key, field in (("from", "start"), ("turn", "turn")):
        if field in calendar.model_fields_set:
            ledger.note((*path, key), f"'{key}' belongs to a rota", "write rota: [early, late, off] beside it", key=True)


def _check_rota(calendar: CalendarDocument, told: Documents, path: Path, ledger: Ledger) -> None:
    for key, what in _OF_CALENDARS.items():
        if key in calendar.model_fields_set:
            ledger.note((*path, key), f"a rota has the {what} of its calendars", "take it out", key=True)
    if calendar.start is None:
        hint = "the first day of the first turn, such as from: 2026-11-30"
        ledger.note(path, "the key 'from' is missing", hint, key=True)
    before = len(ledger.found)
    for index, name in enumerate(calendar.rota):
        for message, hint in _wrong(name, calendar, told):
            ledger.note((*path, "rota", index), message, hint)
    _check_zones(calendar, told, path, ledger)
    if len(ledger.found) == before and calendar.start is not None:
        _check_ever(calendar, told, path, ledger)


def _wrong(name: str, rota: CalendarDocument, told: Documents) -> Iterator[tuple[str, str]]:
    """What is wrong with a turn, and the repair; an unknown name is told with those of other entries."""
    of = told.get(name)
    if of is None:
        return
    if name == FREE:
        yield f"'{FREE}' is a free turn, and a calendar has this name, too", "give that calendar another name"
    elif of.rota:
        plain = [known for known, each in told.items() if each.work and not each.rota and each is not rota]
        names = f", such as {', '.join(plain[:4])}" if plain else ""
        yield f"'{name}' is a rota itself: a turn is a calendar with hours", f"name calendars with hours{names}"
    elif not of.work:
        yield f"the calendar '{name}' has no hours", f"give it some, or write {FREE} for a free turn"


def _check_zones(rota: CalendarDocument, told: Documents, path: Path, ledger: Ledger) -> None:
    plain = [(n, name) for n, name in enumerate(rota.rota) if name in told and told[name].work]
    first = plain[0][1] if plain else ""
    for index, name in plain:
        zone, other = told[name].time_zone, told[first].time_zone
        if zone != other and rota.rota.index(name) == index:
            message = f"{name} is in {zone} and {first} in {other}: the calendars of a rota have one time zone"
            unsaid = next((each for each in (name, first) if "time_zone" not in told[each].model_fields_set), "")
            hint = f"say time_zone: {zone if unsaid == first else other} in {unsaid}" if unsaid else "make a rota for each zone"
            ledger.note((*path, "rota", index), message, hint)


def _check_ever(calendar: CalendarDocument, told: Documents, path: Path, ledger: Ledger) -> None:
    if any(name not in told and name != FREE for name in calendar.rota):
        return
    turns = tuple(Turn(work=told[name].work) if name in told else Turn() for name in calendar.rota)
    if not ever(Rota(start=calendar.start or _SOME_DAY, turns=turns, days=calendar.turn)):
        message = "nobody ever works by this rota: no turn falls on a day on which its calendar has hours"
        ledger.note((*path, "rota"), message, "name a calendar with hours on these days", key=True)


def _told(documents: Sequence[InventoryDocument]) -> dict[str, CalendarDocument]:
    """The calendars as they are written; of a name defined twice the first counts."""
    found: dict[str, CalendarDocument] = {}
    for document in documents:
        for name, calendar in document.calendars.items():
            found.setdefault(name, calendar)
    return found
