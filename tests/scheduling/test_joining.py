"""Several plans of equal priority as one project: each keeps its own rules, and neither comes second as a whole."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.planning_builders import book, phase, planned, run
from runbook_engine.loading import days_off
from runbook_engine.model.estate import Estate, Resource
from runbook_engine.model.jobs import FIRST_ONLY, Aim, Effort, Solution
from runbook_engine.model.plan import Plan
from runbook_engine.model.runbook import Step, Takes
from runbook_engine.model.schedule import Schedule
from runbook_engine.model.text import plain
from runbook_engine.model.words import HostName, StepId
from runbook_engine.model.world import Pool
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.joining import solve_joined
from runbook_engine.scheduling.listing import first
from runbook_engine.scheduling.projects import project_of
from runbook_engine.scheduling.projects_joined import Asked, Joined, around, joined, parts_of
from runbook_engine.scheduling.projects_terms import Terms
from runbook_engine.scheduling.projects_turns import meetings
from runbook_engine.scheduling.schedules import schedule_of
from scheduling.test_scheduling_projects import MONDAY, company, hand, person

HOUR = 3600.0


def takes(hours: float) -> Takes:
    """So long."""
    return Takes(low_s=hours * HOUR, high_s=hours * HOUR)


def waits(name: str, hours: float, **more: Any) -> Step:
    """A step that takes its time and nobody."""
    return Step(id=StepId(name), title=plain(name), takes=takes(hours), **more)


def plan(name: str, on: Estate, *steps: Step, **more: Any) -> Plan:
    """A plan of one phase that is about no hosts, unless they are named."""
    about = {key: more.pop(key) for key in ("hosts", "window") if key in more}
    return planned(book(phase("p", *steps, **{"hosts": None, **about}), id=name, **more), on)


def together(plans: Sequence[Plan], on: Estate, **terms: Any) -> tuple[list[Asked], Joined]:
    """What is asked, and the project of all."""
    asked = [Asked(plan=each, at=MONDAY, terms=Terms(**terms)) for each in plans]
    return asked, joined(plans, parts_of(asked, on, days_off), terms.get("pools", ()), on.resources)


def told(asked: Sequence[Asked], whole: Joined, found: Solution, on: Estate) -> list[Schedule]:
    """The schedule of each plan, which keeps the rules of its own project, and those of one around what the others do."""
    shares = [Solution(placed=placed, finish=max(p.finish for p in placed), bound=0) for placed in whole.shares(found)]
    alone = [schedule_of(a.plan, on, part, s, MONDAY) for a, part, s in zip(asked, whole.parts, shares, strict=True)]
    for number, (each, part, share) in enumerate(zip(asked, whole.parts, shares, strict=True)):
        others = [schedule for other, schedule in enumerate(alone) if other != number]
        assert faults(part, share) == ()
        if part.origin is not None:
            assert faults(around(each, part, others, on, days_off), share) == ()
    return alone


def solved(plans: Sequence[Plan], on: Estate, effort: Effort = FIRST_ONLY, **terms: Any) -> list[Schedule]:
    """The schedules of plans that were scheduled as one project, all checks passed."""
    asked, whole = together(plans, on, **terms)
    whole, found, late = solve_joined(plans, whole, effort, Aim.FINISH)
    assert late is None
    assert faults(whole.project, found) == ()
    return told(asked, whole, found, on)


def one_by_one(plans: Sequence[Plan], on: Estate) -> list[Schedule]:
    """The schedules of plans that go one after the other, each around what those before it hold."""
    made: list[Schedule] = []
    for each in plans:
        project = project_of(each, on, days_off, MONDAY, Terms(booked=tuple(made)))
        made.append(schedule_of(each, on, project, first(project), MONDAY))
    return made


def ends(schedules: Sequence[Schedule]) -> tuple[datetime, float]:
    """The last end, and the sum of all ends in seconds after the beginning."""
    return max(s.finish for s in schedules), sum((s.finish - MONDAY).total_seconds() for s in schedules)


def test_two_plans_that_compete_for_one_technician_end_sooner() -> None:
    """Neither all of the first before the second nor the other way round: each has one step that should come early."""
    on = company(person("ana"))
    plans = [
        plan(name, on, hand("a", takes=takes(3), needs=()), hand("b", takes=takes(1), needs=()), waits("c", 7, needs=("p/b",)))
        for name in ("one", "two")
    ]
    last, total = ends(solved(plans, on))

    for order in (plans, plans[::-1]):
        assert last < ends(one_by_one(order, on))[0]
        assert total < ends(one_by_one(order, on))[1]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_each_plan_keeps_its_rules_and_nobody_is_asked_twice(data: st.DataObject) -> None:
    """Random plans for the same people, a tool, parts, hosts and a window, from different days on."""
    lift = Resource(name="lift", capacity=1)
    disk = Resource(name="disk", stock=2, arrives=((date(2026, 12, 2), 20),))
    on = company(person("ana", day_most_s=6 * HOUR), person("ben", rest_s=11 * HOUR), resources={"lift": lift, "disk": disk})

    def steps(name: str) -> list[Step]:
        count = data.draw(st.integers(1, 4), label=name)
        return [
            hand(
                f"s{n}",
                takes=takes(data.draw(st.sampled_from([0.5, 1, 2]))),
                uses=data.draw(st.sampled_from([{}, {"lift": 1}, {"disk": 1}])),
                **data.draw(st.sampled_from([{}, {"needs": ()}])),
            )
            for n in range(count)
        ]

    plans = [
        plan(
            f"plan{n}",
            on,
            *steps(f"steps of {n}"),
            hosts=data.draw(st.sampled_from([None, "web"])),
            start=data.draw(st.sampled_from([None, date(2026, 12, 1), date(2026, 12, 3)])),
        )
        for n in range(data.draw(st.integers(2, 3)))
    ]
    found = solved(plans, on)

    works = [(p, b.start, b.finish) for s in found for b in s.bookings for p in b.people if b.start < b.finish]
    for n, (who, start, finish) in enumerate(works):
        assert all(who != other or finish <= begin or end <= start for other, begin, end in works[n + 1 :])
    assert all(s.start.date() >= each.start for s, each in zip(found, plans, strict=True) if each.start)


def test_a_search_is_no_worse_than_any_of_the_lists_and_the_same_each_time() -> None:
    """In two processes, limited by work."""
    on = company(person("ana"), person("ben"))
    plans = [
        plan(name, on, *(hand(f"s{n}", takes=takes(hours), needs=()) for n, hours in enumerate(all_hours)))
        for name, all_hours in (("one", (1.5, 1.5, 1)), ("two", (1, 1)))
    ]
    effort = Effort(work=4000, seed=7)

    found = solved(plans, on, effort)
    assert found == solved(plans, on, effort)
    assert ends(found) < ends(solved(plans, on))


def test_phases_take_turns_on_hosts_that_both_work_on() -> None:
    """One is over, with the time that its way back could take, before the other takes them."""
    on = company(person("ana"), person("ben"))
    plans = [plan(name, on, run("a", takes=takes(1)), hosts="web", window="night") for name in ("one", "two")]
    _, whole = together(plans, on)

    assert len(meetings(plans, 0, whole)) == 1
    one, two = sorted(solved(plans, on), key=lambda schedule: schedule.start)
    assert one.finish <= two.start


def test_rules_of_capacity_hold_for_all_plans_together() -> None:
    """Each takes one of two hosts out of service, of which one must stay."""
    on = company(hosts=2)
    pool = Pool(name="web", hosts=frozenset(map(HostName, on.hosts)), out=1, why="")
    plans = [
        plan(name, on, run("a", takes=takes(1)), hosts=host, start=date(2026, 12, 1))
        for name, host in (("one", "web1"), ("two", "web2"))
    ]
    one, two = sorted(solved(plans, on, pools=(pool,)), key=lambda schedule: schedule.start)

    assert one.finish <= two.start
    assert [s.start for s in solved(plans, on)] == [one.start, one.start]


def test_each_job_keeps_the_dates_of_its_own_plan() -> None:
    """The start, the deadline and the wish of a plan bind nothing of the other."""
    on = company(person("ana"))
    plans = [
        plan("soon", on, hand("a"), deadline=date(2026, 12, 1)),
        plan("later", on, hand("a"), start=date(2026, 12, 2), deadline=date(2026, 12, 20), deadline_soft=True),
    ]
    _, whole = together(plans, on)
    soon, later = whole.project.jobs[: whole.first[1]][0], whole.project.jobs[whole.first[1]]

    assert (soon.id, later.id) == ("soon/p/a", "later/p/a")
    assert (soon.due, later.deadline) == (None, None)
    assert soon.deadline is not None
    assert later.due is not None
    assert soon.deadline <= later.release < later.due


def test_plans_without_dates_share_things() -> None:
    """Minutes from a common start; what they need of a tool is there once."""
    on = replace(company(hosts=1), resources={"lift": Resource(name="lift", capacity=1)}, people={})
    plans = [plan(name, on, waits("a", 1, uses={"lift": 1}), waits("b", hours)) for name, hours in (("one", 1), ("two", 5))]
    one, two = solved(plans, on)

    assert one.abstract
    assert (one.finish - one.start).total_seconds() == 3 * HOUR
    assert (two.finish - two.start).total_seconds() == 6 * HOUR


@pytest.mark.parametrize("stock", [1, 2])
def test_parts_are_counted_once(stock: int) -> None:
    """What one plan takes is not there for the other until more comes."""
    disk = Resource(name="disk", stock=stock, arrives=((date(2026, 12, 9), 5),))
    on = company(person("ana"), resources={"disk": disk})
    plans = [plan(name, on, hand("a", uses={"disk": 1})) for name in ("one", "two")]
    found = sorted(s.start.date() for s in solved(plans, on))

    assert found == [date(2026, 11, 30), date(2026, 12, 9 if stock == 1 else 1) if stock == 1 else date(2026, 11, 30)]


def test_the_sum_of_ends_is_searched_for_even_if_the_last_end_is_the_best_there_is() -> None:
    """The long plan comes first for its wait; then the short one, though no list has it there."""
    on = company(person("ana"))
    plans = [
        plan("long", on, hand("a", takes=takes(1)), waits("b", 20)),
        plan("middle", on, hand("a", takes=takes(4))),
        plan("short", on, hand("a", takes=takes(1))),
    ]
    listed, found = solved(plans, on), solved(plans, on, Effort(work=4000, seed=7))

    assert ends(found)[0] == ends(listed)[0]
    assert ends(found)[1] < ends(listed)[1]
    assert [s.start.hour for s in found] == [8, 10, 9]
