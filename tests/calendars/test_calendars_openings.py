"""When windows are open: against an oracle that looks at the clock on the wall minute by minute, over clock changes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runbook_engine.calendars import resolved, spans
from runbook_engine.model.estate import Calendar, Window
from runbook_engine.model.times import Span
from runbook_engine.model.wire import canonical, from_data, to_data

MINUTE = timedelta(minutes=1)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHANGES = {  # days around which the clock is changed, in zones of very different habits; some without any
    "Europe/Amsterdam": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),  # by half an hour
    "Asia/Kathmandu": (date(2026, 6, 1), date(1986, 1, 1)),  # 15 minutes, once, at midnight
    "America/Havana": (date(2026, 3, 8), date(2026, 11, 1)),  # at midnight
    "America/St_Johns": (date(2010, 3, 14), date(2010, 11, 7)),  # a minute after midnight, into the day before
    "Pacific/Apia": (date(2011, 12, 30), date(2011, 4, 2)),  # a whole day was left out
    "UTC": (date(2026, 3, 29), date(2026, 12, 31)),
}


def never_off(code: str, year: int) -> Mapping[date, str]:
    return {}


def minutes(hours: str) -> tuple[int, int]:
    begin, end = (int(part[:2]) * 60 + int(part[3:5]) for part in hours.split("-"))
    return begin, end if end > begin else end + 24 * 60


def says_open(moment: datetime, week: Mapping[str, tuple[str, ...]], zone: ZoneInfo, off: frozenset[date]) -> bool:
    """The oracle: whether the clock on the wall shows a time within the hours of today, or of yesterday's past midnight."""
    local = moment.astimezone(zone).replace(tzinfo=None)
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        since = (local - datetime.combine(day, time())) // MINUTE
        for hours in () if day in off else week.get(NAMES[day.weekday()], ()):
            begin, end = minutes(hours)
            if begin <= since < end:
                return True
    return False


def oracle(window: Window, start: datetime, end: datetime, off: frozenset[date] = frozenset()) -> list[Span]:
    """All minutes that are open, joined."""
    zone = ZoneInfo(window.time_zone)
    return minutes_joined(
        start,
        end,
        lambda moment: (
            any(date_span.start <= moment < date_span.end for date_span in window.dates)
            or says_open(moment, window.open, zone, off)
        ),
    )


def minutes_joined(start: datetime, end: datetime, is_open: Callable[[datetime], bool]) -> list[Span]:
    """The minutes that are open, of which those that follow each other are one span."""
    found, moment = list[list[datetime]](), start
    while moment < end:
        if is_open(moment):
            if found and found[-1][1] == moment:
                found[-1][1] = moment + MINUTE
            else:
                found.append([moment, moment + MINUTE])
        moment += MINUTE
    return [Span(*pair) for pair in found]


clock = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 1, 15, 30, 45, 59)))
night = st.builds("{:02}:{:02}".format, st.integers(0, 3), st.sampled_from((0, 1, 15, 30, 45)))  # where clocks are changed
opening = st.one_of(st.tuples(clock | night, clock | night), st.tuples(clock, st.just("24:00"))).filter(lambda p: p[0] != p[1])
weeks = st.dictionaries(st.sampled_from(NAMES), st.lists(opening.map("-".join), min_size=1, max_size=3).map(tuple))
places = st.sampled_from([(zone, day) for zone, days in CHANGES.items() for day in days])
EVERY = dict.fromkeys(NAMES, ("22:00-04:00",))


