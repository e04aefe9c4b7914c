"""The verdict beside the planted faults: risks, bookings of other plans, saved plans, and what a conflict promises."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_engine.cli import feasibility
from runbook_engine.cli.entry import outcome
from runbook_engine.cli.settings import settings
from runbook_engine.model.estimates import Estimate
from runbook_engine.model.verdict import Feasible
from runbook_engine.model.words import PersonId, StepId
from runbook_engine.recording import open_store
from runbook_engine.reporting.verdict_text import verdict_text
from runbook_engine.scheduling.feasibility import verdict
from runbook_engine.scheduling.feasibility_conflict import Budget, conflict, without
from runbook_engine.scheduling.feasibility_parts import parts
from runbook_engine.scheduling.feasibility_people import with_enough
from runbook_engine.scheduling.feasibility_restraints import restraints
from runbook_engine.scheduling.feasibility_trying import fits, project_for, tried
from runbook_engine.scheduling.feasibility_windows import longer
from runbook_engine.scheduling.listing import first
from runbook_engine.scheduling.listing_reasons import NotPlaced, Reason
from scheduling.planted import AT, FAULTS, MONDAY, Fault, booked, plant

BOOK = "runbooks/rack12.yml"
PEOPLE = "inventory/people.yml"


@pytest.fixture
def project(home):
    """A folder and a home of its own."""
    return home


def edited(*edits):
    """Some edits, as a fault."""
    return Fault("some", edits, "", ())


def said(capsys, *words, code=0):
    """What the command says as data; and that it ends so."""
    capsys.readouterr()
    assert outcome(["feasibility", *words, "--from", AT, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def case_of(project, *faults):
    """The case of a project with faults, as the command makes it."""
    plant(project, faults)
    place = settings(Path(BOOK))
    return feasibility._case(feasibility._read(BOOK, place, {}, None), place, datetime.fromisoformat(AT), probe=False)


def test_people_whom_another_plan_has_booked(project, capsys):
    """Whoever is booked until after the deadline cannot do it; who has booked them is told, and what would help."""
    plant(project, ())
    with open_store(settings(Path(BOOK)).journal) as store:
        store.book(booked("ben.ott", MONDAY, 14), MONDAY, "tom.li")

    found = said(capsys, BOOK, code=4)["findings"]

    assert [one["matter"] for one in found] == ["booked"]
    assert "Ben Ott is booked by san-upgrade (Upgrade the SAN) between Mon 30 Nov 2026 09:00 CET" in found[0]["reason"]
    assert {"words": "move what san-upgrade has booked of Ben Ott", "cost": 1.0, "proved": True} in found[0]["ways_out"]


def test_where_one_of_two_who_are_away_is_enough_nobody_moves_both(project, capsys):
    """Two could do it, and both are on leave: either of them, and not both as well."""
    hands = (PEOPLE, "skills: {datacenter-hands: 1}", "skills: {}")
    one = (BOOK, "level: 2, count: 2, certificate", "level: 2, certificate")
    away = "    leave: [{from: 2026-11-26, to: 2026-12-13}]\n"
    names = [(PEOPLE, f"name: {name}\n", f"name: {name}\n{away}") for name in ("Ben Ott", "Mia Kok")]
    plant(project, (edited(hands, one, *names),))

    words = [way["words"] for way in said(capsys, BOOK, code=4)["findings"][0]["ways_out"]]

    moves = [one for one in words if one.startswith("move ")]
    assert [("Ben" in one, "Mia" in one) for one in moves] == [(True, False), (False, True)]


def test_parts_that_come_on_the_day_that_is_told_are_in_time_and_a_day_later_they_are_not(project, capsys):
    """The way out is what was tried: followed to the letter the plan can be done, and its day is the latest."""
    ordered = "2026-11-30: 8", "2026-11-30: 2, {}: 6"
    plant(project, (edited(("inventory/resources.yml", ordered[0], ordered[1].format("2027-02-01"))),))
    way = said(capsys, BOOK, code=4)["findings"][0]["ways_out"][0]
    words = re.fullmatch(r"have 2 × sfp-10g delivered by \w+ (\d+ \w+ \d+)", way["words"])
    assert words
    assert way["proved"]
    day = datetime.strptime(words[1], "%d %b %Y")  # noqa: DTZ007 - only its date is asked for
    for later, code in ((0, 0), (1, 4)):
        coming = f"{day + timedelta(days=later):%Y-%m-%d}"
        plant(project, (edited(("inventory/resources.yml", ordered[0], ordered[1].format(coming))),))
        said(capsys, BOOK, code=code)


def test_people_who_are_booked_twice(project, capsys):
    """Two promises for one person at one time: named with both, and mended by a new schedule."""
    plant(project, ())
    with open_store(settings(Path(BOOK)).journal) as store:
        store.book(booked("ben.ott", MONDAY, 0.2), MONDAY, "tom.li")
        own = booked("ben.ott", MONDAY + timedelta(hours=1), 0.1, runbook="rack12-install", plan="b" * 64, title="Rack 12")
        store.book(own, MONDAY, "ana.duarte")

    found = said(capsys, BOOK, code=4)["findings"]

    assert [one["matter"] for one in found] == ["booked"]
    assert "Ben Ott is booked twice on Mon 30 Nov 2026 10:00 CET" in found[0]["reason"]
    assert found[0]["ways_out"][0]["proved"]


def test_bookings_that_leave_time_are_no_findings(project, capsys):
    """A schedule goes around what others have booked."""
    plant(project, ())
    with open_store(settings(Path(BOOK)).journal) as store:
        store.book(booked("ben.ott", MONDAY, 1), MONDAY, "tom.li")

    assert said(capsys, BOOK)["findings"] == []


@pytest.mark.parametrize(
    ("edits", "matter", "words"),
    [
        ([(BOOK, "deadline: 2026-12-11", "deadline: {by: 2026-11-30 18:00, soft: true}")], "deadline", "later than wished"),
        ([(BOOK, "amount: 9000 EUR", "amount: 1700 EUR"), (BOOK, "10%", "90%")], "budget", "put by for the unforeseen"),
        (
            [
                (BOOK, "    window: working-hours\n    steps:\n      - {id: ports", "    steps:\n      - {id: ports"),
                (BOOK, "        takes: 30m\n", ""),
            ],
            "duration",
            "Nobody says how long 'Review the ports'",
        ),
        (
            [(BOOK, "takes: 30m..1h", "takes: [30m, 45m, 7h]"), (BOOK, "deadline: 2026-12-11", "deadline: 2026-12-03")],
            "deadline",
            "as long as its author says",
        ),
        (
            [(PEOPLE, "skills: {network: 1}", "skills: {}"), (BOOK, "deadline: 2026-12-11", "deadline: 2026-12-02")],
            "people",
            "Only Noa Wit can do what needs network",
        ),
    ],
    ids=["soft deadline", "contingency", "no duration", "long durations", "one person"],
)
def test_risks(project, capsys, edits, matter, words):
    """What may spoil a plan is told, and does not forbid it."""
    plant(project, [edited(*edits)])

    told = said(capsys, BOOK)

    assert told["feasible"] == "feasible at risk"
    assert [(one["matter"], one["blocks"]) for one in told["findings"]] == [(matter, False)]
    assert words in told["findings"][0]["reason"]


def test_a_certificate_that_ends_before_the_work_can_be_done(project, capsys):
    """Valid on the first day is not enough: it is valid on the day of the work."""
    edits = [
        (PEOPLE, "lifting: 2027-03-01", "lifting: 2026-12-01"),
        (BOOK, "  - id: cabling\n", "  - id: cabling\n    earliest: 2026-12-03\n"),
    ]
    plant(project, [edited(*edits)])

    found = said(capsys, BOOK, code=4)["findings"]

    assert [one["matter"] for one in found] == ["certificate"]
    assert found[0]["ways_out"][0]["words"] == "renew the certificate lifting of Ben Ott"


def test_parts_that_come_after_the_deadline(project, capsys):
    """They do not count, and that they come is told."""
    plant(project, [edited(("inventory/resources.yml", "2026-11-30: 8", "2026-12-14: 8"))])

    found = said(capsys, BOOK, code=4)["findings"]

    assert [one["matter"] for one in found] == ["parts"]
    assert "8 come too late, from Mon 14 Dec 2026 on" in found[0]["reason"]


def test_a_saved_plan_has_the_same_verdict(project, capsys):
    """Without places in a runbook, the names of steps say where."""
    plant(project, [next(fault for fault in FAULTS if fault.name == "window-too-short")])
    assert outcome(["plan", BOOK, "-o", "rack12.plan"]) == 0

    told, saved = said(capsys, BOOK, code=4), said(capsys, "rack12.plan", code=4)

    assert saved["findings"][0]["reason"] == told["findings"][0]["reason"]
    assert saved["findings"][0]["place"] == "firmware"
    assert saved["digest"] == told["digest"]


def test_what_is_written_wrongly_is_not_judged(project, capsys):
    """A mistake in the files is told as everywhere, with exit code 3."""
    plant(project, [edited((BOOK, "window: night", "window: nihgt"))])

    assert outcome(["feasibility", BOOK]) == 3
    assert "did you mean 'night'?" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["leave", "window-too-short", "freeze", "deadline", "travel"])
def test_a_conflict_is_minimal(project, name):
    """With all of it nothing fits; without any one of it, the others can hold."""
    case = case_of(project, next(fault for fault in FAULTS if fault.name == name))
    kept = conflict(case, fits, Budget())
    others = [one for one in restraints(case) if one.words not in {k.words for k in kept}]
    only = without(case, others)

    assert kept
    assert not fits(only)
    assert all(fits(without(only, [one])) for one in kept)


def test_people_and_ways_out_are_proved_by_a_schedule(project):
    """A way out that says so holds: with the leave moved, the case fits."""
    case = case_of(project, next(fault for fault in FAULTS if fault.name == "leave"))
    ben = case.estate.people[PersonId("ben.ott")]
    there = replace(case, estate=replace(case.estate, people={**case.estate.people, ben.id: replace(ben, leave=())}))

    assert not fits(case)
    assert fits(there)


@given(st.integers(0, 1439), st.integers(1, 1440), st.integers(1, 2000))
def test_a_longer_opening_is_so_much_longer_but_a_day_at_most(start, took, more):
    """Hours on the wall, over midnight as well."""
    from runbook_engine.model.estate import Window

    clock = f"{start // 60:02}:{start % 60:02}-{(start + took) // 60 % 24:02}:{(start + took) % 60:02}"

    hours = longer(Window(name="w", open={"mon": (clock,)}), more * 60).open["mon"][0]
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in hours.split("-"))

    assert begin == start
    assert ((end - begin) % 1440 or 1440) == min(1440, took + more)


UNTIMED = (
    (BOOK, "    window: working-hours\n    steps:\n      - {id: ports", "    steps:\n      - {id: ports"),
    (BOOK, "        takes: 30m\n", ""),
)


def test_durations_that_are_learnt_decide(project):
    """Half an hour by earlier runs is no risk any more; thirty hours do not fit into anybody's day. Both are told."""
    case = case_of(project, edited(*UNTIMED))
    review = StepId("network/review")

    def learnt(hours, tasks):
        low = Estimate(low_s=3600 * hours, likely_s=3600 * hours, high_s=3600 * hours, runs=tasks, tasks=tasks)
        return verdict(replace(case, learnt={review: low}))

    half, long = learnt(0.5, 4), learnt(30, 1)

    assert (half.feasible, half.findings) == (Feasible.YES, ())
    assert half.estimates == {review: "4 earlier runs, 30 min"}
    assert long.feasible is Feasible.NO
    assert long.estimates == {review: "1 earlier run, 30 h, hardly known"}
    assert "Durations that the author did not state\n  network/review: 4 earlier" in verdict_text(half, case.plan, BOOK)


