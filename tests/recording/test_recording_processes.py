"""Several processes at one journal: who drives a run, and who must wait. Real processes, killed and frozen for real."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recording.journals import T0, a_run, database, driving, group, intent
from runbook_engine.model.decisions import AddNote
from runbook_engine.model.errors import JournalFault, Refused
from runbook_engine.model.words import RunId
from runbook_engine.recording import Store, open_store, verify_chain
from runbook_engine.recording.locks import drivers, run_lock

HERE = Path(__file__).parent


class Other:
    """Another process."""

    def __init__(self, path: Path, run: RunId) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "another_process.py"), str(path), run],
            env={**os.environ, "PYTHONPATH": str(HERE.parent)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, words: str) -> None:
        """Let it begin something."""
        assert self.process.stdin
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        """What it says next."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def ask(self, words: str) -> str:
        """Tell, and wait for the answer."""
        self.tell(words)
        return self.answer()

    def end(self) -> None:
        """Whatever state it is in."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The test's own view of the journal."""
    with open_store(str(database(tmp_path)), patience_s=0.2) as store:
        yield store


@pytest.fixture
def run(store: Store) -> RunId:
    """A run to quarrel about."""
    return a_run(store)


@pytest.fixture
def other(store: Store, run: RunId, tmp_path: Path) -> Iterator[Other]:
    """A second process."""
    process = Other(database(tmp_path), run)
    yield process
    process.end()


def test_a_run_has_one_driver(store: Store, run: RunId, other: Other, tmp_path: Path) -> None:
    """A second process is refused and told who drives, since when, and what to do; other runs are not touched by that."""
    assert other.ask("control") == "epoch 1"
    with pytest.raises(Refused) as found:
        store.control(run, by="tom.li", machine="ops2", pid=1, now=T0)
    row = store.run(run)
    assert (row.alive, row.controller_pid, row.controller_machine) == (True, other.process.pid, "ops1")
    assert f"process {other.process.pid} on ops1 since 2026-11-30 22:00" in found.value.message
    assert f"runbook status {run}" in found.value.next_command
    assert drivers(database(tmp_path)) == {other.process.pid: run}
    with driving(store, a_run(store)) as mine:
        assert mine.commit(group(0, 2))
    assert other.ask("commit") == "events 3"


def test_one_process_cannot_drive_a_run_twice(store: Store, run: RunId) -> None:
    """The rule holds within a process too, until control is given up."""
    with driving(store, run), pytest.raises(Refused):
        driving(store, run)
    with driving(store, run) as journal:
        assert journal.epoch == 2


def test_a_killed_driver_is_succeeded_at_once(store: Store, run: RunId, other: Other) -> None:
    """The lock dies with its process, without any waiting; the successor goes on in a higher epoch."""
    assert other.ask("control") == "epoch 1"
    assert other.ask("commit") == "events 3"
    other.process.kill()
    other.process.wait()
    assert not store.run(run).alive
    with driving(store, run) as journal:
        assert journal.epoch == 2
        assert journal.commit(group(0, 2))
    verify_chain(store, run)


def test_a_driver_that_was_frozen_and_overtaken_writes_nothing_more(
    store: Store, run: RunId, other: Other, tmp_path: Path
) -> None:
    """Even when its lock was lost, a process that wakes up late finds a newer epoch, records nothing, and never tries again."""
    assert other.ask("control") == "epoch 1"
    other.process.send_signal(signal.SIGSTOP)
    run_lock(database(tmp_path), run).unlink()
    with driving(store, run) as journal:
        assert journal.epoch == 2
        before = store.head(run)
        other.process.send_signal(signal.SIGCONT)
        assert other.ask("commit").startswith(f"JournalFault: Another process has taken over {run}")
        assert other.ask("commit").startswith("JournalFault: Nothing more is recorded")
        assert store.head(run) == before
        assert journal.commit([intent(1)])
    verify_chain(store, run)


def test_who_holds_the_journal_up_is_named(store: Store, run: RunId, other: Other) -> None:
    """When another process keeps the write lock too long, the message names its id and the run that it drives."""
    assert other.ask("control") == "epoch 1"
    assert other.ask("write 2").startswith("holding")
    with pytest.raises(JournalFault) as found:
        store.decide(run, AddNote(id="d1", by="tom.li", text="x"))
    assert f"locked by process {other.process.pid} (it drives {run})" in found.value.message
    assert store.runs()
    assert other.answer() == "held"
    store.decide(run, AddNote(id="d1", by="tom.li", text="x"))
    assert [decision.id for decision in store.inbox(run).waiting()] == ["d1"]


def test_two_processes_commit_to_two_runs_without_waiting_for_each_other(store: Store, run: RunId, other: Other) -> None:
    """Writers take turns: both journals are complete and intact."""
    mine = a_run(store)
    assert other.ask("control") == "epoch 1"
    with driving(store, mine) as journal:
        for number in range(30):
            other.tell("commit")
            journal.commit(group(number, 2))
        assert [other.answer() for _ in range(30)][-1] == "events 32"
    for each, events in ((mine, 62), (run, 32)):
        verify_chain(store, each)
        assert store.head(each)[0] == events


def test_a_decision_of_another_process_is_seen(store: Store, run: RunId, tmp_path: Path) -> None:
    """What somebody decides elsewhere reaches an inbox that is already open."""
    inbox = store.inbox(run)
    assert inbox.waiting() == ()
    program = (
        "import sys; from runbook_engine.recording import open_store; from runbook_engine.model.decisions import AddNote\n"
        "with open_store(sys.argv[1]) as store: store.decide(sys.argv[2], AddNote(id='d1', by='tom.li', text='x'))"
    )
    subprocess.run([sys.executable, "-c", program, str(database(tmp_path)), run], check=True)
    assert [decision.id for decision in inbox.waiting()] == ["d1"]
