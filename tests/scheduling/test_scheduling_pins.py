"""Pins: what people fix by hand means something, or is refused with what is near."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runbook_engine.model.jobs import Crew, Job, Link, Project, Worker
from runbook_engine.model.words import HostName, PackageId, PersonId
from runbook_engine.scheduling.listing import first
from runbook_engine.scheduling.listing_reasons import NotPlaced
from runbook_engine.scheduling.pins import NotPinned, Pin, pinned

ORIGIN = datetime(2026, 11, 30, 8, tzinfo=UTC)
ANA, BEN = PersonId("ana"), PersonId("ben")


def project(**more: object) -> Project:
    """Two hosts are mounted by one of two, and one task needs both; slots of five minutes."""
    mount = [
        Job(
            id=f"a/mount@h{n}",
            duration=3,
            crews=(Crew(people=(0, 1), words="hands"),),
            package=PackageId("a/mount"),
            hosts=(HostName(f"h{n}"),),
        )
        for n in (1, 2)
    ]
    lift = Job(id="a/lift", duration=2, crews=(Crew(people=(0, 1), count=2),), package=PackageId("a/lift"), release=6)
    only = Job(id="a/only", duration=2, crews=(Crew(people=(0,), words="ana"),), package=PackageId("a/only#2"))
    facts = {"slot_s": 300, "origin": ORIGIN, "workers": (Worker(id=ANA), Worker(id=BEN)), "horizon": 8640} | more
    return Project(jobs=(*mount, lift, only), **facts)  # type: ignore[arg-type]


def test_a_start_and_people_are_fixed() -> None:
    """By the id of the task, or by step@host, or the step alone; all of a step where only people are named."""
    found = pinned(project(), [Pin(task="mount@h2", start=ORIGIN + timedelta(minutes=50), people=(BEN,))]).jobs
    assert [(job.start, job.people) for job in found] == [(None, None), (10, (1,)), (None, None), (None, None)]

    found = pinned(project(), [Pin(task="a/mount", people=(ANA,)), Pin(task="only", start=ORIGIN)]).jobs
    assert [(job.start, job.people) for job in found] == [(None, (0,)), (None, (0,)), (None, None), (0, None)]


def test_minutes_where_there_is_no_calendar() -> None:
    """They count from the beginning."""
    assert pinned(project(origin=None), [Pin(task="a/only", start=15.0)]).jobs[3].start == 3


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        (Pin(task="a/monut@h1", people=(ANA,)), "no such task"),
        (Pin(task="mount", start=ORIGIN), "cannot all start then"),
        (Pin(task="a/only", start=ORIGIN + timedelta(minutes=7)), "whole multiples of 300 seconds"),
        (Pin(task="a/only", start=ORIGIN - timedelta(minutes=5)), "before the project begins"),
        (Pin(task="a/only", start=5.0), "has a calendar"),
        (Pin(task="a/lift", start=ORIGIN), "before it may start"),
        (Pin(task="a/lift", people=(ANA,)), "needs 2 people, and 1 person is named"),
        (Pin(task="a/only", people=(BEN,)), "ben cannot do it: it needs ana"),
        (Pin(task="a/only", start=ORIGIN + timedelta(days=99)), "after all the days that are looked at"),
        (Pin(task="a/only", people=(PersonId("anna"),)), "nobody here is called anna"),
    ],
)
def test_what_means_nothing_is_refused(pin: Pin, why: str) -> None:
    """With the reason, and what may have been meant."""
    with pytest.raises(NotPinned, match=why):
        pinned(project(), [pin])


def test_who_may_do_it_for_a_time_only_is_held_to_that() -> None:
    """A pin is a wish: work that is given to Ben is over before his certificate ends, and may not start too late for that."""
    made = project()
    jobs = tuple(replace(job, crews=tuple(replace(crew, until=((1, 12),)) for crew in job.crews)) for job in made.jobs)
    made = replace(made, jobs=(jobs[0], replace(jobs[1], deadline=4), *jobs[2:]))
    nine = ORIGIN + timedelta(minutes=50)

    assert [job.deadline for job in pinned(made, [Pin(task="a/mount", people=(BEN,))]).jobs] == [12, 4, None, None]
    assert [job.deadline for job in pinned(made, [Pin(task="a/mount", people=(ANA,))]).jobs] == [None, 4, None, None]
    assert pinned(made, [Pin(task="mount@h1", start=nine - timedelta(minutes=5), people=(BEN,))]).jobs[0].start == 9
    for pins in (
        [Pin(task="mount@h1", start=nine, people=(BEN,))],
        [Pin(task="mount@h1", start=nine), Pin(task="mount@h1", people=(BEN,))],
    ):
        with pytest.raises(NotPinned, match="ben may do it up to 2026-11-30 09:00 UTC only: it needs hands"):
            pinned(made, pins)


def test_what_is_near_is_named() -> None:
    """A misspelt task or person."""
    with pytest.raises(NotPinned) as found:
        pinned(project(), [Pin(task="a/monut@h1", people=(ANA,))])
    assert found.value.near[0] == "a/mount@h1"
    with pytest.raises(NotPinned) as found:
        pinned(project(), [Pin(task="a/only", people=(PersonId("anna"),))])
    assert found.value.near == ("ana",)


def test_pins_that_contradict_each_other_are_refused() -> None:
    """Two starts or two people for one task; the same said twice, or a start and a person, are one pin."""
    early, late = (Pin(task="a/mount@h1", start=ORIGIN + timedelta(minutes=m)) for m in (0, 30))
    ana, ben = (Pin(task="a/mount", people=(who,)) for who in (ANA, BEN))
    assert pinned(project(), [early, ana, early]).jobs[0].start == 0
    with pytest.raises(NotPinned, match="two pins say when a/mount@h1 starts"):
        pinned(project(), [early, late])
    with pytest.raises(NotPinned, match="two pins say who does a/mount@h1"):
        pinned(project(), [ana, ben])


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (4, "a time at which the window daytime, freezes taken off, is not open, or not for so long"),
        (23, "a time at which the window daytime, freezes taken off, is not open, or not for so long"),
        (12, "a time before which it may not begin"),
        (15, "it comes too late for its own pinned start"),
    ],
)
def test_a_pin_that_its_own_calendar_forbids_is_told_so(start: int, why: str) -> None:
    """Closed then, closed before it is over, before its earliest start; else it is what comes before it."""
    before = Job(id="before", duration=16)
    ana = (Crew(people=(0,), words="ana"),)
    release, links = 13 if start == 12 else 0, (Link(before=0),) if start == 15 else ()
    job = Job(id="j", duration=2, calendar=0, window="daytime", start=start, crews=ana, release=release, links=links)
    of = Project(jobs=(before, job), slot_s=3600, calendars=(((8, 24),),), horizon=240, workers=(Worker(id=ANA),))

    with pytest.raises(NotPlaced, match=why):
        first(of)
