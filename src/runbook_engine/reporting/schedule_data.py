"""A schedule as JSON data for other programs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from runbook_engine.model.schedule import Booking, Moved, Schedule
from runbook_engine.reporting.schedule_words import gap_percent, in_order

FORMAT = 1
Data = dict[str, Any]


def schedule_data(schedule: Schedule, moved: Sequence[Moved] | None = None) -> Data:
    """The JSON form of a schedule. Minutes (`_min`) count from its start.

    Fields: `format` (1), `kind` ("schedule"), `plan`, `runbook`, `title`, `makespan_min`, `bound_min` (no schedule is over
    earlier), `optimal`, `gap_percent` (at most so far from the best; null: not known), `aim`, `how`, `seed`, `made`,
    `start`, `finish`, `deadline` (moments; null where time has no calendar), `deadline_soft` (it is a wish), `cost`, `tasks`
    in the order in which they begin, and `moved` (null where there is no earlier schedule). A task has `id`, `step` (its
    name within the phase), `phase`, `package`, `title`, `start_min`, `finish_min`, `people`, `start`, `finish`, `spells`
    (start_min, finish_min; empty: without a pause), `hosts`, `uses`, `site`, `window`, `needs` (ids), `slack_min`,
    `free_slack_min`, `critical`, `drag_min`, `why`, `milestone` and `estimate`.
    """
    percent = gap_percent(schedule)
    return {
        "format": FORMAT,
        "kind": "schedule",
        "plan": schedule.plan,
        "runbook": schedule.runbook,
        "title": schedule.title,
        "makespan_min": _minutes(schedule, schedule.finish),
        "bound_min": _minutes(schedule, schedule.bound),
        "optimal": schedule.optimal,
        "gap_percent": None if percent is None else round(percent, 3),
        "aim": schedule.aim,
        "how": schedule.how,
        "seed": schedule.seed,
        "made": schedule.made.isoformat(),
        "start": _moment(schedule, schedule.start),
        "finish": _moment(schedule, schedule.finish),
        "deadline": _moment(schedule, schedule.deadline),
        "deadline_soft": schedule.deadline_soft,
        "cost": schedule.cost,
        "tasks": [_task(schedule, booking) for booking in in_order(schedule.bookings)],
        "moved": None if moved is None else [moved_data(m) for m in moved],
    }


def _task(schedule: Schedule, booking: Booking) -> Data:
    return {
        "id": booking.id,
        "step": booking.package.partition("/")[2].partition("#")[0] or booking.package,
        "phase": booking.phase,
        "package": booking.package,
        "title": booking.title,
        "start_min": _minutes(schedule, booking.start),
        "finish_min": _minutes(schedule, booking.finish),
        "people": list(booking.people),
        "start": _moment(schedule, booking.start),
        "finish": _moment(schedule, booking.finish),
        "spells": [[_minutes(schedule, s.start), _minutes(schedule, s.end)] for s in booking.spells],
        "hosts": list(booking.hosts),
        "uses": dict(booking.uses),
        "site": booking.site,
        "window": booking.window,
        "needs": list(booking.needs),
        "slack_min": _whole(booking.slack_s / 60),
        "free_slack_min": _whole(booking.free_slack_s / 60),
        "critical": booking.chain,
        "drag_min": _whole(booking.drag_s / 60),
        "why": booking.why,
        "milestone": booking.milestone,
        "estimate": booking.estimate,
    }


def moved_data(moved: Moved) -> Data:
    """One difference between two schedules: `id`, `title`, `before` and `after` (start, finish, people; null: not in it)."""
    return {"id": moved.id, "title": moved.title, "before": _times(moved.before), "after": _times(moved.after)}


def _times(booking: Booking | None) -> Data | None:
    if booking is None:
        return None
    return {"start": booking.start.isoformat(), "finish": booking.finish.isoformat(), "people": list(booking.people)}


def _minutes(schedule: Schedule, at: datetime) -> int | float:
    return _whole((at - schedule.start).total_seconds() / 60)


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else round(number, 4)


def _moment(schedule: Schedule, at: datetime | None) -> str | None:
    return None if at is None or schedule.abstract else at.isoformat()
