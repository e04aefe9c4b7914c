"""When a freeze holds, and for what.

In doubt a freeze holds: it begins at the first moment at which the clock shows its beginning, and ends at the last at which it
shows its end.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from operator import attrgetter
from zoneinfo import ZoneInfo

from runbook_engine.calendars.local_time import earliest, latest, merged
from runbook_engine.model.estate import Freeze
from runbook_engine.model.times import Scope, Span

_DAY = timedelta(days=1)
_APART = 2 * _DAY  # the clocks of two zones never show days further apart


def freeze_spans(freeze: Freeze, zones: Mapping[str, str]) -> tuple[Span, ...]:
    """When a freeze holds, in UTC and sorted: at each of the sites in `zones` that it names, or at all if it names none.

    `zones` gives the time zone of each site; without any site it is UTC. What touches is one span.
    """
    names = {zone for site, zone in zones.items() if not freeze.sites or site in freeze.sites} or {"UTC"}
    found = (_span(freeze, ZoneInfo(name)) for name in names)
    return tuple(merged(sorted((span for span in found if span.start < span.end), key=attrgetter("start", "end"))))


def touches(freeze: Freeze, scope: Scope) -> bool:
    """Whether a freeze is about what a phase touches: all that it states of sites, services and kinds must match."""
    return (
        (not freeze.sites or not scope.sites.isdisjoint(freeze.sites))
        and (not freeze.services or not scope.services.isdisjoint(freeze.services))
        and (not freeze.kinds or scope.kind in freeze.kinds)
    )


def may_matter(freeze: Freeze, start: datetime, end: datetime) -> bool:
    """Whether a freeze could hold between two moments, wherever; a quick look at its days."""
    return _day(freeze.end) + _APART >= start.date() and _day(freeze.start) - _APART <= end.date()


def zones_of(scope: Scope, zones: Mapping[str, str]) -> dict[str, str]:
    """The time zones of the sites that a phase touches. Raises ValueError for a site without one."""
    unknown = sorted(scope.sites - zones.keys())
    if unknown:
        raise ValueError(f"the time zone of {', '.join(unknown)} is not known")
    return {site: zones[site] for site in sorted(scope.sites)}


def _span(freeze: Freeze, zone: tzinfo) -> Span:
    end = freeze.end
    if not isinstance(end, datetime):
        end = datetime.combine(end + _DAY, time())
    start = freeze.start if isinstance(freeze.start, datetime) else datetime.combine(freeze.start, time())
    return Span(
        start.astimezone(UTC) if start.tzinfo else earliest(start, zone),
        end.astimezone(UTC) if end.tzinfo else latest(end, zone),
    )


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value
