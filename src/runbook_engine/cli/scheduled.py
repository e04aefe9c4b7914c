"""From a plan to a schedule that can be trusted: project, pins, search, and the independent check, always."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from runbook_engine.cli import opening, options
from runbook_engine.cli.estates import estates_of
from runbook_engine.cli.learning import learnt_of
from runbook_engine.cli.moments import asked_from
from runbook_engine.cli.pinning import keep_to_rules, with_pins
from runbook_engine.cli.settings import Settings
from runbook_engine.model.errors import Refused, Usage
from runbook_engine.model.estate import Estate
from runbook_engine.model.estimates import Estimate
from runbook_engine.model.jobs import Aim, Effort, Project, Solution
from runbook_engine.model.plan import Plan
from runbook_engine.model.schedule import Booked, Moved, Schedule
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import StepId

if TYPE_CHECKING:
    from runbook_engine.scheduling.pins import Pin

LATE_SHOWN = 2  # tasks that are over too late, the last ones
LEAVING_S, BY_JOB_S = 0.25, 0.0004  # kept of a time limit for what comes after the search: the check, the text, the end


class Zeal(StrEnum):
    """How long is searched, in work, so that the answer is the same on any machine; quick: the first answer stands."""

    QUICK = "quick"
    NORMAL = "normal"
    THOROUGH = "thorough"


WORK = {Zeal.QUICK: None, Zeal.NORMAL: 20_000_000, Zeal.THOROUGH: 400_000_000}  # jobs placed: seconds, or a minute or two
DEARER = 20  # so much longer does it take to place a job with people and calendars


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for."""

    zeal: Zeal = Zeal.NORMAL
    limit_s: float | None = None  # for the whole command, its start included
    seed: int = 1
    aim: Aim = Aim.FINISH
    pins: "tuple[Pin, ...]" = ()
    start: str | None = None  # not before, as it was typed; None: now
    file: str = "PLAN"  # as the next command names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A schedule, what of it is not kept (a deadline; empty: all is), and what has moved since it was promised."""

    plan: Plan
    schedule: Schedule
    refused: str = ""
    moved: tuple[Moved, ...] | None = None  # what differs from what is booked; None: nothing is
    others: tuple[Schedule, ...] = ()  # what is booked for others


def estate_of(place: Settings) -> Estate:
    """The inventory; an empty one where there is none, which is enough for a plan without hosts and people."""
    return estates_of(place.inventory).live().estate


def booked_of(place: Settings) -> tuple[Booked, ...]:
    """What is booked in the database; nothing where there is none."""
    if not opening.has_journal(place):
        return ()
    with opening.store_of(place) as store:
        return store.booked()


def own_and_others(booked: Sequence[Booked], runbook: str) -> tuple[Booked | None, tuple[Schedule, ...]]:
    """What is booked for a runbook, and what takes people and things from it: all else that has dates."""
    own = next((b for b in booked if b.schedule.runbook == runbook), None)
    return own, tuple(b.schedule for b in booked if b.schedule.runbook != runbook and not b.schedule.abstract)


def make(plan: Plan, place: Settings, wish: Wish, booked: Sequence[Booked], now: datetime) -> Made:
    """The schedule of a plan beside what is booked for other runbooks. Raises Refused where there is none at all."""
    from runbook_engine.cli.tasking import names_of
    from runbook_engine.loading.days_off import days_off
    from runbook_engine.reporting.schedule_tables import conflict_text
    from runbook_engine.scheduling.moving import moved
    from runbook_engine.scheduling.projects import project_of
    from runbook_engine.scheduling.projects_calendar import zone_of
    from runbook_engine.scheduling.projects_terms import Terms
    from runbook_engine.scheduling.projects_times import estimate_words
    from runbook_engine.scheduling.schedules import schedule_of

    live = estates_of(place.inventory).live()
    before, others = own_and_others(booked, plan.runbook)
    wish = _aimed(wish, plan, before)
    learnt = learnt_for(plan, place)
    terms = Terms(parallel=place.parallel, pools=live.pools, booked=others, learnt=learnt)
    try:
        zone = zone_of(plan, live.estate)
        project = project_of(plan, live.estate, days_off, asked_from(wish.start, zone, now), terms)
    except ValueError as error:
        raise Refused(f"{plan.runbook} cannot be scheduled: {error}", next_command="runbook inventory check") from error
    begins(plan, project, wish)
    project, solution, refused = _solved(plan, with_pins(project, wish.pins, zone), wish, zone, before)
    keeps_to_rules(plan.runbook, project, solution)
    effort = Effort(seed=wish.seed)
    schedule = schedule_of(
        plan, live.estate, project, solution, now, aim=wish.aim, effort=effort, estimates=estimate_words(plan, learnt)
    )
    if wish.pins:
        keep_to_rules(
            unpinned(project), solution, zone, conflict_text(schedule, others, names_of(live.estate), zone), wish.file
        )
    changed = moved(before.schedule, schedule) if before else None
    return Made(plan=plan, schedule=schedule, refused=refused, moved=changed, others=others)


