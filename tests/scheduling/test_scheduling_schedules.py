"""A solution becomes a schedule: moments, names, costs, and for each booking why it is when it is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from planning.planning_builders import book, estate, phase, planned, run
from runbook_engine.loading import days_off
from runbook_engine.model.estate import Calendar, Estate, Person, Rates, Site, Window
from runbook_engine.model.jobs import Placed, Project, Solution
from runbook_engine.model.plan import Plan
from runbook_engine.model.runbook import Money, Step, Takes, Who
from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.text import plain
from runbook_engine.model.words import PersonId, StepId
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.projects import project_of
from runbook_engine.scheduling.projects_terms import Terms
from runbook_engine.scheduling.projects_times import estimate_words
from runbook_engine.scheduling.schedules import schedule_of

AMS = ZoneInfo("Europe/Amsterdam")
MONDAY = datetime(2026, 11, 30, tzinfo=AMS)
HOUR = Takes(low_s=3600, high_s=3600)


def company() -> Estate:
    """Two servers, two people of whom one comes late, an office and a night."""
    zone = {"time_zone": "Europe/Amsterdam"}
    rate = Money(amount=Decimal(100), currency="EUR")
    ana = Person(id=PersonId("ana"), name="Ana Duarte", skills={"hands": 1}, calendar="office", rate=rate)
    return replace(
        estate("web1", "web2", groups={"web": ["web1", "web2"]}),
        sites={"ams1": Site(name="ams1", **zone)},
        people={ana.id: ana},
        calendars={"office": Calendar(name="office", work={"mon-fri": ("09:00-17:00",)}, **zone)},
        windows={"night": Window(name="night", open={"mon-fri": ("16:00-04:00",)}, **zone)},
        rates=Rates(night=Decimal("1.5"), night_hours="16:00-06:00"),
    )


def mounted() -> tuple[Plan, Estate, Project, Solution]:
    """Both servers mounted by Ana on Monday, then restarted in the night; what nobody states takes no time."""
    on = company()
    mount = Step(id=StepId("mount"), title=plain("Mount"), takes=HOUR, who=(Who(skill="hands"),))
    phases = phase("p", mount), phase("q", run("restart", takes=HOUR), run("look"), window="night")
    plan = planned(book(*phases, deadline=date(2026, 12, 1)), on)
    made = project_of(plan, on, days_off, MONDAY, Terms())
    hour = 3600 // made.slot_s
    first, second = (
        Placed(start=9 * hour, finish=10 * hour, people=(0,)),
        Placed(start=10 * hour, finish=11 * hour, people=(0,)),
    )
    last, look = Placed(start=16 * hour, finish=17 * hour), Placed(start=17 * hour, finish=17 * hour)
    placed = (first, second, last, look)
    return plan, on, made, Solution(placed=placed, finish=17 * hour, bound=17 * hour, how="by hand")


def schedule() -> tuple[Schedule, Mapping[str, Booking]]:
    """The schedule of that, and its bookings by their ids."""
    plan, on, made, solution = mounted()
    assert faults(made, solution) == ()
    found = schedule_of(plan, on, made, solution, MONDAY, estimates=estimate_words(plan, {}))
    return found, {b.id: b for b in found.bookings}


def test_moments_and_people() -> None:
    """Who does what when, and how good that is."""
    whole, bookings = schedule()
    mount = bookings["p/mount@web1"]

    assert (mount.start, mount.finish) == (MONDAY + timedelta(hours=9), MONDAY + timedelta(hours=10))
    assert mount.people == ("ana",)
    assert bookings["q/restart"].hosts == ("web1", "web2")
    assert bookings["q/restart"].window == "night"
    assert set(bookings["q/restart"].needs) == {"p/mount@web1", "p/mount@web2"}
    assert (whole.start, whole.finish, whole.optimal) == (mount.start, MONDAY + timedelta(hours=17), True)
    assert whole.deadline == datetime(2026, 12, 2, tzinfo=AMS)
    assert not whole.abstract


def test_each_booking_says_what_it_waits_for() -> None:
    """Hours of people, the one technician, the window, work before; and where a time is only assumed."""
    _, bookings = schedule()

    assert bookings["p/mount@web1"].why == "Ana Duarte is at work"
    assert bookings["p/mount@web2"].why == "Ana Duarte is free"
    assert bookings["q/restart"].why == "after p/mount@web2, and window night opens"
    assert bookings["q/look"].why == "after q/restart"
    assert bookings["q/look"].estimate == "no time is stated; none counts"
    assert [b.chain for b in bookings.values()] == [True, True, True, True]
    assert bookings["p/mount@web2"].slack_s == 5 * 3600
    assert bookings["q/restart"].slack_s == 0


def test_hours_cost_by_the_rate_and_the_time_of_day() -> None:
    """Two hours by day; one of them in the night costs half as much again."""
    plan, on, made, solution = mounted()
    hour = 3600 // made.slot_s
    late = Placed(start=16 * hour, finish=17 * hour, people=(0,))
    at_night = replace(solution, placed=(solution.placed[0], late, *solution.placed[2:]))

    assert schedule_of(plan, on, made, solution, MONDAY).cost == "200.00 EUR"
    assert schedule_of(plan, on, made, at_night, MONDAY).cost == "250.00 EUR"


def test_without_a_calendar_minutes_count_from_the_start() -> None:
    """An abstract schedule begins where its project does, even if no job does."""
    on = estate("web1")
    plan = planned(book(phase("p", Step(id=StepId("a"), title=plain("a"), takes=HOUR), hosts=None)), on)
    made = project_of(plan, on, days_off, MONDAY)
    found = schedule_of(plan, on, made, Solution(placed=(Placed(start=2, finish=3),), finish=3, bound=1), MONDAY)

    assert found.abstract
    assert (found.bookings[0].start - found.start, found.finish - found.start) == (timedelta(hours=2), timedelta(hours=3))
    assert (found.deadline, found.cost) == (None, "")
