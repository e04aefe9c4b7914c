"""How many events a second the journal takes in, by the size of its commits; what one commit costs; how fast it is read.

    python bench/journal.py [EVENTS]        default: 20000 for each size of group; the folder is chosen by TMPDIR

Each commit is one transaction, synced to the disk before it returns, and every record is chained to the one before.
"""

import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from runbook_engine.model.events import AttemptEnded, AttemptStarted, ControllerTookOver, Event, Outcome, RunCreated
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import AttemptId, Digest, Kind, RunId, Status, TaskId
from runbook_engine.recording import RunJournal, Store, open_store

GROUPS = (1, 10, 100, 1000)
EVENTS = 20_000
SINGLE = 300  # commits of one event that are looked at one by one
AT = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
PLAN = Plan(
    runbook="bench",
    title="Bench",
    kind=Kind.MAINTENANCE,
    owner="bench",
    why="To see how long it takes",
    impact="None",
    phases=(),
    packages={},
    targets={},
    digest=Digest("b" * 64),
)


def started(number: int) -> Event:
    return AttemptStarted(at=AT, task=TaskId(f"firmware/flash@r12-u{number:05}"), attempt=AttemptId(f"a-{number:016x}"))


def ended(number: int) -> Event:
    outcome = Outcome(status=Status.OK, exit_code=0, duration_s=1.25, output_bytes=7, saved={"stdout": "2.20.0\n"})
    task = TaskId(f"firmware/flash@r12-u{number:05}")
    return AttemptEnded(at=AT, task=task, attempt=AttemptId(f"a-{number:016x}"), outcome=outcome)


def driven(store: Store) -> RunJournal:
    """The journal of a new run, under control."""

    def created(run: RunId) -> Event:
        return RunCreated(at=AT, run=run, digest=PLAN.digest, runbook="bench", title="Bench", by="bench", version="0")

    journal = store.control(store.create_run(PLAN, created), by="bench", machine="bench", pid=os.getpid(), now=AT)
    journal.append([ControllerTookOver(at=AT, epoch=journal.epoch, by="bench", machine="bench", pid=os.getpid())])
    journal.commit()
    return journal


def written(store: Store, size: int, number: int) -> str:
    """Half starts, half ends, committed in groups of `size`."""
    number = min(number, 1000 * size)
    events = [(started if i % 2 == 0 else ended)(i // 2) for i in range(number)]
    with driven(store) as journal:
        began = time.perf_counter()
        for first in range(0, number, size):
            journal.append(events[first : first + size])
            journal.commit()
        took = time.perf_counter() - began
    return f"append and commit  groups of {size:>5}  {number:>7} events  {number / took:>9.0f} events/s"


def one_by_one(store: Store) -> str:
    """A changing step may begin only when its start is on disk: what that wait is."""
    with driven(store) as journal:
        version = store.world(journal.run).version
        took = []
        for i in range(SINGLE):
            began = time.perf_counter()
            assert journal.commit([started(i)], if_still=version)
            took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return (
        f"commit of one start  median {statistics.median(took):.2f} ms  best {took[0]:.2f} ms  "
        f"19 of 20 within {took[int(0.95 * SINGLE)]:.2f} ms"
    )


def read_back(store: Store) -> str:
    """Read the longest run: every record proved by the chain and decoded."""
    run = max(store.runs(), key=lambda row: row.events).run
    began = time.perf_counter()
    number = sum(1 for _ in store.journal(run).read())
    took = time.perf_counter() - began
    return f"read back, proved    {number:>7} events  {number / took:>9.0f} events/s"


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory() as folder, open_store(str(Path(folder) / "journal.db")) as store:
        for size in GROUPS:
            print(written(store, size, number), flush=True)
        print(one_by_one(store), flush=True)
        print(read_back(store), flush=True)


if __name__ == "__main__":
    main()
