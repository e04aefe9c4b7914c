"""What differs between two schedules of the same work, for those who have been told the first. Pure."""

from runbook_engine.model.schedule import Booking, Moved, Schedule


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
