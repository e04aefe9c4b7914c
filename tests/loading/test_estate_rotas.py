"""Calendars that take turns, and work beside a calendar: what becomes of them, and each mistake at its place."""

from datetime import date, datetime
from pathlib import Path

import pytest

from runbook_engine.loading import load_estate
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Estate, Extra, Rota, Turn

CALENDARS = """\
hosts: {h: {}}
calendars:
  early: {time_zone: Europe/Amsterdam, work: {mon-fri: "06:00-14:00"}, holidays: NL}
  nights: {time_zone: Europe/Amsterdam, work: {mon-sun: "22:00-06:00"}}
  team-a: {rota: [early, nights, "", off], from: 2026-11-30}
  team-b: {rota: [nights, off], from: 2026-12-01, turn: 4d}
"""
PEOPLE = """\
people:
  ana: {calendar: team-a, also: [{from: 2026-12-05 22:00, to: 2026-12-06 06:00, why: for Ben}]}
  ben: {calendar: team-b, leave: {from: 2026-12-05 22:00, to: 2026-12-06 06:00}}
  eva: {calendar: early, work: {mon: "09:00-10:00"}, also: [{from: 2026-12-05 22:00Z, to: 2026-12-06 06:00Z}]}
windows: {shift: {calendar: team-b, holidays: DE-BY, dates: [2026-12-24]}}
resources: {lift: {capacity: 1, calendar: team-a}}
"""


ZONES = "early in Europe/Amsterdam: the calendars of a rota have one time zone"


def loaded(folder: Path, calendars: str = CALENDARS, people: str = PEOPLE) -> Estate:
    """An inventory of two files."""
    (folder / "c.yml").write_text(calendars, encoding="utf-8")
    (folder / "p.yml").write_text(people, encoding="utf-8")
    return load_estate(folder)


def test_turns_have_the_hours_of_their_calendars(tmp_path: Path) -> None:
    """Hours, holidays and zone are written in; a week each unless it is said; an empty text and `off` are free turns."""
    estate = loaded(tmp_path)
    early = Turn(calendar="early", work={"mon-fri": ("06:00-14:00",)}, holidays="NL")
    nights = Turn(calendar="nights", work={"mon-sun": ("22:00-06:00",)})
    team_a, team_b = estate.calendars["team-a"], estate.calendars["team-b"]

    assert team_a.rota == Rota(start=date(2026, 11, 30), turns=(early, nights, Turn(), Turn()), days=7)
    assert team_b.rota == Rota(start=date(2026, 12, 1), turns=(nights, Turn()), days=4)
    assert (team_a.time_zone, team_a.work, team_a.holidays) == ("Europe/Amsterdam", {}, "")
    assert estate.calendars["early"].rota is None


def test_who_and_what_may_follow_a_rota(tmp_path: Path) -> None:
    """People, tools and windows name it as any calendar; a window has the zone of its turns for its own dates, too."""
    estate = loaded(tmp_path)
    shift = estate.windows["shift"]

    assert (estate.people["ana"].calendar, estate.resources["lift"].calendar, shift.calendar) == ("team-a", "team-a", "team-b")
    assert (shift.time_zone, shift.dates[0].start.isoformat()) == ("Europe/Amsterdam", "2026-12-23T23:00:00+00:00")


