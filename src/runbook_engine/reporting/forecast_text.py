"""Where a run will end, beside what was promised: the alarm comes from the forecast, not from the deadline that was missed."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from runbook_engine.model.forecast import Forecast
from runbook_engine.model.schedule import Moved
from runbook_engine.model.words import PersonId
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.words import duration, moment

QUIET_S = 60.0  # nobody is told of less


def forecast_lines(forecast: Forecast, zone: tzinfo = UTC) -> list[str]:
    """One or two lines for a status: the promised end, the expected one, and the alarm if there is one."""
    lines = [f"{_promised(forecast, zone)}forecast {moment(forecast.end, zone)}{_later(forecast)}"]
    if forecast.misses_deadline and forecast.deadline:
        late = duration((forecast.end - forecast.deadline).total_seconds())
        word = "NOTE" if forecast.soft else "ALARM"
        lines.append(f"{word}: by this forecast it is over {late} after its deadline, {moment(forecast.deadline, zone)}")
    if forecast.moved:
        people = sorted({person for m in forecast.moved for person in _people(m)})
        whom = f" ({one_line(', '.join(people), 200)})" if people else ""
        lines.append(f"{len(forecast.moved)} of the tasks that are left are not as promised{whom}")
    return lines


def alarms(forecast: Forecast) -> bool:
    """Whether somebody should act: the deadline will be missed, or the promised end by a minute or more."""
    return (forecast.misses_deadline and not forecast.soft) or forecast.late_s >= QUIET_S


def _promised(forecast: Forecast, zone: tzinfo) -> str:
    return f"promised {moment(forecast.promised, zone)}, " if forecast.promised else ""


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
