"""From a runbook to a promised date: who does what when, at the real command line, with real files and a real database."""

import json
import xml.etree.ElementTree as ET
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from journeys.command_line import Person, Terminal
from journeys.machines import HEAD

HOSTS = """format: 1
sites:
  ams1: {title: Amsterdam, time_zone: Europe/Amsterdam}
  ber1: {title: Berlin, time_zone: Europe/Berlin, travel: {ams1: 6h}}
racks: {r1: {site: ams1}, r2: {site: ber1}}
hosts:
  a1: {rack: r1}
  a2: {rack: r1}
  b1: {rack: r2}
  b2: {rack: r2}
"""
PEOPLE = """format: 1
people:
  ana.duarte: {name: Ana Duarte, skills: {hands: 2}, site: ams1, calendar: office, rate: 95 EUR/h}
  ben.ott: {name: Ben Ott, skills: {hands: 1}, site: ber1, calendar: office, rate: 80 EUR/h}
"""
CALENDARS = """format: 1
calendars: {office: {time_zone: Europe/Amsterdam, work: {mon-fri: "09:00-17:00"}}}
windows: {working-hours: {calendar: office}}
"""
STEPS = """start: 2031-12-01
deadline: 2031-12-05
phases:
  - id: swap
    title: Swap the disks
    hosts: all
    window: working-hours
    steps:
      - {id: disk, title: "Swap the disk of {{ host.name }}", manual: Swap it., who: {skill: hands}, takes: 1h}
  - id: report
    title: Report
    steps:
      - {id: write, title: Write the report, manual: Write., who: {person: ana.duarte}, takes: 2h}
"""
PLAIN = """phases:
  - id: all
    title: All
    steps:
      - {id: a, title: A, takes: 3m, needs: []}
      - {id: b, title: B, takes: 4m, needs: []}
      - {id: c, title: C, takes: 2m, needs: [a]}
      - {id: d, title: D, takes: 5m, needs: [b]}
"""
MONDAY = datetime(2031, 12, 1, 9, tzinfo=ZoneInfo("Europe/Amsterdam"))
QUICK = ("--effort", "quick")


def runbook(name: str, steps: str = STEPS) -> str:
    """A runbook around these keys."""
    head = HEAD.format(name=name)
    return head + steps


@pytest.fixture
def planner(person: Person) -> Person:
    """Somebody with two sites, two technicians and two projects."""
    person.writes("inventory/hosts.yml", HOSTS)
    person.writes("inventory/people.yml", PEOPLE)
    person.writes("inventory/calendars.yml", CALENDARS)
    person.writes("runbooks/disks.yml", runbook("disks"))
    person.writes("runbooks/fans.yml", runbook("fans"))
    return person


def test_a_plain_project_needs_nothing_but_its_file(person: Person) -> None:
    """No inventory, no people, no dates: minutes, the bound, and that it is proved. Nothing is stored."""
    person.writes("runbooks/plain.yml", runbook("plain", PLAIN))
    told = person.types("schedule", "runbooks/plain.yml", "--json", "--time-limit", "5", code=0).json()

    assert (told["format"], told["kind"], told["makespan_min"], told["bound_min"], told["optimal"]) == (
        1,
        "schedule",
        9,
        9,
        True,
    )
    times = {task["id"]: (task["step"], task["start_min"], task["finish_min"], task["people"]) for task in told["tasks"]}
    assert set(times) == {"all/a", "all/b", "all/c", "all/d"}
    assert times["all/d"] == ("d", 4, 9, [])
    text = person.types("schedule", "runbooks/plain.yml", code=0).out
    assert "Done after 9 minutes; proved: no schedule is over earlier" in text
    assert not (person.state / "journal.db").exists()


