"""The Gantt chart: every task is in it, nothing leaves its place, and colour never stands alone."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from reporting.made_schedules import MONDAY, NAMES, PHASES, ZONE, booking, many, minutes, plain, rack12, rack12_chart, schedule
from reporting.made_texts import Golden
from runbook_engine.model.times import Span
from runbook_engine.reporting.booking_groups import By
from runbook_engine.reporting.gantt_drawing import HEAD, WIDTH, gantt_svg
from runbook_engine.reporting.gantt_model import Chart, groups_of
from runbook_engine.reporting.gantt_text import gantt_text
from runbook_engine.reporting.time_scale import scale_of, ticks

SVG = "{http://www.w3.org/2000/svg}"
CHROMIUM = shutil.which("chromium")


def parsed(picture: str) -> ET.Element:
    """The picture as XML, which it has to be."""
    return ET.fromstring(picture)  # noqa: S314 - our own


def kinds(picture: str) -> list[str]:
    """The classes of all shapes."""
    return [word for node in parsed(picture).iter() for word in node.get("class", "").split()]


def actual() -> dict[str, tuple[datetime, datetime | None]]:
    """Two tasks are done, later than planned, and one is under way."""
    first, second, third = rack12().bookings[:3]
    late = minutes(10)
    return {
        first.id: (first.start + late, first.finish + late),
        second.id: (second.start + late, second.finish + late),
        third.id: (third.start + late, None),
    }


def test_the_picture_says_who_does_what_when() -> None:
    """Phases, tasks, people, deadline and the end are there as words; title and description for those who do not see it."""
    picture = gantt_svg(rack12_chart())
    words = ["".join(node.itertext()) for node in parsed(picture).iter(f"{SVG}text")]
    root = parsed(picture)

    for text in (
        "Rack and cable",
        "Mount the server in unit 1 · r12-u01",
        "Ana Duarte and Ben Ott",
        "deadline Fri 4 Dec 24:00",
    ):
        assert text in words
    assert root[0].text == "Install 3 servers in rack 12, Amsterdam: who does what when"
    assert "Done Tue 1 Dec 23:00, three days before the deadline" in (root[1].text or "")
    assert root.get("role") == "img"
    assert "<script" not in picture
    assert "prefers-color-scheme:dark" in picture


def test_chain_milestone_freeze_and_actual_have_shapes_of_their_own() -> None:
    """What is critical is hatched as well as dark, a milestone is a diamond, a freeze is hatched, each with its word."""
    chart = rack12_chart(forecast=rack12(40), actual=actual(), now=MONDAY + minutes(100))
    found = kinds(gantt_svg(chart))
    chain = sum(b.chain for b in chart.schedule.bookings)

    assert found.count("hatched") == chain + 1 + 1  # a bar with a pause is two pieces; one is in the legend
    assert found.count("milestone") == 1 + 1
    assert found.count("frost") >= 2
    assert found.count("running") == 1
    assert found.count("forecast") == 5 + 1  # what has moved, and the legend
    assert found.count("deadline") == 2
    assert found.count("now") == 1


def test_what_follows_the_plan_has_nothing_beside_it() -> None:
    """A forecast that says the same draws nothing twice."""
    assert kinds(gantt_svg(rack12_chart(forecast=rack12()))).count("forecast") == 1


def test_five_hundred_bookings_are_still_a_page() -> None:
    """Tasks of a step and batch share a row and a bar; each is still named where one points at it."""
    chart = Chart(schedule=many(500), zone=ZONE)
    groups = groups_of(chart)
    picture = gantt_svg(chart)

    assert sum(len(group.rows) for group in groups) == 100
    assert sum(bar.number for group in groups for row in group.rows for bar in row.bars) == 500
    assert float(parsed(picture).get("height", "0")) < 3000
    assert picture.count("slack") + picture.count("on the critical chain") >= 500


def test_ten_thousand_bookings_become_batches_and_phases() -> None:
    """However many there are, the rows stay a number that somebody can look at."""
    groups = groups_of(Chart(schedule=many(10_000, hosts=400, batch=20), zone=ZONE))

    assert sum(len(group.rows) for group in groups) <= 150
    assert sum(bar.number for group in groups for row in group.rows for bar in row.bars) == 10_000


@pytest.mark.parametrize("by", list(By))
def test_a_chart_can_be_grouped_by_anything(by: By) -> None:
    """By person somebody's tasks are together; whoever does nothing by hand is one group."""
    picture = gantt_svg(rack12_chart(by=by))

    assert parsed(picture) is not None
    if by is By.PERSON:
        assert [g.title for g in groups_of(rack12_chart(by=by))] == [
            "Ana Duarte",
            "Ben Ott",
            "Carla Roy",
            "Nobody: it goes by itself",
        ]


