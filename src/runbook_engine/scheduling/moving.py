"""What differs between two schedules of the same work, for those who have been told the first. Pure."""

from collections.abc import Mapping

from runbook_engine.model.jobs import Placed, Project
from runbook_engine.model.schedule import Booking, Moved, Schedule
from runbook_engine.model.words import PersonId
from runbook_engine.scheduling.projects_clock import slot_before


def moved(before: Schedule, after: Schedule) -> tuple[Moved, ...]:
    """Each booking whose time or people changed, that is new or that is gone, in the order of its time now."""
    old, new = ({booking.id: booking for booking in schedule.bookings} for schedule in (before, after))
    names = [name for name in {**old, **new} if _told(old.get(name)) != _told(new.get(name))]
    found = [_moved(name, old.get(name), new.get(name)) for name in names]
    return tuple(sorted(found, key=lambda m: (_first(m), m.id)))


def _moved(name: str, before: Booking | None, after: Booking | None) -> Moved:
    side = after or before
    return Moved(id=name, title=side.title if side else "", before=before, after=after)


def _told(booking: Booking | None) -> object:
    """What somebody has to know of a booking; the order of its people is no part of that."""
    return booking and (booking.start, booking.finish, booking.spells, frozenset(booking.people))


def _first(moved: Moved) -> object:
    side = moved.after or moved.before
    return side.start if side else None


def promised(project: Project, schedule: Schedule) -> dict[str, Placed]:
    """What was promised as placings of the jobs of a project, by their ids; what has no job any more is left out."""
    numbers = {worker.id: number for number, worker in enumerate(project.workers)}
    jobs = {job.id for job in project.jobs}
    return {b.id: _placed(project, b, numbers) for b in schedule.bookings if b.id in jobs}


def _placed(project: Project, booking: Booking, numbers: Mapping[PersonId, int]) -> Placed:
    start, finish, *spells = (
        slot_before(project.origin, project.slot_s, at)
        for at in (booking.start, booking.finish, *(at for spell in booking.spells for at in (spell.start, spell.end)))
    )
    return Placed(
        start=start,
        finish=finish,
        people=tuple(numbers[person] for person in booking.people if person in numbers),
        spells=tuple(zip(spells[::2], spells[1::2], strict=True)),
    )
