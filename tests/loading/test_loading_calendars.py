"""Windows and freezes of an inventory: single openings, iCalendar files as other programs save them, public holidays."""

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from runbook_engine.loading import days_off, load_estate
from runbook_engine.loading.days_off import known_codes
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Estate, Freeze, Window
from runbook_engine.model.places import Mistake
from runbook_engine.model.times import Span

HOST = "hosts: {h: {}}\nsites: {ams1: {time_zone: Europe/Amsterdam}}\npeople: {eva: {}}\n"

GOOGLE = """\
BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Change windows
X-WR-TIMEZONE:Europe/Amsterdam
BEGIN:VTIMEZONE
TZID:Europe/Amsterdam
X-LIC-LOCATION:Europe/Amsterdam
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=Europe/Amsterdam:20261020T220000
DTEND;TZID=Europe/Amsterdam:20261021T040000
RRULE:FREQ=WEEKLY;UNTIL=20261117T225959Z;BYDAY=TU
EXDATE;TZID=Europe/Amsterdam:20261103T220000
DTSTAMP:20261001T080000Z
UID:weekly@google.com
SUMMARY:Weekly change
  window
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Amsterdam:20261111T230000
DTEND;TZID=Europe/Amsterdam:20261112T010000
DTSTAMP:20261001T080000Z
UID:weekly@google.com
RECURRENCE-ID:20261110T210000Z
SUMMARY:Weekly change window\\, moved
END:VEVENT
BEGIN:VEVENT
DTSTART:20261205T210000Z
DTEND:20261206T030000Z
DTSTAMP:20261001T080000Z
UID:once@google.com
SUMMARY:Moved to a Saturday
END:VEVENT
BEGIN:VEVENT
DTSTART:20261206T210000Z
DTEND:20261207T030000Z
UID:gone@google.com
STATUS:CANCELLED
SUMMARY:Called off
END:VEVENT
END:VCALENDAR
"""
OUTLOOK = """\
BEGIN:VCALENDAR
METHOD:PUBLISH
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VTIMEZONE
TZID:Company Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:040000008200E00074C5B7101A82E008
SUMMARY:Monthly patch night
DTSTART;TZID=Company Time:20260324T223000
DTEND;TZID=Company Time:20260325T020000
RRULE:FREQ=MONTHLY;COUNT=3;INTERVAL=1;BYDAY=4TU
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:Night of the clock change
DTSTART;TZID="W. Europe Standard Time":20261025T003000
DTEND;TZID="W. Europe Standard Time":20261025T023000
END:VEVENT
END:VCALENDAR
"""
FREEZES = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//freezes
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20261219
DTEND;VALUE=DATE:20270105
SUMMARY:Holiday trade
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20241129
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=5FR;COUNT=3
SUMMARY:Sale
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART:20260601T180000
DURATION:PT90M
SUMMARY:Board meeting
END:VEVENT
BEGIN:VEVENT
UID:4
DTSTART;TZID=Europe/Amsterdam:20261025T023000
DTEND;TZID=Europe/Amsterdam:20261025T024500
SUMMARY:While the clock goes back
END:VEVENT
END:VCALENDAR
"""


def estate(folder: Path, text: str, **files: str) -> Estate:
    """The estate of one inventory file and the calendars beside it."""
    folder.mkdir(exist_ok=True)
    (folder / "inventory.yml").write_text(HOST + text)
    for name, content in files.items():
        (folder / f"{name}.ics").write_text(content, newline="")
    return load_estate(folder)


def mistakes(folder: Path, text: str, **files: str) -> list[str]:
    """What is wrong, as 'file:line: message [hint]'."""
    with pytest.raises(NotValid) as caught:
        estate(folder, text, **files)
    found = caught.value.mistakes
    return [f"{Path(m.place.file).name}:{m.place.line}: {m.message}{f' [{m.hint}]' if m.hint else ''}" for m in found]


def shown(spans: tuple[Span, ...]) -> list[str]:
    return [f"{span.start:%m-%d %H:%M}/{span.end:%m-%d %H:%M}" for span in spans]


def event(*lines: str) -> str:
    """A calendar with one event."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", "END:VCALENDAR", ""])


