"""The named things that a schedule must keep to, and what is left of a case when one of them is dropped.

They come in the order in which they are cleared of suspicion: what could be moved by a talk (leave, bookings, a freeze) is
blamed only if nothing works with it, and what everything stands on (hours, deadlines, the number of people) comes last.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import IntEnum
from typing import Any

from runbook_engine.calendars import freeze_entry, window_entry
from runbook_engine.model.estate import Freeze, Leave, Person
from runbook_engine.model.plan import Package, PlannedPhase
from runbook_engine.model.runbook import Deadline
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import StepId
from runbook_engine.scheduling.feasibility_bookings import asked_for
from runbook_engine.scheduling.feasibility_case import Case, length
from runbook_engine.scheduling.feasibility_drops import (
    Drop,
    changed_person,
    changed_phase,
    changed_resource,
    changed_step,
    no_travel,
    no_way_back,
    plenty,
    unbooked,
    unfrozen,
    without_at_most,
    without_calendar,
    without_end,
    without_lag,
    without_leave,
    without_pool,
    without_who,
)
from runbook_engine.scheduling.feasibility_people import able_there, limit_words
from runbook_engine.scheduling.feasibility_shifts import hours_words
from runbook_engine.scheduling.feasibility_windows import lengthened
from runbook_engine.scheduling.projects_people import wanted


class Group(IntEnum):
    """What a restraint is about, in the order in which they are cleared."""

    LEAVE = 1
    BOOKED = 2
    FREEZE = 3
    CERTIFICATE = 4
    LIMITS = 5
    RULES = 6
    SUPPLY = 7
    SUPPLY_HOURS = 8
    POOL = 9
    AT_MOST = 10
    EARLIEST = 11
    WAY_BACK = 12
    WINDOW = 13
    HOURS = 14
    DEADLINE = 15
    CREW = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Restraint:
    """One named thing that a schedule keeps to. `subject` is whose or what it is; `what` the thing itself."""

    group: Group
    words: str  # "leave of Ben Ott from Mon 30 Nov to Fri 11 Dec 2026"
    place: str
    drop: Drop
    subject: str = ""
    what: Any = None
    whole: bool = False  # of a deadline: that of the project
    mend: Drop | None = None  # what is left of the case once the matter is mended; None: as if it were dropped


def restraints(case: Case) -> list[Restraint]:
    """All that restrains a case, in the order of the groups."""
    found = [*_of_people(case), *_of_others(case), *_of_freezes(case), *_of_supplies(case), *_of_pools(case), *_of_plan(case)]
    return sorted(found, key=lambda one: one.group)


def _of_people(case: Case) -> Iterator[Restraint]:
    asked = list(dict.fromkeys(who for package in case.plan.packages.values() for who in package.who))
    people = dict.fromkeys(
        p.id for package in case.plan.packages.values() for who in package.who for p in able_there(case, package, who)
    )
    for person in (case.estate.people[p] for p in people):
        yield from _of_person(case, person)
    yield from _of_hours(case, [case.estate.people[p] for p in people])
    far = next((site.name for site in case.estate.sites.values() if site.travel_s), None)
    if far is not None:
        place = case.where.entry("sites", far, "travel")
        yield Restraint(group=Group.LIMITS, words="the way between sites", place=place, drop=no_travel, subject="travel")
    for who in asked:
        words = f"{who.count} × {wanted(who)}" if who.count > 1 else wanted(who)
        place = next(case.where.step(p, "who") for p in case.plan.packages.values() if who in p.who)
        yield Restraint(group=Group.CREW, words=words, place=place, drop=without_who(who), subject=wanted(who), what=who)


def _of_person(case: Case, person: Person) -> Iterator[Restraint]:
    name = person.name or person.id
    for number, leave in enumerate(person.leave):
        yield Restraint(
            group=Group.LEAVE,
            words=f"the leave of {name} {leave_words(case, leave)}",
            place=case.where.entry("people", person.id, "leave", number),
            drop=without_leave(person.id, leave),
            subject=person.id,
            what=leave,
        )
    for paper, last in person.certificates.items():
        if last is not None:
            yield Restraint(
                group=Group.CERTIFICATE,
                words=f"the end of {name}'s certificate {paper} on {case.day(last)}",
                place=case.where.entry("people", person.id, "certificates", paper),
                drop=without_end(person.id, paper),
                subject=person.id,
                what=paper,
            )
    if limits := limit_words(person):
        yield Restraint(
            group=Group.LIMITS,
            words=f"the limits of {name}: {limits}",
            place=case.where.entry("people", person.id, "limits"),
            drop=changed_person(person.id, lambda p: replace(p, day_most_s=None, week_most_s=None, rest_s=0.0)),
            subject=person.id,
        )


def _of_hours(case: Case, people: list[Person]) -> Iterator[Restraint]:
    for calendar in dict.fromkeys(p.calendar for p in people if p.calendar):
        yield Restraint(
            group=Group.HOURS,
            words=hours_words(case, calendar),
            place=case.where.entry("calendars", calendar),
            drop=without_calendar(calendar),
            subject=calendar,
        )


def _of_others(case: Case) -> Iterator[Restraint]:
    """What other plans have booked: by plan, each person, tool and host of it."""
    asked = asked_for(case)
    for schedule in case.booked:
        names: dict[tuple[str, str], None] = {}
        for booking in schedule.bookings:
            names.update({("people", p): None for p in booking.people})
            names.update({("uses", r): None for r in booking.uses})
            names.update({("hosts", h): None for h in booking.hosts})
        for kind, name in (pair for pair in names if pair in asked):
            yield Restraint(
                group=Group.BOOKED,
                words=f"the bookings of {case.name(name) if kind == 'people' else name} by {schedule.runbook}",
                place=case.where.entry({"people": "people", "uses": "resources", "hosts": "hosts"}[kind], name),
                drop=unbooked(schedule.runbook, kind, name),
                subject=name,
                what=schedule,
            )


def _of_freezes(case: Case) -> Iterator[Restraint]:
    for number, freeze in enumerate(case.estate.freezes):
        yield Restraint(
            group=Group.FREEZE,
            words=_freeze_words(freeze),
            place=case.where.freeze(number),
            drop=unfrozen(freeze),
            subject=freeze.why,
            what=freeze,
        )


def _freeze_words(freeze: Freeze) -> str:
    """'the freeze 2026-12-19 to 2027-01-04 (Holiday trade)'; of a calendar file ', in freezes.ics'."""
    event = f"'{freeze.event}' in " if freeze.event and freeze.event != freeze.why else ""
    source = f", {event or 'in '}{freeze.source}" if freeze.source else ""
    return f"the {freeze_entry(replace(freeze, event='', source=''))}{source}"


def _of_supplies(case: Case) -> Iterator[Restraint]:
    for name in dict.fromkeys(name for package in case.plan.packages.values() for name in package.uses):
        resource = case.estate.resources.get(name)
        if resource is None:
            continue
        amount = resource.capacity if resource.capacity is not None else resource.stock
        if amount is not None:
            words, drop = f"only {amount} × {name}", plenty(name)
            place = case.where.entry("resources", name)
            yield Restraint(group=Group.SUPPLY, words=words, place=place, drop=drop, subject=name, what=resource)
        if resource.calendar:
            yield Restraint(
                group=Group.SUPPLY_HOURS,
                words=f"the hours {resource.calendar} of {name}",
                place=case.where.entry("resources", name, "calendar"),
                drop=changed_resource(name, calendar=""),
                subject=name,
                what=resource,
            )


def _of_pools(case: Case) -> Iterator[Restraint]:
    for pool in case.pools:
        yield Restraint(
            group=Group.POOL,
            words=f"the capacity rule {pool.name}",
            place=case.where.entry("capacity", pool.name.partition(" (")[0]),
            drop=without_pool(pool),
            subject=pool.name,
            what=pool,
        )


def _of_plan(case: Case) -> Iterator[Restraint]:
    plan = case.plan
    if plan.deadline is not None and not plan.deadline_soft:
        deadline = Deadline(by=plan.deadline)
        words, place = f"the deadline {case.when(plan.deadline)}", case.where.plan("deadline")
        drop: Drop = lambda c: replace(c, plan=replace(c.plan, deadline=None))  # noqa: E731 - one of many
        group = Group.DEADLINE
        yield Restraint(group=group, words=words, place=place, drop=drop, subject=plan.runbook, what=deadline, whole=True)
    if plan.start is not None and plan.start > case.at.date():
        words, place = f"the start {case.day(plan.start)}", case.where.plan("start")
        yield Restraint(
            group=Group.EARLIEST, words=words, place=place, drop=lambda c: replace(c, plan=replace(c.plan, start=None))
        )
    for phase in plan.phases:
        yield from _of_phase(case, phase)
    seen = set[StepId]()
    for package in plan.packages.values():
        if package.step not in seen:
            seen.add(package.step)
            yield from _of_step(case, package)


def _of_phase(case: Case, phase: PlannedPhase) -> Iterator[Restraint]:
    where, name = case.where, phase.id
    if phase.opens is not None:
        yield Restraint(
            group=Group.WINDOW,
            words=f"the {window_entry(phase.opens)} for phase {name}",
            place=where.phase(name, "window"),
            drop=changed_phase(name, opens=None),
            subject=name,
            what=phase,
            mend=lengthened(name),
        )
    if phase.earliest is not None:
        words = f"phase {name} not before {case.day(phase.earliest)}"
        drop = changed_phase(name, earliest=None)
        yield Restraint(group=Group.EARLIEST, words=words, place=where.phase(name, "earliest"), drop=drop, subject=name)
    yield from _hard(
        case, phase.deadline, f"phase {name}", name, where.phase(name, "deadline"), changed_phase(name, deadline=None)
    )
    if phase.way_back or any(case.plan.packages[p].way_back for stage in phase.stages for p in stage.packages):
        words = f"the time for the way back of phase {name}"
        yield Restraint(group=Group.WAY_BACK, words=words, place=where.phase(name), drop=no_way_back(name), subject=name)


def _of_step(case: Case, package: Package) -> Iterator[Restraint]:
    where, step = case.where, package.step
    if package.same_people_as or package.other_people_than:
        key = "same_people_as" if package.same_people_as else "other_people_than"
        words = f"who may do {step} with whom ({key})"
        drop = changed_step(step, same_people_as=(), other_people_than=())
        yield Restraint(group=Group.RULES, words=words, place=where.step(package, key), drop=drop, subject=step, what=package)
    if any(edge.lag and edge.lag.at_most_s is not None for edge in package.needs):
        words = f"{step} at most so long after what it needs"
        drop = without_at_most(step)
        yield Restraint(group=Group.AT_MOST, words=words, place=where.step(package, "needs"), drop=drop, subject=step)
    lag_s = max((edge.lag.lag_s for edge in package.needs if edge.lag), default=0.0)
    if lag_s > 0:
        words, place = f"{step} {length(lag_s)} after what it needs", where.step(package, "needs")
        yield Restraint(group=Group.EARLIEST, words=words, place=place, drop=without_lag(step), subject=step, what="lag")
    if package.earliest is not None:
        words, drop = f"{step} not before {case.day(package.earliest)}", changed_step(step, earliest=None)
        yield Restraint(group=Group.EARLIEST, words=words, place=where.step(package, "earliest"), drop=drop, subject=step)
    yield from _hard(case, package.deadline, step, step, where.step(package, "deadline"), changed_step(step, deadline=None))


def _hard(case: Case, deadline: Deadline | None, whose: str, subject: str, place: str, drop: Drop) -> Iterator[Restraint]:
    """A deadline that has to be kept."""
    if deadline is not None and not deadline.soft:
        words = f"the deadline {case.when(deadline.by)} of {whose}"
        yield Restraint(group=Group.DEADLINE, words=words, place=place, drop=drop, subject=subject, what=deadline)


def leave_words(case: Case, leave: Leave) -> str:
    """'from Mon 30 Nov 2026 to Fri 11 Dec 2026 (Holiday)', 'on Tue 1 Dec 2026'."""
    first, last = case.when(leave.start), case.when(leave.end)
    when = f"on {first}" if first == last else f"from {first} to {last}"
    return f"{when} ({leave.why})" if leave.why else when
