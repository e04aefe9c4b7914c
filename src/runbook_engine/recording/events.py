"""Reads a run's events: in bounded chunks, each record proved by the chain, then decoded."""

import json
from collections.abc import Iterator
from typing import Any

from runbook_engine.model.errors import JournalFault
from runbook_engine.model.events import Event
from runbook_engine.model.wire import WireError, from_data
from runbook_engine.model.words import RunId
from runbook_engine.recording.chain import Link, Record, broken, follow
from runbook_engine.recording.connection import scalar
from runbook_engine.recording.sqlite import Database

_CHUNK = 2_000  # records in memory at once; a long read must not hold a snapshot


def records(database: Database, run_id: int, run: RunId, after: Link) -> Iterator[Record]:
    """Every record after that place in the chain, proved. Raises JournalFault."""
    return follow(run, after, _stored(database, run_id, run, after.seq))


def decoded(run: RunId, proved: Iterator[Record]) -> Iterator[tuple[int, Event]]:
    """Sequence numbers and events. Raises JournalFault for an event of a kind that this version does not know."""
    for record in proved:
        try:
            yield record.seq, from_data(_EVENT, json.loads(record.body))
        except (WireError, ValueError) as error:
            raise JournalFault(
                f"The journal of {run}: record {record.seq} cannot be read: {error}",
                why="It is what was recorded, but this version of runbook-engine does not know such a record.",
                next_command="pip install --upgrade runbook-engine",
            ) from error


def link_at(database: Database, run_id: int, run: RunId, seq: int) -> Link:
    """The place in the chain after `seq` records. Raises JournalFault when there are not so many."""
    if seq == 0:
        return Link()
    with database.reading(f"reading the events of {run}") as connection:
        found = scalar(
            connection, "SELECT hash FROM events WHERE run_id = :run_id AND seq = :seq", {"run_id": run_id, "seq": seq}
        )
    if found is None:
        raise broken(run, seq, "is missing")
    return Link(seq, found)


def _stored(database: Database, run_id: int, run: RunId, after: int) -> Iterator[Record]:
    while True:
        with database.reading(f"reading the events of {run}") as connection:
            rows = connection.execute(_STORED, {"run_id": run_id, "after": after, "most": _CHUNK}).fetchall()
        for row in rows:
            if not isinstance(row["body"], bytes):  # SQLite keeps whatever a foreign hand wrote there
                raise broken(run, row["seq"], "is not what was recorded there: it is not even of its kind")
            yield Record(*row)
        if len(rows) < _CHUNK:
            return
        after = rows[-1]["seq"]


_EVENT: Any = Event
_STORED = "SELECT seq, body, hash FROM events WHERE run_id = :run_id AND seq > :after ORDER BY seq LIMIT :most"
