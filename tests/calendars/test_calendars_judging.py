"""Whether work may start: window, freezes and start date together, and the next moment at which it may."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from runbook_engine.calendars import freeze_spans, holding, judge, spans
from runbook_engine.model.estate import Freeze, Window
from runbook_engine.model.times import Closed, Opening, Scope, Span
from runbook_engine.model.words import Kind

MINUTE = timedelta(minutes=1)
ZONES = {"ams1": "Europe/Amsterdam", "nyc1": "America/New_York", "lhi1": "Australia/Lord_Howe", "ktm1": "Asia/Kathmandu"}
NIGHT = Window(name="night", time_zone="Europe/Amsterdam", open={"mon-fri": ("22:00-04:00",)})
AMS = Scope(kind=Kind.UPGRADE, sites=frozenset({"ams1"}), services=frozenset({"orders"}))


def never_off(code, year):
    return {}


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def on_the_wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def asked(moment, window=NIGHT, freezes=(), scope=AMS, days_off=never_off, not_before=None):
    return judge(moment, window, freezes, scope, ZONES, days_off, not_before)


def test_without_restrictions_work_may_start_and_no_end_is_known():
    """No window, no freeze, no date: open, named by nothing, without an end."""
    assert asked(at("2026-11-27 14:00"), window=None) == Opening()


def test_an_opening_names_the_window_and_its_end():
    """Inside the hours the answer is the entry in words and when it closes."""
    answer = asked(at("2026-11-27 23:00", "Europe/Amsterdam"))

    entry = "window night (mon-fri 22:00-04:00, Europe/Amsterdam)"
    assert answer == Opening(entry=entry, until=at("2026-11-28 04:00", "Europe/Amsterdam"))


@pytest.mark.law(3)
def test_a_closed_window_says_what_time_it_is_there_and_when_it_opens():
    """Outside the hours nothing starts: the sentence holds the clock of the window and the entry; the next opening is known."""
    answer = asked(at("2026-11-28 04:00", "Europe/Amsterdam"))

    assert answer == Closed(
        kind="window",
        entry="window night (mon-fri 22:00-04:00, Europe/Amsterdam)",
        reason="It is Sat 2026-11-28 04:00 in Europe/Amsterdam, "
        "and window night (mon-fri 22:00-04:00, Europe/Amsterdam) is not open.",
        next=at("2026-11-30 22:00", "Europe/Amsterdam"),
    )


@pytest.mark.law(3)
def test_a_public_holiday_closes_the_window_and_is_named():
    """On a day off the weekly hours do not count, and whoever is stopped reads why."""
    window = Window(name="day", time_zone="Europe/Amsterdam", open={"mon-fri": ("09:00-17:00",)}, holidays="NL")

    def off(code, year):
        return {date(2026, 12, 25): "Christmas Day"} if (code, year) == ("NL", 2026) else {}

    answer = asked(at("2026-12-25 10:00", "Europe/Amsterdam"), window=window, days_off=off)

    assert isinstance(answer, Closed)
    assert ", Christmas Day is a public holiday of NL, and window day (" in answer.reason
    assert answer.next == at("2026-12-28 09:00", "Europe/Amsterdam")
    early = asked(at("2026-12-25 08:00", "Europe/Amsterdam"), window=window, days_off=off)
    assert isinstance(early, Closed)
    assert "public holiday of NL, and" not in early.reason.replace("not on public holidays of NL", "")


@pytest.mark.law(3)
def test_a_freeze_goes_before_the_window_and_names_who_lifts_it():
    """When both forbid, the freeze is named, with its people; the next opening lies after both."""
    freeze = Freeze(start=date(2026, 12, 19), end=date(2027, 1, 4), sites=("ams1",), why="Holiday trade", lift=("eva.koster",))

    answer = asked(at("2026-12-24 12:00"), freezes=(freeze,))

    entry = "freeze 2026-12-19 to 2027-01-04 at ams1 (Holiday trade)"
    assert answer == Closed(
        kind="freeze",
        entry=entry,
        reason=f"F{entry[1:]} forbids changes.",
        next=at(
            "2027-01-05 00:00", "Europe/Amsterdam"
        ),  # the night of Monday, which begins inside the freeze, goes on after it
        lift=("eva.koster",),
    )


def test_an_opening_ends_where_a_freeze_begins():
    """`until` is the earlier of the end of the window and the start of the next freeze."""
    freeze = Freeze(start=date(2026, 11, 28), end=date(2026, 11, 29), why="Sale", services=("orders",), kinds=("upgrade",))

    answer = asked(at("2026-11-27 23:00", "Europe/Amsterdam"), freezes=(freeze,))

    assert isinstance(answer, Opening)
    assert answer.until == at("2026-11-28 00:00", "Europe/Amsterdam")


def test_not_before_counts_from_midnight_at_all_sites():
    """A start date is a restriction like the others; the next opening lies after it. It has come last in New York."""
    scope = Scope(kind=Kind.INSTALL, sites=frozenset({"nyc1", "ktm1"}))
    moment = at("2026-12-01 10:00")

    answer = judge(moment, None, (), scope, ZONES, never_off, date(2026, 12, 3))

    assert isinstance(answer, Closed)
    assert (answer.kind, answer.next) == ("start", at("2026-12-03 00:00", "America/New_York"))
    assert answer.reason == "It may not start before Thu 2026-12-03 00:00 (America/New_York)."
    assert isinstance(judge(answer.next, None, (), scope, ZONES, never_off, date(2026, 12, 3)), Opening)


@pytest.mark.law(3)
@pytest.mark.parametrize(
    ("stated", "holds"),
    [
        ({}, True),
        ({"sites": ("ams1",)}, True),
        ({"sites": ("nyc1",)}, False),
        ({"sites": ("nyc1", "ams1")}, True),
        ({"services": ("orders", "mail")}, True),
        ({"services": ("mail",)}, False),
        ({"kinds": ("install",)}, False),
        ({"kinds": ("upgrade",), "services": ("orders",), "sites": ("ams1",)}, True),
        ({"kinds": ("upgrade",), "services": ("mail",), "sites": ("ams1",)}, False),
    ],
)
def test_a_freeze_holds_where_all_that_it_states_matches(stated, holds):
    """Site, service and kind: what is not stated matches everything."""
    freeze = Freeze(start=date(2026, 11, 1), end=date(2026, 11, 30), why="x", **stated)
    moment = at("2026-11-27 14:00")

    assert isinstance(asked(moment, window=None, freezes=(freeze,)), Closed) is holds
    assert holding(moment, (freeze,), AMS, ZONES) == ((freeze,) if holds else ())


def test_of_several_freezes_the_last_to_end_is_named_and_all_can_be_asked_for():
    """Lifting one freeze does not lift the others: `holding` gives every one, and without the lifted one the next is named."""
    short = Freeze(start=date(2026, 11, 1), end=date(2026, 11, 28), why="short", lift=("a",))
    long = Freeze(start=date(2026, 11, 20), end=date(2026, 11, 30), why="long", lift=("b",))
    moment = at("2026-11-27 14:00")

    answer = asked(moment, window=None, freezes=(long, short))

    assert isinstance(answer, Closed)
    assert answer.lift == ("b",)
    assert holding(moment, (long, short), AMS, ZONES) == (long, short)
    without = asked(moment, window=None, freezes=(short,))
    assert isinstance(without, Closed)
    assert without.lift == ("a",)


def test_a_freeze_counts_its_days_at_each_site():
    """From 00:00 of the first to 24:00 of the last day, in the zone of each of its sites, or of the scope, or else UTC."""
    freeze = Freeze(start=date(2026, 12, 19), end=date(2026, 12, 19), why="x", sites=("ams1", "nyc1"))

    assert freeze_spans(freeze, ZONES) == (Span(at("2026-12-18 23:00"), at("2026-12-20 05:00")),)
    assert freeze_spans(freeze, {"nyc1": ZONES["nyc1"]}) == (Span(at("2026-12-19 05:00"), at("2026-12-20 05:00")),)
    anywhere = Freeze(start=date(2026, 12, 19), end=date(2026, 12, 19), why="x")
    assert freeze_spans(anywhere, {"ktm1": ZONES["ktm1"]}) == (Span(at("2026-12-18 18:15"), at("2026-12-19 18:15")),)
    assert freeze_spans(anywhere, {}) == (Span(at("2026-12-19 00:00"), at("2026-12-20 00:00")),)


def test_a_freeze_over_a_clock_change_is_never_shorter_than_it_says():
    """A beginning that comes twice is the first, an end that comes twice the last; with an offset it is that moment."""
    twice = Freeze(start=on_the_wall("2026-10-25 02:30"), end=on_the_wall("2026-10-25 02:45"), why="x")
    exact = Freeze(start=at("2026-10-25 00:30"), end=at("2026-10-25 00:45"), why="x")

    assert freeze_spans(twice, {"ams1": ZONES["ams1"]}) == (Span(at("2026-10-25 00:30"), at("2026-10-25 01:45")),)
    assert freeze_spans(exact, ZONES) == (Span(at("2026-10-25 00:30"), at("2026-10-25 00:45")),)


def test_what_cannot_be_found_out_is_raised():
    """A site or a moment without a zone, holidays that nobody knows, a calendar that is not written in: never open."""

    def unknown(code, year):
        raise ValueError(f"the public holidays of {code} are not known")

    window = Window(name="w", open={"mon-sun": ("00:00-24:00",)}, holidays="XX")
    moment = at("2026-11-27 14:00")
    with pytest.raises(ValueError, match="time zone of rot1 is not known"):
        asked(moment, scope=Scope(kind=Kind.INSTALL, sites=frozenset({"ams1", "rot1"})))
    with pytest.raises(ValueError, match="needs a time zone"):
        asked(on_the_wall("2026-11-27 14:00"))
    with pytest.raises(ValueError, match="holidays of XX are not known"):
        asked(moment, window=window, days_off=unknown)
    with pytest.raises(ValueError, match="not written in"):
        asked(moment, window=Window(name="w", calendar="office"))


def test_a_window_that_never_opens_again_has_no_next_opening():
    """Looked for up to 400 days ahead, and then said to be unknown."""
    gone = Window(name="gone", dates=(Span(at("2020-01-01"), at("2020-01-02")), Span(at("2029-01-01"), at("2029-01-02"))))

    answer = asked(at("2026-11-27 14:00"), window=gone)

    assert isinstance(answer, Closed)
    assert (answer.next, answer.entry) == (None, "window gone (2 single openings)")


def test_ten_years_of_openings_and_freezes_cost_only_what_is_near():
    """Thousands of past and future entries: the answer looks at the days around the moment, not at all of them."""
    looked_at = []

    def off(code, year):
        looked_at.append(year)
        return {}

    start = at("2020-01-01")
    dates = tuple(Span(start + timedelta(hours=9 * n), start + timedelta(hours=9 * n + 1)) for n in range(9_700))
    week = {"mon-sun": ("22:00-04:00",)}
    window = Window(name="w", open=week, holidays="NL", dates=dates)
    freezes = [
        Freeze(
            start=date(2020, 1, 1) + timedelta(days=n), end=date(2020, 1, 1) + timedelta(days=n), why="x", kinds=("install",)
        )
        for n in range(3650)
    ]

    answer = asked(at("2026-11-27 23:00"), window=window, freezes=freezes, days_off=off)

    assert isinstance(answer, Opening)
    assert len(looked_at) <= 6


moments = st.builds(
    lambda day, minute: datetime.combine(day, time(), UTC) + MINUTE * minute,
    st.sampled_from((date(2026, 3, 28), date(2026, 10, 24), date(2026, 10, 31), date(2026, 4, 4), date(2026, 6, 3))),
    st.integers(0, 2880),
)
hours = (
    st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda p: p[0] != p[1]).map(lambda p: f"{p[0]:02}:30-{p[1]:02}:00")
)
windows = st.one_of(
    st.none(),
    st.builds(
        lambda zone, week, off: Window(name="w", time_zone=zone, open=week, holidays=off),
        st.sampled_from(sorted(ZONES.values())),
        st.dictionaries(
            st.sampled_from(("mon", "tue", "wed", "thu", "fri", "sat", "sun")), hours.map(lambda text: (text,)), min_size=1
        ),
        st.sampled_from(("", "NL")),
    ),
)
sites = st.lists(st.sampled_from(sorted(ZONES)), max_size=2, unique=True).map(tuple)


@st.composite
def freezes_near(draw, moment):
    first = moment.date() + timedelta(days=draw(st.integers(-3, 4)))
    if draw(st.booleans()):
        start, end = first, first + timedelta(days=draw(st.integers(0, 2)))
    else:
        start = datetime.combine(first, time(draw(st.integers(0, 23)), 30))
        end = start + timedelta(hours=draw(st.integers(1, 40)))
    return Freeze(
        start=start, end=end, why="x", sites=draw(sites), services=draw(st.sampled_from(((), ("orders",), ("mail",))))
    )


def concerned(freeze, scope):
    """The zones in which a freeze counts for a scope; none if it is not about it."""
    about = scope.sites & set(freeze.sites) if freeze.sites else scope.sites
    if (freeze.sites and not about) or (freeze.services and not scope.services & set(freeze.services)):
        return set()
    return {ZoneInfo(ZONES[site]) for site in about} or {ZoneInfo("UTC")}


def frozen(moment, freezes, scope):
    """The oracle for freezes: what the clocks of the sites concerned show."""
    for freeze in freezes:
        for zone in concerned(freeze, scope):
            if not isinstance(freeze.start, datetime):
                if freeze.start <= moment.astimezone(zone).date() <= freeze.end:
                    return True
                continue
            start, end = freeze.start.replace(tzinfo=zone, fold=0), freeze.end.replace(tzinfo=zone, fold=1)
            if start.timestamp() <= moment.timestamp() < end.timestamp():
                return True
    return False


def skipped(freezes, scope):
    """Whether a clock jumps over an edge of a freeze: then it is the moment of the jump, which this oracle does not know."""
    edges = [e for f in freezes for e in (f.start, f.end) if isinstance(e, datetime)]
    zones = {zone for freeze in freezes for zone in concerned(freeze, scope)}
    return any(e.replace(tzinfo=z, fold=0).timestamp() > e.replace(tzinfo=z, fold=1).timestamp() for e in edges for z in zones)


@pytest.mark.law(3)
@settings(deadline=None, max_examples=80)
@given(st.data(), moments, windows, sites, st.none() | st.integers(-2, 4))
def test_the_next_opening_is_open_and_nothing_before_it_is(data, moment, window, where, days):
    """Minute by minute up to the next opening every moment is closed, and that one is open; what is open stays so."""
    scope = Scope(kind=Kind.UPGRADE, sites=frozenset(where), services=frozenset({"orders"}))
    freezes = data.draw(st.lists(freezes_near(moment), max_size=3))
    not_before = None if days is None else moment.date() + timedelta(days=days)
    clocks = [ZoneInfo(ZONES[site]) for site in where] or [ZoneInfo("UTC")]

    def too_early(when):
        return not_before is not None and any(when.astimezone(clock).date() < not_before for clock in clocks)

    def off(code, year):
        return {moment.date() + timedelta(days=1): "a holiday"}

    def open_at(when):
        early = too_early(when)
        cold = frozen(when, freezes, scope)
        within = window is None or next(spans(window, when, when + MINUTE, off), None) is not None
        return not early and not cold and within

    answer = judge(moment, window, freezes, scope, ZONES, off, not_before)

    assume(not skipped(freezes, scope))
    now = open_at(moment)
    assert isinstance(answer, Opening) is now
    if isinstance(answer, Opening):
        until = answer.until or moment + timedelta(hours=1)
        assert all(open_at(moment + MINUTE * n) for n in range(0, min(2000, (until - moment) // MINUTE), 7))
        assert answer.until is None or not open_at(answer.until)
        return
    assert answer.kind == ("freeze" if frozen(moment, freezes, scope) else "start" if too_early(moment) else "window")
    assert answer.next is not None
    assert isinstance(judge(answer.next, window, freezes, scope, ZONES, off, not_before), Opening)
    assert open_at(answer.next)
    for n in range(0, min(6000, (answer.next - moment) // MINUTE), 5):
        assert not open_at(moment + MINUTE * n)
    assert not open_at(answer.next - MINUTE)
