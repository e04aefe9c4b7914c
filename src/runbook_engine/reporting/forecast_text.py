"""Where a run will end, beside what was promised: the alarm comes from the forecast, not from the deadline that was missed."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from runbook_engine.model.forecast import Forecast
from runbook_engine.model.jobs import Aim
from runbook_engine.model.schedule import Moved
from runbook_engine.model.words import PersonId
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.naming import command
from runbook_engine.reporting.words import duration, end_moment

QUIET_S = 60.0  # nobody is told of less


def forecast_lines(forecast: Forecast, zone: tzinfo = UTC) -> list[str]:
    """One or two lines for a status: the promised end, the expected one, and the alarm if there is one."""
    lines = [f"{_promised(forecast, zone)}forecast {end_moment(forecast.end, zone)}{_later(forecast)}"]
    if forecast.misses_deadline and forecast.deadline:
        late = duration((forecast.end - forecast.deadline).total_seconds())
        word, what = ("NOTE", "wished deadline") if forecast.soft else ("ALARM", "deadline")
        lines.append(f"{word}: by this forecast it is over {late} after its {what}, {end_moment(forecast.deadline, zone)}")
    if forecast.moved:
        people = sorted({person for m in forecast.moved for person in _people(m)})
        whom = f" ({one_line(', '.join(people), 200)})" if people else ""
        lines.append(f"{len(forecast.moved)} of the tasks that are left are not as promised{whom}")
    return lines


def sooner_line(forecast: Forecast, run: str) -> str:
    """What may be over sooner, for a forecast that keeps what it can and is over later than promised; else empty."""
    if forecast.schedule.aim != Aim.CHANGE or forecast.late_s < QUIET_S:
        return ""
    return (
        f"Next: {command('runbook', 'schedule', run)} --aim finish     may be over sooner, and moves more of what was promised"
    )


def alarms(forecast: Forecast) -> bool:
    """Whether somebody should act: the deadline will be missed, or the promised end by a minute or more."""
    return (forecast.misses_deadline and not forecast.soft) or forecast.late_s >= QUIET_S


def _promised(forecast: Forecast, zone: tzinfo) -> str:
    return f"promised {end_moment(forecast.promised, zone)}, " if forecast.promised else ""


def _later(forecast: Forecast) -> str:
    if forecast.promised is None:
        return ""
    if abs(forecast.late_s) < QUIET_S:
        return ": as promised"
    return f": {duration(abs(forecast.late_s))} {'LATER' if forecast.late_s > 0 else 'earlier'} than promised"


def _people(moved: Moved) -> set[PersonId]:
    return {person for side in (moved.before, moved.after) if side for person in side.people}


def told(forecast: Forecast) -> Mapping[PersonId, tuple[Moved, ...]]:
    """Who must be told of what: everybody whose work moved, came or went."""
    people = sorted({person for m in forecast.moved for person in _people(m)})
    return {person: tuple(m for m in forecast.moved if person in _people(m)) for person in people}


def forecast_data(forecast: Forecast) -> dict[str, Any]:
    """The JSON form of a forecast.

    Fields: `end`, `promised` (null: nothing is booked), `late_s`, `deadline`, `alarm`, `moved` (ids) and `tell` (people).
    """
    return {
        "end": forecast.end.isoformat(),
        "promised": _iso(forecast.promised),
        "late_s": forecast.late_s,
        "deadline": _iso(forecast.deadline),
        "alarm": alarms(forecast),
        "moved": [m.id for m in forecast.moved],
        "tell": list(told(forecast)),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
