"""Moments that people type: one form and one zone for every command. Without a zone, that of the plan is meant."""

from datetime import datetime, tzinfo

from runbook_engine.model.errors import Usage


def moment_of(text: str, what: str) -> datetime:
    """A date and time; a date alone is its beginning. It is aware only if it names a zone: see `meant`. Raises Usage."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Usage(f"{what}: {text} is no date or time; write it like 2026-11-30T09:00") from None


def meant(at: datetime, zone: tzinfo) -> datetime:
    """The moment that somebody means who has typed `at`; `zone` is that of the plan."""
    return at if at.tzinfo else at.replace(tzinfo=zone)
