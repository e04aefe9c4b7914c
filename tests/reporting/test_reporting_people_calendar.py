"""A person's calendar file: read back by the library, in their zone, with ids that stay, and cancellations."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from reporting.made_schedules import MONDAY, NAMES, ZONE, booking, minutes, rack12, schedule
from runbook_engine.loading.calendar_files import CalendarText
from runbook_engine.model.schedule import Booked, Schedule
from runbook_engine.model.words import PersonId
from runbook_engine.reporting.booked_tasks import booked_data, booked_tasks, booked_text, nothing_booked
from runbook_engine.reporting.people_calendar import calendar_file

ANA, BEN, CARLA = PersonId("ana.duarte"), PersonId("ben.ott"), PersonId("carla.roy")
NOW = datetime(2026, 11, 29, tzinfo=UTC)


def booked(made: Schedule, number: int = 1) -> Booked:
    """A schedule that was promised."""
    return Booked(number=number, schedule=made, by="ana.duarte", at=NOW)


def events(data: bytes) -> dict[str, Event]:
    """What another program reads in a file, by title."""
    return {str(event["SUMMARY"]): event for event in Calendar.from_ical(data).walk("VEVENT")}


def test_it_is_read_back_as_it_was_meant() -> None:
    """Times in the person's zone, place, company; only their own tasks."""
    data = calendar_file(ANA, [booked(rack12())], names=NAMES, sites={"ams1": "Amsterdam"}, zone=ZONE, now=NOW)
    found = events(data)
    one = found["Mount the server in unit 1"]

    assert len(Calendar.from_ical(data).walk("VEVENT")) == 5
    assert "Cable the rack" not in found
    assert one.start == MONDAY
    assert one.start.tzinfo == ZoneInfo("Europe/Amsterdam")
    assert one.end - one.start == timedelta(minutes=25)
    assert one["LOCATION"] == "Amsterdam"
    assert "With Ben Ott" in one["DESCRIPTION"]
    assert "Task cabling/mount@r12-u01 of rack12-install" in one["DESCRIPTION"]
    assert data.count(b"BEGIN:VTIMEZONE") == 1


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    """When the clock is put back, what begins or ends in the second of the two hours has its moment all the same."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # half past two in summer time
    work = [booking(f"a/{name}", first + minutes(at), 60, ANA) for name, at in (("x", -60), ("y", 0), ("z", 60))]
    found = events(calendar_file(ANA, [booked(schedule(*work))], names=NAMES, zone=ZONE, now=NOW))

    for name, at in (("X", -60), ("Y", 0), ("Z", 60)):
        assert found[name].start.timestamp() == (first + minutes(at)).timestamp()
        assert found[name].end.timestamp() == (first + minutes(at + 60)).timestamp()
    assert found["X"].start.tzinfo == ZoneInfo("Europe/Amsterdam")


def test_a_pause_makes_two_events() -> None:
    """Each time of work is one; the night between is free."""
    found = events(calendar_file(CARLA, [booked(rack12())], names=NAMES, zone=ZONE, now=NOW))

    assert [(e.start - MONDAY, e.end - MONDAY) for e in found.values()] == [
        (minutes(75), minutes(480)),
        (minutes(1440), minutes(1455)),
    ]
    assert list(found) == ["Cable the rack (part 1 of 2)", "Cable the rack (part 2 of 2)"]


def test_importing_it_again_updates_and_cancels() -> None:
    """The same task keeps its id, with a higher number; what is somebody else's now is cancelled."""
    before = booked(schedule(booking("a/x", MONDAY, 30, ANA), booking("a/y", MONDAY + minutes(60), 30, ANA)), 3)
    after = booked(schedule(booking("a/x", MONDAY + minutes(10), 30, ANA), booking("a/y", MONDAY, 30, BEN)), 4)
    old = events(calendar_file(ANA, [before], [before], names=NAMES, zone=ZONE, now=NOW))
    new = events(calendar_file(ANA, [after], [before, after], names=NAMES, zone=ZONE, now=NOW))

    assert {title: event["UID"] for title, event in old.items()} == {title: event["UID"] for title, event in new.items()}
    assert new["X"].start - old["X"].start == minutes(10)
    assert new["X"]["SEQUENCE"] > old["X"]["SEQUENCE"]
    assert [str(new[t]["STATUS"]) for t in ("X", "Y")] == ["CONFIRMED", "CANCELLED"]
    assert new["Y"]["SEQUENCE"] > old["Y"]["SEQUENCE"]
    gone = events(calendar_file(ANA, [], [before, after], names=NAMES, zone=ZONE, now=NOW))
    assert {str(event["STATUS"]) for event in gone.values()} == {"CANCELLED"}
    assert Calendar.from_ical(calendar_file(CARLA, [], [before], names=NAMES, zone=ZONE, now=NOW)).walk("VEVENT") == []