def test_single_openings_are_moments(tmp_path: Path) -> None:
    """Times of the wall in the window's zone, whole days, and times with an offset become spans in UTC, sorted and joined."""
    text = """windows: {w: {time_zone: Europe/Amsterdam, holidays: NL, dates: [
      "2026-12-05 22:00/2026-12-06 04:00", 2026-07-01, "2026-07-02/2026-07-03", 2026-01-05T10:00Z/2026-01-05T12:00+01:00]}}"""

    window = estate(tmp_path, text).windows["w"]

    assert shown(window.dates) == ["01-05 10:00/01-05 11:00", "06-30 22:00/07-03 22:00", "12-05 21:00/12-06 03:00"]
    assert all(span.start.tzinfo is UTC for span in window.dates)
    assert (window.holidays, window.source) == ("NL", "")


def test_single_openings_of_a_window_with_a_calendar_are_in_its_zone(tmp_path: Path) -> None:
    """A window that follows a calendar may have dates as well; without a zone of its own they are in that of the calendar."""
    text = (
        "calendars: {c: {time_zone: Asia/Kathmandu, work: {mon: 09:00-17:00}}}\nwindows: {w: {calendar: c, dates: 2026-12-05}}"
    )

    assert shown(estate(tmp_path, text).windows["w"].dates) == ["12-04 18:15/12-05 18:15"]


@pytest.mark.law(3)
def test_a_calendar_saved_by_google_opens_its_window(tmp_path: Path) -> None:
    """Weekly in a zone over the clock change, until a moment, without EXDATE, one moved, one called off, one in UTC."""
    window = estate(tmp_path, "windows: {w: {ics: google.ics, url: 'https://example.net/c'}}", google=GOOGLE).windows["w"]

    assert shown(window.dates) == [
        "10-20 20:00/10-21 02:00",
        "10-27 21:00/10-28 03:00",
        "11-11 22:00/11-12 00:00",
        "11-17 21:00/11-18 03:00",
        "12-05 21:00/12-06 03:00",
    ]
    assert (window.source, window.url) == ("google.ics", "https://example.net/c")


@pytest.mark.law(3)
def test_a_calendar_saved_by_outlook_opens_its_window(tmp_path: Path) -> None:
    """Zones that the file defines itself and zones by the names of Windows; the clock on the wall decides in autumn as well."""
    window = estate(tmp_path, "windows: {w: {ics: outlook.ics}}", outlook=OUTLOOK.replace("\n", "\r\n")).windows["w"]

    assert shown(window.dates) == [
        "03-24 21:30/03-25 01:00",
        "04-28 20:30/04-29 00:00",
        "05-26 20:30/05-27 00:00",
        "10-24 22:30/10-25 00:30",
        "10-25 01:00/10-25 01:30",
    ]


def test_times_that_float_are_in_the_zone_of_the_window(tmp_path: Path) -> None:
    """A floating time is the wall's; DURATION in hours is by the watch, in days by the calendar; a day is a whole one."""
    zone = "windows: {w: {time_zone: Europe/Amsterdam, ics: c.ics}}"

    def dates(*lines: str) -> list[str]:
        return shown(estate(tmp_path, zone, c=event(*lines)).windows["w"].dates)

    assert dates("DTSTART:20260701T220000", "DTEND:20260702T040000") == ["07-01 20:00/07-02 02:00"]
    assert dates("DTSTART:20261024T220000", "DURATION:PT6H") == ["10-24 20:00/10-25 02:00"]
    assert dates("DTSTART:20261024T220000", "DURATION:P1D") == ["10-24 20:00/10-25 21:00"]
    assert dates("DTSTART;VALUE=DATE:20260701") == ["06-30 22:00/07-01 22:00"]
    assert dates("DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260704") == ["06-30 22:00/07-03 22:00"]
    assert dates("DTSTART:20260701T220000", "DTEND:20260701T230000", "RDATE:20260703T220000") == [
        "07-01 20:00/07-01 21:00",
        "07-03 20:00/07-03 21:00",
    ]


def test_events_repeat_for_ten_years_at_most(tmp_path: Path) -> None:
    """A rule without an end gives ten years of openings for a window."""
    text = event("DTSTART:20200106T220000Z", "DTEND:20200106T230000Z", "RRULE:FREQ=WEEKLY")

    dates = estate(tmp_path, "windows: {w: {ics: c.ics}}", c=text).windows["w"].dates

    assert (len(dates), dates[-1].start) == (522, datetime(2029, 12, 31, 22, tzinfo=UTC))