def test_from_a_runbook_to_a_promise(planner: Person) -> None:
    """Everybody has a name, the chart is a picture, the promise is kept, and each person gets their calendar."""
    shown = planner.types("schedule", "runbooks/disks.yml", *QUICK, "-o", "disks.svg", code=0).out
    assert "before the deadline" in shown
    assert "Critical chain" in shown
    assert ET.fromstring((planner.folder / "disks.svg").read_text(encoding="utf-8")).tag.endswith("svg")  # noqa: S314 - our own
    data = planner.types("schedule", "runbooks/disks.yml", *QUICK, "--json", code=0).json()
    assert {len(task["people"]) for task in data["tasks"]} == {1}
    assert data["start"] == "2031-12-01T08:00:00+00:00"
    assert data["moved"] is None

    assert "Booked: disks" in planner.types("schedule", "runbooks/disks.yml", *QUICK, "--book", code=0).err
    again = planner.types("schedule", "runbooks/disks.yml", *QUICK, code=0).out
    assert "The same as the booked schedule: nobody needs to be told anything." in again
    tasks = planner.types("tasks", "--for", "ana.duarte", "--ics", "ana.ics", code=0).out
    assert "Mon 1 Dec 2031" in tasks
    assert "Hours\n  week of Mon 1 Dec: " in tasks
    events = Calendar.from_ical((planner.folder / "ana.ics").read_bytes()).walk("VEVENT")
    report = next(event for event in events if event["SUMMARY"] == "Write the report")
    assert report.start.tzinfo == ZoneInfo("Europe/Amsterdam")
    mine = [t for t in data["tasks"] if t["people"] == ["ana.duarte"]]
    assert {event.start for event in events} == {datetime.fromisoformat(t["start"]) for t in mine}


def test_from_means_the_same_moment_in_both_commands(planner: Person) -> None:
    """A time of the plan's main site, wherever the machine is; it is repeated, and means nothing without dates."""
    since = ("--from", "2031-12-02T10:00")
    for zone in ("UTC", "Asia/Tokyo"):
        shown = planner.types("schedule", "runbooks/disks.yml", *QUICK, *since, "--json", code=0, TZ=zone)
        asked = planner.types("feasibility", "runbooks/disks.yml", *since, "--json", TZ=zone)
        assert shown.json()["start"] == "2031-12-02T09:00:00+00:00"
        assert asked.json()["at"] == "2031-12-02T09:00:00+00:00"
        assert "Nothing starts before Tue 2 Dec 2031 10:00 CET." in shown.err == asked.err
    east = planner.types("feasibility", "runbooks/disks.yml", "--from", "2031-12-02T10:00+09:00", "--json")
    assert east.json()["at"] == "2031-12-02T01:00:00+00:00"
    for command in ("schedule", "feasibility"):
        assert "no date or time" in planner.types(command, "runbooks/disks.yml", "--from", "tomorrow", code=2).err
    assert not (planner.state / "journal.db").exists()  # a question stores nothing
    planner.writes("runbooks/plain.yml", runbook("plain", PLAIN))
    assert "has no dates" in planner.types("schedule", "runbooks/plain.yml", *since, code=2).err


def test_the_same_seed_gives_the_same_schedule(planner: Person) -> None:
    """Letter by letter, but for the time at which it was made."""
    first, second = (planner.types("schedule", "runbooks/disks.yml", *QUICK, "--json").json() for _ in range(2))

    assert first | {"made": ""} == second | {"made": ""}


def test_the_tables_of_persons_sites_windows_and_days(planner: Person) -> None:
    """Each begins with what it is about."""
    heads = {
        "person": "Ana Duarte (ana.duarte): ",
        "site": "ams1: ",
        "window": "working-hours: 4 tasks",
        "day": "Mon 1 Dec 2031: ",
    }
    for by, head in heads.items():
        assert head in planner.types("schedule", "runbooks/disks.yml", *QUICK, "--by", by, code=0).out


