"""Calendars that take turns: against an oracle that counts the turns day by day and looks at the clock minute by minute."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from calendars.test_calendars_openings import CHANGES, MINUTE, NAMES, minutes, minutes_joined, never_off, weeks
from runbook_engine.calendars import judge, resolved, spans, turns_between, window_entry, working_time
from runbook_engine.calendars.rotas import ever
from runbook_engine.model.estate import Calendar, Rota, Turn, Window
from runbook_engine.model.times import Closed, Opening, Scope, Span
from runbook_engine.model.wire import canonical, from_data, to_data
from runbook_engine.model.words import Kind

AMS = ZoneInfo("Europe/Amsterdam")
DAY = timedelta(days=1)
EARLY = Turn(calendar="early", work={"mon-fri": ("06:00-14:00",)}, holidays="NL")
LATE = Turn(calendar="late", work={"mon-fri": ("14:00-22:00",)}, holidays="NL")
NIGHTS = Turn(calendar="nights", work={"mon-sun": ("22:00-06:00",)})
FREE = Turn()
TEAM = Rota(start=date(2026, 11, 30), turns=(EARLY, LATE, NIGHTS, FREE))


def shift_window(rota: Rota = TEAM, zone: str = "Europe/Amsterdam") -> Window:
    return Window(name="shift", calendar="team", time_zone=zone, rota=rota)


def counted(rota: Rota, first: date, last: date) -> dict[date, Turn]:
    """The oracle of turns: one day after the other, forwards and backwards from the start, counting on the fingers."""
    found, turn, used, day = {}, 0, 0, rota.start
    while day <= last:
        found[day] = rota.turns[turn]
        used += 1
        if used == rota.days:
            turn, used = (0 if turn + 1 == len(rota.turns) else turn + 1), 0
        day += DAY
    turn, used, day = len(rota.turns) - 1, 0, rota.start - DAY
    while day >= first:
        found[day] = rota.turns[turn]
        used += 1
        if used == rota.days:
            turn, used = (len(rota.turns) - 1 if turn == 0 else turn - 1), 0
        day -= DAY
    return found


def says_open(moment: datetime, turns: Mapping[date, Turn], zone: ZoneInfo, off: Mapping[str, frozenset[date]]) -> bool:
    """The oracle of hours: whether the clock shows a time within the hours of today's turn, or of yesterday's past midnight."""
    local = moment.astimezone(zone).replace(tzinfo=None)
    for back in (0, 1):
        day = local.date() - back * DAY
        since = (local - datetime.combine(day, time())) // MINUTE
        turn = turns[day]
        for days, texts in turn.work.items():
            inside = NAMES[day.weekday()] in covered_by_hand(days) and day not in off.get(turn.holidays, ())
            if inside and any(begin <= since < end for begin, end in map(minutes, texts)):
                return True
    return False


def covered_by_hand(days: str) -> tuple[str, ...]:
    first, _, last = days.partition("-")
    twice = NAMES + NAMES
    begin = NAMES.index(first)
    return twice[begin : twice.index(last or first, begin) + 1]


def oracle(rota: Rota, zone: str, start: datetime, end: datetime, off: Mapping[str, frozenset[date]]) -> list[Span]:
    turns = counted(rota, start.date() - 3 * DAY, end.date() + 3 * DAY)
    return minutes_joined(start, end, lambda moment: says_open(moment, turns, ZoneInfo(zone), off))


turn_ = st.one_of(st.just(FREE), st.builds(Turn, calendar=st.just("c"), work=weeks, holidays=st.sampled_from(("", "NL", "DE"))))
cycles = st.lists(turn_, min_size=1, max_size=5).map(tuple)
places = st.sampled_from([(zone, day) for zone, days in CHANGES.items() for day in days])


@pytest.mark.law(3)
@settings(deadline=None, max_examples=80)
@given(places, st.integers(-2, 1), cycles, st.integers(1, 9), st.integers(-40, 40), st.sets(st.integers(-2, 2)))
@example(("Europe/Amsterdam", date(2026, 10, 25)), -1, (NIGHTS, EARLY), 1, 0, set())
@example(("Europe/Amsterdam", date(2026, 10, 25)), -1, (EARLY, NIGHTS), 7, 6, {0})
@example(("Europe/Amsterdam", date(2026, 3, 29)), -1, (NIGHTS, FREE), 4, -3, {1})
@example(("Pacific/Apia", date(2011, 12, 30)), -2, (NIGHTS, EARLY, FREE), 1, 1, set())
def test_a_rota_is_on_when_the_clock_and_the_fingers_say_so(place, before, turns, days, shift, off):
    """Whatever turns, lengths, first days and public holidays: the minutes of the oracle, before the first day as after it."""
    zone, day = place
    start = datetime.combine(day + before * DAY, time(), UTC)
    end = start + 3 * DAY
    rota = Rota(start=day + shift * DAY, turns=turns, days=days)
    free = {"NL": frozenset(day + number * DAY for number in off), "DE": frozenset({day})}

    found = list(spans(shift_window(rota, zone), start, end, lambda code, _: dict.fromkeys(free[code], "a holiday")))

    assert found == oracle(rota, zone, start, end, free)


@settings(deadline=None, max_examples=60)
@given(cycles, st.integers(1, 9), st.integers(0, 6))
def test_whether_anybody_ever_works_is_told(turns, days, weekday):
    """As a look at each day of many rounds says; and a rota of which nobody ever works ends the search at once."""
    rota = Rota(start=date(2026, 11, 30) + weekday * DAY, turns=turns, days=days)
    round_ = 7 * days * len(turns)
    hours = any(
        NAMES[day.weekday()] in covered_by_hand(names)
        for day, turn in counted(rota, rota.start, rota.start + round_ * DAY).items()
        for names in turn.work
    )

    assert ever(rota) is hours
    last = date(9999, 12, 20) + weekday * DAY  # a Monday and so on: the same weekdays, and hardly a day after it
    assert ever(replace(rota, start=last)) is hours
    found = spans(shift_window(rota), datetime(2026, 11, 30, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC), never_off)
    assert (next(found, None) is not None) is hours


def at_work(day: str, rota: Rota = TEAM, days_off=never_off) -> list[str]:
    """The shifts that touch a day, as the clock in Amsterdam shows them."""
    begin = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=AMS)
    return [
        f"{s.start.astimezone(AMS):%a %d %H:%M}-{s.end.astimezone(AMS):%a %d %H:%M}"
        for s in spans(shift_window(rota), begin, begin + DAY, days_off)
    ]


def test_a_shift_belongs_to_the_turn_in_which_it_begins():
    """The last night of the week of nights ends on Monday morning, in the free week; the week before the first day is free."""
    assert at_work("2026-11-27") == []  # the turn before the first one is the last of the list
    assert at_work("2026-11-30") == ["Mon 30 06:00-Mon 30 14:00"]
    assert at_work("2026-12-07") == ["Mon 07 14:00-Mon 07 22:00"]
    assert at_work("2026-12-14") == ["Mon 14 22:00-Tue 15 00:00"]  # no night before it: Sunday belongs to the late week
    assert at_work("2026-12-21") == ["Mon 21 00:00-Mon 21 06:00"]
    assert at_work("2026-12-22") == []
    assert at_work("2026-12-28") == ["Mon 28 06:00-Mon 28 14:00"]


def test_each_turn_keeps_the_holidays_of_its_own_calendar():
    """Early and late are off on Christmas Day; whoever has nights works, and a window may say otherwise for all of them."""
    christmas = {date(2026, 12, 25): "Christmas Day"}
    rota = replace(TEAM, start=date(2026, 12, 21))
    nights = replace(rota, turns=(NIGHTS, EARLY))

    assert at_work("2026-12-25", rota, lambda *_: christmas) == []
    assert len(at_work("2026-12-25", nights, lambda *_: christmas)) == 2
    calendars = {"team": Calendar(name="team", time_zone="Europe/Amsterdam", rota=nights)}
    window = resolved(Window(name="w", calendar="team", holidays="DE"), calendars)
    assert [turn.holidays for turn in window.rota.turns] == ["DE", "DE"]
    asked = set()
    spans_ = spans(
        window, datetime(2026, 12, 24, tzinfo=UTC), datetime(2026, 12, 27, tzinfo=UTC), lambda c, _: asked.add(c) or {}
    )
    assert (len(list(spans_)), asked) == (4, {"DE"})


def test_who_is_closed_out_is_told_the_turn():
    """A window that follows a rota: open in its shift, and shut with the name of the turn that is on, or of a free one."""
    scope = Scope(kind=Kind.MAINTENANCE)

    def asked(moment: str) -> Opening | Closed:
        at = datetime.fromisoformat(moment).replace(tzinfo=AMS)
        return judge(at, shift_window(), (), scope, {}, lambda *_: {date(2026, 12, 2): "A day off"})

    opening = asked("2026-12-01T08:00")
    assert isinstance(opening, Opening)
    assert opening.until == datetime(2026, 12, 1, 14, tzinfo=AMS)
    late = asked("2026-12-08T08:00")
    assert isinstance(late, Closed)
    assert late.reason.startswith(
        "It is Tue 2026-12-08 08:00 in Europe/Amsterdam, in the turn late of team, and window shift ("
    )
    assert late.next == datetime(2026, 12, 8, 14, tzinfo=AMS)
    assert "in a free turn of team" in asked("2026-12-22T08:00").reason
    assert "A day off is a public holiday of NL, in the turn early of team" in asked("2026-12-02T08:00").reason
    words = (
        "window shift (calendar team: early, late, nights, off, a week each from 2026-11-30, Europe/Amsterdam, not on public"
    )
    assert window_entry(shift_window()) == f"{words} holidays of NL)"
    assert "4 days each from" in window_entry(shift_window(replace(TEAM, days=4)))


def test_turns_are_told_with_their_last_days():
    """Each with its own last day; what follows itself is one; the first may have begun earlier."""
    rota = replace(TEAM, turns=(EARLY, FREE, FREE))
    found = [(turn.calendar, last) for turn, last in turns_between(rota, date(2026, 12, 2), date(2026, 12, 22))]

    assert found == [("early", date(2026, 12, 6)), ("", date(2026, 12, 20)), ("early", date(2026, 12, 27))]


def test_a_rota_is_stored_with_its_window():
    """A plan keeps the turns with their hours: with another shift it is another window. Without a rota nothing is added."""
    calendars = {"team": Calendar(name="team", time_zone="Europe/Amsterdam", rota=TEAM)}
    window = resolved(Window(name="shift", calendar="team"), calendars)
    stored = to_data(window)

    assert (window, working_time("team", calendars)) == (shift_window(), replace(window, name="team"))
    assert from_data(Window, json.loads(canonical(stored))) == window
    assert to_data(replace(window, rota=replace(TEAM, days=8))) != stored
    assert "rota" not in to_data(Window(name="w"))
    assert working_time("nobody", calendars) is None


def test_a_calendar_without_hours_is_closed() -> None:
    """It is known, and never open: that is not the same as no calendar."""
    shut = working_time("empty", {"empty": Calendar(name="empty", time_zone="Europe/Amsterdam", holidays="NL")})

    assert shut == Window(name="empty", time_zone="Europe/Amsterdam")
    assert list(spans(shut, datetime(2026, 11, 28, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC), lambda *_: {})) == []


def test_a_rota_may_be_a_key() -> None:
    """What was found for a rota is known by it: the same turns are the same key, other hours another."""
    longer = replace(EARLY, work={"mon-fri": ("06:00-15:00",)})
    found = {TEAM: 1, replace(TEAM, turns=(longer, LATE, NIGHTS, FREE)): 2}

    assert (len(found), found[replace(TEAM)]) == (2, 1)


def test_shifts_are_found_one_by_one():
    """However far the next shift is, only the days up to it are looked at."""
    asked = []
    rota = Rota(start=date(2026, 11, 30), turns=(EARLY, *[FREE] * 9), days=14)
    start = datetime(2026, 12, 14, tzinfo=UTC)
    found = spans(shift_window(rota), start, start + 3653 * DAY, lambda *key: asked.append(key) or {})

    assert next(found).start == datetime(2027, 4, 19, 6, tzinfo=AMS)
    assert len(asked) <= 5
    assert len(list(islice(found, 20))) == 20
