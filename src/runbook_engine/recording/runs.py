"""The runs that there are: making one, listing them, finding the one that a person means."""

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from runbook_engine.model.errors import Usage
from runbook_engine.model.events import Event, PlanAmended, RunCreated, RunEnded, RunStopped, TaskReopened
from runbook_engine.model.values import dataclass
from runbook_engine.model.wire import canonical, to_data
from runbook_engine.model.words import Digest, RunId
from runbook_engine.recording.chain import Link, Record, extend
from runbook_engine.recording.connection import Connection, Values, insertion, scalar
from runbook_engine.recording.locks import is_held, run_lock


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """What can be said of a run without reading its events. `alive`: a process on this machine drives it now."""

    run: RunId
    runbook: str
    title: str
    digest: Digest  # of the plan that it follows now
    created: datetime
    by: str
    events: int
    last_event: datetime
    ended: datetime | None
    epoch: int  # 0: nobody has driven it yet
    controller_by: str
    controller_machine: str
    controller_pid: int
    controller_since: datetime | None
    alive: bool


def create(connection: Connection, run: RunId, number: int, created: RunCreated) -> None:
    """Write the run and its first event."""
    at = created.at.isoformat()
    (first,) = extend(run, Link(), [canonical(to_data(created))])
    row = {
        "run": run,
        "runbook": created.runbook,
        "number": number,
        "title": created.title,
        "digest": created.digest,
        "created_by": created.by,
        "created_at": at,
        "last_at": at,
        "events": first.seq,
        "head": first.hash,
        "epoch": 0,
        "controller_by": "",
        "controller_machine": "",
        "controller_pid": 0,
        "controller_since": "",
    }
    connection.execute(insertion("runs", *row), row)
    add_records(connection, scalar(connection, "SELECT id FROM runs WHERE run = :run", {"run": run}), [first])


def add_records(connection: Connection, run_id: int, records: Sequence[Record]) -> None:
    """Write records behind those that the run has."""
    connection.executemany(_ADD, [{"run_id": run_id, "seq": r.seq, "body": r.body, "hash": r.hash} for r in records])


def next_number(connection: Connection, runbook: str) -> int:
    """The number of the runbook's next run. Needs the write lock, or two runs could get the same."""
    last = scalar(connection, "SELECT max(number) FROM runs WHERE runbook = :runbook", {"runbook": runbook})
    return (last or 0) + 1


def facts(new: Sequence[Event]) -> dict[str, object]:
    """What these events change in the run's row: when the last was, whether the run has ended, which plan it follows."""
    changed: dict[str, object] = {"last_at": new[-1].at.isoformat()} if new else {}
    for event in new:
        if isinstance(event, RunEnded | RunStopped):
            changed["ended_at"] = event.at.isoformat()
        elif isinstance(event, TaskReopened | PlanAmended):
            changed["ended_at"] = None
        if isinstance(event, PlanAmended):
            changed["digest"] = event.digest
    return changed


def listed(connection: Connection, database: Path, *, runbook: str = "", run: RunId | None = None) -> list[RunRow]:
    """The runs in the order in which they were made; of one runbook, or one run, if asked."""
    asked: Values = {name: value for name, value in {"runbook": runbook, "run": run}.items() if value}
    where = " AND ".join(f"{name} = :{name}" for name in asked) or "1 = 1"
    found = connection.execute(f"SELECT * FROM runs WHERE {where} ORDER BY id", asked)  # noqa: S608 - the two names above
    return [_row(row, database) for row in found]


def _row(row: Any, database: Path) -> RunRow:
    return RunRow(
        run=RunId(row["run"]),
        runbook=row["runbook"],
        title=row["title"],
        digest=Digest(row["digest"]),
        created=datetime.fromisoformat(row["created_at"]),
        by=row["created_by"],
        events=row["events"],
        last_event=datetime.fromisoformat(row["last_at"]),
        ended=_time(row["ended_at"]),
        epoch=row["epoch"],
        controller_by=row["controller_by"],
        controller_machine=row["controller_machine"],
        controller_pid=row["controller_pid"],
        controller_since=_time(row["controller_since"]),
        alive=is_held(run_lock(database, RunId(row["run"]))),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def meant(name: str, known: Sequence[RunId]) -> RunId:
    """The run that a person means: its name, the beginning of one name, or `last`. Raises Usage with what is near."""
    if not known:
        raise Usage("There are no runs yet", why="The journal is empty.", next_command="runbook run FILE")
    if name in known:
        return RunId(name)
    if name in {"", "last"}:
        return known[-1]
    begun = [run for run in known if run.startswith(name)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise Usage(f"{name} could be {_some(begun)}", why="More than one run begins so.", next_command="runbook runs")
    near = get_close_matches(name, known, n=3)
    raise Usage(f"There is no run {name}", why=f"Did you mean {_some(near)}?" if near else "", next_command="runbook runs")


def _some(names: Sequence[str]) -> str:
    shown = list(names[-5:])
    return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


_ADD = insertion("events", "run_id", "seq", "body", "hash")
