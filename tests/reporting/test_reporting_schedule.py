"""A schedule in words, tables and data: the end, how good it is, who does what when, and who must be told of what."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.made_schedules import MONDAY, NAMES, PHASES, ZONE, booking, minutes, plain, rack12, rack12_chart, schedule
from reporting.made_texts import Golden
from runbook_engine.model.schedule import Schedule
from runbook_engine.model.times import Span
from runbook_engine.model.words import HostName, PersonId
from runbook_engine.reporting.booking_groups import By
from runbook_engine.reporting.schedule_data import schedule_data
from runbook_engine.reporting.schedule_tables import (
    chain_text,
    conflict_text,
    moved_text,
    table_text,
    told_by_person,
    weekly_hours,
)
from runbook_engine.reporting.schedule_text import Look, schedule_text
from runbook_engine.reporting.schedule_words import bound_words, deadline_words, fitted, summary, times, titled, work_s
from runbook_engine.scheduling.moving import moved


def ends(before_deadline: timedelta | None = None, **more: object) -> Schedule:
    """A schedule that is over so long before its deadline."""
    made = schedule(booking("a/b", MONDAY, 100), **more)
    return replace(made, deadline=None if before_deadline is None else made.finish + before_deadline)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=1, hours=3), "one day before the deadline"),
        (timedelta(days=12), "12 days before the deadline"),
        (timedelta(minutes=200), "3h 20m before the deadline"),
        (timedelta(0), "at the deadline"),
        (timedelta(minutes=-90), "1h 30m AFTER the deadline of Mon 30 Nov 09:10"),
    ],
)
def test_how_far_from_the_deadline(left: timedelta, words: str) -> None:
    """Before it in days or hours; after it in capitals, with the deadline."""
    assert deadline_words(ends(left), ZONE) == words


@pytest.mark.parametrize(
    ("bound", "optimal", "words"),
    [
        (100, True, "proved: no schedule is over earlier"),
        (97.5, False, "at most 2.6 % from the best possible"),
        (50, False, "at most 100 % from the best possible"),
        (0, False, "how far from the best possible is not known"),
    ],
)
def test_how_good_it_is_never_sounds_better_than_it_is(bound: float, optimal: bool, words: str) -> None:
    """The distance from the bound is rounded up."""
    assert bound_words(ends(bound=MONDAY + minutes(bound), optimal=optimal)) == words


def test_what_was_not_made_for_an_early_end_says_what_the_distance_is_of() -> None:
    """With another aim the percent are those of the end, and not of what it costs."""
    cheap = ends(bound=MONDAY + minutes(50), aim="cost")
    assert bound_words(cheap) == "its end at most 100 % from the earliest possible"


@pytest.mark.parametrize(
    ("package", "hosts", "words"),
    [
        ("up/soak", (), "Watch …"),
        ("up/soak#3", (), "Watch … · batch 3"),
        ("up/soak#3", ("w1",), "Watch … · w1"),
        ("up/soak", ("w01", "w02", "w03"), "Watch … · w[01:03]"),
        ("up/soak", ("alpha", "beta", "gamma", "delta"), "Watch … · 4 hosts"),
    ],
)
def test_what_is_done_in_batches_is_told_apart(package: str, hosts: tuple[str, ...], words: str) -> None:
    """By its hosts, or how many they are; without hosts by its batch."""
    told = booking(package, MONDAY, 10, title="Watch …", hosts=tuple(map(HostName, hosts)))
    assert titled(told) == words
    assert fitted(words, 18).endswith(words.rpartition(" · ")[2])


def test_the_end_is_one_line() -> None:
    """With a calendar a day and an hour; without one minutes."""
    assert (
        summary(rack12(), ZONE) == "Done Tue 1 Dec 23:00, three days before the deadline; at most 10 % from the best possible"
    )
    assert summary(plain()) == "Done after 20 minutes; proved: no schedule is over earlier"


def test_midnight_is_the_end_of_its_day() -> None:
    """What ends at midnight ends at 24:00, and hours that come twice are told as the clock shows them."""
    evening = datetime(2026, 11, 30, 22, tzinfo=ZONE)
    assert times(evening, evening + timedelta(hours=2), ZONE) == "Mon 30 Nov 22:00 – Mon 30 Nov 24:00"
    assert times(evening, evening + timedelta(hours=5), ZONE) == "Mon 30 Nov 22:00 – Tue 1 Dec 03:00"
    assert times(evening, evening, ZONE) == "Mon 30 Nov 22:00"


def test_the_whole_report(golden: Golden) -> None:
    """As the person reads it who must promise a date: chart and chain, then as tables of persons and days."""
    changed = moved(rack12(), rack12(40))
    golden.check("schedule.txt", schedule_text(rack12_chart(), Look(width=110), file="rack12.plan"))
    golden.check("schedule_person.txt", schedule_text(rack12_chart(), Look(by=By.PERSON), moved=changed, file="rack12.plan"))
    golden.check("schedule_day.txt", schedule_text(rack12_chart(), Look(by=By.DAY, ascii_only=True), moved=()))

    assert schedule_text(rack12_chart(forecast=rack12(40)), Look(ascii_only=True), moved=changed).isascii()


@pytest.mark.parametrize("by", list(By))
def test_every_table_has_every_booking(by: By) -> None:
    """Nothing is left out, whatever it is grouped by."""
    text = table_text(rack12(), by, names=NAMES, phases=PHASES, zone=ZONE)

    for one in rack12().bookings:
        assert one.title in text
    if by is By.PERSON:
        assert "Ana Duarte (ana.duarte): 5 tasks, 2h 5m" in text
        assert text.index("Ana Duarte (ana") < text.index("Ben Ott (ben") < text.index("Nobody: it goes by itself: 1 task")


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 4_000)), max_size=12))
def test_the_hours_of_the_weeks_are_all_hours(pairs: list[tuple[int, int]]) -> None:
    """What goes on past a Sunday's midnight is split there, and nothing is lost."""
    bookings = [booking(f"a/s{n}", MONDAY + minutes(at), takes, "ana.duarte") for n, (at, takes) in enumerate(pairs)]
    weeks = weekly_hours(bookings, ZONE)

    assert sum(weeks.values()) == pytest.approx(work_s(bookings))
    assert all(week.weekday() == 0 for week in weeks)