def _aimed(wish: Wish, plan: Plan, before: Booked | None) -> Wish:
    """What can be aimed at: where nothing is booked there is nothing to keep, and an early end is aimed at, which is said."""
    if wish.aim is not Aim.CHANGE or before is not None:
        return wish
    options.say(f"Nothing is booked for {plan.runbook} that could be kept (--aim change): scheduled for an early end.")
    return replace(wish, aim=Aim.FINISH)


def begins(plan: Plan, project: Project, wish: Wish) -> None:
    """Raise Usage for a time from which on a plan that knows no dates is to be scheduled."""
    if wish.start is not None and project.origin is None:
        raise Usage(
            f"--from {wish.start}: {plan.runbook} has no dates, windows or people; its schedule counts minutes from its start",
            next_command=f"runbook schedule {wish.file}",
        )


def learnt_for(plan: Plan, place: Settings) -> Mapping[StepId, Estimate]:
    """What earlier runs in the journal say of the durations of a plan."""
    if not opening.has_journal(place):
        return {}
    with opening.store_of(place) as store:
        return learnt_of(store, plan)


def _solved(plan: Plan, project: Project, wish: Wish, zone: tzinfo, before: Booked | None) -> tuple[Project, Solution, str]:
    """A schedule, and why it is refused: where not all deadlines are kept it is the least late, and what it breaks is told."""
    from runbook_engine.scheduling.crew_late import NotKept
    from runbook_engine.scheduling.listing_reasons import NotPlaced

    try:
        return project, _search(project, wish, before), ""
    except NotKept as error:
        if error.nearest is None:
            raise impossible(plan.runbook, wish, error) from error
        late = "; ".join(late_words(project, error.nearest, zone)) or str(error)
        return in_time_or_not(project, late), error.nearest, f"{late}. {error.how}"
    except (NotPlaced, ValueError) as error:
        raise impossible(plan.runbook, wish, error) from error


def in_time_or_not(project: Project, late: str) -> Project:
    """The project that a schedule is held against: where it is late, the one without deadlines."""
    from runbook_engine.scheduling.forecasts import without_deadlines

    return without_deadlines(project) if late else project


def late_words(project: Project, solution: Solution, zone: tzinfo) -> Iterator[str]:
    """What is over after it has to be, in the order of its time."""
    from runbook_engine.reporting.schedule_words import until
    from runbook_engine.reporting.words import duration
    from runbook_engine.scheduling.projects_clock import of_project

    placed = sorted(zip(project.jobs, solution.placed, strict=True), key=lambda pair: pair[1].finish)
    late = [(j, p, j.deadline) for j, p in placed if j.package and j.deadline is not None and p.finish > j.deadline]
    if len(late) > LATE_SHOWN:
        yield f"{len(late)} tasks are late"
    for job, place, deadline in late[-LATE_SHOWN:]:
        by = duration((place.finish - deadline) * project.slot_s)
        over, due = (of_project(project, slot) for slot in (place.finish, deadline))
        yield f"{job.title or job.id} is over {until(over, zone)}, {by} after {until(due, zone)}"


def _search(project: Project, wish: Wish, before: Booked | None) -> Solution:
    from runbook_engine.scheduling.moving import promised
    from runbook_engine.scheduling.plain import is_plain
    from runbook_engine.scheduling.solve import solve

    kept = promised(project, before.schedule) if before and wish.aim is Aim.CHANGE else None
    return solve(project, effort_of(wish, len(project.jobs), plain=is_plain(project)), wish.aim, kept)


def effort_of(wish: Wish, jobs: int, *, plain: bool = False) -> Effort:
    """By the clock where a time is given (what the start of the program took is taken off it), else by work."""
    if wish.limit_s is None:
        work = WORK[wish.zeal]
        return Effort(work=work // (1 if plain else DEARER) if work else None, seed=wish.seed)
    left = wish.limit_s - running_s() - LEAVING_S - BY_JOB_S * jobs
    return Effort(work=None, seconds=max(0.05, left), seed=wish.seed)


def running_s() -> float:
    """For how long this process has been there, in seconds; where the system does not say, what it has computed so far."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        begun = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - begun)
    except (OSError, ValueError, IndexError, AttributeError):
        return time.process_time()


def impossible(names: str, wish: Wish, error: Exception) -> Refused:
    """The refusal where there is no schedule at all."""
    kept = "people, calendars, resources and pins" if wish.pins else "people, calendars and resources"
    return Refused(
        f"There is no schedule for {names}: {error}",
        why=f"Nothing that keeps to {kept} was found.",
        next_command=f"runbook schedule {wish.file}, and another --pin" if wish.pins else f"runbook feasibility {wish.file}",
    )


def keeps_to_rules(names: str, project: Project, solution: Solution) -> None:
    """A solution that breaks a rule is a mistake of ours, and is never shown."""
    from runbook_engine.scheduling.checker import faults

    if wrong := faults(project, solution):
        raise RuntimeError(f"the schedule of {names} found by {solution.how} breaks its rules: {'; '.join(wrong[:5])}")


def unpinned(project: Project) -> Project:
    """The same, in which nothing is fixed by hand."""
    return replace(project, jobs=tuple(replace(job, start=None, people=None) for job in project.jobs))
