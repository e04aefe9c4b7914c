"""Nobody works for days on end without a word: people of whom no calendar says when they are off."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_engine.cli.entry import outcome
from runbook_engine.model.estate import Estate, Person
from runbook_engine.model.times import Span
from runbook_engine.model.words import PersonId
from runbook_engine.scheduling.resting import restless
from scheduling.planted import AT, MONDAY, Fault, booked, plant

BOOK, PEOPLE = "runbooks/rack12.yml", "inventory/people.yml"
OPEN = (BOOK, "    window: working-hours\n    steps:\n      - {id: ports", "    steps:\n      - {id: ports")
LONG = (BOOK, "takes: 1h..2h", "takes: 52h")
ALWAYS = (PEOPLE, "calendar: office, rate: 110", "rate: 110")
KIM = PersonId("kim")
ZERO = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def asked(home, capsys):
    """What is said of the project with some edits, as data; with words in place of the command, what they say."""

    def ask(*edits, words=("feasibility",)):
        plant(Path(), [Fault("some", edits, "", ())])
        capsys.readouterr()
        assert outcome([*words, BOOK, "--from", AT, *(["--json"] if words == ("feasibility",) else [])]) == 0
        out, err = capsys.readouterr()
        return json.loads(out)["findings"] if words == ("feasibility",) else " ".join(err.split())

    return ask


def test_whoever_has_no_calendar_and_works_52_hours_is_a_risk(asked):
    """With the person, the times, the place in the inventory, and what would help."""
    found = asked(LONG, ALWAYS, OPEN)

    assert [(one["matter"], one["blocks"]) for one in found] == [("people", False)]
    words = "Noa Wit works 52 hours on end, from Mon 30 Nov 2026 12:30 CET to Wed 2 Dec 2026 16:30 CET"
    assert found[0]["reason"] == f"{words}: no calendar says when Noa Wit is off."
    assert found[0]["place"].startswith("inventory/people.yml:")
    ways = [way["words"] for way in found[0]["ways_out"]]
    assert "give Noa Wit a calendar, such as calendar: office in the inventory" in ways
    assert "one more person with network" in ways
    assert "let 'Configure the switch ports' (network/ports) rest over night: pausable: true in takes, and a calendar" in ways
    assert f"Note: {words}" in asked(LONG, ALWAYS, OPEN, words=("schedule",))


def test_limits_are_a_way_out_only_where_nobody_works_on_end_then(asked):
    """Short tasks that follow each other for 22 hours: followed to the letter, nothing is left to say."""
    calendar = "    calendar: office\n    rate: 80 EUR/h\n    limits: {day: 8h, rest: 11h}\n"
    plain = (BOOK, "window: working-hours\n    hosts", "hosts")
    free, long = (PEOPLE, calendar, ""), (BOOK, "takes: 30m..1h", "takes: 5h..6h")

    found = asked(free, plain, long)

    assert [one["about"] for one in found] == [["ben.ott"], ["mia.kok"]]
    assert found[0]["ways_out"][0]["words"] == "give Ben Ott limits: {day: 8h, rest: 11h}"
    assert found[0]["ways_out"][0]["proved"]
    assert asked((PEOPLE, calendar, "    limits: {day: 8h, rest: 11h}\n"), plain, long) == []


def test_a_calendar_that_says_so_is_no_risk(asked):
    """Hours around the clock that somebody has written down are meant."""
    always = ("inventory/calendars.yml", "windows:\n", "  round: {work: {mon-sun: '00:00-24:00'}}\nwindows:\n")
    assert asked(LONG, (PEOPLE, "calendar: office, rate: 110", "calendar: round, rate: 110"), always, OPEN) == []


def test_what_others_have_booked_counts(asked):
    """Nine hours here and eleven there, one after the other."""
    from runbook_engine.cli.settings import settings
    from runbook_engine.recording import open_store

    nine = (BOOK, "takes: 1h..2h", "takes: 9h")
    assert asked(nine, ALWAYS, OPEN) == []
    with open_store(settings(Path(BOOK)).journal) as store:
        store.book(booked("noa.wit", MONDAY + timedelta(hours=12, minutes=30), 0.46), MONDAY, "tom.li")
        leo = booked("leo.dam", MONDAY - timedelta(days=1), 14, runbook="lan-upgrade", plan="c" * 64)
        store.book(leo, MONDAY, "tom.li")

    found = [
        one for one in asked(nine, ALWAYS, OPEN, (BOOK, "        who: {role: reviewers}\n", "")) if "on end" in one["reason"]
    ]

    assert [one["about"] for one in found] == [["noa.wit"]]


def hours(*pairs):
    """Spans from so many hours on to so many."""
    return [Span(ZERO + timedelta(hours=a), ZERO + timedelta(hours=b)) for a, b in pairs]


@pytest.mark.parametrize(
    ("spans", "work"),
    [
        (hours((0, 16)), None),
        (hours((0, 17)), 17),
        (hours((0, 10), (10, 17)), 17),
        (hours((0, 10), (15, 22)), 17),
        (hours((0, 10), (16, 23)), None),
        (hours((0, 12), (2, 17)), 17),
    ],
    ids=["16 h", "17 h", "one after the other", "a break of 5 h", "a rest of 6 h", "two at once"],
)
def test_what_is_on_end(spans, work):
    """More than 16 hours of work without a break of six; what overlaps counts once."""
    found = restless({KIM: spans}, Estate(people={KIM: Person(id=KIM)}))

    assert [stint.work for stint in found] == ([timedelta(hours=work)] if work else [])


def test_what_is_done_for_others_counts_only_beside_this_work():
    """Twenty hours elsewhere are another plan's matter; ten there that go on here are one stint."""
    estate = Estate(people={KIM: Person(id=KIM)})
    assert restless({KIM: hours((0, 2))}, estate, {KIM: hours((50, 70))}) == []
    (found,) = restless({KIM: hours((10, 20))}, estate, {KIM: hours((0, 10), (50, 90))})
    assert (found.start, found.work) == (ZERO, timedelta(hours=20))


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 20)), max_size=8))
def test_the_longest_stint_is_that_of_a_count_of_hours(pairs):
    """Hour by hour: six free ones in a row end a stint."""
    busy = {hour for start, took in pairs for hour in range(start, start + took)}
    longest = work = free = 0
    for hour in range(130):
        free = 0 if hour in busy else free + 1
        work = 0 if free >= 6 else work + (hour in busy)
        longest = max(longest, work)

    found = restless({KIM: hours(*((a, a + b) for a, b in pairs))}, Estate(people={KIM: Person(id=KIM)}))

    assert [stint.work for stint in found] == ([timedelta(hours=longest)] if longest > 16 else [])