def test_work_over_a_sunday_is_of_two_weeks() -> None:
    """Two hours before midnight and three after it."""
    sunday = datetime(2026, 12, 6, 22, tzinfo=ZONE).astimezone(UTC)

    assert weekly_hours([booking("a/b", sunday, 300, "x")], ZONE) == {date(2026, 11, 30): 7200.0, date(2026, 12, 7): 10800.0}


def test_the_chain_names_drag_and_why() -> None:
    """In its order, each with how much it adds to the end and what it waits for."""
    lines = chain_text(rack12(), ZONE, names=NAMES).splitlines()

    assert lines[0] == "Critical chain: 6 tasks; a delay here moves the end"
    assert "drag 25m" in lines[2]
    assert lines[2].endswith("window working-hours opens")
    assert chain_text(schedule(booking("a/b", MONDAY, 5)), names={}) == ""


def test_who_must_be_told_of_what() -> None:
    """Those who do something now, or did it before: what is new, what is gone, what has moved. Who keeps all hears nothing."""
    before = schedule(
        booking("a/x", MONDAY, 30, "ana.duarte"),
        booking("a/y", MONDAY, 30, "ben.ott"),
        booking("a/z", MONDAY + minutes(60), 30, "carla.roy"),
        booking("a/gone", MONDAY, 10, "ben.ott"),
    )
    after = schedule(
        booking("a/x", MONDAY, 30, "ben.ott"),
        booking("a/y", MONDAY + minutes(30), 30, "ben.ott"),
        booking("a/z", MONDAY + minutes(60), 30, "carla.roy", why="now for another reason", slack_s=60.0),
        booking("a/new", MONDAY, 10, "ana.duarte"),
    )
    found = moved(before, after)
    text = moved_text(found, NAMES, ZONE)

    assert {m.id for m in found} == {"a/x", "a/y", "a/gone", "a/new"}
    assert set(told_by_person(found)) == {"ana.duarte", "ben.ott"}
    assert "To be told: Ana Duarte and Ben Ott" in text
    assert "    new: X, Mon 30 Nov 09:00–09:30" in text
    assert "    no longer: Gone, Mon 30 Nov 09:00–09:10" in text
    assert "    Y: Mon 30 Nov 09:00–09:30 -> Mon 30 Nov 09:30–10:00" in text
    assert moved(before, before) == ()
    assert "nobody needs to be told" in moved_text((), NAMES)