def test_a_change_says_who_must_be_told(planner: Person) -> None:
    """A pin moves a task: what differs from the promise, and for whom; booked anew, the calendar follows."""
    planner.types("schedule", "runbooks/disks.yml", *QUICK, "--book", code=0)
    planner.types("tasks", "--for", "ana.duarte", "--ics", "ana.ics", code=0)
    before = Calendar.from_ical((planner.folder / "ana.ics").read_bytes()).walk("VEVENT")
    pinned = ("--pin", "report/write=2031-12-03T10:00")
    told = planner.types("schedule", "runbooks/disks.yml", *QUICK, *pinned, code=0).out
    assert "1 task moved against the booked schedule" in told
    assert "To be told: Ana Duarte" in told
    assert "-> Wed 3 Dec 10:00–12:00" in told

    planner.types("schedule", "runbooks/disks.yml", *QUICK, *pinned, "--book", code=0)
    planner.types("tasks", "--for", "ana.duarte", "--ics", "ana.ics", code=0)
    after = Calendar.from_ical((planner.folder / "ana.ics").read_bytes()).walk("VEVENT")
    assert {e["UID"] for e in before} == {e["UID"] for e in after}
    moved = next(e for e in after if e["SUMMARY"] == "Write the report")
    assert moved.start == datetime(2031, 12, 3, 10, tzinfo=ZoneInfo("Europe/Amsterdam"))


@pytest.mark.parametrize(
    ("pin", "code", "words"),
    [
        ("report/write=2031-12-02T10:00@ben.ott", 2, "ben.ott cannot do it: it needs ana.duarte"),
        ("report/wirte=2031-12-02T10:00", 2, "Did you mean report/write"),
        ("report/write=tomorrow", 2, "no date or time"),
        ("report/write", 2, "TASK=START@PERSON"),
        ("report/write=2031-12-02T22:00@ana.duarte", 4, "not all the while ana.duarte is free"),
        ("disk@b1=2031-12-02T11:00@ana.duarte", 4, "the way from home takes 6h"),
        ("disk@b1=2031-12-02T22:00@ana.duarte", 4, "Next: runbook schedule runbooks/disks.yml, and another --pin"),
    ],
)
def test_a_pin_never_breaks_a_rule(planner: Person, pin: str, code: int, words: str) -> None:
    """What means nothing is wrong usage; what no rule allows is refused. Both say why."""
    assert words in planner.types("schedule", "runbooks/disks.yml", *QUICK, "--pin", pin, code=code).err


def test_a_deadline_that_is_not_kept(planner: Person) -> None:
    """Exit 4; the best that there is is shown all the same, and it cannot be promised. A wish is only told."""
    late = STEPS.replace("deadline: 2031-12-05", "deadline: 2031-12-01")
    planner.writes("runbooks/late.yml", runbook("late", late.replace("takes: 1h", "takes: 7h")))
    said = planner.types("schedule", "runbooks/late.yml", *QUICK, "--book", code=4)
    assert "AFTER the deadline of Mon 1 Dec 24:00" in said.out
    assert "Write the report is over" in said.err
    assert "Proved: in every schedule Write the report is over at least 17h too late; nothing was searched for." in said.err
    assert "nothing was booked" in said.err
    assert planner.types("tasks", "--for", "ana.duarte", code=0).out.startswith("Nothing is booked")

    soft = late.replace("deadline: 2031-12-01", "deadline: {by: 2031-12-01, soft: true}").replace("takes: 1h", "takes: 7h")
    planner.writes("runbooks/soft.yml", runbook("soft", soft))
    assert "AFTER the wished deadline" in planner.types("schedule", "runbooks/soft.yml", *QUICK, code=0).out


TIGHT = """start: 2031-12-01
deadline: 2031-12-01T15:00
phases:
  - id: lay
    title: Lay
    steps:
{steps}
"""