def test_a_picture_by_person_names_nobody_twice() -> None:
    """The name stands above the rows; the bars say with whom."""
    found = {g.title: [bar.words for row in g.rows for bar in row.bars] for g in groups_of(rack12_chart(by=By.PERSON))}
    assert found["Ana Duarte"] == ["with Ben Ott"] * 3 + ["", ""]
    assert found["Carla Roy"] == [""]
    everyone = Chart(schedule=many(500), zone=ZONE, by=By.PERSON)
    assert all(g.title not in bar.words for g in groups_of(everyone) for row in g.rows for bar in row.bars)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_no_text_breaks_a_picture_or_a_line(text: str) -> None:
    """Any title and any name is character data, and a line of text stays as wide as the terminal."""
    one = replace(booking("a/b", MONDAY, 30, "ana.duarte"), title=text, why=text)
    chart = Chart(schedule=schedule(one, title=text), names={one.people[0]: text})

    assert parsed(gantt_svg(chart)) is not None
    assert max(map(cell_len, gantt_text(chart, 80).splitlines()[:-1])) <= 80


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 600)), min_size=1, max_size=20), st.integers(50, 2000))
def test_the_line_of_time_never_goes_back(pairs: list[tuple[int, int]], width: int) -> None:
    """A later moment is never further left, all that is shown is on the line, and marks keep their distance."""
    spans = [Span(MONDAY + minutes(a), MONDAY + minutes(a + b)) for a, b in pairs]
    scale = scale_of(spans, float(width), 4.0)
    moments = sorted({m for span in spans for m in (span.start, span.end)})
    places = [scale.x(m) for m in moments]
    marks = [tick.at for tick in ticks(scale, ZONE, 60.0)]

    assert places == sorted(places)
    assert all(-0.01 <= x <= width + 0.01 for x in places)
    assert all(b - a >= 60 * 0.6 - 0.01 for a, b in pairwise(marks))


def test_long_idle_times_are_folded_and_short_ones_are_not() -> None:
    """A night between two days of work takes no room; a break of minutes does."""
    day = timedelta(days=1)
    scale = scale_of([Span(MONDAY, MONDAY + minutes(60)), Span(MONDAY + day, MONDAY + day + minutes(60))], 1000.0, 10.0)

    assert len(scale.folds) == 1
    assert scale.x(MONDAY + minutes(60)) > 450
    assert (
        len(
            scale_of(
                [Span(MONDAY, MONDAY + minutes(60)), Span(MONDAY + minutes(70), MONDAY + minutes(130))], 1000.0, 10.0
            ).pieces
        )
        == 1
    )


def test_bars_stay_inside_the_picture() -> None:
    """No bar begins before the labels end, none goes over the right edge, and none is above the head."""
    for node in parsed(gantt_svg(rack12_chart(forecast=rack12(40), actual=actual()))).iter(f"{SVG}rect"):
        if node.get("class", "").split()[:1] in (["plan"], ["forecast"], ["actual"]) and node.get("x"):
            assert 0 <= float(node.get("x", "-1")) <= WIDTH
            assert float(node.get("x", "0")) + float(node.get("width", "0")) <= WIDTH + 3
            assert float(node.get("y", "0")) > HEAD


def test_the_chart_in_characters(golden: Golden) -> None:
    """What a terminal shows, with everything that can be in it; and the same in ASCII."""
    chart = rack12_chart(forecast=rack12(40), actual=actual(), now=MONDAY + minutes(100))
    golden.check("gantt.txt", gantt_text(rack12_chart(), 100))
    golden.check("gantt_ascii.txt", gantt_text(chart, 80, ascii_only=True))
    golden.check("gantt_plain.txt", gantt_text(Chart(schedule=plain(6)), 70))

    assert gantt_text(chart, 80, ascii_only=True).isascii()


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_the_chart_fits_the_terminal(width: int) -> None:
    """No line of it is wider; the legend may wrap."""
    lines = gantt_text(rack12_chart(forecast=rack12(40)), width).splitlines()

    assert max(map(cell_len, lines[:-1])) <= width