def test_work_beside_a_calendar(tmp_path: Path) -> None:
    """One entry or several, with the reason; whoever has hours of their own has them beside those."""
    estate = loaded(tmp_path)
    extra = Extra(start=datetime(2026, 12, 5, 22), end=datetime(2026, 12, 6, 6), why="for Ben")  # noqa: DTZ001

    assert estate.people["ana"].also == (extra,)
    assert estate.people["ben"].also == ()
    assert [each.start.isoformat() for each in estate.people["eva"].also] == ["2026-12-05T22:00:00+00:00"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[early, nights,", "[earl, nights,", "c.yml:5:19: there is no calendar 'earl' [did you mean 'early'?]"),
        ("[nights, off]", "[nights, of]", "c.yml:6:27: there is no calendar 'of' [did you mean 'off'?]"),
        ("[nights, off]", "[nights, team-a]", "c.yml:6:27: 'team-a' is a rota itself: a turn is a calendar with hours [name …"),
        ("[nights, off]", "[nights, team-b]", "c.yml:6:27: 'team-b' is a rota itself: a turn is a calendar with hours [name …"),
        ("[nights, off]", "[]", "c.yml:6:18: expected calendars, a turn each, such as [early, late, nights, off], …"),
        ("[nights, off]", "nights", "c.yml:6:18: expected calendars, a turn each, such as [early, late, nights, off], …"),
        ("[nights, off]", "[off, off]", "c.yml:6:12: nobody ever works by this rota: no turn falls on a day on which …"),
        (", from: 2026-12-01", "", "c.yml:6:3: the key 'from' is missing [the first day of the first turn, such as from: …"),
        ("from: 2026-12-01", "from: 2026-12-01 08:00", "c.yml:6:39: expected a date without a time, such as 2027-03-01, …"),
        ("from: 2026-12-01", "from: 2026-02-30", "c.yml:6:39: there is no date '2026-02-30' in the calendar"),
        ("turn: 4d", "turn: 12h", "c.yml:6:57: expected whole days up to 366, such as 7d or 4d, found text '12h'"),
        ("turn: 4d", "turn: 1w", "c.yml:6:57: expected whole days up to 366, such as 7d or 4d, found text '1w'"),
        ("turn: 4d", "trun: 4d", "c.yml:6:51: unknown key 'trun' [did you mean 'turn'?]"),
        ("turn: 4d", "time_zone: UTC", "c.yml:6:51: a rota has the time zone of its calendars [take it out]"),
        ("turn: 4d", 'work: {mon: "09:00-10:00"}', "c.yml:6:51: a rota has the hours of its calendars [take it out]"),
        ("turn: 4d", "holidays: NL", "c.yml:6:51: a rota has the public holidays of its calendars [take it out]"),
        (
            ', work: {mon-sun: "22:00-06:00"}',
            "",
            "c.yml:5:26: the calendar 'nights' has no hours [give it some, or write off …",
        ),
        (
            ", holidays: NL}",
            ", holidays: NL, turn: 4d}",
            "c.yml:3:86: 'turn' belongs to a rota [write rota: [early, late, off] …",
        ),
        (", holidays: NL}", ", holidays: NL, from: 2026-01-01}", "c.yml:3:86: 'from' belongs to a rota [write rota: …"),
        (
            "nights: {time_zone: Europe/Amsterdam, ",
            "nights: {",
            f"c.yml:5:26: nights is in UTC and {ZONES} [say time_zone: Europe/Amsterdam in nights]",
        ),
        (
            "nights: {time_zone: Europe/Amsterdam, ",
            "nights: {time_zone: Europe/Berlin, ",
            f"c.yml:5:26: nights is in Europe/Berlin and {ZONES} [make a rota for each zone]",
        ),
        (
            "  team-b: {rota: [nights, off]",
            '  off: {work: {mon: "09:00-10:00"}, time_zone: Europe/Amsterdam}\n  team-b: {rota: [nights]',
            "c.yml:5:34: 'off' is a free turn, and a calendar has this name, too [give that calendar another name]",
        ),
    ],
)
def test_mistakes_of_rotas(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """One change, one kind of mistake, first where it is; nothing follows from it elsewhere."""
    assert CALENDARS.count(old) == 1
    with pytest.raises(NotValid) as no:
        loaded(tmp_path, CALENDARS.replace(old, new))
    told = [f"{m.place}: {m.message}{f' [{m.hint}]' if m.hint else ''}".replace(f"{tmp_path}/", "") for m in no.value.mistakes]
    begin, cut, _ = expected.partition(" …")
    assert told[0].startswith(begin), told
    assert cut or told[0] == expected
    assert len({each.partition(": ")[2] for each in told}) == 1, told


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("to: 2026-12-06 06:00, why", "to: 2026-12-05 06:00, why", "p.yml:2:63: this work ends before it begins"),
        (
            "from: 2026-12-05 22:00, to: 2026-12-06 06:00, why",
            "from: 2026-12-05, to: 2026-12-06, why",
            "p.yml:2:41: expected …",
        ),
        (", to: 2026-12-06 06:00, why", ", why", "p.yml:2:34: the key 'to' is missing"),
        ("{calendar: team-a, also", "{also", "p.yml:2:9: without a calendar there is nothing to work beside: whoever …"),
        ("calendar: early, work", "calendar: team-a, work", "p.yml:4:27: eva has hours of their own, and team-a is a rota: …"),
    ],
)
def test_mistakes_of_people_in_shifts(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """Each at its place, and alone."""
    assert PEOPLE.count(old) == 1
    with pytest.raises(NotValid) as no:
        loaded(tmp_path, people=PEOPLE.replace(old, new))
    (told,) = [f"{m.place}: {m.message}".replace(f"{tmp_path}/", "") for m in no.value.mistakes]
    begin, cut, _ = expected.partition(" …")
    assert told.startswith(begin)
    assert cut or told == expected