@pytest.mark.parametrize("name", ["leave", "window-too-short", "freeze", "deadline", "travel"])
def test_what_does_not_fit_into_a_part_does_not_fit_into_the_whole(project, name):
    """Parts are smaller, and hold no more than the whole: mended, both fit; the conflict of a part is one of the whole."""
    case = with_enough(case_of(project, next(fault for fault in FAULTS if fault.name == name)))
    job = tried(case).job
    small = list(parts(case, job))
    refused = [part for part in small if not fits(part)]

    sizes = [sum(package.size for package in part.plan.packages.values()) for part in small]
    assert all(2 * size <= sum(package.size for package in case.plan.packages.values()) for size in sizes)
    for part in refused:
        kept = conflict(part, fits, Budget())
        assert kept
        others = [one for one in restraints(case) if one.words not in {k.words for k in kept}]
        assert not fits(without(case, others))


def test_no_more_is_tried_than_the_work_allows(project):
    """The work is counted in tasks, so that it is the same on any machine; what is left may hold more than is needed."""
    case = case_of(project, next(fault for fault in FAULTS if fault.name == "leave"))
    asked: list[object] = []
    tasks = sum(package.size for package in case.plan.packages.values())

    conflict(case, lambda one: asked.append(one) or fits(one), Budget(work=3 * tasks))

    assert len(asked) == 3


def test_a_late_list_is_given_up_when_it_gets_no_better(project):
    """With patience no more lists are made than needed; what fits is found all the same."""
    case = case_of(project, next(fault for fault in FAULTS if fault.name == "deadline"))
    of = project_for(case)

    with pytest.raises(NotPlaced) as refused:
        first(of, patience=1)
    assert refused.value.reason is Reason.DEADLINE
    assert first(project_for(case_of(project)), patience=1)
