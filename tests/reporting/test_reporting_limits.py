"""What has to follow in time, in words and as data: how long there is left, and the alarm after it."""

from datetime import timedelta

import pytest

from runbook_engine.model.words import RunId, TaskId
from runbook_engine.model.world import Limit
from runbook_engine.reporting.limit_text import SHOWN, limit_data, limit_lines
from stand import START

RUN = RunId("r-1")
BY = "by Tue 1 Dec 2026 00:00 UTC"


def limit(number: int = 1, **changes: object) -> Limit:
    """Two hours after the end of a: at midnight."""
    made = {"task": TaskId(f"p/b@h{number}"), "by": START + timedelta(hours=2), "before": TaskId("p/a@h1"), "most_s": 7200.0}
    return Limit(**{**made, **changes})


def test_what_is_left_is_counted_down() -> None:
    """The earliest first; an end, and a start that is followed, are called so."""
    later = limit(2, by=START + timedelta(hours=3), of_end=True, on_start=True)
    assert limit_lines([later, limit()], RUN, START) == [
        f"2h left: p/b@h1 has to begin within 2h of the end of p/a@h1, {BY}",
        f"3h left: p/b@h2 has to end within 2h of the start of p/a@h1, {BY.replace('00:00', '01:00')}",
    ]


@pytest.mark.parametrize(
    ("changes", "word", "end", "following"),
    [
        ({}, "ALARM", "it is held until a person says that it is still done", True),
        ({"agreed": True}, "NOTE", "a person has let it go on", False),
        ({"begun": True}, "ALARM", "it is open, and nobody has said that it was begun", False),
    ],
)
def test_what_is_late_is_an_alarm_with_what_can_be_done(changes: dict[str, bool], word: str, end: str, following: bool) -> None:
    """Only what is held has a next command."""
    line, *more = limit_lines([limit(**changes)], RUN, START + timedelta(hours=3))
    assert line == f"{word}: 1h LATE: p/b@h1 had to begin within 2h of the end of p/a@h1, {BY}; {end}"
    assert more == (["Next: runbook resume r-1 --late p/b@h1 --reason TEXT"] if following else [])
    data = limit_data(limit(**changes), START + timedelta(hours=3))
    assert (data["late"], data["held"]) == (True, following)


def test_an_end_that_is_late_is_said() -> None:
    """It has begun, and nothing is held."""
    (line,) = limit_lines([limit(of_end=True, begun=True)], RUN, START + timedelta(hours=3))
    assert line.endswith("; it has not ended")


def test_many_are_counted() -> None:
    """A few stand there, the rest as a number."""
    lines = limit_lines([limit(n) for n in range(100)], RUN, START)
    assert len(lines) == SHOWN + 1
    assert lines[-1] == f"… and {100 - SHOWN} more that have to follow in time"
