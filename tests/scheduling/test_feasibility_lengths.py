"""Steps that take absurdly long: what is told is how long they take, and not that people are too few."""

import json
from pathlib import Path

import pytest

from runbook_engine.cli.entry import outcome
from scheduling.planted import AT, Fault, plant

BOOK = "runbooks/rack12.yml"
PORTS = "takes: 1h..2h"
LATER = (BOOK, "deadline: 2026-12-11\n", "")
OPEN = (BOOK, "    window: working-hours\n    steps:\n      - {id: ports", "    steps:\n      - {id: ports")
ALWAYS = ("inventory/people.yml", "calendar: office, rate: 110", "rate: 110")


@pytest.fixture
def asked(home, capsys):
    """The findings of the project with some edits."""

    def ask(*edits, code=4):
        plant(Path(), [Fault("some", edits, "", ())])
        capsys.readouterr()
        assert outcome(["feasibility", BOOK, "--from", AT, "--json"]) == code
        return json.loads(capsys.readouterr().out)["findings"]

    return ask


@pytest.mark.parametrize("more", [(), (LATER,), (OPEN,), (OPEN, LATER), (OPEN, LATER, ALWAYS)])
def test_ten_years_of_work_are_called_so(asked, more):
    """One finding, at `takes`, whatever else there is: a window, a deadline, people with hours or without."""
    found = asked((BOOK, PORTS, "takes: 3650d"), *more)

    assert [one["matter"] for one in found] == ["duration"]
    words = "'Configure the switch ports' (network/ports) takes 3,650 days, longer than a schedule looks ahead: 400 days"
    assert words in found[0]["reason"]
    line = int(found[0]["place"].split(":")[1])
    assert "takes: 3650d" in Path(BOOK).read_text(encoding="utf-8").splitlines()[line - 1]
    assert found[0]["ways_out"][0]["words"].startswith("write into takes: how long")


def test_limits_of_a_day_are_not_blamed_for_ten_years(asked):
    """Ben and Mia may work eight hours a day; that is not why."""
    found = asked((BOOK, "takes: 30m..1h", "takes: 3650d"))

    assert [one["matter"] for one in found] == ["duration"]


def test_pausable_work_of_more_hours_than_people_have(asked):
    """It could rest each night, and yet nobody has so many hours."""
    found = asked((BOOK, PORTS, "takes: {low: 300d, pausable: true}"), LATER)

    assert [one["matter"] for one in found] == ["duration"]
    assert "takes 7,200 hours of work, more than people work by Tue 4 Jan 2028" in found[0]["reason"]
    assert "Noa Wit 2,2" in found[0]["reason"]


def test_what_hides_behind_ten_years_is_told_too(asked):
    """The step is taken as mended, and the rack that is full is found."""
    full = ("inventory/hosts.yml", "unit: 7, height: 2", "unit: 20, height: 2")
    away = ("inventory/people.yml", "change-board: [tom.li, sam.ito]", "change-board: []")

    found = asked((BOOK, PORTS, "takes: 3650d"), full, away)

    assert sorted(one["matter"] for one in found) == ["approval", "duration", "rack"]


def test_twelve_hours_in_one_go_are_longer_than_a_day_at_work(asked):
    """How long it takes, how long they work, and that it may rest: followed to the letter, that is a way out."""
    found = asked((BOOK, PORTS, "takes: 12h"), OPEN)

    assert [one["matter"] for one in found] == ["people"]
    assert (
        "takes 12 hours in one go, and whoever can do it works 8 hours in one go at most (hours office)" in found[0]["reason"]
    )
    way = found[0]["ways_out"][0]
    assert way["proved"]
    assert way["words"] == "let it rest while they are off: takes: {low: 12h, high: 12h, pausable: true}"
    assert asked((BOOK, PORTS, way["words"].partition(": ")[2]), OPEN, code=0) == []


def test_a_schedule_says_the_same(asked, capsys):
    """Refused with how long it takes, not with other tasks that are in its way."""
    asked((BOOK, PORTS, "takes: 3650d"), OPEN, LATER, ALWAYS)
    capsys.readouterr()

    assert outcome(["schedule", BOOK, "--from", AT]) == 4
    assert "it takes 3650d, longer than a schedule looks ahead (400d)" in " ".join(capsys.readouterr().err.split())


def test_more_work_of_one_person_than_a_schedule_looks_ahead(asked):
    """No task is too long, but all of them one after the other are: how far it is looked is said."""
    one = (BOOK, f"who: {{skill: network}}, {PORTS}", "hosts: rack12, per: host, who: {person: noa.wit}, takes: 300d")
    found = asked(one, OPEN, LATER, ALWAYS, (BOOK, "        other_people_than: ports\n", ""))

    assert len(found) == 1
    assert "in the 400d that a schedule looks ahead" in found[0]["reason"]
