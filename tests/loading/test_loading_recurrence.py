"""On which days events repeat: the same as a library that everybody uses, and bounded where that is not."""

import time
from datetime import date, datetime, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from runbook_engine.loading.recurrence import DAYS, repeated, rule_of

days = st.dates(date(2024, 1, 1), date(2027, 12, 31))
some_months = st.lists(st.integers(1, 12), max_size=3, unique=True)
some_month_days = st.lists(st.integers(-31, 31).filter(bool), max_size=3, unique=True)
week_days = st.lists(st.sampled_from(DAYS), max_size=3, unique=True)
ordinals = st.sampled_from(("1", "2", "-1", "5", "-5"))  # plain days among numbered ones are lost in dateutil
numbered = st.lists(st.tuples(ordinals, st.sampled_from(DAYS)).map("".join), max_size=3, unique=True)
year_days = st.lists(st.integers(-366, 366).filter(bool), min_size=1, max_size=4, unique=True)


def listed(values):
    return [str(value) for value in values]


def rule(frequency, **parts):
    return st.fixed_dictionaries({"FREQ": st.just([frequency]), **parts})


rules = st.one_of(  # none that can never match: dateutil looks for them until the year 9999
    rule("DAILY", BYMONTH=some_months, BYDAY=week_days),
    rule("DAILY", BYMONTHDAY=some_month_days, BYDAY=week_days),
    rule("WEEKLY", BYMONTH=some_months, BYDAY=week_days, WKST=st.sampled_from([["MO"], ["SU"], ["WE"]])),
    *(rule(frequency, BYMONTH=some_months, BYDAY=numbered) for frequency in ("MONTHLY", "YEARLY")),
    *(rule(frequency, BYMONTHDAY=some_month_days, BYDAY=week_days) for frequency in ("MONTHLY", "YEARLY")),
    rule("YEARLY", BYYEARDAY=year_days),
)


@settings(deadline=None, max_examples=200, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(days, rules, st.integers(1, 4), st.sampled_from(([], [1], [-1], [1, -1])))
def test_a_rule_falls_on_the_days_that_rfc_5545_says(first, rule, interval, positions):
    """Against dateutil, an independent implementation: frequency, interval, months, days, numbered days, positions."""
    said = {key: listed(values) for key, values in rule.items() if values} | {"INTERVAL": [str(interval)]}
    if positions and len(said) > 2 and said["FREQ"] != ["WEEKLY"]:  # of a week that began before, dateutil counts the rest
        said["BYSETPOS"] = listed(positions)
    text = ";".join(f"{key}={','.join(values)}" for key, values in said.items())
    last = first + timedelta(days=1200)

    theirs = rrulestr(f"RRULE:{text};UNTIL={last:%Y%m%d}T000000", dtstart=datetime.combine(first, datetime.min.time()))
    ours = list(repeated(rule_of(said, first), first, last))

    assert ours == [moment.date() for moment in theirs]


def test_a_rule_that_never_matches_costs_nothing():
    """The 30th of February in each of ten years is looked for in ten years, not in eight thousand."""
    began = time.perf_counter()
    said = {"FREQ": ["DAILY"], "BYMONTH": ["2"], "BYMONTHDAY": ["30"]}

    assert list(repeated(rule_of(said, date(2026, 1, 1)), date(2026, 1, 1), date(2036, 1, 1))) == []
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"FREQ": ["HOURLY"]}, "repeats DAILY, WEEKLY, MONTHLY or YEARLY here, not HOURLY"),
        ({}, "not at all"),
        ({"FREQ": ["WEEKLY"], "BYDAY": ["2MO"]}, "BYDAY=2MO is not understood in a rule that repeats WEEKLY"),
        ({"FREQ": ["DAILY"], "BYHOUR": ["3"]}, "BYHOUR is not understood"),
        ({"FREQ": ["YEARLY"], "BYWEEKNO": ["3"]}, "BYWEEKNO is not understood"),
        ({"FREQ": ["WEEKLY"], "BYMONTHDAY": ["3"]}, "BYMONTHDAY is not understood in a rule that repeats WEEKLY"),
        ({"FREQ": ["MONTHLY"], "BYMONTHDAY": ["0"]}, "BYMONTHDAY is out of bounds: 0"),
        ({"FREQ": ["DAILY"], "INTERVAL": ["0"]}, "INTERVAL is out of bounds: 0"),
        ({"FREQ": ["DAILY"], "INTERVAL": ["99999999999"]}, "INTERVAL is out of bounds"),
    ],
)
def test_what_is_not_understood_is_refused(said, message):
    """A part of a rule that is not followed is never left out in silence."""
    with pytest.raises(ValueError, match=message):
        rule_of(said, date(2026, 1, 1))
