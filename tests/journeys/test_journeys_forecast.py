"""The schedule lives: what was promised, what is expected now, who must be told; at the real command line."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from journeys.command_line import Person
from journeys.machines import HEAD

STEPS = """deadline: {deadline}
phases:
  - id: work
    title: Work by hand
    steps:
      - {{id: one, title: The first part, manual: Do it., who: {{person: ana.duarte}}, takes: 60m}}
      - {{id: two, title: The second part, manual: Do it., who: {{skill: hands}}, takes: 60m}}
"""
PEOPLE = """format: 1
people:
  ana.duarte: {name: Ana Duarte, skills: {hands: 2}, calendar: always}
  ben.ott: {name: Ben Ott, skills: {hands: 1}, calendar: always%s}
calendars: {always: {time_zone: UTC, work: {mon-sun: "00:00-24:00"}}}
"""


@pytest.fixture
def promised(person: Person) -> Person:
    """Somebody who has promised two hours of work from now on, and has begun."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    person.writes("inventory/people.yml", PEOPLE % "")
    person.writes("runbooks/work.yml", HEAD.format(name="work") + STEPS.format(deadline=tomorrow))
    person.types("plan", "runbooks/work.yml", "-o", "work.plan", code=0)
    pin = ("--pin", "work/two=@ben.ott")
    assert "Booked: work" in person.types("schedule", "work.plan", "--effort", "quick", *pin, "--book", code=0).err
    person.types("run", "work.plan", code=5)
    return person


def test_a_run_says_where_it_will_end_beside_what_was_promised(promised: Person) -> None:
    """At once as promised; when work was done early that is told, and the JSON form says the same."""
    told = promised.types("status", "last").out
    assert "promised " in told
    assert "as promised" in told
    promised.types("done", "last", "work/one", code=0)
    promised.types("resume", "last", code=5)
    forecast = promised.types("status", "last", "--json").json()["forecast"]
    assert forecast["promised"] >= forecast["end"]
    assert not forecast["alarm"]


def test_somebody_is_away_and_those_who_must_be_told_are_named(promised: Person) -> None:
    """Ben is on leave from today: his work goes to Ana, both are told, and the new schedule can be promised."""
    today = datetime.now(UTC).date()
    away = f", leave: [{{from: {today}, to: {today + timedelta(days=20)}, why: Ill}}]"
    promised.writes("inventory/people.yml", PEOPLE % away)
    told = promised.types("status", "last").out
    assert "of the tasks that are left are not as promised" in told
    assert "ben.ott" in told
    shown = promised.types("schedule", "last", "--effort", "quick", "-o", "now.svg", "--book", code=0)
    assert "Expected now" in shown.out
    assert "Ben Ott" in shown.out
    assert "Booked: work as it goes on now" in shown.err
    assert (promised.folder / "now.svg").read_text(encoding="utf-8").startswith("<svg")
    promised.types("schedule", "last", "--effort", "quick", "-o", "now.json", code=0)
    assert json.loads((promised.folder / "now.json").read_text(encoding="utf-8"))["kind"] == "schedule"
    assert "as promised" in promised.types("status", "last").out
    assert "work/two" in promised.types("tasks", "--for", "ana.duarte").out


def test_the_alarm_comes_before_the_deadline_is_missed(promised: Person) -> None:
    """What is left cannot be over in time any more: that is said now, while nothing is late yet."""
    today = datetime.now(UTC).date()
    away = f"leave: [{{from: {today}, to: {today + timedelta(days=9)}, why: Ill}}]"
    people = (PEOPLE % f", {away}").replace("hands: 2}, calendar: always", f"hands: 2}}, calendar: always, {away}")
    promised.writes("inventory/people.yml", people)
    told = promised.types("status", "last").out
    assert "LATER than promised" in told
    assert "ALARM: by this forecast it is over" in told
    refused = promised.types("schedule", "last", "--effort", "quick", code=4)
    assert "ALARM" in refused.all


def test_a_run_that_is_over_is_not_scheduled(promised: Person) -> None:
    """There is nothing left, and that is said."""
    promised.types("stop", "last", "--reason", "enough")
    assert "is over: nothing is left to schedule" in promised.types("schedule", "last", code=4).err