def test_the_same_is_the_same_bytes() -> None:
    """Nothing in it is left to chance; two people of one task have events of their own."""
    ana, again, ben = (calendar_file(p, [booked(rack12())], names=NAMES, zone=ZONE, now=NOW) for p in (ANA, ANA, BEN))

    assert ana == again
    assert not {e["UID"] for e in events(ana).values()} & {e["UID"] for e in events(ben).values()}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120), st.text(max_size=40))
def test_no_title_breaks_the_file(title: str, site: str) -> None:
    """Any text stays one property of one event, and lines stay short."""
    made = schedule(booking("a/b", MONDAY, 30, ANA, title=title, site=site))
    data = calendar_file(ANA, [booked(made)], names={ANA: title}, zone=ZONE, now=NOW)

    assert len(Calendar.from_ical(data).walk("VEVENT")) == 1
    assert max(map(len, data.split(b"\r\n"))) <= 75


def test_our_own_reader_takes_it() -> None:
    """What was written for people can come back as somebody's leave or a window's openings."""
    from runbook_engine.loading.calendar_events import occurrences

    data = calendar_file(ANA, [booked(rack12())], names=NAMES, zone=ZONE, now=NOW)
    lines = tuple(data.decode().splitlines())
    begins = tuple(n for n, line in enumerate(lines, 1) if line == "BEGIN:VEVENT")
    text = CalendarText(file="ana.ics", lines=lines, events=begins)
    mistakes: list[object] = []
    found = occurrences(text, 2, mistakes)  # type: ignore[arg-type]

    assert mistakes == []
    assert len(found) == 5


def test_what_somebody_is_booked_for_day_by_day() -> None:
    """Day, time, place and company, over all projects; then the hours of each week."""
    other = schedule(booking("b/audit", MONDAY + timedelta(days=7), 90, ANA, site="ber1"), runbook="audit")
    tasks = booked_tasks([booked(rack12()), booked(other, 2)], ANA)
    text = booked_text(tasks, ANA, names=NAMES, sites={"ams1": "Amsterdam"}, zone=ZONE)

    assert text.splitlines()[0] == "Ana Duarte is booked for 6 tasks, 3h 35m in all (times in CET)"
    assert "  09:00–09:25    Mount the server in unit 1 [rack12-install]  Amsterdam, r12-u01, with Ben Ott" in text
    assert "Mon 7 Dec 2026" in text
    assert text.endswith("Hours\n  week of Mon 30 Nov: 2h 5m\n  week of Mon 7 Dec: 1h 30m")
    data = booked_data(tasks, ZONE)
    assert data["weeks"] == [{"from": "2026-11-30", "work_s": 7500}, {"from": "2026-12-07", "work_s": 5400}]
    assert data["booked"][0]["start"] == "2026-11-30T09:00:00+01:00"
    assert "runbook schedule PLAN --book" in nothing_booked("ana")
