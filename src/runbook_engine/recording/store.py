"""The store: everything that outlives a process, in one database. The door to this room."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from runbook_engine.model.approvals import Sealed, Statement
from runbook_engine.model.decisions import Decision
from runbook_engine.model.errors import Refused, Usage
from runbook_engine.model.events import Event, RunCreated
from runbook_engine.model.plan import Plan
from runbook_engine.model.rehearsal_record import RehearsalRecord
from runbook_engine.model.schedule import Booked, Schedule
from runbook_engine.model.words import Digest, RunId
from runbook_engine.model.world import World
from runbook_engine.recording import inbox, leases, plans, runs, schedules, statements
from runbook_engine.recording.chain import Link, broken
from runbook_engine.recording.connection import Connection, scalar
from runbook_engine.recording.events import decoded, link_at, records
from runbook_engine.recording.journal import Control, RunJournal
from runbook_engine.recording.locks import Lock, run_lock, take
from runbook_engine.recording.runs import RunRow
from runbook_engine.recording.sqlite import Database
from runbook_engine.recording.watching import Watched

_PATIENCE_S = 10.0
_CONTROL_PATIENCE_S = 0.2  # somebody who only looks whether a run is driven holds its lock for microseconds
_AT_ONCE = 10_000


def open_store(url: str, *, patience_s: float = _PATIENCE_S) -> "Store":
    """Open the journal at `sqlite:////path/journal.db`, or at a plain path; made if it is missing.

    `patience_s` is how long to wait for another process that writes. Raises JournalFault; Usage for a URL of a kind
    that is not there yet.
    """
    kind, separator, rest = url.partition("://")
    if separator and kind != "sqlite":
        raise Usage(
            f"{url}: journals are kept in SQLite files only",
            why=f"There is no support for {kind}.",
        )
    place = rest.removeprefix("/") if separator else url
    if not place or place == ":memory:":
        raise Usage(f"{url or 'the journal'}: a journal needs a file", why="What is only in memory survives nothing.")
    return Store(Database(Path(place).expanduser().absolute(), patience_s=patience_s))


class Store:
    """Plans, runs, journals, decisions and leases. Any thread may use it; a journal under control belongs to one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: dict[RunId, int] = {}
        self._worlds: dict[RunId, Watched[World]] = {}

    def add_plan(self, plan: Plan) -> None:
        """Keep a plan under its digest. Raises JournalFault."""
        body = plans.body_of(plan)
        with self._database.writing("storing a plan") as connection:
            plans.add(connection, plan, body)

    def plan(self, digest: Digest) -> Plan:
        """The plan of that digest, as it was stored. Raises JournalFault when it is missing or damaged."""
        with self._database.reading("reading a plan") as connection:
            return plans.get(connection, digest)

    def create_run(self, plan: Plan, created: Callable[[RunId], RunCreated]) -> RunId:
        """Store the plan and a new run of it, with its first event, in one transaction. The run is named RUNBOOK-N."""
        body = plans.body_of(plan)
        with self._database.writing("creating a run") as connection:
            plans.add(connection, plan, body)
            number = runs.next_number(connection, plan.runbook)
            run = RunId(f"{plan.runbook}-{number}")
            runs.create(connection, run, number, created(run))
        return run

    def runs(self) -> list[RunRow]:
        """Every run, in the order in which they were made."""
        with self._database.reading("listing the runs") as connection:
            return runs.listed(connection, self._database.path)

    def run(self, run: RunId) -> RunRow:
        """The facts about one run. Raises Usage for one that is not there."""
        with self._database.reading("reading a run") as connection:
            found = runs.listed(connection, self._database.path, run=run)
        return found[0] if found else self._unknown(run)

    def open_runs_of(self, runbook: str) -> list[RunRow]:
        """The runs of a runbook that have not ended."""
        with self._database.reading("listing the runs") as connection:
            return [row for row in runs.listed(connection, self._database.path, runbook=runbook) if row.ended is None]

    def run_id(self, name: str) -> RunId:
        """The run that a person means by a name, the beginning of one, `last` or nothing. Raises Usage."""
        with self._database.reading("listing the runs") as connection:
            return runs.meant(name, [RunId(run) for (run,) in connection.execute("SELECT run FROM runs ORDER BY id")])

    def journal(self, run: RunId) -> RunJournal:
        """The run's journal, for reading. Raises Usage for a run that is not there."""
        with self._database.reading(f"reading the journal of {run}") as connection:
            return RunJournal(self._database, self._id(run), run, self._head(connection, run))

    def control(self, run: RunId, *, by: str, machine: str, pid: int, now: datetime) -> RunJournal:
        """Become the only process that drives the run, until the journal is closed or the process ends.

        The caller appends the ControllerTookOver event, with the journal's `epoch`. Raises Refused when a living
        process drives the run.
        """
        row = self.run(run)
        with self._database.faults(f"taking control of {run}"):
            lock = take(run_lock(self._database.path, run), patience_s=_CONTROL_PATIENCE_S, note=f"{pid} {run}")
        if lock is None:
            raise _driven(self.run(run))
        try:
            return self._take_over(row.run, lock, {"by": by, "machine": machine, "pid": pid, "since": now.isoformat()})
        except BaseException:
            lock.release()
            raise

    def _take_over(self, run: RunId, lock: Lock, who: dict[str, object]) -> RunJournal:
        with self._database.writing(f"taking control of {run}") as connection:
            connection.execute(_TAKE_OVER, {**who, "run": run})
            epoch = scalar(connection, "SELECT epoch FROM runs WHERE run = :run", {"run": run})
            head = self._head(connection, run)
        return RunJournal(self._database, self._id(run), run, head, Control(lock, epoch))

    def world(self, run: RunId) -> World:
        """What other runs hold, as of now. Costs microseconds while nothing changes."""
        watched = self._worlds.get(run)
        if watched is None:
            run_id = self._id(run)
            watched = Watched(self._database, "reading the leases", lambda c, known: leases.read_world(c, run_id, known))
            self._worlds[run] = watched
        return watched.value()

    def add_statement(self, statement: Statement, sealed: Sealed) -> bool:
        """Keep what a person says of a plan, durable when this returns; False when it is there already."""
        with self._database.writing(f"keeping what {statement.by} says of {statement.runbook}") as connection:
            return statements.add(connection, statement, sealed)

    def statements(self, runbook: str) -> tuple[Sealed, ...]:
        """All that people have said of a runbook's plans, in the order in which it came. Nothing of it was verified."""
        with self._database.reading(f"reading what was said of {runbook}") as connection:
            return statements.of_runbook(connection, runbook)

    def add_rehearsal(self, digest: Digest, seed: int, at: datetime, by: str, body: bytes) -> None:
        """Keep what the rehearsal of a plan came to."""
        with self._database.writing("keeping a rehearsal") as connection:
            statements.add_rehearsal(connection, RehearsalRecord(digest=digest, seed=seed, at=at, by=by, body=body))

    def rehearsals(self, digest: Digest) -> tuple[RehearsalRecord, ...]:
        """The rehearsals of exactly that plan, the oldest first."""
        with self._database.reading("reading rehearsals") as connection:
            return statements.rehearsals_of(connection, digest)

    def book(self, schedule: Schedule, at: datetime, by: str) -> int:
        """Keep a schedule as the one that was promised for its runbook, in place of the one before; its number."""
        with self._database.writing(f"booking the schedule of {schedule.runbook}") as connection:
            return schedules.book(connection, schedule, at, by)

    def release(self, runbook: str, at: datetime, by: str) -> bool:
        """Nothing is booked for a runbook any more; False when nothing was."""
        with self._database.writing(f"releasing the schedule of {runbook}") as connection:
            return schedules.release(connection, runbook, at, by)

    def booked(self) -> tuple[Booked, ...]:
        """The schedules that count, one for each runbook that has one. Raises JournalFault."""
        with self._database.reading("reading the booked schedules") as connection:
            return schedules.booked(connection)

    def booked_before(self) -> tuple[Booked, ...]:
        """All schedules that were ever booked, the oldest first. Raises JournalFault."""
        with self._database.reading("reading what was booked") as connection:
            return schedules.history(connection)

    def decide(self, run: RunId, decision: Decision) -> None:
        """Put a decision into the run's inbox; durable when this returns. The same id a second time changes nothing."""
        run_id = self._id(run)
        with self._database.writing(f"recording a decision for {run}") as connection:
            inbox.add(connection, run_id, decision)

    def inbox(self, run: RunId) -> inbox.RunInbox:
        """The decisions that wait for the run."""
        return inbox.RunInbox(self._database, self._id(run), run)

    def events_after(self, run: RunId, seq: int, *, limit: int = _AT_ONCE) -> list[tuple[int, Event]]:
        """At most `limit` events that follow record `seq`, with their numbers, for those who follow a run."""
        run_id = self._id(run)
        some = decoded(run, records(self._database, run_id, run, link_at(self._database, run_id, run, seq)))
        return [numbered for numbered, _ in zip(some, range(limit), strict=False)]

    def head(self, run: RunId) -> tuple[int, str]:
        """How many events the run has, and the hash of the last (hexadecimal): what is worth keeping elsewhere."""
        with self._database.reading(f"reading the head of {run}") as connection:
            head = self._head(connection, run)
        return head.seq, head.hash.hex()

    def verify(self, run: RunId) -> int:
        """Recompute the run's chain from its first record; how many there are. See `verify_chain`."""
        seq, digest = self.head(run)
        last = Link()
        for record in records(self._database, self._id(run), run, Link()):
            if record.seq == seq and record.hash.hex() != digest:
                raise broken(run, seq, "is not the one that the run's head names")
            last = Link(record.seq, record.hash)
        if last.seq < seq:
            raise broken(run, last.seq + 1, "is missing")
        if last.seq > (now := self.head(run)[0]):  # asked again, because the run may have gone on meanwhile
            raise broken(run, now + 1, "was added behind the end of the run")
        return last.seq

    def close(self) -> None:
        """Close every connection. Journals under control must be closed first."""
        self._database.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _id(self, run: RunId) -> int:
        if run not in self._ids:
            with self._database.reading("reading a run") as connection:
                found = scalar(connection, "SELECT id FROM runs WHERE run = :run", {"run": run})
            self._ids[run] = found if found is not None else self._unknown(run)
        return self._ids[run]

    def _head(self, connection: Connection, run: RunId) -> Link:
        row = connection.execute("SELECT events, head FROM runs WHERE run = :run", {"run": run}).fetchone()
        return Link(*row) if row else self._unknown(run)

    def _unknown(self, run: RunId) -> NoReturn:
        self.run_id(run)
        raise Usage(f"There is no run {run}", next_command="runbook runs")


def _driven(row: RunRow) -> Refused:
    since = row.controller_since.isoformat(sep=" ", timespec="seconds") if row.controller_since else "just now"
    return Refused(
        f"{row.run} is being driven by process {row.controller_pid} on {row.controller_machine} since {since}",
        why="One process at a time drives a run, so that nothing is done twice.",
        next_command=f"runbook status {row.run}, or stop it: runbook stop {row.run}",
    )


def verify_chain(store: Store, run: RunId) -> None:
    """Recompute the run's chain of hashes.

    Raises JournalFault naming the first record that was changed, removed, moved or inserted. A journal that was rewritten
    as a whole can only be told by a head that was kept outside: compare `Store.head`.
    """
    store.verify(run)


_TAKE_OVER = (
    "UPDATE runs SET epoch = epoch + 1, controller_by = :by, controller_machine = :machine, controller_pid = :pid,"
    " controller_since = :since WHERE run = :run"
)
