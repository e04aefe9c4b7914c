"""What an inventory says of people's time, of racks and of parts: what becomes of it, and each mistake at its place."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from runbook_engine.loading import load_estate
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Calendar, Estate, Leave, Rates
from runbook_engine.model.words import PersonId

INVENTORY = """\
sites: {ams1: {time_zone: Europe/Amsterdam, travel: {rot1: 1h}}, rot1: {time_zone: Europe/Amsterdam}}
racks: {r1: {site: ams1, units: 10, power: {A: 5000 W}, cooling: 8 kW, ports: 48}}
groups: {all: {height: 2, power: 450 W, ports: 2}}
hosts: {web1: {rack: r1, unit: 1, feeds: [A]}, web2: {rack: r1, unit: 3, height: 1, power: 1 kW}}
calendars: {office: {time_zone: Europe/Amsterdam, work: {mon-fri: "09:00-17:00"}, holidays: NL}}
people:
  ana:
    leave: [{from: 2026-12-07, to: 2026-12-11, why: Holiday}, {from: 2026-12-14}, {ics: leave.ics}]
    certificates: {esd: 2027-01-31}
    site: ams1
    sites: [ams1, rot1]
    calendar: office
    work: {mon-thu: "07:30-16:30"}
    limits: {day: 8h, week: 40h, rest: 11h}
  ben: {certificates: [esd, forklift], leave: {from: 2026-12-01 12:00, to: 2026-12-01 18:00}, calendar: office}
rates: {night: 1.5, weekend: 2, night_hours: "23:00-05:00"}
resources: {disk: {stock: 4, arrives: {2026-12-08: 2, 2026-12-03: 12}}, lift: {capacity: 1, calendar: office}}
"""
ICS = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
SUMMARY:Training
DTSTART;VALUE=DATE:20261216
DTEND;VALUE=DATE:20261218
END:VEVENT
END:VCALENDAR
"""


def loaded(folder: Path, text: str = INVENTORY) -> Estate:
    """The inventory of one file, and a calendar beside it."""
    (folder / "all.yml").write_text(text, encoding="utf-8")
    (folder / "leave.ics").write_text(ICS.replace("\n", "\r\n"), encoding="utf-8")
    return load_estate(folder)


def test_people_and_their_time(tmp_path: Path) -> None:
    """Leave by date, by the hour and from a calendar file; hours of one's own in the zone of the calendar."""
    estate = loaded(tmp_path)
    ana, ben = estate.people["ana"], estate.people["ben"]
    assert ana.leave == (
        Leave(start=date(2026, 12, 7), end=date(2026, 12, 11), why="Holiday"),
        Leave(start=date(2026, 12, 14), end=date(2026, 12, 14)),
        Leave(start=date(2026, 12, 16), end=date(2026, 12, 17), why="Training", source="leave.ics"),
    )
    assert ben.leave == (Leave(start=datetime(2026, 12, 1, 12), end=datetime(2026, 12, 1, 18)),)  # noqa: DTZ001
    assert (ana.certificates, ben.certificates) == ({"esd": date(2027, 1, 31)}, {"esd": None, "forklift": None})
    assert (ana.day_most_s, ana.week_most_s, ana.rest_s, ana.sites) == (28_800, 144_000, 39_600, ("ams1", "rot1"))
    assert estate.calendars[ana.calendar] == Calendar(
        name=ana.calendar, time_zone="Europe/Amsterdam", work={"mon-thu": ("07:30-16:30",)}, holidays="NL"
    )
    assert ben.calendar == "office"