def test_a_deadline_is_searched_for_before_it_is_refused(planner: Person) -> None:
    """Six hours for twelve hours of two people: the first list misses it. Where the search does as well, it says how near."""

    def steps(*hours: int) -> str:
        one = "      - {{id: s{n}, title: S{n}, manual: Lay., who: {{skill: hands}}, takes: {h}h, needs: []}}"
        return TIGHT.format(steps="\n".join(one.format(n=n, h=h) for n, h in enumerate(hours)))

    planner.writes("runbooks/tight.yml", runbook("tight", steps(3, 3, 2, 2, 2)))
    assert "a search may find" in planner.types("schedule", "runbooks/tight.yml", *QUICK, code=4).err
    assert planner.types("schedule", "runbooks/tight.yml", "--book", code=0).err.count("Booked: tight")

    planner.writes("runbooks/tight.yml", runbook("tight", steps(4, 4, 4)))
    said = planner.types("schedule", "runbooks/tight.yml", "--time-limit", "4", code=4).err
    assert "is over Mon 1 Dec 17:00, 2h after Mon 1 Dec 15:00" in said
    assert "schedules: none keeps it, and this one comes nearest." in said


def test_people_are_booked_once(planner: Person) -> None:
    """What is promised to one project is not there for another; a pin that takes it is refused with both sides named."""
    planner.types("schedule", "runbooks/disks.yml", *QUICK, "--book", code=0)
    one = planner.types("schedule", "runbooks/disks.yml", *QUICK, "--json", code=0).json()
    two = planner.types("schedule", "runbooks/fans.yml", *QUICK, "--json", code=0).json()

    def works(data: dict[str, object]) -> list[tuple[str, str, str]]:
        return [(p, t["start"], t["finish"]) for t in data["tasks"] for p in t["people"]]  # type: ignore[attr-defined]

    for person, start, finish in works(one):
        for other, begin, end in works(two):
            assert person != other or finish <= begin or end <= start
    mine = next(t for t in one["tasks"] if t["people"] == ["ana.duarte"])
    at = datetime.fromisoformat(mine["start"]).astimezone(MONDAY.tzinfo).replace(tzinfo=None).isoformat()
    clash = f"disk@a2={at}@ana.duarte"
    said = planner.types("schedule", "runbooks/fans.yml", *QUICK, "--pin", clash, code=4).err
    assert "Ana Duarte is booked twice" in said
    assert "of fans" in said
    assert "of disks" in said


def test_two_files_of_one_runbook_are_not_scheduled_together(planner: Person) -> None:
    """Both are named, with what to type instead."""
    planner.writes("runbooks/again.yml", (planner.folder / "runbooks/disks.yml").read_text(encoding="utf-8"))
    said = planner.types("schedule", "runbooks/disks.yml", *QUICK, "--with", "runbooks/again.yml", code=2).err
    assert "disks by runbooks/disks.yml and runbooks/again.yml" in said
    assert "Next: runbook schedule runbooks/disks.yml" in said


def test_work_for_another_project_counts_in_the_hours_of_a_day(planner: Person) -> None:
    """Whoever may work six hours a day, and is booked for five, is not asked for two more on that day."""
    planner.writes("inventory/people.yml", PEOPLE.replace("rate: 95 EUR/h", "rate: 95 EUR/h, limits: {day: 6h}"))
    write = STEPS[: STEPS.index("  - id: swap")] + STEPS[STEPS.index("  - id: report") :]
    planner.writes("runbooks/long.yml", runbook("long", write.replace("takes: 2h", "takes: 5h")))
    planner.writes("runbooks/short.yml", runbook("short", write))

    def days(file: str, *more: str) -> list[str]:
        told = planner.types("schedule", file, *QUICK, "--json", *more, code=0).json()
        return [task["start"][:10] for task in told["tasks"]]

    assert days("runbooks/short.yml") == days("runbooks/long.yml", "--book") == ["2031-12-01"]
    assert days("runbooks/short.yml") == ["2031-12-02"]


