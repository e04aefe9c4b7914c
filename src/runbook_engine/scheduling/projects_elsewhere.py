"""What people do for other projects: it is taken from their free time, and counts in their limits, rest and ways."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runbook_engine.model.jobs import Worker
from runbook_engine.model.schedule import Schedule
from runbook_engine.model.times import Span
from runbook_engine.scheduling.projects_clock import Clock, slot_after

_LONG = 14 * 86400  # seconds: work that was over so long ago matters to no limit


def with_elsewhere(
    workers: Sequence[Worker], booked: Sequence[Schedule], clock: Clock | None, sites: Mapping[str, int]
) -> tuple[Worker, ...]:
    """The workers with what is booked for them in other schedules, in the order of its time."""
    if clock is None or not booked:
        return tuple(workers)
    found: dict[str, list[tuple[int, int, int | None]]] = {worker.id: [] for worker in workers}
    for booking in (b for schedule in booked for b in schedule.bookings):
        for person in (p for p in booking.people if p in found):
            spans = booking.spells or (Span(booking.start, booking.finish),)
            found[person] += (span for s in spans if (span := _slots(s, clock, sites.get(booking.site))))
    return tuple(replace(worker, elsewhere=tuple(sorted(found[worker.id], key=_when))) for worker in workers)


def _slots(span: Span, clock: Clock, site: int | None) -> tuple[int, int, int | None] | None:
    """The slots that it touches; None for what is no work, long past, or after all that is looked at."""
    begin, end = clock.before(span.start), slot_after(clock.origin, clock.slot_s, span.end)
    return (begin, end, site) if begin < min(end, clock.horizon) and end * clock.slot_s > -_LONG else None


def _when(spell: tuple[int, int, int | None]) -> tuple[int, int]:
    return spell[:2]