def test_racks_hosts_parts_and_rates(tmp_path: Path) -> None:
    """What groups say holds unless the host says otherwise; parts on order are in the order of their days."""
    estate = loaded(tmp_path)
    web1, web2, rack = estate.hosts["web1"], estate.hosts["web2"], estate.racks["r1"]
    assert (web1.height, web1.watts, web1.feeds, web1.ports) == (2, 450.0, ("A",), 2)
    assert (web2.height, web2.watts, web2.feeds, web2.ports) == (1, 1000.0, (), 2)
    assert (rack.cooling_w, rack.ports) == (8000.0, 48)
    assert estate.sites["ams1"].travel_s == {"rot1": 3600.0}
    assert estate.resources["disk"].arrives == ((date(2026, 12, 3), 12), (date(2026, 12, 8), 2))
    assert estate.resources["lift"].calendar == "office"
    assert estate.rates == Rates(night=Decimal("1.5"), weekend=Decimal(2), night_hours="23:00-05:00")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("to: 2026-12-11", "to: 2026-12-01", ["8:36 the leave ends before it begins"]),
        ("{from: 2026-12-14}", "{why: x}", ["a leave has either from: and to:, or an iCalendar file"]),
        ("{from: 2026-12-14}", "{from: 2026-12-14 09:00}", ["the key 'to' is missing"]),
        ("ics: leave.ics", "ics: leav.ics", ["there is no file leav.ics"]),
        ("sites: [ams1, rot1]", "sites: [rot1]", ["ana works at ams1, which is not among the sites where ana may work"]),
        ("sites: [ams1, rot1]", "sites: [ams1, rot2]", ["there is no site 'rot2'"]),
        ("week: 40h", "week: 4h", ["a week is shorter than a day"]),
        ("esd: 2027-01-31", "esd: 2027-13-31", ["there is no date '2027-13-31' in the calendar"]),
        ("travel: {rot1: 1h}", "travel: {rot: 1h}", ["there is no site 'rot'"]),
        ("rot1: {time_zone", "rot1: {travel: {ams1: 2h}, time_zone", ["ams1 says another time for this way"]),
        ("feeds: [A]", "feeds: [B]", ["web1 hangs on feed B, which rack r1 does not have"]),
        ("unit: 3", "unit: 2", ["web2 and web1 are both in unit 2 of rack r1"]),
        ("unit: 1,", "unit: 10,", ["web1 is in units 10 to 11, but rack r1 has 10 units"]),
        ("capacity: 1, calendar: office", "capacity: 1, calendar: offic", ["there is no calendar 'offic'"]),
        ("stock: 4, arrives", "capacity: 4, arrives", ["only parts arrive: what is used again is there"]),
        (
            ', work: {mon-fri: "09:00-17:00"}',
            "",
            [
                "15:105 the calendar 'office' has no hours, so ben would never work",
                "17:103 the calendar 'office' has no hours, so lift could never be used",
            ],
        ),
        ("night: 1.5", "night: 1.5 EUR", ["expected how many times the usual rate, such as 1.5"]),
        ("limits: {day: 8h", "limits: {dai: 8h", ["dai"]),
    ],
)
def test_mistakes_are_said_at_their_place(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    """One change, one mistake."""
    assert INVENTORY.count(old) == 1
    with pytest.raises(NotValid) as no:
        loaded(tmp_path, INVENTORY.replace(old, new))
    found = [f"{m.place.line}:{m.place.column} {m.message}" for m in no.value.mistakes]
    assert len(found) == len(expected), found
    for said, part in zip(found, expected, strict=True):
        assert part in said


@pytest.mark.parametrize("more", ['work: {mon: "09:00-12:00"}', "also: [{from: 2026-12-05 10:00, to: 2026-12-05 12:00}]"])
def test_a_calendar_without_hours_is_enough_for_who_has_some_beside_it(tmp_path: Path, more: str) -> None:
    """Hours of their own, or work on single days: the calendar gives its zone, and its holidays."""
    people = f"people: {{al: {{calendar: shut, {more}}}}}\n"
    estate = loaded(tmp_path, f"calendars: {{shut: {{time_zone: Europe/Amsterdam, holidays: NL}}}}\n{people}")

    assert estate.calendars[estate.people[PersonId("al")].calendar].time_zone == "Europe/Amsterdam"


def test_rates_are_said_once(tmp_path: Path) -> None:
    """As the policy: two of them could contradict each other."""
    (tmp_path / "more.yml").write_text("rates: {night: 2}\n", encoding="utf-8")
    with pytest.raises(NotValid) as no:
        loaded(tmp_path)
    assert [m.message.replace(f"{tmp_path}/", "") for m in no.value.mistakes] == ["there are rates in all.yml already"]


def test_an_inventory_needs_no_hosts(tmp_path: Path) -> None:
    """Plain project models have resources alone; a file that names nothing is still a mistake."""
    (tmp_path / "resources.yml").write_text("resources: {r1: {capacity: 4}}\n", encoding="utf-8")
    assert (list(load_estate(tmp_path).resources), dict(load_estate(tmp_path).hosts)) == (["r1"], {})
    (tmp_path / "resources.yml").write_text("format: 1\n", encoding="utf-8")
    with pytest.raises(NotValid):
        load_estate(tmp_path)