@pytest.mark.law(3)
def test_each_event_of_a_file_is_a_freeze(tmp_path: Path) -> None:
    """Whole days and floating times count at each site, others are moments, never shorter than they say."""
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "freezes.ics").write_text(FREEZES)
    text = """freezes: [{ics: saved/freezes.ics, lift: eva, sites: ams1, kinds: upgrade},
      {from: 2026-01-01, to: 2026-01-02, why: x}]"""

    found = estate(tmp_path, text).freezes

    assert [(str(f.start), str(f.end), f.why) for f in found] == [
        ("2026-12-19", "2027-01-04", "Holiday trade"),
        ("2024-11-29", "2024-11-29", "Sale"),
        ("2029-11-30", "2029-11-30", "Sale"),
        ("2030-11-29", "2030-11-29", "Sale"),
        ("2026-06-01 18:00:00", "2026-06-01 19:30:00", "Board meeting"),
        ("2026-10-25 00:30:00+00:00", "2026-10-25 01:45:00+00:00", "While the clock goes back"),
        ("2026-01-01", "2026-01-02", "x"),
    ]
    stated = {(f.sites, f.kinds, f.lift, f.source, f.event == f.why) for f in found[:-1]}
    assert stated == {(("ams1",), ("upgrade",), ("eva",), "saved/freezes.ics", True)}
    assert found[-1] == Freeze(start=date(2026, 1, 1), end=date(2026, 1, 2), why="x")


def test_the_reason_of_a_freeze_may_be_said_for_all_events(tmp_path: Path) -> None:
    """`why` goes before the titles, which stay as the names of the events."""
    found = estate(tmp_path, "freezes: [{ics: f.ics, why: Trade}]", f=FREEZES).freezes

    assert {f.why for f in found} == {"Trade"}
    assert found[0].event == "Holiday trade"


