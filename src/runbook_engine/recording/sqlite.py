"""The journal's database as one SQLite file. Everything that is peculiar to SQLite is in this file.

Durability rests on settings that are read back on every connection: write-ahead log, `synchronous=FULL`, foreign keys.
A write transaction begins with the write lock (`BEGIN IMMEDIATE`), so that what it reads cannot change under it.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runbook_engine.model.errors import JournalFault
from runbook_engine.recording import schema
from runbook_engine.recording.connection import Connection, scalar
from runbook_engine.recording.faults import damaged, explain
from runbook_engine.recording.locks import Lock, folder, take
from runbook_engine.recording.storage import prepare

_REQUIRED = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "wal_autocheckpoint": 0}
_CHECKPOINT_AFTER = 10_000  # rows written by this process, a commit counting as 20: some 5 MB of log
_COMMIT_WEIGHT = 20
_CHECKPOINT_PATIENCE_MS = 100
_OPENING = "opening the journal"
_IDLE = 5  # connections that are kept for those who read


class Database:
    """One open file. Threads may share it: each reads on its own connection, and they take turns on the one that writes."""

    def __init__(self, path: Path, *, patience_s: float) -> None:
        """Open or create the file and bring its tables up to date. Raises JournalFault."""
        self.path = path
        self._patience_s = patience_s
        self._written = 0
        self._guard = threading.Lock()  # around the connection that writes
        with self.faults(_OPENING):
            prepare(path)
            self._lock, left_open = self._announce()
        self._keeps = _IDLE
        self._idle: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None
        self._touched = 0  # how often this process has changed what may be watched
        try:
            self._make_ready(check=left_open)
        except BaseException:
            self.close()
            raise

    def _announce(self) -> tuple[Lock, bool]:
        """Say that the file is in use. Alone, and yet there is a log: whoever used it last did not close it."""
        place = folder(self.path) / "open"
        if alone := take(place):
            log = self.path.with_name(self.path.name + "-wal")
            return alone, log.exists() and log.stat().st_size > 0
        if shared := take(place, shared=True, patience_s=self._patience_s):
            return shared, False
        raise JournalFault(
            f"{self.path}: another process is checking or upgrading the journal",
            why="It did not finish within the time that this one was willing to wait.",
            next_command="runbook runs",
        )

    def _make_ready(self, *, check: bool) -> None:
        with self.reading(_OPENING) as connection:
            if check and scalar(connection, "PRAGMA quick_check(1)") != "ok":
                raise damaged(self.path, "checking the journal, which was not closed properly")
            current = schema.is_current(connection, str(self.path))
        if not current:
            self._upgrade()
        self._lock.share()

    def _upgrade(self) -> None:
        with self.writing("making the journal's tables") as connection:
            if not schema.names(connection):  # another process may have been faster
                schema.make(connection)
            is_old = not schema.is_current(connection, str(self.path))
        if is_old:
            from runbook_engine.recording.migrating import migrate

            with self.faults("changing the journal's tables"):
                migrate(self.path, self._patience_s, _set_and_read_back)

    @contextmanager
    def reading(self, doing: str) -> Iterator[Connection]:
        """A snapshot to read from; keep it short. `doing` completes "while …" in the message of a fault."""
        with self.faults(doing):
            connection = self._taken()
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("ROLLBACK")
            except BaseException:
                connection.close()
                raise
            self._put_by(connection)

    def _taken(self) -> sqlite3.Connection:
        with suppress(IndexError):  # another thread may take the last one
            return self._idle.pop()
        return self._connected()

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=self._patience_s, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        try:
            _set_and_read_back(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _put_by(self, connection: sqlite3.Connection) -> None:
        if len(self._idle) < self._keeps:
            self._idle.append(connection)
        else:
            connection.close()

    @contextmanager
    def writing(self, doing: str, *, watched: bool = True) -> Iterator[Connection]:
        """A transaction that holds the write lock from its beginning; durable when it has been left without an error.

        `watched`: it changes something that others watch; without it `changes` stays as it is.
        """
        with self.faults(doing), self._guard:
            try:
                connection = self._writing()
                before = connection.total_changes
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
                rows = connection.total_changes - before
            except BaseException:
                self._let_go()
                raise
            self._touched += watched
            self._written += rows + _COMMIT_WEIGHT
            if self._written > _CHECKPOINT_AFTER:
                self._checkpoint()

    def changes(self) -> tuple[int, int]:
        """What differs from the last answer when anybody has changed what may be watched. Costs microseconds.

        SQLite counts what other connections commit; what is committed here is counted here.
        """
        with self.faults("looking for changes"), self._guard:
            return scalar(self._writing(), "PRAGMA data_version"), self._touched

    def _writing(self) -> sqlite3.Connection:
        """The connection that writes, kept for the next time: taking one costs more than a small commit."""
        if self._writer is None:
            self._writer = self._connected()
            self._touched += 1  # what another connection has counted says nothing about this one
        return self._writer

    def _let_go(self) -> None:
        """After an error a new connection is safer than one that may not have been rolled back."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(sqlite3.Error):
                writer.close()

    @contextmanager
    def faults(self, doing: str) -> Iterator[None]:
        """Turns whatever the database or the disk raises into a JournalFault."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise explain(self.path, doing, error) from error

    def _checkpoint(self) -> None:
        """Move the log into the file, with the write lock held.

        SQLite before 3.51.3 can lose pages when a commit restarts the log during another connection's checkpoint.
        The automatic checkpoint runs without the write lock, so it is off; this kind takes it. A fault here costs
        nothing: the log is durable, and a disk that has gone bad is noticed by the next commit.
        """
        self._written = 0
        writer = self._writing()
        with suppress(sqlite3.Error):
            writer.execute(f"PRAGMA busy_timeout={_CHECKPOINT_PATIENCE_MS}")
            writer.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
            writer.execute(f"PRAGMA busy_timeout={int(self._patience_s * 1000)}")

    def close(self) -> None:
        """Give back everything. The last process to close leaves a single tidy file."""
        with self._guard, self.faults("closing the journal"):
            if self._writer is not None:
                self._writer.close()
            self._keeps = 0
            while self._idle:
                self._idle.pop().close()
            self._lock.release()


def _set_and_read_back(connection: sqlite3.Connection) -> None:
    for name, value in _REQUIRED.items():
        connection.execute(f"PRAGMA {name}={value}")
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != value:
            raise JournalFault(
                f"SQLite did not accept {name}={value}; it stays at {found}",
                why="Without that setting an acknowledged record could be lost.",
                next_command="runbook doctor",
            )
