"""By when tasks have to follow others: how long there is left, and the alarm once it has passed."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from runbook_engine.model.words import RunId
from runbook_engine.model.world import Limit
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.naming import command
from runbook_engine.reporting.words import duration, moment
from runbook_engine.running.limits import limit_words

SHOWN = 6


def limit_lines(limits: Sequence[Limit], run: RunId, now: datetime, zone: tzinfo = UTC) -> list[str]:
    """What has to follow in time, the earliest first: how long there is left, or that it is late and what can be done."""
    ordered = sorted(limits, key=lambda limit: limit.by)
    lines = [line for limit in ordered[:SHOWN] for line in _lines(limit, run, now, zone)]
    more = len(ordered) - SHOWN
    return [*lines, *([f"… and {more:,} more that have to follow in time"] if more > 0 else [])]


def _lines(limit: Limit, run: RunId, now: datetime, zone: tzinfo) -> list[str]:
    if limit.by >= now:
        left = duration(round((limit.by - now).total_seconds()))
        return [one_line(f"{left} left: {_what(limit, 'has to', zone)}")]
    late = duration(round((now - limit.by).total_seconds()))
    word = "NOTE" if limit.agreed else "ALARM"
    line = one_line(f"{word}: {late} LATE: {_what(limit, 'had to', zone)}; {_stands(limit)}")
    if limit.held(now):
        return [line, f"Next: {command('runbook', 'resume', run)} --late {one_line(limit.task)} --reason TEXT"]
    return [line]


def _what(limit: Limit, verb: str, zone: tzinfo) -> str:
    return f"{limit_words(limit, verb)}, by {moment(limit.by, zone)}"


def _stands(limit: Limit) -> str:
    if limit.begun:
        return "it has not ended" if limit.of_end else "it is open, and nobody has said that it was begun"
    return "a person has let it go on" if limit.agreed else "it is held until a person says that it is still done"


def limit_data(limit: Limit, now: datetime) -> dict[str, Any]:
    """The JSON form of a limit.

    Fields: `task`, `has_to` (begin or end), `by`, `before` (the task that it follows), `of` (the start or the end of that
    task), `at_most_s`, `late`, and `held` (a person must say that it is still done).
    """
    return {
        "task": limit.task,
        "has_to": "end" if limit.of_end else "begin",
        "by": limit.by.isoformat(),
        "before": limit.before,
        "of": "start" if limit.on_start else "end",
        "at_most_s": limit.most_s,
        "late": limit.by < now,
        "held": limit.held(now),
    }
