"""A tight plan that the first list does not fit is asked again by other orders, before it is said that it cannot be done."""

from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from planning.planning_builders import book, phase, planned
from runbook_engine.loading import days_off
from runbook_engine.model.runbook import Takes, Who
from runbook_engine.model.verdict import Feasible
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.feasibility import verdict
from runbook_engine.scheduling.feasibility_case import Case, Where
from runbook_engine.scheduling.feasibility_orders import orders, reordered, scheduled
from runbook_engine.scheduling.feasibility_trying import project_for, tried
from runbook_engine.scheduling.listing_case import case_of
from scheduling.test_scheduling_projects import MONDAY, company, hand, person

TIGHT = [(3, 3), (3, 1), (4, 2), (2, 1)]  # hours, and people at a time: 22 of the 24 hours that three people have


def one_day(steps):
    """Steps that wait for nothing and must all be over on Monday; three people work eight hours that day."""
    on = company(person("ana"), person("ben"), person("eva"))
    hands = [
        hand(f"s{n}", takes=Takes(low_s=3600 * hours, high_s=3600 * hours), who=(Who(skill="hands", count=count),))
        for n, (hours, count) in enumerate(steps)
    ]
    plan = planned(book(phase("work", *hands, hosts=None)), on)
    free = {name: replace(package, needs=()) for name, package in plan.packages.items()}
    plan = replace(plan, deadline=date(2026, 11, 30), packages=free)
    return Case(plan=plan, estate=on, at=MONDAY, days_off=days_off, where=Where(on))


def test_a_tight_day_that_the_first_list_does_not_fit_is_feasible():
    """Three people, eight hours, 22 hours of work: it fits only if what needs most people comes first."""
    case = one_day(TIGHT)

    assert tried(case).solution is None
    assert verdict(case).feasible is Feasible.YES
    assert verdict(case).findings == ()


def test_more_work_than_hours_is_not_feasible_in_any_order():
    """No order is tried where none could help, and the reason is that of the first list."""
    case = one_day([*TIGHT, (3, 1)])

    assert reordered(case) is None
    assert str(scheduled(case).trouble) == str(tried(case).trouble)
    assert verdict(case).feasible is Feasible.NO


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 3)), min_size=2, max_size=6))
def test_whatever_another_order_gives_keeps_all_rules(steps):
    """And where there is none, the trouble is told that was there before."""
    case = one_day(steps)
    first, found = tried(case), scheduled(case)

    assert (found.solution is None) <= (first.solution is None)
    if found.solution is None:
        assert str(found.trouble) == str(first.trouble)
    else:
        assert not faults(found.project, found.solution)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 3)), min_size=2, max_size=6))
def test_each_order_has_each_job_once(steps):
    """None is lost, none comes twice."""
    made = project_for(one_day(steps))

    assert all(sorted(order) == list(range(len(made.jobs))) for order in orders(case_of(made)))
