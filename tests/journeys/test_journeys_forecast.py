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


def test_the_pace_counts_from_when_the_work_began(promised: Person) -> None:
    """Half is done: the command says from when it counts; begun three hours ago, outside of the run, it ends in three hours."""
    half = promised.types("done", "last", "work/one", "--percent", "50", code=0)
    assert "say it again with --started TIME" in half.err
    assert forecast_minutes(promised) < 150  # as promised: slots are a quarter of an hour
    assert "write a time as" in promised.types("done", "last", "work/one", "--percent", "50", "--started", "25:00", code=2).err
    promised.types("done", "last", "work/one", "--percent", "50", "--started", "00:00", code=0)
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    assert promised.types("why", "last", "work/one", "--json").json()["begun"] == midnight.astimezone(UTC).isoformat()
    begun = (datetime.now().astimezone() - timedelta(hours=3)).isoformat(timespec="minutes")
    told = promised.types("done", "last", "work/one", "--percent", "50", "--started", begun, code=0)
    assert "--started" not in told.err
    assert 210 < forecast_minutes(promised) < 280
    assert "begun" in promised.types("why", "last", "work/one").out
    wrong = promised.types("done", "last", "work/one", "--percent", "50", "--evidence", "photo=x", code=2)
    assert "--evidence goes with what is done" in wrong.err
    later = (datetime.now().astimezone() + timedelta(hours=1)).isoformat(timespec="minutes")
    assert "lies in the future" in promised.types("done", "last", "work/one", "--percent", "5", "--started", later, code=4).err


def forecast_minutes(person: Person) -> float:
    """In how many minutes the run is expected to end."""
    end = datetime.fromisoformat(person.types("status", "last", "--json").json()["forecast"]["end"])
    return (end - datetime.now(UTC)).total_seconds() / 60


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
    assert "Next: runbook schedule last --aim finish     may be over sooner" in refused.err


def test_a_run_that_is_over_is_not_scheduled(promised: Person) -> None:
    """There is nothing left, and that is said."""
    promised.types("stop", "last", "--reason", "enough")
    assert "is over: nothing is left to schedule" in promised.types("schedule", "last", code=4).err


def test_what_is_pinned_in_a_run_stays_where_it_is_put(promised: Person) -> None:
    """A start and a person, of what has not begun; once it is booked, forecasts keep to it."""
    start = (datetime.now(UTC) + timedelta(hours=4)).replace(minute=0, second=0, microsecond=0)
    pin = ("--pin", f"work/two={start:%Y-%m-%dT%H:%M}@ana.duarte")
    told = promised.types("schedule", "last", "--effort", "quick", *pin, "--json", code=0).json()
    two = next(task for task in told["tasks"] if task["id"] == "work/two")
    assert (two["start"], two["people"]) == (start.isoformat(), ["ana.duarte"])
    promised.types("schedule", "last", "--effort", "quick", *pin, "--book", code=0)
    again = promised.types("schedule", "last", "--effort", "quick", "--json", code=0).json()
    assert next(task for task in again["tasks"] if task["id"] == "work/two")["start"] == start.isoformat()


def test_a_pin_of_a_run_breaks_no_rule_and_moves_no_fact(promised: Person) -> None:
    """What has begun, what is past, what somebody has, and what comes before the step that it waits for."""
    now = datetime.now(UTC)
    soon = (now + timedelta(minutes=15)).replace(minute=(now.minute // 15 + 1) * 15 % 60, second=0, microsecond=0)
    quick = ("schedule", "last", "--effort", "quick", "--pin")
    assert (
        "before the project begins" in promised.types(*quick, f"work/two={now - timedelta(days=1):%Y-%m-%dT%H:%M}", code=2).err
    )
    away = now.date() + timedelta(days=1)
    promised.writes("inventory/people.yml", PEOPLE % f", leave: [{{from: {away}, to: {away + timedelta(days=9)}, why: Ill}}]")
    refused = promised.types(*quick, f"work/two={away}T12:00@ben.ott", code=4)
    assert "What is pinned breaks rules" in refused.err
    assert "Next: runbook schedule work-1, and another --pin" in refused.err
    promised.writes("inventory/people.yml", PEOPLE % "")
    assert "There is no schedule for what is left" in promised.types(*quick, f"work/two={soon:%Y-%m-%dT%H:%M}", code=4).err
    promised.types("done", "last", "work/one", code=0)
    promised.types("resume", "last", code=5)
    assert "begun already" in promised.types(*quick, f"work/one={soon:%Y-%m-%dT%H:%M}", code=2).err
    promised.types("assign", "last", "work/two", "--to", "ana.duarte", code=0)
    promised.types("resume", "last", code=5)
    assert "given to ana.duarte already" in promised.types(*quick, "work/two=@ben.ott", code=2).err


def test_a_run_is_aimed_at_an_early_end_if_that_is_asked_for(promised: Person) -> None:
    """What was promised for later is done at once then; without --aim it stays where it was put."""
    start = (datetime.now(UTC) + timedelta(hours=4)).replace(minute=0, second=0, microsecond=0)
    pin = ("--pin", f"work/two={start:%Y-%m-%dT%H:%M}@ben.ott")
    promised.types("schedule", "last", "--effort", "quick", *pin, "--book", code=0)
    kept, early = (
        promised.types("schedule", "last", "--effort", "quick", *aim, "--json", code=0).json()
        for aim in ((), ("--aim", "finish"))
    )
    assert (kept["aim"], early["aim"]) == ("change", "finish")
    assert early["finish"] < kept["finish"]
    assert [moved["id"] for moved in early["moved"]] == ["work/one", "work/two"][-len(early["moved"]) :]
    cheap = promised.types("schedule", "last", "--effort", "quick", "--aim", "cost", code=0)
    assert "aim cost" in cheap.out


def test_what_means_nothing_for_a_run_is_refused_with_what_to_type(promised: Person) -> None:
    """All of it at once, each with its reason; nothing is ignored without a word."""
    every = ("--from", "2026-12-01", "--with", "work.plan", "--release", "-p", "a=b")
    refused = promised.types("schedule", "last", *every, code=2)
    assert "--from, --with, --release, --param cannot be used with a run that is going on (last)" in refused.err
    for words in ("gets a start by --pin", "scheduled by plan", "given up for its plan", "plan of a run is fixed"):
        assert words in refused.err
    assert "runbook schedule last --pin TASK=START" in refused.err
    alone = promised.types("schedule", "work.plan", "--release", "--book", "--aim", "cost", code=2)
    assert "--release goes alone, without --aim, --book" in alone.err


def test_what_runs_have_taught_is_told_alike_by_both_commands(person: Person) -> None:
    """A step without a stated time, done once: so long it took, which is hardly known."""
    person.writes("inventory/people.yml", PEOPLE % "")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    text = HEAD.format(name="work") + STEPS.format(deadline=tomorrow)
    person.writes("runbooks/work.yml", text.replace("{person: ana.duarte}, takes: 60m", "{person: ana.duarte}"))
    told = "  work/one: 1 earlier run, "
    assert told not in person.types("feasibility", "runbooks/work.yml", code=0).out
    person.types("run", "runbooks/work.yml", code=5)
    person.types("done", "last", "work/one", code=0)
    person.types("resume", "last", code=5)
    asked = person.types("feasibility", "runbooks/work.yml", code=0).out
    shown = person.types("schedule", "runbooks/work.yml", "--effort", "quick", code=0).out
    line = next(line for line in asked.splitlines() if line.startswith(told))
    assert line.endswith("hardly known")
    assert line in shown.splitlines()