def test_whoever_is_booked_twice_is_named_on_both_sides() -> None:
    """Only where times of work overlap: a pause of one project is free for another."""
    one = rack12()
    pause = booking("b/fits", MONDAY + minutes(500), 60, "carla.roy")
    twice = booking("b/clash", MONDAY + minutes(20), 60, "ana.duarte", "ben.ott")
    other = schedule(pause, twice, runbook="storage")
    text = conflict_text(one, [other], NAMES, ZONE)

    assert text.splitlines()[0] == (
        "Ana Duarte and Ben Ott are booked twice: "
        "Mount the server in unit 1 · r12-u01 of rack12-install (Mon 30 Nov 09:00–09:25) "
        "and Clash of storage (Mon 30 Nov 09:20–10:20)"
    )
    assert "Fits" not in text
    assert conflict_text(one, [schedule(pause, runbook="storage")], NAMES, ZONE) == ""


def test_phases_that_would_have_the_same_hosts_at_a_time_are_named_on_both_sides() -> None:
    """The night between two batches of one is not free for the other."""
    one, host = rack12(), HostName("r12-u01")
    first = replace(booking("b/first", MONDAY - minutes(300), 60), hosts=(host, HostName("x1")))
    last = booking("b/last", MONDAY + minutes(900), 60)
    text = conflict_text(one, [schedule(first, last, runbook="storage")], NAMES, ZONE)
    assert text.startswith("r12-u01: phase ")
    assert " of rack12-install (" in text
    assert "and phase b of storage (Mon 30 Nov 04:00 – Tue 1 Dec 01:00) cannot both have them" in text
    assert conflict_text(one, [schedule(last, runbook="storage")], NAMES, ZONE) == ""


def test_the_data_count_minutes_from_the_start() -> None:
    """The fields that benchmarks read; moments only where there is a calendar."""
    data = schedule_data(plain(4))

    assert {key: data[key] for key in ("makespan_min", "bound_min", "optimal")} == {
        "makespan_min": 8,
        "bound_min": 8,
        "optimal": True,
    }
    assert [(t["id"], t["step"], t["start_min"], t["finish_min"], t["people"]) for t in data["tasks"]] == [
        ("all/j1", "j1", 0, 4, []),
        ("all/j0", "j0", 0, 5, []),
        ("all/j3", "j3", 3, 7, []),
        ("all/j2", "j2", 3, 8, []),
    ]
    assert data["start"] is data["tasks"][0]["start"] is data["moved"] is None
    timed = schedule_data(rack12(), moved(rack12(), rack12(40)))
    assert timed["tasks"][0]["start"] == MONDAY.isoformat()
    assert timed["tasks"][3]["spells"] == [[75, 480], [1440, 1455]]
    assert {m["id"] for m in timed["moved"]} >= {"cabling/cable"}


def test_a_pause_that_moves_is_told() -> None:
    """A pause that moved counts, the order of people does not."""
    one = replace(booking("a/b", MONDAY, 60, "x", "y"), spells=(Span(MONDAY, MONDAY + minutes(10)),))
    swapped = replace(one, people=(PersonId("y"), PersonId("x")))
    paused = replace(one, spells=(Span(MONDAY, MONDAY + minutes(20)),))

    assert moved(schedule(one), schedule(swapped)) == ()
    assert [m.id for m in moved(schedule(one), schedule(paused))] == ["a/b"]
