"""Resources of the inventory → supplies: tools with a capacity, parts with a stock, and what others have of them."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from runbook_engine.calendars import working_time
from runbook_engine.calendars.weekly import DaysOff
from runbook_engine.model.estate import Estate, Resource
from runbook_engine.model.jobs import Spans, Supply
from runbook_engine.model.schedule import Schedule
from runbook_engine.scheduling.projects_clock import Clock
from runbook_engine.scheduling.projects_known import Known
from runbook_engine.scheduling.spans import minus

Taken = tuple[tuple[int, int, int], ...]


def supplies_of(
    names: Iterable[str],
    estate: Estate,
    clock: Clock | None,
    days_off: DaysOff,
    booked: Sequence[Schedule],
    known: Known,
) -> dict[str, Supply]:
    """The supplies of these names that restrict anything. Without a clock there are no calendars."""
    made = {}
    for name in names:
        resource = estate.resources.get(name)
        if resource is not None and (resource.capacity is not None or resource.stock is not None):
            made[name] = _supply(resource, estate, clock, days_off, booked, known)
    return made


def _supply(
    resource: Resource,
    estate: Estate,
    clock: Clock | None,
    days_off: DaysOff,
    booked: Sequence[Schedule],
    known: Known,
) -> Supply:
    others = [b for schedule in booked for b in schedule.bookings if resource.name in b.uses]
    if resource.capacity is None:
        left = (resource.stock or 0) - sum(b.uses[resource.name] for b in others)
        arrives = ((clock.after(clock.begins(day)), count) for day, count in resource.arrives) if clock else ()
        return Supply(name=resource.name, amount=left, used_up=True, arrives=tuple(sorted(arrives)))
    if clock is None:
        return Supply(name=resource.name, amount=resource.capacity)
    taken = [(max(0, clock.before(b.start)), clock.after(b.finish), b.uses[resource.name]) for b in others]
    taken += [(*span, resource.capacity) for span in _closed(resource, estate, clock, days_off, known)]
    return Supply(name=resource.name, amount=resource.capacity, taken=_added(taken, resource.capacity))


def _closed(resource: Resource, estate: Estate, clock: Clock, days_off: DaysOff, known: Known) -> Spans:
    """When it cannot be used."""
    window = working_time(resource.calendar, estate.calendars)
    if window is None:
        return ()
    return minus(((0, clock.horizon),), known.opened(window, clock, days_off))


def _added(taken: Sequence[tuple[int, int, int]], most: int) -> Taken:
    """The same as one row, sorted and apart, of which no entry is more than there is."""
    changes: dict[int, int] = {}
    for begin, end, amount in taken:
        if begin < end:
            changes[begin] = changes.get(begin, 0) + amount
            changes[end] = changes.get(end, 0) - amount
    made: list[tuple[int, int, int]] = []
    held = 0
    for begin, end in pairwise(sorted(changes)):
        held += changes[begin]
        if held > 0:
            made.append((begin, end, min(held, most)))
    return tuple(made)
