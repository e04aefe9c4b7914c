"""Who has a certificate for a time only does a job as long as it is over in time: in lists, searches, the check, and files."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.planning_builders import book, phase, planned
from runbook_engine.cli.entry import outcome
from runbook_engine.model.jobs import Aim, Crew, Placed, Project, Worker
from runbook_engine.model.runbook import Deadline, Who
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.crew_bounds import bound
from runbook_engine.scheduling.crew_change import kept
from runbook_engine.scheduling.crew_island import Island
from runbook_engine.scheduling.crew_start import started
from runbook_engine.scheduling.listing import Laid, first, solution
from runbook_engine.scheduling.listing_reasons import NotPlaced
from scheduling.projects_made import solved
from scheduling.test_listing import DAY, DAYS, OFFICE, job, needs, placed, project, projects
from scheduling.test_scheduling_projects import amsterdam, company, hand, of, person

BOB, CAROL, DAVE = range(3)
PAPER = (Who(skill="hands", certificate="esd"),)


def staff(*free, **more) -> tuple[Worker, ...]:
    return tuple(Worker(id=name, free=spans, **more) for name, spans in zip(("bob", "carol", "dave"), free, strict=False))


def until(*people: int, count: int = 1, **last: int) -> tuple[Crew, ...]:
    names = {"bob": BOB, "carol": CAROL, "dave": DAVE}
    return (Crew(people=people, count=count, words="hands", until=tuple((names[n], slot) for n, slot in last.items())),)


@pytest.mark.parametrize(("last", "who"), [(12, BOB), (11, CAROL)])
@pytest.mark.parametrize("pausable", [False, True])
def test_a_job_has_to_be_over_by_the_last_slot(last, who, pausable):
    """Bob is free at nine, Carol on the next day: three hours of Bob's end at twelve."""
    of_ = project(job("a", 3, crews=until(BOB, CAROL, bob=last), pausable=pausable), workers=staff(OFFICE, OFFICE[1:]))

    assert [each.people for each in placed(of_)] == [(who,)]


@pytest.mark.parametrize("pausable", [False, True])
def test_each_of_two_has_a_last_slot_of_their_own(pausable):
    """Bob and Dave begin together; Bob's certificate ends within the second job, which Carol does with Dave when she comes."""
    crews = until(BOB, CAROL, DAVE, count=2, bob=13)
    of_ = project(*(job(name, 3, crews=crews, pausable=pausable) for name in "ab"), workers=staff(OFFICE, OFFICE[1:], OFFICE))
    found = placed(of_)

    assert [sorted(each.people) for each in found] == [[BOB, DAVE], [CAROL, DAVE]]
    assert [each.start for each in found] == [9, DAY + 9]


def test_a_moment_has_its_people_in_time():
    of_ = project(job("wait", 5), job("said", 0, 0, crews=until(BOB, CAROL, bob=4)), workers=staff(None, None))

    assert placed(of_)[1].people == (CAROL,)
    assert placed(replace(of_, jobs=(of_.jobs[0], replace(of_.jobs[1], crews=until(BOB, CAROL, bob=5)))))[1].people == (BOB,)


@pytest.mark.parametrize("pausable", [False, True])
def test_who_begins_is_there_for_the_end_where_it_must_be_the_same(pausable):
    """Bob could begin at once, but is not certified when the second job may be done."""
    jobs = (
        job("a", 2, crews=until(BOB, CAROL, bob=2 * DAY), pausable=pausable),
        job("b", 2, 0, crews=until(BOB, CAROL, bob=2 * DAY), same_people_as=(0,), release=3 * DAY, pausable=pausable),
    )
    found = placed(project(*jobs, workers=staff(OFFICE, OFFICE)))

    assert [each.people for each in found] == [(CAROL,), (CAROL,)]
    early = (jobs[0], replace(jobs[1], release=0))
    assert [each.people for each in placed(project(*early, workers=staff(OFFICE, OFFICE[1:])))] == [(BOB,), (BOB,)]


def test_pins_are_not_asked_and_the_check_sees_who_is_too_late():
    """Facts stand, as everywhere; any other job that is over too late for one of its people is a fault."""
    fact = job("fact", 3, start=20, people=(BOB,), crews=until(BOB, bob=4))
    assert placed(project(fact, workers=staff(None)))[0].people == (BOB,)
    of_ = project(job("a", 3, crews=until(BOB, CAROL, bob=4)), workers=staff(None, None))

    assert faults(of_, solved([Placed(start=1, finish=4, people=(BOB,))])) == ()
    assert faults(of_, solved([Placed(start=2, finish=5, people=(CAROL,))])) == ()
    assert faults(of_, solved([Placed(start=2, finish=5, people=(BOB,))])) == (
        "a is over at 5, and bob may do it up to 4 only",
    )