BAD_EVENTS = [
    (("DTEND:20260701T230000Z",), "this event cannot be used: it does not say when it begins (DTSTART)"),
    (("DTSTART:20260701T230000Z",), "this event cannot be used: it does not say when it ends (DTEND or DURATION)"),
    (("DTSTART:20260701T230000Z", "DTEND:20260701T220000Z"), "this event cannot be used: it ends before it begins"),
    (("DTSTART:20261301T230000Z", "DTEND:20260701T220000Z"), "this event cannot be used: DTSTART: Wrong datetime format"),
    (("DTSTART:20260701T230000Z", "DTEND;VALUE=DATE:20260702"), "this event cannot be used: its beginning and its end are of"),
    (
        ("DTSTART;TZID=Moon/Base:20260701T220000", "DURATION:PT1H"),
        "this event cannot be used: the time zone 'Moon/Base' is not",
    ),
    (("DTSTART:20260701T230000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY"), "the rule of this event cannot be followed: a rule"),
    (
        ("DTSTART:20260701T230000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO"),
        "the rule of this event cannot be followed: it",
    ),
    (("DTSTART:20260701T230000Z", "DURATION:PT1H", "EXRULE:FREQ=DAILY"), "this event cannot be used: EXRULE is not understood"),
    (
        ("DTSTART:20260701T230000Z", "DTSTART:20260701T230000Z"),
        "this event cannot be used: DTSTART stands in it more than once",
    ),
    (
        ("DTSTART:20260701T230000Z", "DURATION:PT1H", "EXDATE;TZID=Moon/Base:20260701T220000"),
        "the rule of this event cannot be followed: the time zone 'Moon/Base' is not known, and the file does not define it",
    ),
    (
        ("DTSTART:20260701T230000Z", "DURATION:PT1H", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260701T230000Z"),
        "this event cannot be used: it changes all that follows (RANGE)",
    ),
    (("DTSTART:20200101T230000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=garbage"), "this event cannot be used: RRULE: "),
]


@pytest.mark.parametrize(("lines", "message"), BAD_EVENTS, ids=lambda value: value if isinstance(value, str) else None)
def test_a_bad_event_is_a_mistake_where_it_stands_and_the_others_are_read(tmp_path: Path, lines, message) -> None:
    """Each is told with the line on which it begins, all at once, beside the mistakes of the inventory."""
    second = event(*lines).replace("END:VCALENDAR", "BEGIN:VEVENT\r\nUID:2\r\nDTSTART:nonsense\r\nEND:VEVENT\r\nEND:VCALENDAR")

    found = mistakes(tmp_path, "windows: {w: {ics: c.ics}, v: {}}", c=second)

    assert {f.partition(": ")[0] for f in found} == {"c.ics:3", f"c.ics:{6 + len(lines)}", "inventory.yml:4"}
    assert len(found) == 3
    assert any(f.startswith(f"c.ics:3: {message}") for f in found), found


BROKEN = {
    "": "c.ics:1: there is no event in this calendar",
    "BEGIN:VCALENDAR\nEND:VCALENDAR\n": "c.ics:3: there is no event in this calendar",
    "<html>\n": "c.ics:1: this is not a calendar: it does not begin with BEGIN:VCALENDAR",
    event("DTSTART:20260701").partition("END:")[0]: "c.ics:6: the file ends inside VEVENT",
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n": "c.ics:3: the end of VCALENDAR that did not begin",
    "BEGIN:VEVENT\nEND:VEVENT\n": "c.ics:1: VEVENT stands outside a calendar",
    GOOGLE.replace(
        "FREQ=YEARLY;BYMONTH=3", "FREQ=SECONDLY;BYMONTH=3"
    ): "c.ics:16: a time zone whose clock is not changed by year",
    "BEGIN:VCALENDAR\n\x00\nEND:VCALENDAR\n": "c.ics:4: there is no event in this calendar",
}


@pytest.mark.law(3)
@pytest.mark.parametrize("text", BROKEN)
def test_a_calendar_that_is_not_whole_is_refused(tmp_path: Path, text: str) -> None:
    """A file that was cut off, is empty or is something else never passes for a calendar with fewer freezes."""
    assert mistakes(tmp_path, "freezes: [{ics: c.ics}]", c=text)[0].startswith(BROKEN[text])


def test_a_file_gives_a_bounded_number_of_openings(tmp_path: Path) -> None:
    """More than 10,000 times are refused at the event that goes over."""
    each = "".join(
        f"BEGIN:VEVENT\nUID:{n}\nDTSTART:20200101T{n:02}0000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEND:VEVENT\n" for n in range(3)
    )

    found = mistakes(tmp_path, "windows: {w: {ics: c.ics}}", c=f"BEGIN:VCALENDAR\n{each}END:VCALENDAR\n")

    hint = "[give its rule an end (UNTIL or COUNT), or write weekly hours as open:]"
    assert found == [f"c.ics:14: with this event the file has more than 10,000 times {hint}"]


WORDS = (
    "",
    ":",
    ";",
    "\n",
    "\r",
    "-1",
    "0",
    "99999999",
    "é",
    "=",
    ",",
    "FREQ=DAILY",
    "T240000",
    "VALUE=DATE:",
    "BEGIN:VEVENT\n",
    "END",
)


@settings(deadline=None, max_examples=120, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.data(), st.sampled_from((GOOGLE, OUTLOOK, FREEZES)))
def test_a_damaged_calendar_gives_nothing_but_mistakes(data, text: str) -> None:
    """Whatever is cut out or put in: openings, or mistakes with places in the file; no other error, and no hanging."""
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from(WORDS)) + text[at + data.draw(st.integers(0, 12)) :]
    with tempfile.TemporaryDirectory() as folder:
        found: tuple[Mistake, ...] = ()
        dates: tuple[Span, ...] = ()
        try:
            dates = estate(Path(folder), "windows: {w: {ics: c.ics}}\nfreezes: [{ics: c.ics}]", c=text).windows["w"].dates
        except NotValid as error:
            found = error.mistakes
    assert all(mistake.place.line >= 1 and mistake.message for mistake in found)
    assert found or all(span.start < span.end for span in dates)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("../outside.ics", "../outside.ics is outside the inventory folder"),
        ("link.ics", "link.ics is outside the inventory folder"),
        ("folder", "there is no file folder"),
        ("loop.ics", "there is no file loop.ics"),
        ("gogle.ics", "there is no file gogle.ics; did you mean 'google.ics'?"),
        ("/etc/hostname", "/etc/hostname is outside the inventory folder"),
        ("~/c.ics", "there is no file ~/c.ics"),
        ("https://example.net/c.ics", "there is no file https://example.net/c.ics"),
    ],
)
def test_only_files_of_the_inventory_folder_are_read(tmp_path: Path, written: str, message: str) -> None:
    """Nothing outside it, by path or by link, and nothing from the network."""
    (tmp_path / "outside.ics").write_text(GOOGLE)
    folder = tmp_path / "inventory"
    (folder / "folder").mkdir(parents=True)
    (folder / "link.ics").symlink_to(tmp_path / "outside.ics")
    (folder / "loop.ics").symlink_to(folder / "loop.ics")

    found = mistakes(folder, f"windows: {{w: {{ics: '{written}'}}}}", google=GOOGLE)

    assert found[0].startswith(f"inventory.yml:4: {message}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("windows: {w: {holidays: XX, open: {mon: '01:00-02:00'}}}", "no public holidays are known of the country XX: write"),
        ("calendars: {c: {holidays: DE-BX}}", "no public holidays are known of DE-BX; "),
        ("windows: {w: {dates: [2026-12-05 22:00]}}", "expected an end after '2026-12-05 22:00', such as"),
        ("windows: {w: {dates: [2026-12-05/2026-12-06 10:00]}}", "expected two dates, two times, or two times with an offset"),
        ("windows: {w: {dates: [2026-12-06/2026-12-05]}}", "this opening never is: it ends before it begins, or the clock"),
        (
            "windows: {w: {time_zone: Europe/Amsterdam, dates: [2026-03-29 02:10/2026-03-29 02:50]}}",
            "this opening never is: it ends before it begins, or the clock jumps over it",
        ),
        ("windows: {w: {calendar: c, open: {mon: '01:00-02:00'}}}", "a window has either a calendar or hours of its own"),
        ("calendars: {c: {}}\nwindows: {w: {calendar: c}}", "the calendar 'c' has no hours, so this window would never open"),
        ("freezes: [{ics: x.ics, from: 2026-01-01}]", "a freeze has either from: and to:, or an iCalendar file"),
        ("freezes: [{why: x, to: 2026-01-01}]", "the key 'from' is missing"),
    ],
)
def test_other_mistakes_say_what_to_write(tmp_path: Path, text: str, expected: str) -> None:
    """Unknown holidays, openings that are none, entries that say two things."""
    assert any(expected in mistake for mistake in mistakes(tmp_path, text))


