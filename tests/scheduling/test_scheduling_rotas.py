"""People in shifts: over whole rotations and over changed clocks each task falls into the shift of the team that is on."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.planning_builders import book, phase, planned
from runbook_engine.calendars import resolved
from runbook_engine.cli.entry import outcome
from runbook_engine.model.estate import Calendar, Estate, Extra, Leave, Person, Rates, Resource, Rota, Turn, Window
from runbook_engine.model.runbook import Money, Takes
from runbook_engine.scheduling.feasibility_windows import longer
from scheduling.test_scheduling_projects import AMS, amsterdam, company, hand, of, person

DAY = timedelta(days=1)
INVENTORY = """\
sites: {ams1: {time_zone: Europe/Amsterdam}}
hosts: {h: {site: ams1}}
calendars:
  early: {time_zone: Europe/Amsterdam, work: {mon-sun: "06:00-14:00"}}
  late: {time_zone: Europe/Amsterdam, work: {mon-sun: "14:00-22:00"}}
  nights: {time_zone: Europe/Amsterdam, work: {mon-sun: "22:00-06:00"}}
  team-a: {rota: [early, late, nights, off], from: 2027-03-01}
  team-b: {rota: [late, nights, off, early], from: 2027-03-01}
  team-c: {rota: [nights, off, early, late], from: 2027-03-01}
  team-d: {rota: [off, early, late, nights], from: 2027-03-01}
windows:
  morning: {time_zone: Europe/Amsterdam, open: {mon-sun: "07:00-12:00"}}
  night: {time_zone: Europe/Amsterdam, open: {mon-sun: "22:00-06:00"}}
  early-shift: {calendar: team-b}
people:
  ann: {name: Ann Day, skills: {hands: 1, san: 1}, calendar: team-a}
  ben: {name: Ben Ott, skills: {hands: 1}, calendar: team-b}
  cem: {name: Cem Ak, skills: {hands: 1}, calendar: team-c}
  dee: {name: Dee Fox, skills: {hands: 1}, calendar: team-d}
"""
ON = {"night": ("cem", "ben", "ann", "dee"), "morning": ("ann", "dee", "cem", "ben")}  # in the weeks of the rota, by hand
HEAD = "runbook: shifts\ntitle: Work in shifts\nkind: maintenance\nowner: ann\nwhy: Because.\nimpact: None.\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the inventory of four teams, and a home of its own."""
    monkeypatch.chdir(tmp_path)
    for name, value in (("RUNBOOK_STATE", str(tmp_path / "state")), ("RUNBOOK_AS", "ann"), ("HOME", str(tmp_path))):
        monkeypatch.setenv(name, value)
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "all.yml").write_text(INVENTORY, encoding="utf-8")
    return tmp_path


