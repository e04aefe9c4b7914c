"""Whether work may start at a moment, and until when: what calendars, windows and freezes come to."""

from datetime import date, datetime, timedelta, tzinfo

from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Kind


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment up to, and without, another; both aware and in UTC."""

    start: datetime
    end: datetime


def day_ended(at: datetime, zone: tzinfo) -> date | None:
    """The day of which a moment is the end, by the clock of a zone: midnight ends the day before; None at other times."""
    local = at.astimezone(zone)
    return (at - timedelta(seconds=1)).astimezone(zone).date() if (local.hour, local.minute) == (0, 0) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a phase touches, as far as windows and freezes ask."""

    kind: Kind
    sites: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()  # those that its hosts serve, and all that depend on them


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Work may start. `until`: when that ends, or None when no end is known."""

    entry: str = ""  # which entry of which calendar says so, in words; empty: nothing restricts it
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Work may not start, because of one entry of the calendars."""

    kind: str  # window | freeze | start
    entry: str  # which entry of which calendar, in words: "window night (mon-fri 22:00-04:00, Europe/Amsterdam)"
    reason: str  # a whole sentence for the person who is stopped
    next: datetime | None = None  # when it may start, all restrictions taken together; None: not within the time looked at
    lift: tuple[str, ...] = ()  # who may lift it: people, roles, departments