def test_public_holidays_are_known_by_country_and_part() -> None:
    """The names and days of a country and of a part of one, by the library; each year is asked for once."""
    assert days_off("NL", 2026)[date(2026, 4, 27)] == "King's Day"
    assert date(2026, 1, 6) in days_off("DE-BY", 2026)
    assert date(2026, 1, 6) not in days_off("DE", 2026)
    assert days_off("NL", 2026) is days_off("NL", 2026)
    with pytest.raises(ValueError, match="public holidays of XX are not known"):
        days_off("XX", 2026)
    with pytest.raises(ValueError, match="public holidays of NL-ZZ are not known"):
        days_off("NL-ZZ", 2026)


def test_the_codes_are_those_of_the_library() -> None:
    """The list that inventories are checked with is the library's own, as far as codes can be written in an inventory."""
    import holidays

    written = {
        country: tuple(part for part in parts if len(part) <= 3 and part.isalnum() and part.upper() == part)
        for country, parts in holidays.list_supported_countries(include_aliases=False).items()
        if len(country) == 2
    }
    assert known_codes() == written


def test_reading_an_inventory_without_calendar_files_loads_no_library() -> None:
    """Holidays and iCalendar are loaded when they are needed: an inventory that names a country costs nothing more."""
    import subprocess
    import sys

    code = (
        "import sys, pathlib; from runbook_engine.loading import load_estate; "
        f"load_estate(pathlib.Path({str(Path(__file__).parents[2] / 'inventory')!r})); "
        "print([m for m in ('holidays', 'icalendar', 'dateutil') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_windows_are_equal_however_the_dates_are_written(tmp_path: Path) -> None:
    """Order and overlap of dates make no difference: the definition of a window is what it comes to."""
    one = estate(tmp_path, "windows: {w: {dates: [2026-01-02, 2026-01-01]}}").windows["w"]
    other = estate(tmp_path, "windows: {w: {dates: [2026-01-01/2026-01-02, 2026-01-01]}}").windows["w"]

    assert one == other == Window(name="w", dates=(Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)),))