@pytest.mark.law(3)
@settings(deadline=None, max_examples=90)
@given(
    places,
    st.integers(-2, 1),
    weeks,
    st.sets(st.integers(-2, 2)),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 900)), max_size=3),
)
@example(("Europe/Amsterdam", date(2026, 10, 25)), -1, {"sun": ("02:30-04:00", "00:00-02:15")}, set(), [])
@example(("Europe/Amsterdam", date(2026, 10, 25)), -1, {"sat": ("22:00-02:30",), "sun": ("02:10-02:20",)}, set(), [])
@example(("Europe/Amsterdam", date(2026, 3, 29)), -1, {"sun": ("02:15-02:45", "02:30-05:00")}, set(), [])
@example(("Pacific/Apia", date(2011, 12, 30)), -2, EVERY, set(), [])
@example(
    ("America/St_Johns", date(2010, 11, 7)), -1, {"sat": ("23:00-24:00",), "sun": ("00:00-00:30", "23:30-00:15")}, set(), []
)
def test_a_window_is_open_when_the_clock_on_the_wall_says_so(place, before, week, off, singles):
    """Weekly hours, single openings and public holidays give the minutes of the oracle: sorted, joined, clipped, in UTC."""
    zone, day = place
    start = datetime.combine(day + timedelta(days=before), time(), UTC)
    end = start + timedelta(days=3)
    dates = tuple(Span(start + MINUTE * at, start + MINUTE * (at + long)) for at, long in singles)
    free = frozenset(day + timedelta(days=number) for number in off)
    window = Window(name="w", time_zone=zone, open=week, holidays="NL", dates=dates)

    found = list(spans(window, start, end, lambda *_: dict.fromkeys(free, "a holiday")))

    assert found == oracle(window, start, end, free)
    assert all(span.start.tzinfo is UTC and span.end.tzinfo is UTC for span in found)


@settings(deadline=None, max_examples=40)
@given(places, weeks, st.integers(0, 4 * 1440), st.integers(1, 1440))
def test_a_part_of_the_time_is_the_whole_clipped(place, week, at, long):
    """Asked for any part of the time, the answer is that of all the time, clipped: nothing depends on where one begins."""
    start = datetime.combine(place[1] - timedelta(days=2), time(), UTC)
    window = Window(name="w", time_zone=place[0], open=week)
    begin, end = start + MINUTE * at, start + MINUTE * (at + long)

    whole = spans(window, start - timedelta(days=3), start + timedelta(days=9), never_off)
    clipped = [Span(max(s.start, begin), min(s.end, end)) for s in whole if s.start < end and s.end > begin]

    assert list(spans(window, begin, end, never_off)) == clipped


@pytest.mark.law(3)
@pytest.mark.parametrize(
    ("zone", "day", "hours", "expected"),
    [
        # spring: 02:00 becomes 03:00
        ("Europe/Amsterdam", "2026-03-29", "02:30-04:00", ["01:00-02:00"]),
        ("Europe/Amsterdam", "2026-03-29", "01:00-02:30", ["00:00-01:00"]),
        ("Europe/Amsterdam", "2026-03-29", "02:00-03:00", []),
        # autumn: 03:00 becomes 02:00
        ("Europe/Amsterdam", "2026-10-25", "01:00-04:00", ["23:00-03:00"]),
        ("Europe/Amsterdam", "2026-10-25", "02:30-04:00", ["00:30-01:00", "01:30-03:00"]),
        ("Europe/Amsterdam", "2026-10-25", "01:00-02:30", ["23:00-00:30", "01:00-01:30"]),
        ("Europe/Amsterdam", "2026-10-25", "02:15-02:45", ["00:15-00:45", "01:15-01:45"]),
        ("Asia/Kathmandu", "2026-10-25", "00:00-24:00", ["18:15-18:15"]),
    ],
)
def test_hours_that_a_clock_change_cuts(zone, day, hours, expected):
    """The rules of the page, one by one: what is jumped over is no part of it, what comes twice counts as it is shown."""
    weekday = NAMES[date.fromisoformat(day).weekday()]
    noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    window = Window(name="w", time_zone=zone, open={weekday: (hours,)})

    found = spans(window, noon - timedelta(days=2), noon + timedelta(days=2), never_off)

    assert [f"{span.start:%H:%M}-{span.end:%H:%M}" for span in found] == expected