def test_what_is_released_is_free_again(planner: Person) -> None:
    """A project that does not take place takes nobody's time, and calendars say that it is cancelled."""
    first = planner.types("schedule", "runbooks/fans.yml", *QUICK, "--json", code=0).json()
    planner.types("schedule", "runbooks/disks.yml", *QUICK, "--book", code=0)
    assert planner.types("schedule", "runbooks/fans.yml", *QUICK, "--json", code=0).json()["finish"] > first["finish"]

    assert "free" in planner.types("schedule", "runbooks/disks.yml", "--release", code=0).err
    assert planner.types("schedule", "runbooks/fans.yml", *QUICK, "--json", code=0).json()["finish"] == first["finish"]
    planner.types("schedule", "runbooks/disks.yml", "--release", code=4)
    planner.types("tasks", "--for", "ana.duarte", "--ics", "ana.ics", code=0)
    events = Calendar.from_ical((planner.folder / "ana.ics").read_bytes()).walk("VEVENT")
    assert {str(event["STATUS"]) for event in events} == {"CANCELLED"}


def test_several_plans_go_by_priority(planner: Person) -> None:
    """The greater one first, whichever is named first; both are booked at once."""
    planner.writes("runbooks/fans.yml", runbook("fans", "priority: 5\n" + STEPS))
    alone = planner.types("schedule", "runbooks/fans.yml", *QUICK, "--json", code=0).json()
    both = planner.types("schedule", "runbooks/disks.yml", "--with", "runbooks/fans.yml", *QUICK, "--json", code=0).json()

    assert both["kind"] == "schedules"
    disks, fans = both["schedules"]
    assert (disks["runbook"], fans["runbook"]) == ("disks", "fans")
    assert fans["finish"] == alone["finish"] < disks["finish"]
    planner.types("schedule", "runbooks/disks.yml", "--with", "runbooks/fans.yml", *QUICK, "--book", code=0)
    booked = planner.types("tasks", "--for", "ana.duarte", "--json", code=0).json()["booked"]
    assert {task["runbook"] for task in booked} == {"disks", "fans"}


def test_files_by_their_ending(planner: Person) -> None:
    """Data, text and pictures; what has no form is refused before anything is searched for."""
    planner.types("schedule", "runbooks/disks.yml", *QUICK, "-o", "disks.json", code=0)
    assert json.loads((planner.folder / "disks.json").read_text(encoding="utf-8"))["kind"] == "schedule"
    planner.types("schedule", "runbooks/disks.yml", *QUICK, "-o", "disks.txt", "--by", "day", code=0)
    assert "Mon 1 Dec 2031: " in (planner.folder / "disks.txt").read_text(encoding="utf-8")
    assert "which form is meant" in planner.types("schedule", "runbooks/disks.yml", "-o", "disks.pdf", code=2).err


def test_it_fits_a_terminal_and_needs_no_unicode(planner: Person) -> None:
    """On 70 columns no line of the chart wraps; with an ASCII encoding nothing but ASCII is printed."""
    terminal = Terminal(planner, "schedule", "runbooks/disks.yml", *QUICK, columns=70)
    shown = terminal.waits_for("critical chain ")
    chart = shown.partition("possible")[2] or shown
    rows = [line.rstrip("\r\n") for line in chart.splitlines() if "Swap the disk of" in line]
    assert rows
    assert max(map(len, rows)) <= 70
    assert planner.types("schedule", "runbooks/disks.yml", *QUICK, code=0, PYTHONIOENCODING="ascii").out.isascii()


def test_somebody_whom_nobody_knows(planner: Person) -> None:
    """A misspelt name is no empty list."""
    assert "Did you mean ana.duarte?" in planner.types("tasks", "--for", "ana.duart", code=2).err
    assert "--ics needs a person" in planner.types("tasks", "--ics", "x.ics", code=2).err


SHARED = """start: 2031-12-01
deadline: 2031-12-05
{more}phases:
  - id: rewire
    title: Rewire
    steps:
      - {{id: cables, title: Lay the cables, manual: Lay., who: {{person: ana.duarte}}, takes: {first}}}
      - {{id: burn, title: Burn it in, manual: Wait., takes: {then}}}
"""


