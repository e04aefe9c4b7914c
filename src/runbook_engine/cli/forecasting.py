"""Where a run will end: its facts, the booked schedule and what is known now of people and calendars, put together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from runbook_engine.cli import opening, options
from runbook_engine.cli.estates import Live, estates_of
from runbook_engine.cli.learning import learnt_of
from runbook_engine.cli.pinning import keep_to_rules, with_pins
from runbook_engine.cli.scheduled import Wish, Zeal, effort_of, own_and_others
from runbook_engine.cli.settings import Settings
from runbook_engine.model.forecast import Forecast
from runbook_engine.model.jobs import Aim, Effort, Project
from runbook_engine.model.plan import Plan
from runbook_engine.model.run import Run
from runbook_engine.model.schedule import Booked, Moved, Schedule
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import RunStatus
from runbook_engine.running.course import Course

if TYPE_CHECKING:
    from runbook_engine.recording import Store
    from runbook_engine.scheduling.projects_terms import Terms

LISTED = Wish(zeal=Zeal.QUICK, aim=Aim.CHANGE)  # in milliseconds, with few changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A forecast and what it was made from."""

    plan: Plan
    forecast: Forecast
    promised: Schedule | None  # what is booked for the runbook
    others: tuple[Schedule, ...]  # what is booked for others
    actual: Mapping[str, tuple[datetime, datetime | None]]  # when each job began and, if it has, ended


def forecast_of(place: Settings, store: "Store", course: Course) -> Forecast | None:
    """Where a run will end, listed in milliseconds; None when it is over, or when nobody promised or wants an end.

    What keeps a forecast from being made is told on stderr.
    """
    plan, booked = course.shape.plan, store.booked()
    if plan.deadline is None and not any(b.schedule.runbook == plan.runbook for b in booked):
        return None
    from runbook_engine.scheduling.listing_reasons import NotPlaced

    try:
        known = expected(place, store, course, LISTED, booked)
    except (NotPlaced, ValueError) as trouble:
        options.say(f"There is no forecast: {trouble}")
        return None
    return known.forecast if known else None


def expected(place: Settings, store: "Store", course: Course, wish: Wish, booked: Sequence[Booked]) -> Expected | None:
    """A forecast whatever was promised; None when the run is over. `booked`: all that is, in the database.

    Raises NotPlaced when what is left cannot be scheduled at all, ValueError for calendars that cannot be made out, and Usage
    and Refused for pins that mean nothing or break a rule.
    """
    plan, run, now = course.shape.plan, course.run, opening.now()
    if run.status in (RunStatus.DONE, RunStatus.STOPPED) or run.created is None:
        return None
    from runbook_engine.cli.tasking import names_of
    from runbook_engine.reporting.schedule_tables import conflict_text
    from runbook_engine.scheduling.checker import faults
    from runbook_engine.scheduling.facts import as_it_stands, stand_of
    from runbook_engine.scheduling.forecasts import go_on, without_deadlines
    from runbook_engine.scheduling.projects_calendar import zone_of
    from runbook_engine.scheduling.schedules import schedule_of

    known = _known(place, store, plan, booked)
    own, estate, zone = known.own, known.live.estate, zone_of(plan, known.live.estate)
    free = as_it_stands(_project(known, plan, _since(run, run.created, own)), run, now, _starts(own))
    stands = {job.id: stand_of(job, run) for job in free.jobs}
    begun = {name for name, stand in stands.items() if stand.began}
    pinned = with_pins(free, wish.pins, zone, begun)
    project, solution = go_on(pinned, own, effort_of(wish, len(free.jobs)), wish.aim)
    if wrong := faults(project, solution):
        raise RuntimeError(f"the forecast of {run.id} breaks its rules: {'; '.join(wrong[:5])}")
    schedule = schedule_of(plan, estate, project, solution, now, aim=wish.aim, effort=Effort(seed=wish.seed))
    if wish.pins:
        twice = conflict_text(schedule, known.others, names_of(estate), zone)
        keep_to_rules(without_deadlines(free), solution, zone, twice, str(run.id))
    return Expected(
        plan=plan,
        forecast=_forecast(plan, own, schedule, now),
        promised=own,
        others=known.others,
        actual={name: (stand.began, stand.over) for name, stand in stands.items() if stand.began},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a forecast is made from beside the run."""

    live: Live
    own: Schedule | None  # what is booked for the runbook
    others: tuple[Schedule, ...]
    terms: "Terms"


def _known(place: Settings, store: "Store", plan: Plan, booked: Sequence[Booked]) -> _Known:
    from runbook_engine.scheduling.projects_terms import Terms

    booking, others = own_and_others(booked, plan.runbook)
    own = booking.schedule if booking and not booking.schedule.abstract else None
    live = estates_of(place.inventory).live()
    terms = Terms(parallel=place.parallel, pools=live.pools, booked=others, learnt=learnt_of(store, plan))
    return _Known(live=live, own=own, others=others, terms=terms)


def _project(known: _Known, plan: Plan, begin: datetime) -> "Project":
    from runbook_engine.loading.days_off import days_off
    from runbook_engine.scheduling.projects import project_of

    return project_of(plan, known.live.estate, days_off, begin, known.terms)


def _since(run: Run, created: datetime, own: Schedule | None) -> datetime:
    """From when on time is counted: whatever came first of the run, what was promised, and work that was begun before."""
    begun = (at for state in run.tasks.values() for at in (state.began, state.started) if at is not None)
    return min([created, *([own.start] if own else []), *begun])


def _starts(promised: Schedule | None) -> Mapping[str, datetime]:
    """When each job was to start."""
    return {booking.id: booking.start for booking in promised.bookings} if promised else {}


def _forecast(plan: Plan, own: Schedule | None, schedule: Schedule, now: datetime) -> Forecast:
    return Forecast(
        at=now,
        end=schedule.finish,
        schedule=schedule,
        promised=own.finish if own else None,
        deadline=schedule.deadline,
        soft=plan.deadline_soft,
        moved=_left(own, schedule, now) if own else (),
    )


def _left(promised: Schedule, schedule: Schedule, now: datetime) -> tuple[Moved, ...]:
    """What moved of that which is not over."""
    from runbook_engine.scheduling.moving import moved

    return tuple(m for m in moved(promised, schedule) if m.after is None or m.after.finish > now)
