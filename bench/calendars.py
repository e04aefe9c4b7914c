"""What it costs to ask whether work may start: windows with ten years of openings, freezes, public holidays, calendar files.

    python bench/calendars.py

Prints the median of several goes in milliseconds; nothing is cached between them.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from runbook_engine.calendars import judge, spans
from runbook_engine.loading import days_off, load_estate
from runbook_engine.model.estate import Freeze, Window
from runbook_engine.model.times import Scope, Span
from runbook_engine.model.words import Kind

GOES = 7
START = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 27, 14, 3, tzinfo=UTC)
ZONES = {"ams1": "Europe/Amsterdam"}
SCOPE = Scope(kind=Kind.UPGRADE, sites=frozenset(ZONES), services=frozenset({"orders"}))
NIGHT = Window(name="night", time_zone="Europe/Amsterdam", open={"mon-fri": ("22:00-04:00",)}, holidays="NL")
DATES = tuple(Span(START + timedelta(hours=9 * n), START + timedelta(hours=9 * n + 1)) for n in range(10_000))
FREEZES = [
    Freeze(start=date(2020, 1, 1) + timedelta(days=n), end=date(2020, 1, 2) + timedelta(days=n), why="x") for n in range(2000)
]
EVENT = (
    "BEGIN:VEVENT\nUID:{0}\nDTSTART;TZID=Europe/Amsterdam:20200101T{0:02}0000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nEND:VEVENT\n"
)


def timed(what: str, ask: Callable[[], object]) -> None:
    times = []
    for _ in range(GOES):
        began = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - began))
    print(f"{what:<72} {statistics.median(times):8.2f} ms")


def calendar_file(folder: Path) -> None:
    """An inventory with a calendar of 19 weekly events, which take place 9,918 times in ten years."""
    events = "".join(EVENT.format(n) for n in range(19))
    (folder / "c.ics").write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n", encoding="utf-8")
    (folder / "i.yml").write_text("hosts: {h: {}}\nwindows: {w: {ics: c.ics}}\n", encoding="utf-8")


def main() -> None:
    decade = START + timedelta(days=3653)
    single = Window(name="single", dates=DATES)
    endless = Window(name="never", dates=DATES[:1])
    days_off("NL", 2026)
    timed("ten years of a night window, every opening", lambda: list(spans(NIGHT, START, decade, days_off)))
    timed("the first opening of ten years", lambda: next(spans(NIGHT, START, decade, days_off)))
    timed("10,000 single openings of ten years, every one", lambda: list(spans(single, START, decade, days_off)))
    timed("may it start: a night window", lambda: judge(NOW, NIGHT, (), SCOPE, ZONES, days_off))
    timed("may it start: 10,000 single openings", lambda: judge(NOW, single, (), SCOPE, ZONES, days_off))
    timed(
        "may it start: a window that never opens again (400 days looked at)",
        lambda: judge(NOW, endless, (), SCOPE, ZONES, days_off),
    )
    timed("may it start: a night window and 2,000 past freezes", lambda: judge(NOW, NIGHT, FREEZES, SCOPE, ZONES, days_off))
    with tempfile.TemporaryDirectory() as folder:
        calendar_file(Path(folder))
        timed("an inventory with a calendar file of 9,918 openings", lambda: load_estate(Path(folder)))


if __name__ == "__main__":
    main()