def test_what_stays_stays_only_with_who_still_may():
    """The certificate turns out to end earlier: the later of two jobs is done by Carol, the other stays."""
    of_ = project(*(job(str(k), 4, crews=needs(BOB, CAROL)) for k in range(2)), workers=staff(OFFICE, OFFICE[1:]))
    was = {each.id: where for each, where in zip(of_.jobs, placed(of_), strict=True)}
    jobs = tuple(replace(each, crews=until(BOB, CAROL, bob=15)) for each in of_.jobs)
    now = solution(of_, kept(replace(of_, jobs=jobs), was), "", 1)

    assert [each.people for each in now.placed] == [(BOB,), (CAROL,)]
    assert now.placed[0] == was["0"]


@st.composite
def certified(draw) -> Project:
    """Small projects with everything, in which some may do some jobs for a time only."""
    made = draw(projects())
    slot = st.sampled_from((5, 12, 16, 30, 3 * DAY, 9 * DAY))

    def limited(crew: Crew) -> Crew:
        return replace(crew, until=tuple((p, draw(slot)) for p in crew.people if draw(st.booleans())))

    return replace(made, jobs=tuple(replace(each, crews=tuple(map(limited, each.crews))) for each in made.jobs))


@settings(max_examples=200, deadline=None)
@given(certified())
def test_every_schedule_passes_the_check(made):
    """Of the list and of the search after it; none is over before the bound."""
    try:
        found = first(made)
        _, start = started(made, Aim.FINISH, {})
    except NotPlaced:
        return
    island = Island(start, 1, fast=False)
    island.search(30 * len(made.jobs), 0.5)
    island.books.pick[:] = island.hunt.best_picks
    island.hunt.waits[:] = island.hunt.best_waits
    island.decoded(island.hunt.best)
    better = solution(made, Laid(island.case, island.books, list(island.hunt.best)), "", 1)

    assert faults(made, found) == faults(made, better) == ()
    assert bound(made) <= better.finish


@settings(max_examples=150, deadline=None)
@given(
    duration=st.integers(1, 6),
    release=st.integers(0, 40),
    free=st.lists(st.sampled_from((None, OFFICE, OFFICE[1:], OFFICE[3:])), min_size=3, max_size=3),
    last=st.lists(st.integers(0, 5 * DAY), min_size=3, max_size=3),
)
def test_a_job_alone_is_over_as_early_as_somebody_may_end_it(duration, release, free, last):
    """By trying every start with everybody."""
    crews = (Crew(people=(0, 1, 2), until=tuple(enumerate(last))),)
    of_ = project(job("a", duration, crews=crews, release=release), workers=staff(*free))

    def could(start: int, who: int) -> bool:
        spans = free[who] or ((0, 30 * DAY),)
        return start + duration <= last[who] and any(a <= start and start + duration <= b for a, b in spans)

    best = next((start for start in range(release, 6 * DAY) if any(could(start, who) for who in range(3))), None)
    if best is None:
        with pytest.raises(NotPlaced):
            first(of_)
    else:
        assert placed(of_)[0].start == best


def test_compiled_or_not_it_is_the_same_search():
    crews = [until(BOB, CAROL, bob=3 * DAY), until(BOB, CAROL, DAVE, count=2, bob=2 * DAY)]
    jobs = [job(str(k), 1 + k % 5, *([k - 3] if k > 2 else []), crews=crews[k % 2], pausable=k % 3 == 0) for k in range(18)]
    made = project(*jobs, workers=staff(OFFICE, OFFICE, tuple((d + 12, d + 20) for d in DAYS)))
    _, start = started(made, Aim.FINISH, {})
    plain, fast = (Island(start, 5, fast=each) for each in (False, True))
    for island in (plain, fast):
        island.search(1500, 0.5)

    assert plain.news() == fast.news() != {}


def test_the_longest_certificates_bind_the_job_and_shorter_ones_those_who_have_them():
    """Of two who are needed the second longest is a deadline; a deadline of the project changes nothing of that."""
    last = {"ana": date(2026, 12, 3), "ben": date(2026, 12, 9), "cem": date(2026, 12, 16), "dee": date(2036, 1, 1)}
    on = company(*(person(name, certificates={"esd": day}) for name, day in last.items()))

    def made(count: int, **more) -> tuple[dict[str, str], str]:
        who = (replace(PAPER[0], count=count),)
        found = of(planned(book(phase("p", hand("a", who=who, hosts="web1"), **more)), on), on)
        crew, deadline = found.jobs[0].crews[0], found.jobs[0].deadline
        assert [found.workers[n].id for n in crew.people] == list(last)
        short = {str(found.workers[n].id): amsterdam(found, slot) for n, slot in crew.until}
        return short, "" if deadline is None else amsterdam(found, deadline)

    ana, ben, cem = ({name: at} for name, at in (("ana", "Fri 04 00:00"), ("ben", "Thu 10 00:00"), ("cem", "Thu 17 00:00")))
    assert made(1) == (ana | ben | cem, "")
    assert made(2) == (ana | ben, "Thu 17 00:00")
    assert made(4) == ({}, "Fri 04 00:00")
    assert made(1, deadline=Deadline(by=date(2026, 12, 11))) == (ana | ben | cem, "Sat 12 00:00")


