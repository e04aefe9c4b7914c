"""How an entry of the calendars is named to the person whom it stops."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, tzinfo

from runbook_engine.calendars.rotas import FREE, codes, turn_on
from runbook_engine.calendars.weekly import DAYS
from runbook_engine.model.estate import Freeze, Rota, Window


def window_entry(window: Window) -> str:
    """Such as 'window night (mon-fri 22:00-04:00, Europe/Amsterdam)'."""
    return f"window {window.name} ({', '.join(_parts(window))})"


def hours_entry(window: Window) -> str:
    """Such as 'mon-fri 09:00-17:00, Europe/Amsterdam', or 'early, late, off, a week each from 2026-11-30, Europe/Amsterdam'."""
    return ", ".join([*([rota_words(window.rota)] if window.rota else []), *_parts(replace(window, calendar=""))])


def turn_words(window: Window, day: date) -> str:
    """Such as ', in the turn nights of team-a', or ', in a free turn of team-a'; empty for a window without a rota."""
    if window.rota is None:
        return ""
    name = turn_on(window.rota, day).calendar
    return f", in {f'the turn {name}' if name else 'a free turn'} of {window.calendar}"


def rota_words(rota: Rota) -> str:
    """Such as 'early, late, nights, off, a week each from 2026-11-30'."""
    names = ", ".join(turn.calendar or FREE for turn in rota.turns)
    long = "a week" if rota.days == 7 else "a day" if rota.days == 1 else f"{rota.days} days"
    return f"{names}, {long} each from {rota.start}"


def freeze_entry(freeze: Freeze) -> str:
    """Such as 'freeze 2026-12-19 to 2027-01-04 at ams1 (Holiday trade)'."""
    parts = [f"freeze {_written(freeze.start)} to {_written(freeze.end)}"]
    if freeze.event or freeze.source:
        parts.insert(0, f"'{freeze.event}' of {freeze.source}:")
    if freeze.sites:
        parts.append(f"at {', '.join(freeze.sites)}")
    if freeze.services:
        parts.append(f"for {', '.join(freeze.services)}")
    return f"{' '.join(parts)} ({freeze.why})"


def on_the_wall(moment: datetime, zone: tzinfo) -> str:
    """A moment as the clock of a zone shows it: 'Fri 2026-11-27 14:05'."""
    local = moment.astimezone(zone)
    return f"{DAYS[local.weekday()].capitalize()} {local:%Y-%m-%d %H:%M}"


def _parts(window: Window) -> Iterator[str]:
    if window.calendar:
        yield f"calendar {window.calendar}{f': {rota_words(window.rota)}' if window.rota else ''}"
    if window.open:
        yield from (f"{days} {' and '.join(hours)}" for days, hours in window.open.items())
        yield window.time_zone
    if window.rota:
        yield window.time_zone
    if holidays := codes(window.rota) if window.rota else (window.holidays,) if window.open and window.holidays else ():
        yield f"not on public holidays of {' and '.join(holidays)}"
    if window.dates or window.source:
        yield _dates(window)


def _dates(window: Window) -> str:
    count = len(window.dates)
    file = f" with those of {window.source}" if window.source else ""
    return f"{count} single opening{'' if count == 1 else 's'}{file}"


def _written(value: date | datetime) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    zone = "" if value.tzinfo is None else "Z" if not value.utcoffset() else f"{value:%z}"
    return f"{value:%Y-%m-%d %H:%M}{zone}"
