"""Where a run will end: its facts, the booked schedule and what is known now of people and calendars, put together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from runbook_engine.cli import opening, options
from runbook_engine.cli.estates import estates_of
from runbook_engine.cli.learning import learnt_of
from runbook_engine.cli.settings import Settings
from runbook_engine.model.forecast import Forecast
from runbook_engine.model.jobs import FIRST_ONLY, Aim, Effort
from runbook_engine.model.plan import Plan
from runbook_engine.model.schedule import Booked, Moved, Schedule
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import RunStatus
from runbook_engine.running.course import Course

if TYPE_CHECKING:
    from runbook_engine.recording import Store


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
        known = expected(place, store, course, FIRST_ONLY, booked)
    except (NotPlaced, ValueError) as trouble:
        options.say(f"There is no forecast: {trouble}")
        return None
    return known.forecast if known else None


def expected(place: Settings, store: "Store", course: Course, effort: Effort, booked: Sequence[Booked]) -> Expected | None:
    """A forecast whatever was promised; None when the run is over. `booked`: all that is, in the database.

    Raises NotPlaced when what is left cannot be scheduled at all, and ValueError for calendars that cannot be made out.
    """
    plan, run, now = course.shape.plan, course.run, opening.now()
    if run.status in (RunStatus.DONE, RunStatus.STOPPED) or run.created is None:
        return None
    from runbook_engine.loading.days_off import days_off
    from runbook_engine.scheduling.checker import faults
    from runbook_engine.scheduling.facts import as_it_stands, stand_of
    from runbook_engine.scheduling.forecasts import go_on
    from runbook_engine.scheduling.projects import project_of
    from runbook_engine.scheduling.projects_terms import Terms
    from runbook_engine.scheduling.schedules import schedule_of

    schedules = [b.schedule for b in booked if not b.schedule.abstract]
    own = next((s for s in schedules if s.runbook == plan.runbook), None)
    others = tuple(s for s in schedules if s.runbook != plan.runbook)
    live = estates_of(place.inventory).live()
    estate = live.estate
    terms = Terms(parallel=place.parallel, pools=live.pools, booked=others, learnt=learnt_of(store, plan))
    begin = min(run.created, own.start) if own else run.created
    project, solution = go_on(as_it_stands(project_of(plan, estate, days_off, begin, terms), run, now), own, effort)
    if wrong := faults(project, solution):
        raise RuntimeError(f"the forecast of {run.id} breaks its rules: {'; '.join(wrong[:5])}")
    schedule = schedule_of(plan, estate, project, solution, now, aim=Aim.CHANGE)
    stands = {job.id: stand_of(job, run) for job in project.jobs}
    return Expected(
        plan=plan,
        forecast=_forecast(plan, own, schedule, now),
        promised=own,
        others=others,
        actual={name: (stand.began, stand.over) for name, stand in stands.items() if stand.began},
    )


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