INVENTORY = """\
sites:
  muc1: {title: München, time_zone: Europe/Berlin, travel: {lon1: 4h}}
  lon1: {title: London, time_zone: Europe/London}
hosts: {d1: {site: lon1}}
calendars: {uk: {time_zone: Europe/London, work: {mon-fri: "09:00-17:00"}}}
people:
  bob: {name: Bob, skills: {hands: 1}, certificates: {esd: 2026-12-03}, site: lon1, calendar: uk}
  asa: {name: Asa, skills: {hands: 1}, certificates: {esd: 2027-06-30}, site: muc1, calendar: uk}
"""
RUNBOOK = """\
runbook: disks
title: Replace a disk
kind: maintenance
owner: bob
why: Because.
impact: None.
deadline: 2026-12-18
phases:
  - id: london
    title: London
    hosts: d1
    earliest: EARLIEST
    deadline: DEADLINE
    steps: [{id: swap, title: Swap, manual: Swap., who: {skill: hands, certificate: esd}, takes: 3h}]
"""


class Asked:
    """What commands say in a folder of their own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys = capsys
        monkeypatch.chdir(folder)
        for name, value in (("RUNBOOK_STATE", str(folder / "state")), ("RUNBOOK_AS", "bob"), ("HOME", str(folder))):
            monkeypatch.setenv(name, value)
        (folder / "inventory").mkdir()

    def __call__(self, command: str, earliest: str, deadline: str, *, code: int = 0, inventory: str = INVENTORY) -> dict:
        Path("inventory/all.yml").write_text(inventory, encoding="utf-8")
        text = RUNBOOK.replace("EARLIEST", earliest).replace("DEADLINE", deadline)
        Path("disks.yml").write_text(text, encoding="utf-8")
        quick = ("--effort", "quick") if command == "schedule" else ()
        self.capsys.readouterr()
        assert outcome([command, "disks.yml", "--from", "2026-11-28T10:00Z", *quick, "--json"]) == code
        return json.loads(self.capsys.readouterr().out)


@pytest.fixture
def asked(tmp_path, capsys, monkeypatch) -> Asked:
    return Asked(tmp_path, capsys, monkeypatch)


@pytest.mark.parametrize(
    ("earliest", "who"),
    [("2026-11-30", "bob"), ("2026-12-03 14:00", "bob"), ("2026-12-03 14:01", "asa"), ("2026-12-04", "asa")],
)
def test_who_is_there_works_up_to_the_last_day_and_then_somebody_flies(asked, earliest, who):
    """Bob's certificate is valid up to the end of 3 December, though the project may last for longer."""
    (task,) = asked("schedule", earliest, "2026-12-10")["tasks"]

    assert task["people"] == [who]


def test_who_has_a_certificate_in_time_makes_it_feasible(asked):
    """Work in London that is due on Monday, and Asa on leave: Bob does it, whose certificate ends on Thursday."""
    away = INVENTORY.replace("2027-06-30}", "2027-06-30}, leave: [{from: 2026-11-30, to: 2026-12-11}]")
    asked("feasibility", "2026-11-30", "2026-11-30", inventory=away)

    (found,) = asked("feasibility", "2026-12-04", "2026-12-10", inventory=away, code=4)["findings"]
    assert (found["matter"], "the end of Bob's certificate esd on Thu 3 Dec 2026" in found["reason"]) == ("people", True)


def test_a_certificate_that_ends_too_early_is_told_with_its_day(asked):
    """Nobody else has it: whose ends when, and that it is to be renewed."""
    alone = INVENTORY.replace(", certificates: {esd: 2027-06-30}", "")
    (found,) = asked("feasibility", "2026-12-04", "2026-12-10", inventory=alone, code=4)["findings"]

    assert found["matter"] == "certificate"
    assert "Bob's certificate esd ends on Thu 3 Dec 2026" in found["reason"]
    assert found["place"] == "inventory/all.yml:7:55"
    assert "renew the certificate esd of Bob" in found["ways_out"][0]["words"]
