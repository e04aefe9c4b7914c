"""What people have decided and the engine has not yet taken. Durable: it survives every crash until it is consumed."""

import json
from collections.abc import Sequence
from typing import Any

from runbook_engine.model.decisions import Decision
from runbook_engine.model.errors import JournalFault
from runbook_engine.model.wire import canonical, from_data, to_data
from runbook_engine.model.words import RunId
from runbook_engine.recording.connection import Connection, insertion, scalar
from runbook_engine.recording.sqlite import Database
from runbook_engine.recording.watching import Watched


class RunInbox:
    """The decisions that wait for one run. Satisfies `running.ports.Inbox`; cheap to ask in every turn of a loop."""

    def __init__(self, database: Database, run_id: int, run: RunId) -> None:
        self._waiting = Watched(database, f"reading the decisions for {run}", lambda c, _: _read_waiting(c, run_id))

    def waiting(self) -> Sequence[Decision]:
        """In the order in which they were made; each until its id is consumed by a commit. Raises JournalFault."""
        return self._waiting.value()


def add(connection: Connection, run_id: int, decision: Decision) -> None:
    """Put a decision in; one whose id is already there, waiting or taken, changes nothing."""
    if scalar(connection, _KNOWN, {"run_id": run_id, "id": decision.id}) is None:
        connection.execute(_INSERT, {"run_id": run_id, "id": decision.id, "body": canonical(to_data(decision))})


def consume(connection: Connection, run_id: int, id_: str, *, seq: int) -> None:
    """Mark a decision as taken by the commit that ends at record `seq`. Raises JournalFault if it does not wait."""
    if connection.execute(_CONSUME, {"run_id": run_id, "id": id_, "taken": seq}).rowcount != 1:
        raise JournalFault(
            f"The decision {id_} does not wait any more, so nothing of this commit was recorded",
            why="A decision counts once. Either it was never made, or it has been taken already.",
            next_command="runbook log",
        )


def _read_waiting(connection: Connection, run_id: int) -> tuple[Decision, ...]:
    return tuple(from_data(_DECISION, json.loads(body)) for (body,) in connection.execute(_WAITING, {"run_id": run_id}))


_DECISION: Any = Decision
_KNOWN = "SELECT id FROM decisions WHERE run_id = :run_id AND id = :id"
_INSERT = insertion("decisions", "run_id", "id", "body")
_CONSUME = "UPDATE decisions SET taken = :taken WHERE run_id = :run_id AND id = :id AND taken IS NULL"
_WAITING = "SELECT body FROM decisions WHERE run_id = :run_id AND taken IS NULL ORDER BY number"
