"""Schedules that were promised: one counts for each runbook, and what was promised before stays readable."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

from runbook_engine.model.errors import JournalFault
from runbook_engine.model.schedule import Booked, Schedule
from runbook_engine.model.wire import WireError, canonical, from_data, to_data
from runbook_engine.recording.connection import Connection, insertion, scalar


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
    connection.execute(insertion("schedules", *facts), facts)
    return int(scalar(connection, "SELECT max(number) FROM schedules"))


def booked(connection: Connection) -> tuple[Booked, ...]:
    """What counts of each runbook for which something is booked, in the order in which it was. Raises JournalFault."""
    return tuple(_booked(row) for row in connection.execute(_LAST) if row["body"])


def history(connection: Connection) -> tuple[Booked, ...]:
    """All that was ever booked, the oldest first. Raises JournalFault."""
    return tuple(_booked(row) for row in connection.execute("SELECT * FROM schedules ORDER BY number") if row["body"])


def _booked(row: Any) -> Booked:
    body = row["body"]
    if not isinstance(body, bytes) or sha256(body).hexdigest() != row["checksum"]:
        raise _unusable(row["runbook"], "is damaged: it is not what was stored")
    try:
        schedule: Schedule = from_data(Schedule, json.loads(body))
    except (WireError, ValueError) as error:
        raise _unusable(row["runbook"], f"cannot be read: {error}") from error
    return Booked(number=row["number"], schedule=schedule, by=row["by"], at=datetime.fromisoformat(row["at"]))


def _unusable(runbook: str, what: str) -> JournalFault:
    return JournalFault(
        f"The booked schedule of {runbook} {what}",
        why="Who is booked when would be a guess.",
        next_command="runbook doctor",
    )


_LAST = "SELECT * FROM schedules WHERE number IN (SELECT max(number) FROM schedules GROUP BY runbook) ORDER BY number"