@pytest.mark.skipif(CHROMIUM is None, reason="no browser: apt-get install chromium")
def test_a_browser_draws_it_light_and_dark(tmp_path: Path) -> None:
    """Real Chromium: light ground by day, dark at night, no words over each other, nothing outside of the picture."""
    file = tmp_path / "gantt.html"
    script = """<script>
    const out=[], seen=[...document.querySelectorAll('svg text.label, svg text.group, svg text.clock, svg text.who')];
    const boxes=seen.map(n=>[n.textContent,n.getBoundingClientRect()]);
    const size=document.querySelector('svg').getBoundingClientRect();
    boxes.forEach(([t,b],i)=>{ if(b.right>size.right+1||b.bottom>size.bottom+1||b.left<size.left-1) out.push('outside '+t);
      boxes.slice(i+1).forEach(([u,c])=>{ if(b.left<c.right-1&&c.left<b.right-1&&b.top<c.bottom-3&&c.top<b.bottom-3) out.push(t+' over '+u)})});
    document.title=JSON.stringify([getComputedStyle(document.querySelector('.page')).fill,out]);
    document.body.innerHTML='<pre>'+document.title+'</pre>';</script>"""  # noqa: E501 - a line for each rule
    file.write_text(f"<body>{gantt_svg(rack12_chart(forecast=rack12(40), actual=actual()))}{script}</body>", encoding="utf-8")

    def seen(*options: str) -> str:
        command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'chrome'}"]
        command += [*options, "--dump-dom", f"file://{file}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        found = re.search(r"<pre>(.*)</pre>", done.stdout)
        assert found, done.stderr
        return found[1]

    assert seen() == '["rgb(255, 255, 255)",[]]'
    assert seen("--blink-settings=preferredColorScheme=0") == '["rgb(20, 24, 29)",[]]'


def test_names_and_phases_come_from_the_chart() -> None:
    """Without names and titles their ids stand there."""
    chart = Chart(schedule=rack12(), zone=UTC)

    assert {g.title for g in groups_of(chart)} == set(PHASES)
    assert "ana.duarte" in gantt_text(chart)
    assert NAMES


AMSTERDAM = ZoneInfo("Europe/Amsterdam")
CLOCK = re.compile(r"(\d\d):(\d\d)(?: (CES?T))?")
BACK = datetime(2026, 10, 24, 21, tzinfo=UTC)  # three hours before the clock shows two o'clock for the first time


def clocks(start: datetime, hours: float, width: float) -> list[str]:
    """What is written at the marks of a line of so many hours."""
    return [tick.clock for tick in ticks(scale_of([Span(start, start + minutes(60 * hours))], width, 4.0), AMSTERDAM, 60.0)]


def test_a_time_that_comes_twice_is_told_with_its_zone() -> None:
    """On the night when the clock goes back; on others, and in the night when an hour is missing, nothing is added."""
    assert clocks(BACK, 8, 700.0) == ["23:00", "00:00", "01:00", "02:00 CEST", "02:00 CET", "03:00", "04:00", "05:00"]
    spring = datetime(2027, 3, 27, 23, tzinfo=UTC)
    assert clocks(spring, 6, 500.0)[:4] == ["00:00", "01:00", "03:00", "04:00"]


def test_days_begin_at_midnight_on_both_sides_of_a_change() -> None:
    """The marks of a month in which the clock is changed are those of midnight."""
    found = clocks(datetime(2026, 10, 9, 22, tzinfo=UTC), 24 * 30, 1500.0)
    assert set(found) == {"00:00"}
    assert len(found) > 10


def test_a_chart_of_that_night_names_the_zone() -> None:
    """In the picture and in the terminal."""
    one = booking("a/b", BACK, 480, "ana.duarte")
    chart = Chart(schedule=schedule(one), zone=AMSTERDAM)

    words = ["".join(node.itertext()) for node in parsed(gantt_svg(chart)).iter(f"{SVG}text")]
    assert {"02:00 CEST", "02:00 CET"} <= set(words)
    assert "02:00 CEST" in gantt_text(chart, 200)
    assert "02:00 CET " in gantt_text(chart, 200)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 60 * 24 * 400), st.integers(30, 60 * 24 * 40), st.integers(300, 1500))
def test_no_two_marks_of_a_day_look_the_same(start: int, length: int, width: int) -> None:
    """Whatever the clock is changed: each mark is read as another moment, and marks with a zone have room for it."""
    begin = datetime(2026, 1, 1, tzinfo=UTC) + minutes(start)
    found = ticks(scale_of([Span(begin, begin + minutes(length))], float(width), 4.0), AMSTERDAM, 60.0)
    seen, day = set(), ""
    for tick in found:
        day = tick.day or day
        assert (day, tick.clock) not in seen
        assert CLOCK.fullmatch(tick.clock)
        seen.add((day, tick.clock))
    for one, other in pairwise(found):
        assert other.at - one.at >= 60 * (0.97 if " " in one.clock else 0.6) - 0.01
