"""Several plans of equal priority scheduled as one project: asked for, solved, and told as a schedule for each of them.

What each plan is told counts the others as booked: its words are those of a schedule that was placed around them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from runbook_engine.cli import options
from runbook_engine.cli.estates import Live, estates_of
from runbook_engine.cli.moments import asked_from
from runbook_engine.cli.pinning import keep_to_rules, with_pins
from runbook_engine.cli.scheduled import (
    Made,
    Wish,
    begins,
    effort_of,
    impossible,
    in_time_or_not,
    keeps_to_rules,
    late_words,
    learnt_for,
    own_and_others,
    unpinned,
)
from runbook_engine.cli.settings import Settings
from runbook_engine.cli.tasking import names_of
from runbook_engine.model.errors import Refused
from runbook_engine.model.jobs import Aim, Effort, Placed, Project, Solution
from runbook_engine.model.plan import Plan
from runbook_engine.model.schedule import Booked, Schedule
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.projects_joined import Asked, Joined, joined, name_of, parts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Plans that are scheduled together, and what they follow from."""

    asked: tuple[Asked, ...]
    zones: tuple[tzinfo, ...]
    before: tuple[Booked | None, ...]  # what is booked for each
    outside: tuple[Schedule, ...]  # what is booked for others
    live: Live
    wish: Wish
    now: datetime

    @property
    def plans(self) -> list[Plan]:
        """The plans, in the order in which they were named."""
        return [each.plan for each in self.asked]

    def pinned(self, number: int, project: Project) -> Project:
        """The project of a plan with what is pinned: pins are for the first plan."""
        return with_pins(project, self.wish.pins, self.zones[number]) if number == 0 and self.wish.pins else project


def make_together(plans: Sequence[Plan], place: Settings, wish: Wish, booked: Sequence[Booked], now: datetime) -> list[Made]:
    """The schedules of some plans as one project beside what is booked for others, in the order of the plans.

    The pins of the wish are for the first plan. Raises Refused where there is no schedule of all of them.
    """
    from runbook_engine.loading.days_off import days_off
    from runbook_engine.reporting.words import listed

    group = _group(plans, place, wish, booked, now)
    try:
        free = parts_of(group.asked, group.live.estate, days_off)
    except ValueError as error:
        names = listed([plan.runbook for plan in plans])
        raise Refused(f"{names} cannot be scheduled together: {error}", next_command="runbook inventory check") from error
    for plan, part in zip(plans, free, strict=True):
        begins(plan, part, wish)
    parts = [group.pinned(number, part) for number, part in enumerate(free)]
    options.say(f"Scheduled as one project, for their priorities are equal: {listed([plan.runbook for plan in plans])}.")
    whole, solution, late = _solved(group, joined(plans, parts, group.live.pools, group.live.estate.resources))
    keeps_to_rules(" and ".join(plan.runbook for plan in plans), in_time_or_not(whole.project, late), solution)
    return _told(group, whole, solution, late)


def _group(plans: Sequence[Plan], place: Settings, wish: Wish, booked: Sequence[Booked], now: datetime) -> _Group:
    from runbook_engine.scheduling.projects_calendar import zone_of
    from runbook_engine.scheduling.projects_terms import Terms

    live = estates_of(place.inventory).live()
    names = {plan.runbook for plan in plans}
    outside = tuple(b.schedule for b in booked if b.schedule.runbook not in names and not b.schedule.abstract)
    before = tuple(own_and_others(booked, plan.runbook)[0] for plan in plans)
    zones = tuple(zone_of(plan, live.estate) for plan in plans)
    asked = tuple(
        Asked(
            plan=plan,
            at=asked_from(wish.start, zone, now),
            terms=Terms(parallel=place.parallel, pools=live.pools, booked=outside, learnt=learnt_for(plan, place)),
        )
        for plan, zone in zip(plans, zones, strict=True)
    )
    if wish.aim is Aim.CHANGE and not any(before):
        options.say("Nothing is booked for them that could be kept (--aim change): scheduled for an early end.")
        wish = replace(wish, aim=Aim.FINISH)
    return _Group(asked=asked, zones=zones, before=before, outside=outside, live=live, wish=wish, now=now)


