"""Where a run will end: its facts, the booked schedule and what is known now of people and calendars, put together."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from runbook_engine.cli import opening, options
from runbook_engine.cli.estates import estates_of
from runbook_engine.cli.settings import Settings
from runbook_engine.model.estate import Estate
from runbook_engine.model.forecast import Forecast
from runbook_engine.model.jobs import Aim, Effort
from runbook_engine.model.plan import Plan
from runbook_engine.model.schedule import Booked, Moved, Schedule
from runbook_engine.model.words import RunStatus
from runbook_engine.running.course import Course

FIRST_ONLY = Effort(work=None, seconds=None)  # listed, not searched for

if TYPE_CHECKING:
    from runbook_engine.recording import Store


def forecast_of(
    place: Settings, store: "Store", course: Course, effort: Effort = FIRST_ONLY, *, always: bool = False
) -> Forecast | None:
    """Where a run will end; None when it is over, or when nobody promised an end and there is no deadline.

    `effort`: what is left is searched for a better order; otherwise it is listed, in milliseconds. `always`: also when
    nothing was promised. What keeps a forecast from being made is told on stderr.
    """
    plan, run = course.shape.plan, course.run
    if run.status in (RunStatus.DONE, RunStatus.STOPPED) or run.created is None:
        return None
    booked = store.booked()
    own = next((b.schedule for b in booked if b.schedule.runbook == plan.runbook), None)
    if not (own or plan.deadline or always):
        return None
    from runbook_engine.scheduling.listing_reasons import NotPlaced

    try:
        return _forecast(place, course, own, _of_others(booked, plan), effort)
    except (NotPlaced, ValueError) as trouble:
        options.say(f"There is no forecast: {trouble}")
        return None


def _of_others(booked: Sequence[Booked], plan: Plan) -> tuple[Schedule, ...]:
    return tuple(b.schedule for b in booked if b.schedule.runbook != plan.runbook)


def _forecast(place: Settings, course: Course, own: Schedule | None, others: Sequence[Schedule], effort: Effort) -> Forecast:
    from runbook_engine.loading.days_off import days_off
    from runbook_engine.scheduling.facts import as_it_stands
    from runbook_engine.scheduling.forecasts import go_on
    from runbook_engine.scheduling.projects import project_of
    from runbook_engine.scheduling.projects_terms import Terms
    from runbook_engine.scheduling.schedules import schedule_of

    plan, run, now = course.shape.plan, course.run, opening.now()
    live = estates_of(place.inventory).live() if place.inventory.exists() else None
    estate = live.estate if live else Estate()
    terms = Terms(parallel=place.parallel, pools=live.pools if live else (), booked=tuple(others))
    begin = min(time for time in (run.created, own.start if own and not own.abstract else None) if time)
    project = as_it_stands(project_of(plan, estate, days_off, begin, terms), run, now)
    free, solution = go_on(project, own, effort)
    schedule = schedule_of(plan, estate, free, solution, now, aim=Aim.CHANGE)
    return Forecast(
        at=now,
        end=schedule.finish,
        schedule=schedule,
        promised=own.finish if own and not own.abstract else None,
        deadline=schedule.deadline,
        soft=plan.deadline_soft,
        moved=_left(own, schedule, now) if own and not own.abstract else (),
    )


def _left(promised: Schedule, schedule: Schedule, now: datetime) -> tuple[Moved, ...]:
    """What moved of that which is not over."""
    from runbook_engine.scheduling.moving import moved

    return tuple(m for m in moved(promised, schedule) if m.after is None or m.after.finish > now)
