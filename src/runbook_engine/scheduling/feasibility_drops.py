"""What is left of a case when one of the things that restrain it is dropped, or changed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from runbook_engine.model.estate import Freeze, Leave, Person
from runbook_engine.model.plan import Package
from runbook_engine.model.runbook import Who
from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.words import PersonId, PhaseId, StepId
from runbook_engine.model.world import Pool
from runbook_engine.scheduling.feasibility_case import Case

_PLENTY = 10_000

Drop = Callable[[Case], Case]


def _with_estate(case: Case, **changes: Any) -> Case:
    return replace(case, estate=replace(case.estate, **changes))


def _with_plan(case: Case, **changes: Any) -> Case:
    return replace(case, plan=replace(case.plan, **changes))


def changed_person(person: PersonId, change: Callable[[Person], Person]) -> Drop:
    """With a person changed."""

    def drop(case: Case) -> Case:
        people = case.estate.people
        return _with_estate(case, people={**people, person: change(people[person])})

    return drop


def changed_resource(name: str, **changes: Any) -> Drop:
    """With a resource changed."""

    def drop(case: Case) -> Case:
        known = case.estate.resources
        return _with_estate(case, resources={**known, name: replace(known[name], **changes)})

    return drop


def plenty(name: str) -> Drop:
    """With more of a resource than anybody could use, in the hours in which it can be used."""

    def drop(case: Case) -> Case:
        known = case.estate.resources[name]
        return changed_resource(name, capacity=None if known.capacity is None else _PLENTY, stock=None)(case)

    return drop


def changed_phase(phase: PhaseId, **changes: Any) -> Drop:
    """With a phase changed."""

    def drop(case: Case) -> Case:
        return _with_plan(case, phases=tuple(replace(p, **changes) if p.id == phase else p for p in case.plan.phases))

    return drop


def _each_package(case: Case, change: Callable[[Package], Package]) -> Case:
    return _with_plan(case, packages={name: change(package) for name, package in case.plan.packages.items()})


def changed_step(step: StepId, **changes: Any) -> Drop:
    """With every package of a step changed."""
    return lambda case: _each_package(case, lambda p: replace(p, **changes) if p.step == step else p)


def without_at_most(step: StepId) -> Drop:
    """With a step that may follow what it needs as late as it likes."""

    def change(package: Package) -> Package:
        if package.step != step:
            return package
        needs = tuple(replace(e, lag=replace(e.lag, at_most_s=None)) if e.lag else e for e in package.needs)
        return replace(package, needs=needs)

    return lambda case: _each_package(case, change)


def without_lag(step: StepId) -> Drop:
    """With a step that may follow what it needs at once."""

    def change(package: Package) -> Package:
        if package.step != step:
            return package
        needs = tuple(replace(e, lag=replace(e.lag, lag_s=min(0.0, e.lag.lag_s))) if e.lag else e for e in package.needs)
        return replace(package, needs=needs)

    return lambda case: _each_package(case, change)


def no_way_back(phase: PhaseId) -> Drop:
    """With a phase for whose way back no time is kept."""

    def drop(case: Case) -> Case:
        less = changed_phase(phase, way_back=())(case)
        return _each_package(less, lambda p: replace(p, way_back=None) if p.phase == phase and p.way_back else p)

    return drop


def without_who(who: Who) -> Drop:
    """With steps that do not ask for these people; whoever would have to be the same as nobody may be anybody."""

    def drop(case: Case) -> Case:
        free = {name for name, package in case.plan.packages.items() if package.who and set(package.who) == {who}}

        def change(package: Package) -> Package:
            same = () if package.id in free else tuple(name for name in package.same_people_as if name not in free)
            if who not in package.who and same == package.same_people_as:
                return package
            return replace(package, who=tuple(w for w in package.who if w != who), same_people_as=same)

        return _each_package(case, change)

    return drop


def without_calendar(calendar: str) -> Drop:
    """With people of a calendar who work around the clock."""

    def drop(case: Case) -> Case:
        people = {n: replace(p, calendar="") if p.calendar == calendar else p for n, p in case.estate.people.items()}
        return _with_estate(case, people=people)

    return drop


def no_travel(case: Case) -> Case:
    """With sites between which nobody travels."""
    return _with_estate(case, sites={name: replace(site, travel_s={}) for name, site in case.estate.sites.items()})


def unfrozen(freeze: Freeze) -> Drop:
    """Without a freeze."""
    return lambda case: _with_estate(case, freezes=tuple(f for f in case.estate.freezes if f is not freeze))


def unbooked(runbook: str, kind: str, name: str) -> Drop:
    """Without what a plan has booked of a person, a tool or a host."""

    def without(booking: Booking) -> Booking:
        if name not in getattr(booking, kind):
            return booking
        if kind == "uses":
            return replace(booking, uses={r: n for r, n in booking.uses.items() if r != name})
        left = tuple(x for x in getattr(booking, kind) if x != name)
        return replace(booking, people=left) if kind == "people" else replace(booking, hosts=left)

    def less(schedule: Schedule) -> Schedule:
        if schedule.runbook != runbook:
            return schedule
        return replace(schedule, bookings=tuple(without(b) for b in schedule.bookings))

    return lambda case: replace(case, booked=tuple(map(less, case.booked)))


def without_leave(person: PersonId, leave: Leave) -> Drop:
    """With a person who is there after all."""
    return changed_person(person, lambda p: replace(p, leave=tuple(x for x in p.leave if x != leave)))


def without_end(person: PersonId, paper: str) -> Drop:
    """With a certificate that does not end."""
    return changed_person(person, lambda p: replace(p, certificates={**p.certificates, paper: None}))


def without_pool(pool: Pool) -> Drop:
    """Without a rule of capacity."""
    return lambda case: replace(case, pools=tuple(p for p in case.pools if p != pool))