def _solved(group: _Group, whole: Joined) -> tuple[Joined, Solution, str]:
    """A schedule of the whole; where deadlines are not kept, the least late, and what was found out about that."""
    from runbook_engine.scheduling.joining import solve_joined
    from runbook_engine.scheduling.listing_reasons import NotPlaced
    from runbook_engine.scheduling.plain import is_plain

    effort = effort_of(group.wish, len(whole.project.jobs), plain=is_plain(whole.project))
    parallel = group.asked[0].terms.parallel
    try:
        of, found, late = solve_joined(group.plans, whole, effort, group.wish.aim, _kept(group, whole), parallel)
    except (NotPlaced, ValueError) as error:
        raise impossible(" and ".join(plan.runbook for plan in group.plans), group.wish, error) from error
    return of, found, late.how if late else ""


def _kept(group: _Group, whole: Joined) -> dict[str, Placed] | None:
    """What was promised, by the ids that jobs have in the whole."""
    from runbook_engine.scheduling.moving import promised

    if group.wish.aim is not Aim.CHANGE:
        return None
    named: dict[str, Placed] = {}
    for plan, before in zip(group.plans, group.before, strict=True):
        if before is not None:
            ids = {name_of(plan.runbook, booking.id): booking for booking in before.schedule.bookings}
            bookings = tuple(replace(booking, id=name) for name, booking in ids.items())
            named |= promised(whole.project, replace(before.schedule, bookings=bookings))
    return named


def _told(group: _Group, whole: Joined, solution: Solution, how_late: str) -> list[Made]:
    """What each plan is told: first on its own, so that the others can be placed around it."""
    shares = [_share(part, placed, solution) for part, placed in zip(whole.parts, whole.shares(solution), strict=True)]
    alone = [_schedule(group, number, part, shares[number]) for number, part in enumerate(whole.parts)]
    return list(_views(group, whole, solution, shares, alone, how_late))


def _share(part: Project, placed: tuple[Placed, ...], solution: Solution) -> Solution:
    """What of a solution belongs to a plan. Its bound is that of the plan alone."""
    from runbook_engine.scheduling.crew_bounds import bound

    finish = max((each.finish for each in placed), default=0)
    return Solution(placed=placed, finish=finish, bound=min(finish, bound(part)), how=solution.how, tried=solution.tried)


def _views(
    group: _Group,
    whole: Joined,
    solution: Solution,
    shares: Sequence[Solution],
    alone: Sequence[Schedule],
    how_late: str,
) -> Iterator[Made]:
    from runbook_engine.reporting.words import listed
    from runbook_engine.scheduling.moving import moved

    for number, (plan, share) in enumerate(zip(group.plans, shares, strict=True)):
        others = tuple(schedule for other, schedule in enumerate(alone) if other != number)
        part, before = whole.parts[number], group.before[number]
        around = _around(group, number, part, others)
        late = "; ".join(late_words(part, share, group.zones[number]))
        late += f" (scheduled as one project with {listed([o.runbook for o in others])}). {how_late}" if late else ""
        schedule = _schedule(group, number, around, share)
        beside = (*group.outside, *(schedule for schedule in others if not schedule.abstract))
        if number == 0 and group.wish.pins:
            _pins_keep_to_rules(group, whole.project, solution, schedule, beside)
        yield Made(
            plan=plan,
            schedule=schedule,
            refused=late,
            moved=moved(before.schedule, schedule) if before else None,
            others=beside,
        )


def _around(group: _Group, number: int, part: Project, others: Sequence[Schedule]) -> Project:
    """The project of a plan in which what the others of the group do is booked; without calendars there is no such thing."""
    from runbook_engine.loading.days_off import days_off
    from runbook_engine.scheduling.projects_joined import around

    return part if part.origin is None else around(group.asked[number], part, others, group.live.estate, days_off)


def _schedule(group: _Group, number: int, project: Project, share: Solution) -> Schedule:
    from runbook_engine.scheduling.projects_times import estimate_words
    from runbook_engine.scheduling.schedules import schedule_of

    asked, wish = group.asked[number], group.wish
    words, effort = estimate_words(asked.plan, asked.terms.learnt), Effort(seed=wish.seed)
    return schedule_of(asked.plan, group.live.estate, project, share, group.now, aim=wish.aim, effort=effort, estimates=words)


def _pins_keep_to_rules(
    group: _Group, project: Project, solution: Solution, schedule: Schedule, others: Sequence[Schedule]
) -> None:
    """Raise Refused where what is pinned breaks a rule, beside what the other plans do as well."""
    from runbook_engine.reporting.schedule_tables import conflict_text
    from runbook_engine.scheduling.forecasts import without_deadlines

    zone = group.zones[0]
    twice = conflict_text(schedule, others, names_of(group.live.estate), zone)
    keep_to_rules(without_deadlines(unpinned(project)), solution, zone, twice, group.wish.file)