def task(name: str, window: str, earliest: str, takes: str, more: str = "", skill: str = "hands") -> str:
    """A phase of one step that waits for nothing."""
    step = f"{{id: do, title: Do {name}, manual: Do it., who: {{skill: {skill}}}, takes: {takes}}}"
    head = f"  - {{id: {name}, title: {name}, window: {window}, needs: [], earliest: {earliest}{more}"
    return f"{head}, steps: [{step}]}}\n"


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    """What a command says as data; and that it ends so."""
    capsys.readouterr()
    assert outcome([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def scheduled(capsys: pytest.CaptureFixture[str], phases: str, at: str) -> dict[str, tuple[str, str, str]]:
    """Who does each phase from when to when, as the clock in Amsterdam shows it."""
    Path("book.yml").write_text(f"{HEAD}phases:\n{phases}", encoding="utf-8")
    found = said(capsys, "schedule", "book.yml", "--from", at, "--effort", "quick")["tasks"]
    return {
        each["phase"]: (
            *each["people"],
            *(datetime.fromisoformat(each[k]).astimezone(AMS).strftime("%m-%d %H:%M") for k in ENDS),
        )
        for each in found
    }


ENDS = ("start", "finish")


@pytest.mark.parametrize(
    "first", ["2027-03-01", "2027-02-01", "2027-09-13", "2026-12-07"]
)  # a rotation begins; over both changes
def test_each_task_falls_into_the_shift_of_the_team_that_is_on(project, capsys, first) -> None:
    """Nine weeks, some before `from`: who has nights does what is done at night, who is early what is done in the morning."""
    monday = date.fromisoformat(first)
    weeks = [(week, monday + week * 7 * DAY + 2 * DAY) for week in range(9)]
    phases = "".join(
        task(f"night{week}", "night", str(day), "4h") + task(f"morning{week}", "morning", str(day), "3h") for week, day in weeks
    )

    found = scheduled(capsys, phases, f"{first}T00:00")

    assert found == {
        f"{window}{week}": (ON[window][week % 4], f"{day:%m-%d} {begin}", f"{day:%m-%d} {end}")
        for week, day in weeks
        for window, begin, end in (("night", "00:00", "04:00"), ("morning", "07:00", "10:00"))
    }


def test_a_night_over_the_border_of_a_turn_and_over_a_changed_clock(project, capsys) -> None:
    """Sunday's night is of the old turn to its end. The night in spring has seven hours, that in autumn nine."""
    phases = [
        task("border", "night", "2027-03-14 23:00", "6h", ", deadline: 2027-03-15 06:00"),
        task("monday", "night", "2027-03-15", "4h"),  # Ben is busy till five, and Ann's nights begin at ten
        task("short", "night", "2027-03-27 12:00", "7h 30m"),  # too long for the night to Sunday, so the night after
    ]
    long = task("long", "night", "2027-10-27", "8h 30m")  # only fits the night from Saturday to Sunday

    found = scheduled(capsys, "".join(phases), "2027-03-01T00:00") | scheduled(capsys, long, "2027-10-25T00:00")

    assert found == {
        "border": ("ben", "03-14 23:00", "03-15 05:00"),
        "monday": ("ann", "03-15 22:00", "03-16 02:00"),
        "short": ("dee", "03-28 22:00", "03-29 05:30"),
        "long": (ON["night"][34 % 4], "10-30 22:00", "10-31 05:30"),
    }


def test_a_window_may_follow_a_rota(project, capsys) -> None:
    """The phase is done in the shifts of team B alone: off in the week of the 15th but for Sunday's night, then early."""
    last, next_ = (task(name, "early-shift", at, "3h") for name, at in (("last", "2027-03-15"), ("next", "2027-03-15 06:00")))
    found = scheduled(capsys, last + next_, "2027-03-15T00:00")

    assert found == {"last": ("ben", "03-15 00:00", "03-15 03:00"), "next": ("ben", "03-22 06:00", "03-22 09:00")}


def test_work_beside_a_calendar_and_leave(project, capsys) -> None:
    """Dee takes Cem's night: he is on leave, and she works beside her free week."""
    people = INVENTORY.replace(
        "calendar: team-c}", "calendar: team-c, leave: {from: 2027-03-03 22:00, to: 2027-03-04 06:00, why: Dee works}}"
    ).replace("calendar: team-d}", "calendar: team-d, also: {from: 2027-03-03 22:00, to: 2027-03-04 06:00, why: for Cem}}")
    (project / "inventory" / "all.yml").write_text(people, encoding="utf-8")

    found = scheduled(capsys, task("one", "night", "2027-03-03 12:00", "8h"), "2027-03-01T00:00")
    shown = said(capsys, "inventory", "hours", "dee", "--from", "2027-03-01", "--days", "8")["hours"][0]

    assert found == {"one": ("dee", "03-03 22:00", "03-04 06:00")}
    assert [(w["start"], w["turn"], w["beside"]) for w in shown["work"]] == [
        ("2027-02-28T22:00:00+01:00", "nights", False),
        ("2027-03-03T22:00:00+01:00", "", True),
        ("2027-03-08T06:00:00+01:00", "early", False),
    ]


def test_who_can_do_it_is_on_another_shift(project, capsys) -> None:
    """Only Ann knows the SAN, and has nights that week: told in plain words, with the shift that would help. Then it does."""
    text = task("zone", "morning", "2027-03-15", "3h", skill="san")
    Path("book.yml").write_text(f"{HEAD}deadline: 2027-03-19\nphases:\n{text}", encoding="utf-8")
    asked = ("feasibility", "book.yml", "--from", "2027-03-15T00:00")

    (one,) = said(capsys, *asked, code=4)["findings"]
    inventory = INVENTORY.replace(
        "calendar: team-a}", "calendar: team-a, also: {from: 2027-03-15 06:00, to: 2027-03-15 14:00}}"
    )
    (project / "inventory" / "all.yml").write_text(inventory, encoding="utf-8")

    assert one["matter"] == "deadline"
    assert "the shifts of team-a (nights to Sun 21 Mar 2027)" in one["reason"]
    assert one["ways_out"][0] == {
        "words": "let Ann Day work in the shift early on Mon 15 Mar 2027 (also: in the inventory)",
        "cost": 1.5,
        "proved": True,
    }
    assert said(capsys, *asked)["feasible"] == "feasible at risk"  # nobody could take Ann's place


def test_nobody_of_a_team_ever_works_while_a_window_is_open(project, capsys) -> None:
    """Without a deadline the hours themselves are the matter: who of which team could do it, and when they work."""
    inventory = INVENTORY.replace("team-a: {rota: [early, late, nights, off]", "team-a: {rota: [late, nights, off]")
    (project / "inventory" / "all.yml").write_text(inventory, encoding="utf-8")
    text = task("zone", "morning", "2027-03-15", "3h", skill="san")
    Path("book.yml").write_text(f"{HEAD}phases:\n{text}", encoding="utf-8")

    (one,) = said(capsys, "feasibility", "book.yml", "--from", "2027-03-15T00:00", code=4)["findings"]

    assert one["matter"] == "people"
    assert one["place"].startswith("inventory/all.yml:7:")
    told = "(Ann Day in team-a: off to Sun 21 Mar 2027, late to Sun 28 Mar 2027, nights to Sun 4 Apr 2027, …)"
    assert told in one["reason"]


def test_who_must_approve_is_asked_in_their_shift(project, capsys) -> None:
    """Dee has a free week: her word is there on Monday morning, in her early shift, and the phase starts before that."""
    roles = f"{INVENTORY}roles: {{board: [dee]}}\n"
    (project / "inventory" / "all.yml").write_text(roles, encoding="utf-8")
    text = task("zone", "night", "2027-03-01", "3h")
    rule = "approvals: [{by: board, before: zone}]\ndeadline: 2027-03-05\n"
    Path("book.yml").write_text(f"{HEAD}{rule}phases:\n{text}", encoding="utf-8")

    asked = ("feasibility", "book.yml", "--from", "2027-03-01T07:00")

    (one,) = said(capsys, *asked, code=4)["findings"]
    also = roles.replace("calendar: team-d}", "calendar: team-d, also: {from: 2027-03-01 20:00, to: 2027-03-01 21:00}}")
    (project / "inventory" / "all.yml").write_text(also, encoding="utf-8")
    later = said(capsys, *asked)

    assert "Dee Fox works again on Mon 8 Mar 2027 06:00 CET" in one["reason"]
    assert later["findings"] == []


def team(*turns: Turn, start: date = date(2026, 11, 30), days: int = 7) -> dict[str, Calendar]:
    return {"team": Calendar(name="team", time_zone="Europe/Amsterdam", rota=Rota(start=start, turns=turns, days=days))}


EARLY = Turn(calendar="early", work={"mon-fri": ("06:00-14:00",)}, holidays="NL")
NIGHTS = Turn(calendar="nights", work={"mon-sun": ("22:00-06:00",)})


def in_shifts(*people: Person, calendars: dict[str, Calendar], **more: Any) -> Estate:
    on = company(*people, **more)
    return replace(on, calendars={**on.calendars, **calendars})


def test_hours_of_a_rota_are_dear_by_the_clock_and_the_holidays_of_its_calendars() -> None:
    """Nights cost more whatever the turn is called; on a holiday that any of its calendars keeps, every hour does."""
    rate = Money(amount=Decimal(80), currency="EUR")
    rates = Rates(night=Decimal("1.5"), holiday=Decimal(2))
    on = in_shifts(person("ana", rate=rate, calendar="team"), calendars=team(EARLY, NIGHTS), rates=rates)
    made = of(planned(book(phase("p", hand("a"))), on), on)
    dear = [(amsterdam(made, a), amsterdam(made, b), f) for a, b, f in made.workers[0].dear]

    assert dear[1] == ("Mon 30 22:00", "Tue 01 06:00", 1.5)
    assert ("Fri 25 00:00", "Sun 27 00:00", 2.0) in dear


def test_a_tool_that_somebody_brings_in_their_shift() -> None:
    """It is there while the rota has a shift, and taken otherwise."""
    lift = Resource(name="lift", capacity=1, calendar="team")
    on = in_shifts(person("ana"), calendars=team(EARLY, Turn(), days=2), resources={"lift": lift})
    made = of(planned(book(phase("p", hand("a", uses={"lift": 1}))), on), on)
    taken = [(amsterdam(made, a), amsterdam(made, b)) for a, b, _ in made.resources[0].taken]

    assert taken[:3] == [
        ("Mon 30 00:00", "Mon 30 06:00"),
        ("Mon 30 14:00", "Tue 01 06:00"),
        ("Tue 01 14:00", "Fri 04 06:00"),
    ]


def test_leave_goes_before_work_beside_a_calendar() -> None:
    """Two shifts beside a free turn, one that says its zone; leave in the middle of one takes it out again."""
    also = (
        Extra(start=datetime(2026, 12, 1, 8), end=datetime(2026, 12, 1, 16)),  # noqa: DTZ001
        Extra(start=datetime(2026, 12, 2, 8, tzinfo=AMS), end=datetime(2026, 12, 2, 12)),  # noqa: DTZ001
    )
    leave = (Leave(start=datetime(2026, 12, 1, 10), end=datetime(2026, 12, 1, 11)),)  # noqa: DTZ001
    on = in_shifts(person("ana", calendar="team", also=also, leave=leave), calendars=team(Turn(), EARLY))
    made = of(planned(book(phase("p", hand("a"))), on), on)
    free = [(amsterdam(made, a), amsterdam(made, b)) for a, b in made.workers[0].free or ()]

    assert free[:4] == [
        ("Tue 01 08:00", "Tue 01 10:00"),
        ("Tue 01 11:00", "Tue 01 16:00"),
        ("Wed 02 08:00", "Wed 02 12:00"),
        ("Mon 07 06:00", "Mon 07 14:00"),
    ]


DAYS = replace(EARLY, holidays="")
QUARTER = timedelta(minutes=15)
SOME_DAYS = st.sampled_from((date(2027, 3, 27), date(2027, 10, 30), date(2027, 6, 5)))  # around both changes of the clock
TIMES = st.lists(st.tuples(st.integers(0, 4 * 72), st.integers(1, 60)), max_size=3)  # quarters of an hour on the clock
OFTEN = st.lists(st.sampled_from((DAYS, NIGHTS, Turn())), min_size=1, max_size=4).map(tuple)


def says_free(moment: datetime, rota: Rota, also: Sequence[Extra], leave: Sequence[Leave]) -> bool:
    """The oracle: whether somebody is at work, by the clock on the wall, their turns, and what they said besides."""
    local = moment.astimezone(AMS).replace(tzinfo=None)
    if any(_moment(x.start, fold=0) <= moment < _moment(x.end, fold=1) for x in leave):
        return False
    if any(x.start <= local < x.end for x in also):
        return True
    for day, hour in ((local.date(), local.hour), (local.date() - DAY, local.hour + 24)):
        turn = rota.turns[(day - rota.start).days // rota.days % len(rota.turns)]
        if (turn is DAYS and day.weekday() < 5 and 6 <= hour < 14) or (turn is NIGHTS and 22 <= hour < 30):
            return True
    return False


def _moment(local: datetime, fold: int) -> datetime:
    """Leave begins when the clock first shows its beginning, or jumps over it, and ends when it last shows its end."""
    first, second = (local.replace(tzinfo=AMS, fold=f).astimezone(UTC) for f in (0, 1))
    if first <= second:
        return (first, second)[fold]
    jump = local.replace(minute=0, hour=3 if local.hour == 2 else local.hour)  # the one hour that does not exist
    return jump.replace(tzinfo=AMS).astimezone(UTC)


@settings(deadline=None, max_examples=150)
@given(SOME_DAYS, OFTEN, st.integers(1, 8), st.integers(-20, 20), TIMES, TIMES)
def test_who_is_free_by_an_oracle_of_the_clock(day, turns, days, shift, also, leave) -> None:
    """Shifts and what is beside them, less leave: quarter of an hour by quarter of an hour, over changed clocks."""
    midnight = datetime.combine(day, time())
    rota = Rota(start=day + shift * DAY, turns=turns, days=days)
    extra = tuple(Extra(start=midnight + QUARTER * a, end=midnight + QUARTER * (a + n)) for a, n in also)
    away = tuple(Leave(start=midnight + QUARTER * a, end=midnight + QUARTER * (a + n)) for a, n in leave)
    calendar = {"team": Calendar(name="team", time_zone="Europe/Amsterdam", rota=rota)}
    on = in_shifts(person("ana", calendar="team", also=extra, leave=away), calendars=calendar)
    quarter = Takes(low_s=900, high_s=900)
    made = of(planned(book(phase("p", hand("a", takes=quarter))), on), on, midnight.replace(tzinfo=AMS))
    free, begin = made.workers[0].free, made.origin

    assert begin is not None
    assert made.slot_s == 900
    slots = range(4 * 72)
    told = [any(a <= slot < b for a, b in free or ()) for slot in slots]
    assert told == [says_free(begin + QUARTER * slot, rota, extra, away) for slot in slots]


def test_a_longer_window_is_longer_in_each_turn() -> None:
    """The way out of a window that is too short holds for one that follows a rota."""
    window = resolved(Window(name="w", calendar="team"), team(EARLY, NIGHTS, Turn()))
    rota = longer(window, 3600).rota

    assert rota is not None
    assert [turn.work for turn in rota.turns] == [{"mon-fri": ("06:00-15:00",)}, {"mon-sun": ("22:00-07:00",)}, {}]