def test_plans_of_equal_priority_are_one_project(planner: Person) -> None:
    """Neither is put behind the other as a whole: the one with the long wait gets the technician first, though named last."""
    planner.writes("runbooks/long.yml", runbook("long", SHARED.format(first="6h", then="10m", more="")))
    planner.writes("runbooks/short.yml", runbook("short", SHARED.format(first="1h", then="30h", more="")))
    said = planner.types("schedule", "runbooks/long.yml", "--with", "runbooks/short.yml", *QUICK, "--json", code=0)
    alone = planner.types("schedule", "runbooks/short.yml", *QUICK, "--json", code=0).json()
    long, short = said.json()["schedules"]

    assert "Scheduled as one project, for their priorities are equal: long and short." in said.err
    assert short["finish"] == alone["finish"]
    assert next(t["start"] for t in long["tasks"] if t["step"] == "cables") == "2031-12-01T09:00:00+00:00"
    planner.types("schedule", "runbooks/long.yml", "--with", "runbooks/short.yml", *QUICK, "--book", code=0)
    again = planner.types("schedule", "runbooks/short.yml", *QUICK, "--json", code=0).json()
    assert again["moved"] == []
    kept = ("--with", "runbooks/short.yml", "--aim", "change", "--json")
    both = planner.types("schedule", "runbooks/long.yml", *kept, code=0).json()["schedules"]
    assert [each["moved"] for each in both] == [[], []]

    planner.writes("runbooks/long.yml", runbook("long", SHARED.format(first="6h", then="10m", more="priority: 1\n")))
    said = planner.types("schedule", "runbooks/short.yml", "--with", "runbooks/long.yml", *QUICK, "--json", code=0)
    later, first = said.json()["schedules"]
    assert "one project" not in said.err
    assert first["tasks"][0]["start"] == "2031-12-01T08:00:00+00:00"
    assert later["finish"] > short["finish"]


def test_what_two_equal_plans_cannot_keep_names_both(planner: Person) -> None:
    """A deadline that one of them misses, a pin that takes what the other has no place without, and no schedule at all."""
    tight = SHARED.replace("deadline: 2031-12-05", "deadline: 2031-12-01")
    planner.writes("runbooks/one.yml", runbook("one", tight.format(first="6h", then="10m", more="")))
    planner.writes("runbooks/two.yml", runbook("two", tight.format(first="6h", then="10m", more="")))
    said = planner.types("schedule", "runbooks/one.yml", "--with", "runbooks/two.yml", *QUICK, "--book", code=4)
    assert "Burn it in is over Tue 2 Dec" in said.err
    assert "scheduled as one project with one" in said.err
    assert planner.types("tasks", "--for", "ana.duarte", code=0).out.startswith("Nothing is booked")

    pin = ("--pin", "rewire/cables=2031-12-01T22:00@ana.duarte")
    said = planner.types("schedule", "runbooks/one.yml", "--with", "runbooks/two.yml", *QUICK, *pin, code=4).err
    assert "one/rewire/cables" in said
    assert "not all the while ana.duarte is free" in said
    planner.writes("runbooks/two.yml", runbook("two", tight.format(first="20h", then="10m", more="")))
    said = planner.types("schedule", "runbooks/one.yml", "--with", "runbooks/two.yml", *QUICK, code=4).err
    assert "There is no schedule for one and two: Lay the cables of two" in said


def test_equal_plans_take_turns_on_hosts_they_share(planner: Person) -> None:
    """A phase has its hosts for itself; what is booked has no host twice, and each is told as it was scheduled."""
    found = planner.types("schedule", "runbooks/disks.yml", "--with", "runbooks/fans.yml", *QUICK, "--json", code=0).json()
    spans = [
        (min(t["start"] for t in swaps), max(t["finish"] for t in swaps))
        for each in found["schedules"]
        for swaps in [[t for t in each["tasks"] if t["phase"] == "swap"]]
    ]
    (_, over), (second, _) = sorted(spans)
    assert over <= second
    shown = planner.types("schedule", "runbooks/disks.yml", "--with", "runbooks/fans.yml", *QUICK, "--book", code=0)
    assert "booked twice" not in shown.out
    assert "cannot both have them" not in shown.out
