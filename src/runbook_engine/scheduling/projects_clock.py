"""From moments to slots and back."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from runbook_engine.calendars.local_time import earliest, latest
from runbook_engine.model.jobs import Project, Spans
from runbook_engine.model.times import Span
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.spans import merged

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # slot 0 of what has no calendar
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Slots of `slot_s` seconds from `origin`, up to `horizon`. `zone` is that in which dates of the plan are meant."""

    origin: datetime
    slot_s: int
    horizon: int
    zone: ZoneInfo

    @property
    def end(self) -> datetime:
        """The moment at which the horizon lies."""
        return moment(self.origin, self.slot_s, self.horizon)

    def after(self, at: datetime) -> int:
        """The first slot that begins at a moment or later; 0 for all that is past."""
        return max(0, slot_after(self.origin, self.slot_s, at))

    def before(self, at: datetime) -> int:
        """The last slot that begins at a moment or earlier; negative for what is past."""
        return slot_before(self.origin, self.slot_s, at)

    def begins(self, value: date | datetime, zone: ZoneInfo | None = None) -> datetime:
        """The moment that an author means by a date or a time from which on something counts."""
        local = value if isinstance(value, datetime) else datetime.combine(value, time())
        return local.astimezone(UTC) if local.tzinfo else earliest(local, zone or self.zone)

    def ends(self, value: date | datetime, zone: ZoneInfo | None = None) -> datetime:
        """The moment that an author means by a date, or a time, up to which something counts: a date to its end."""
        local = value if isinstance(value, datetime) else datetime.combine(value + _DAY, time())
        return local.astimezone(UTC) if local.tzinfo else latest(local, zone or self.zone)

    def inside(self, spans: Iterable[Span]) -> Spans:
        """The whole slots within sorted spans: for what is open."""
        pairs = ((self.after(s.start), min(self.before(s.end), self.horizon)) for s in spans)
        return merged(pair for pair in pairs if pair[0] < pair[1])

    def around(self, spans: Iterable[Span]) -> Spans:
        """The slots that sorted spans touch: for what is closed or taken."""
        pairs = ((max(0, self.before(s.start)), min(self.after(s.end), self.horizon)) for s in spans)
        return merged(pair for pair in pairs if pair[0] < pair[1])

    def span(self, slots: tuple[int, int]) -> Span:
        """From the moment at which one slot begins to that at which another does."""
        return Span(moment(self.origin, self.slot_s, slots[0]), moment(self.origin, self.slot_s, slots[1]))

    def days(self) -> tuple[int, ...]:
        """The slot with which each day begins; the first is slot 0."""
        return tuple(dict.fromkeys((0, *(slot for _, slot in self._midnights()))))

    def weeks(self) -> tuple[int, ...]:
        """The same for weeks, which begin on Monday."""
        return tuple(dict.fromkeys((0, *(slot for day, slot in self._midnights() if day.weekday() == 0))))

    def _midnights(self) -> Iterator[tuple[date, int]]:
        day = self.origin.astimezone(self.zone).date()
        while (begin := earliest(datetime.combine(day, time()), self.zone)) < self.end:
            yield day, self.after(begin)
            day += _DAY


def slot_before(origin: datetime | None, slot_s: int, at: datetime) -> int:
    """The last slot that begins at a moment or earlier; negative for what is before the origin."""
    return int((at - (origin or EPOCH)) // timedelta(seconds=slot_s))


def slot_after(origin: datetime | None, slot_s: int, at: datetime) -> int:
    """The first slot that begins at a moment or later; negative for what is before the origin."""
    return -int(((origin or EPOCH) - at) // timedelta(seconds=slot_s))


def moment(origin: datetime | None, slot_s: int, slot: int) -> datetime:
    """The moment at which a slot begins."""
    return (origin or EPOCH) + timedelta(seconds=slot_s * slot)


def of_project(project: Project, slot: int) -> datetime:
    """The moment at which a slot of a project begins; from 1970 on where it has no calendar."""
    return moment(project.origin, project.slot_s, slot)