def test_an_opening_belongs_to_the_day_on_which_it_begins():
    """The night of a public holiday does not open; the night before it goes on into it."""
    window = Window(name="w", time_zone="UTC", open={"mon-fri": ("22:00-04:00",)}, holidays="NL")
    monday = datetime(2026, 5, 4, tzinfo=UTC)
    asked = []

    def off(code, year):
        asked.append((code, year))
        return {date(2026, 5, 5): "Liberation Day"}

    found = list(spans(window, monday, monday + timedelta(days=4), off))

    assert [span.start.day for span in found] == [4, 6, 7]
    assert found[0] == Span(datetime(2026, 5, 4, 22, tzinfo=UTC), datetime(2026, 5, 5, 4, tzinfo=UTC))
    assert set(asked) == {("NL", 2026)}


def test_openings_that_touch_are_one():
    """22:00 to midnight and midnight to 04:00 of the next day are one opening, and a week without gaps is one."""
    week = {"mon": ("22:00-24:00",), "tue": ("00:00-04:00",)}
    monday = datetime(2026, 5, 4, tzinfo=UTC)
    end = monday + timedelta(days=7)

    assert [s.end - s.start for s in spans(Window(name="w", open=week), monday, end, never_off)] == [timedelta(hours=6)]
    always = Window(name="w", open={"mon-sun": ("00:00-24:00",)}, time_zone="Europe/Amsterdam")
    assert list(spans(always, monday, end, never_off)) == [Span(monday, end)]


def test_a_calendar_is_written_into_its_window():
    """A resolved window holds hours, zone and holidays of its calendar; its own holidays go before the calendar's."""
    calendars = {"office": Calendar(name="office", time_zone="Europe/Amsterdam", work={"mon": ("09:00-17:00",)}, holidays="NL")}

    window = resolved(Window(name="w", calendar="office"), calendars)

    assert (window.time_zone, window.open, window.holidays) == ("Europe/Amsterdam", {"mon": ("09:00-17:00",)}, "NL")
    assert resolved(window, {"office": calendars["office"]}) == window
    assert resolved(Window(name="w", calendar="office", holidays="DE-BY"), calendars).holidays == "DE-BY"
    own = Window(name="w", open={"mon": ("09:00-17:00",)})
    assert resolved(own, {}) is own


def test_a_window_that_is_not_known_whole_is_refused():
    """A calendar that is not there, has no hours or was not written in raises: nothing passes for never or always open."""
    at = datetime(2026, 5, 4, tzinfo=UTC)

    with pytest.raises(ValueError, match="does not exist"):
        resolved(Window(name="w", calendar="office"), {})
    with pytest.raises(ValueError, match="has no hours"):
        resolved(Window(name="w", calendar="office"), {"office": Calendar(name="office")})
    with pytest.raises(ValueError, match="not written in"):
        spans(Window(name="w", calendar="office"), at, at, never_off)
    with pytest.raises(ValueError, match="time zone"):
        spans(Window(name="w"), at.replace(tzinfo=None), at, never_off)


def test_a_window_is_stored_with_all_that_opens_it():
    """A plan keeps hours, zone, holidays, dates and the name of the file; where the file was copied from is not in it."""
    day = datetime(2026, 5, 4, tzinfo=UTC)
    dates = (Span(day, day + MINUTE),)
    window = Window(name="w", time_zone="Asia/Kathmandu", open=EVERY, holidays="NL", dates=dates, source="c.ics", url="x")

    stored = to_data(window)

    assert from_data(Window, json.loads(canonical(stored))) == window
    assert to_data(replace(window, url="y")) == stored
    assert to_data(replace(window, dates=(Span(day, day + 2 * MINUTE),))) != stored


def test_openings_are_found_one_by_one():
    """However long the time that is asked for, only the days around the first opening are looked at."""
    looked_at = []

    def off(code, year):
        looked_at.append(year)
        return {}

    window = Window(name="w", time_zone="Europe/Amsterdam", open={"mon-sun": ("22:00-04:00",)}, holidays="NL")
    start = datetime(2036, 5, 4, tzinfo=UTC)
    found = spans(window, start, start + timedelta(days=3653), off)

    assert looked_at == []
    first = next(found)
    assert (first.start, len(looked_at) <= 5) == (start, True)
    assert sum(1 for _ in found) == 3653
    assert len(looked_at) <= 3660
