"""Schedules that were promised: one counts for each runbook, and what was promised before stays readable."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from runbook_engine.model.errors import JournalFault
from runbook_engine.model.schedule import Booked, Schedule
from runbook_engine.model.wire import WireError, canonical, from_data, to_data
from runbook_engine.recording.tables import schedules


def book(connection: Connection, schedule: Schedule, at: datetime, by: str) -> int:
    """Keep a schedule as the one that counts for its runbook; its number."""
    return _add(connection, schedule.runbook, schedule.plan, at, by, canonical(to_data(schedule)))


def release(connection: Connection, runbook: str, at: datetime, by: str) -> bool:
    """From now on nothing is booked for a runbook; False when nothing was."""
    if not any(b.schedule.runbook == runbook for b in booked(connection)):
        return False
    _add(connection, runbook, "", at, by, b"")
    return True


def _add(connection: Connection, runbook: str, digest: str, at: datetime, by: str, body: bytes) -> int:
    facts = {
        "runbook": runbook,
        "digest": digest,
        "at": at.isoformat(),
        "by": by,
        "checksum": sha256(body).hexdigest(),
        "body": body,
    }
    key = connection.execute(insert(schedules), facts).inserted_primary_key
    return int(key[0]) if key else 0


def booked(connection: Connection) -> tuple[Booked, ...]:
    """What counts of each runbook for which something is booked, in the order in which it was. Raises JournalFault."""
    last = select(func.max(schedules.c.number)).group_by(schedules.c.runbook)
    rows = connection.execute(select(schedules).where(schedules.c.number.in_(last)).order_by(schedules.c.number))
    return tuple(_booked(row) for row in rows if row.body)


def history(connection: Connection) -> tuple[Booked, ...]:
    """All that was ever booked, the oldest first. Raises JournalFault."""
    rows = connection.execute(select(schedules).order_by(schedules.c.number))
    return tuple(_booked(row) for row in rows if row.body)


def _booked(row: "Row[Any]") -> Booked:
    if sha256(row.body).hexdigest() != row.checksum:
        raise _unusable(row.runbook, "is damaged: it is not what was stored")
    try:
        schedule: Schedule = from_data(Schedule, json.loads(row.body))
    except (WireError, ValueError) as error:
        raise _unusable(row.runbook, f"cannot be read: {error}") from error
    return Booked(number=row.number, schedule=schedule, by=row.by, at=datetime.fromisoformat(row.at))


def _unusable(runbook: str, what: str) -> JournalFault:
    return JournalFault(
        f"The booked schedule of {runbook} {what}",
        why="Who is booked when would be a guess.",
        next_command="runbook doctor",
    )
