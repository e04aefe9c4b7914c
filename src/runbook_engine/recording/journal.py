"""The journal of one run: read by anybody, written by the one process that has taken control of it."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache

from runbook_engine.model.errors import JournalFault
from runbook_engine.model.events import Event
from runbook_engine.model.values import dataclass
from runbook_engine.model.wire import canonical, to_data
from runbook_engine.model.words import RunId
from runbook_engine.recording import inbox, leases, runs
from runbook_engine.recording.chain import Link, broken, extend
from runbook_engine.recording.connection import Connection
from runbook_engine.recording.events import decoded, records
from runbook_engine.recording.locks import Lock
from runbook_engine.recording.sqlite import Database


@dataclass(frozen=True, slots=True)
class Control:
    """The right to write: the lock that keeps other processes out, and the epoch that is checked in every commit."""

    lock: Lock
    epoch: int


class RunJournal:
    """Satisfies `running.ports.Journal`. Without `control` it can only be read."""

    def __init__(self, database: Database, run_id: int, run: RunId, head: Link, control: Control | None = None) -> None:
        self.run = run
        self._database = database
        self._run_id = run_id
        self._head = head
        self._control = control
        self._pending: list[Event] = []
        self._consumes: list[str] = []
        self._fault: JournalFault | None = None

    @property
    def epoch(self) -> int:
        """The number of this process's turn at driving the run; 0 for one that only reads."""
        return self._control.epoch if self._control else 0

    @property
    def head(self) -> tuple[int, str]:
        """Sequence number and hash (hexadecimal) of the last record that this object knows of."""
        return self._head.seq, self._head.hash.hex()

    def read(self) -> Iterator[Event]:
        """Every event of the run, in order, each proved by the chain. Raises JournalFault at the first that is not."""
        seq, known = 0, self._head.seq
        for seq, event in decoded(self.run, records(self._database, self._run_id, self.run, Link())):  # noqa: B007 - used after the loop
            yield event
        if seq < known:
            raise broken(self.run, seq + 1, "is missing")

    def inbox(self) -> inbox.RunInbox:
        """The decisions that wait for this run."""
        return inbox.RunInbox(self._database, self._run_id, self.run)

    def append(self, events: Sequence[Event], *, consumes: str = "") -> None:
        """Take events for the next commit, and with them the decision of that id. Not durable yet."""
        self._writable()
        self._pending.extend(events)
        if consumes:
            self._consumes.append(consumes)

    def commit(self, starts: Sequence[Event] = (), *, if_still: int | None = None) -> bool:
        """Make durable all that was appended, and `starts` too if nothing forbids them.

        One transaction, synced before it returns. False: the world's version is no longer `if_still`, or another run
        has one of the hosts that `starts` take; then the starts were not written. Raises JournalFault when nothing
        could be written, or another process has taken the run over.
        """
        control = self._writable()
        if not (self._pending or self._consumes or starts):
            return True
        with self._never_again_after_a_fault(), self._transaction(starts) as connection:
            allowed = not starts or self._allowed(connection, starts, if_still)
            events = [*self._pending, *starts] if allowed else self._pending
            head = self._write(connection, events, control.epoch)
        self._head = head
        self._pending, self._consumes = [], []
        return allowed

    def _transaction(self, starts: Sequence[Event]) -> AbstractContextManager[Connection]:
        """Inboxes and worlds are read again only after a commit that changes them."""
        watched = bool(self._consumes) or leases.changed_by(self._pending) or leases.changed_by(starts)
        return self._database.writing(f"recording events of {self.run}", watched=watched)

    def _allowed(self, connection: Connection, starts: Sequence[Event], if_still: int | None) -> bool:
        if if_still is not None and leases.version(connection) != if_still:
            return False
        return not leases.taken_by_others(connection, self._run_id, starts)

    def _write(self, connection: Connection, events: Sequence[Event], epoch: int) -> Link:
        records = list(extend(self.run, self._head, (canonical(to_data(event)) for event in events)))
        head = Link(records[-1].seq, records[-1].hash) if records else self._head
        self._move_head(connection, head, epoch, runs.facts(events))
        if records:
            runs.add_records(connection, self._run_id, records)
        for decision in self._consumes:
            inbox.consume(connection, self._run_id, decision, seq=head.seq)
        self._lease(connection, events)
        return head

    def _move_head(self, connection: Connection, head: Link, epoch: int, facts: dict[str, object]) -> None:
        """Only from the head that this object knows, and only in its own epoch: whoever woke up late writes nothing."""
        known = {"known_run": self._run_id, "known_epoch": epoch, "known_seq": self._head.seq, "known_hash": self._head.hash}
        new = {"events": head.seq, "head": head.hash, **facts}
        if connection.execute(_moving_head(tuple(new)), {**known, **new}).rowcount != 1:
            raise self._overtaken(connection)

    def _overtaken(self, connection: Connection) -> JournalFault:
        row = connection.execute("SELECT * FROM runs WHERE id = :id", {"id": self._run_id}).fetchone()
        by = f"process {row['controller_pid']} on {row['controller_machine']}" if row else "nobody: the run is gone"
        return JournalFault(
            f"Another process has taken over {self.run}; nothing more is recorded here",
            why=f"This process drove it in epoch {self.epoch}; now it is epoch {row['epoch'] if row else 0}, driven by {by}.",
            next_command=f"runbook status {self.run}",
        )

    def _lease(self, connection: Connection, events: Sequence[Event]) -> None:
        """The starts were looked at before; a host in what was appended is a fact that must not contradict another run."""
        if taken := leases.taken_by_others(connection, self._run_id, events):
            host, other = next(iter(taken.items()))
            raise JournalFault(
                f"{self.run} cannot have taken {host}: {other} works on it",
                why="A host is worked on by one run at a time.",
                next_command=f"runbook status {other}",
            )
        leases.apply(connection, self._run_id, events)

    def _writable(self) -> Control:
        if self._fault is not None:
            raise JournalFault(
                f"Nothing more is recorded for {self.run} by this process: {self._fault.message}",
                why="After a fault nobody knows what the disk holds until the journal is opened again.",
                next_command=f"runbook resume {self.run}",
            ) from self._fault
        if self._control is None:
            raise JournalFault(
                f"The journal of {self.run} was opened for reading only",
                why="Only the process that drives a run records its events.",
                next_command=f"runbook resume {self.run}",
            )
        return self._control

    @contextmanager
    def _never_again_after_a_fault(self) -> Iterator[None]:
        """A failed sync is never tried again: the system may have dropped what it could not write."""
        try:
            yield
        except BaseException as error:
            self._fault = error if isinstance(error, JournalFault) else JournalFault(f"the commit was broken off ({error!r})")
            raise

    def close(self) -> None:
        """Give up control; what was appended and not committed is dropped."""
        if self._control:
            self._control.lock.release()
            self._control = None

    def __enter__(self) -> "RunJournal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@cache
def _moving_head(columns: tuple[str, ...]) -> str:
    """The statement that gives these columns new values, if the run still stands where this process has left it."""
    new = ", ".join(f"{name} = :{name}" for name in columns)
    known = "id = :known_run AND epoch = :known_epoch AND events = :known_seq AND head = :known_hash"
    return f"UPDATE runs SET {new} WHERE {known}"  # noqa: S608 - names of columns and nothing else
