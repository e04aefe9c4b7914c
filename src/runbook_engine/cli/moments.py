"""Moments that people type: one form and one zone for every command. Without a zone, that of the plan is meant."""

from datetime import datetime, tzinfo

import click

from runbook_engine.cli import options
from runbook_engine.model.errors import Usage

since = click.option(
    "--from",
    "start",
    metavar="MOMENT",
    help="Nothing starts before, such as 2026-11-30T09:00 in the zone of the plan's main site; else from now on.",
)


def moment_of(text: str, what: str) -> datetime:
    """A date and time; a date alone is its beginning. It is aware only if it names a zone: see `meant`. Raises Usage."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Usage(f"{what}: {text} is no date or time; write it like 2026-11-30T09:00") from None


def meant(at: datetime, zone: tzinfo) -> datetime:
    """The moment that somebody means who has typed `at`; `zone` is that of the plan."""
    return at if at.tzinfo else at.replace(tzinfo=zone)


def asked_from(start: str | None, zone: tzinfo, now: datetime) -> datetime:
    """From when on something may start, as --from says; it is told on stderr in the plan's zone. Else now. Raises Usage."""
    if start is None:
        return now
    from runbook_engine.reporting.words import moment

    found = meant(moment_of(start, "--from"), zone)
    options.say(f"Nothing starts before {moment(found, zone)}.")
    return found
