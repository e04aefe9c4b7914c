"""When people work, as it is told: days that are alike in one line, turns, leave, work beside a calendar; and the command."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from runbook_engine.cli.entry import outcome
from runbook_engine.model.estate import Rota, Turn
from runbook_engine.model.times import Span
from runbook_engine.reporting.working_hours import Hours, hours_data, hours_text

AMS = ZoneInfo("Europe/Amsterdam")
ROTA = Rota(start=date(2026, 11, 30), turns=(Turn(calendar="late"), Turn()))


def shift(begin: str, hours: float) -> Span:
    """So many hours from a moment on the clock in Amsterdam."""
    start = datetime.fromisoformat(begin).replace(tzinfo=AMS)
    return Span(start, start + timedelta(hours=hours))


def told(*spans: Span, **more: object) -> Hours:
    """The hours of Ben."""
    given = {"name": "Ben Ott", "calendar": "team-b", "words": "late, off", "zone": AMS, "rota": ROTA, **more}
    return Hours(spans=spans, **given)  # type: ignore[arg-type]


def test_days_that_are_alike_are_one_line() -> None:
    """Days that follow each other with the same hours in the same turn; what is apart or other is a line of its own."""
    days = [shift(f"2026-12-0{n}T14:00", 8) for n in (1, 2, 3, 5)]
    more = [shift("2026-12-06T09:00", 3), shift("2026-12-06T13:00", 3), shift("2026-12-08T22:00", 8)]

    assert hours_text(told(*days, *more)).splitlines() == [
        "Ben Ott, team-b: late, off",
        "  Tue 1 Dec – Thu 3 Dec 2026  14:00–22:00               late",
        "  Sat 5 Dec 2026              14:00–22:00               late",
        "  Sun 6 Dec 2026              09:00–12:00, 13:00–16:00  late",
        "  Tue 8 Dec 2026              22:00–06:00",
    ]


def test_leave_and_work_beside_a_calendar_are_told() -> None:
    """With their reasons; a shift that goes over into such work is both. What has no end within a day says its day."""
    away = ((shift("2026-12-02T00:00", 48), "Holiday"), (shift("2026-12-04T09:00", 2), ""))
    beside = ((shift("2026-12-01T22:00", 8), "for Cem"), (shift("2026-12-08T06:00", 8), ""))
    spans = (shift("2026-12-01T14:00", 16), shift("2026-12-05T00:00", 49), shift("2026-12-08T06:00", 8))

    assert hours_text(told(*spans, away=away, beside=beside)).splitlines()[1:] == [
        "  Tue 1 Dec 2026              14:00–06:00            late, also (for Cem)",
        "  Wed 2 Dec – Thu 3 Dec 2026                         on leave (Holiday)",
        "  Fri 4 Dec 2026              09:00–11:00            on leave",
        "  Sat 5 Dec 2026              00:00–Mon 7 Dec 01:00  late",
        "  Tue 8 Dec 2026              06:00–14:00            also",
    ]


def test_whose_hours_they_are() -> None:
    """Of a calendar with those who have it, the first of many; of somebody without one."""
    people = tuple(f"P{n}" for n in range(9))

    assert hours_text(told(name="", people=people)).startswith(
        "team-b (P0, P1, P2, P3, P4, P5 and 3 more): late, off\n  no work"
    )
    assert hours_text(Hours(name="Eva", calendar="", words="", zone=AMS, spans=None)) == "Eva: at any time"


def test_the_data_of_it() -> None:
    """Each shift with the turn in which it begins, in the zone of the calendar."""
    found = hours_data(told(shift("2026-12-06T22:00", 8), shift("2026-12-07T22:00", 8)))

    assert [(w["start"], w["turn"], w["beside"]) for w in found["work"]] == [
        ("2026-12-06T22:00:00+01:00", "late", False),
        ("2026-12-07T22:00:00+01:00", "", False),
    ]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """All calendars that people have, or those that are asked for; holidays, leave and the night before are seen to."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNBOOK_STATE", str(tmp_path / "state"))
    (tmp_path / "inventory").mkdir()
    inventory = tmp_path / "inventory" / "all.yml"
    inventory.write_text(
        "hosts: {h: {}}\n"
        "calendars:\n"
        '  day: {time_zone: Europe/Amsterdam, work: {mon-fri: "09:00-17:00"}, holidays: NL}\n'
        '  nights: {time_zone: Europe/Amsterdam, work: {mon-sun: "22:00-06:00"}}\n'
        "  team: {rota: [nights, day], from: 2026-12-21, turn: 4d}\n"
        "people: {ana: {name: Ana, calendar: team, leave: {from: 2026-12-28, why: Home}}, ben: {calendar: team}, eva: {},\n"
        '  lin: {calendar: day, work: {mon: "07:00-16:00"}}}\n',
        encoding="utf-8",
    )
    asked = ["--from", "2026-12-25", "--days", "5"]

    assert outcome(["inventory", "hours", *asked]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "team (Ana and ben): nights, day, 4 days each from 2026-12-21, Europe/Amsterdam, not on public holidays of NL",
        "  Thu 24 Dec 2026  22:00–06:00  nights",
        "  Mon 28 Dec 2026  09:00–17:00  day",
        "  Tue 29 Dec 2026  22:00–06:00  nights",
        "",
        "lin: mon 07:00-16:00, Europe/Amsterdam, not on public holidays of NL",
        "  Mon 28 Dec 2026  07:00–16:00",
        "",
        "No calendar, so that schedules take them to be there at any time: eva",
    ]
    assert outcome(["inventory", "hours", "ana", "eva", *asked, "--json"]) == 0
    ana, eva = json.loads(capsys.readouterr().out)["hours"]
    assert (ana["person"], ana["name"], ana["calendar"]) == ("ana", "Ana", "team")
    assert [w["start"][:10] for w in ana["work"]] == ["2026-12-24", "2026-12-29"]
    assert ([leave["why"] for leave in ana["leave"]], eva["always"]) == (["Home"], True)
    assert outcome(["inventory", "hours", "anna"]) == 2
    assert "There is no person and no calendar anna" in capsys.readouterr().err
    assert outcome(["inventory", "hours", "--from", "25-12"]) == 2
    assert "Write it like 2026-11-30" in capsys.readouterr().err
    inventory.write_text("hosts: {h: {}}\n", encoding="utf-8")
    assert outcome(["inventory", "hours"]) == 2
