"""The journal of a run: what a commit promises."""

import threading
import time
from pathlib import Path

import pytest

from recording.journals import T0, a_plan, a_run, database, driving, group, intent
from runbook_engine.model.decisions import AddNote
from runbook_engine.model.errors import JournalFault
from runbook_engine.model.events import HostsReleased, HostsTaken, NoteAdded
from runbook_engine.model.words import HostName
from runbook_engine.recording import RunJournal, Store, open_store, verify_chain
from runbook_engine.recording.sqlite import Database
from runbook_engine.running.ports import Inbox, Journal


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A new store."""
    return open_store(str(database(tmp_path)))


def taken(*hosts: str) -> HostsTaken:
    """A run takes hosts."""
    return HostsTaken(at=T0, hosts=tuple(map(HostName, hosts)))


def test_what_was_committed_is_read_in_order(store: Store) -> None:
    """Appended events and starts come back as they were, numbered without a gap, also in pieces for a follower."""
    run = a_run(store)
    with driving(store, run) as journal:
        journal.append(group(0, 4))
        journal.append(group(1, 4))
        assert journal.commit(group(2, 3))
        assert journal.commit()
        expected = [*group(0, 4), *group(1, 4), *group(2, 3)]
        assert list(journal.read())[2:] == expected
        assert list(store.journal(run).read())[2:] == expected
        assert store.events_after(run, 2) == list(enumerate(expected, 3))
        assert store.events_after(run, 9, limit=3) == list(enumerate(expected, 3))[7:10]
        assert store.events_after(run, 13) == []
        assert journal.head == store.head(run)
        assert verify_chain(store, run) is None  # type: ignore[func-returns-value]
    with pytest.raises(JournalFault, match="record 99"):
        store.events_after(run, 99)
    store.close()


def test_the_journal_fits_the_seams_of_the_spine(store: Store) -> None:
    """What the spine asks for is what a store gives."""
    run = a_run(store)
    with driving(store, run) as found:
        journal: Journal = found
        inbox: Inbox = found.inbox()
        assert list(journal.read())
        assert inbox.waiting() == ()
    store.close()


def test_nothing_is_durable_before_the_commit(store: Store) -> None:
    """Appending alone writes nothing; closing drops it."""
    run = a_run(store)
    with driving(store, run) as journal:
        before = store.head(run)
        journal.append(group(0, 4))
    assert store.head(run) == before
    store.close()


def test_starts_are_not_written_when_the_world_has_changed(store: Store) -> None:
    """With another version of the world, outcomes are recorded and starts are not, and the caller is told."""
    mine, other = a_run(store), a_run(store)
    with driving(store, mine) as journal, driving(store, other) as theirs:
        version = store.world(mine).version
        assert journal.commit([intent(1)], if_still=version)
        theirs.commit([taken("r12-u01")])
        journal.append([NoteAdded(at=T0, by="x", text="outcome")])
        assert not journal.commit([intent(2)], if_still=version)
        assert [type(event).__name__ for event in journal.read()][-2:] == ["AttemptStarted", "NoteAdded"]
        assert store.world(mine).version > version
        assert journal.commit([intent(2)], if_still=store.world(mine).version)
        verify_chain(store, mine)
    store.close()


@pytest.mark.law(12)
def test_a_host_is_one_runs_at_a_time(store: Store) -> None:
    """A run that wants a host of another run gets none of its starts; the world names the holder; release frees it."""
    mine, other = a_run(store), a_run(store)
    with driving(store, mine) as journal, driving(store, other) as theirs:
        assert theirs.commit([taken("r12-u01", "r12-u02")])
        assert store.world(mine).taken == {"r12-u01": other, "r12-u02": other}
        assert store.world(other).taken == {}
        journal.append([NoteAdded(at=T0, by="x", text="outcome")])
        assert not journal.commit([taken("r12-u03", "r12-u02"), intent(1)])
        assert [type(event).__name__ for event in journal.read()][-1] == "NoteAdded"
        theirs.commit([HostsReleased(at=T0, hosts=(HostName("r12-u02"),))])
        assert journal.commit([taken("r12-u03", "r12-u02"), intent(1)])
        assert store.world(mine).taken == {"r12-u01": other}
        assert store.world(other).taken == {"r12-u02": mine, "r12-u03": mine}
    store.close()


@pytest.mark.law(12)
def test_leases_outlive_the_process_and_are_not_taken_by_appending(store: Store, tmp_path: Path) -> None:
    """A host stays taken through a crash until an event releases it, and no event can claim another run's host."""
    mine, other = a_run(store), a_run(store)
    with driving(store, other) as theirs:
        theirs.commit([taken(*(f"h{n}" for n in range(1200))), taken("h1")])
    store.close()
    with open_store(str(database(tmp_path))) as again, driving(again, mine) as journal:
        assert len(again.world(mine).taken) == 1200
        journal.append([taken("h1199")])
        before = again.head(mine)
        with pytest.raises(JournalFault, match="h1199: rack12-2 works on it"):
            journal.commit()
        assert again.head(mine) == before


def test_a_host_released_by_another_run_stays_taken(store: Store) -> None:
    """Only the run that has a host can let it go."""
    mine, other = a_run(store), a_run(store)
    with driving(store, mine) as journal, driving(store, other) as theirs:
        theirs.commit([taken("h1")])
        journal.commit([HostsReleased(at=T0, hosts=(HostName("h1"),))])
        assert store.world(mine).taken == {"h1": other}
    store.close()


def test_a_journal_without_control_is_read_only(store: Store) -> None:
    """Who only reads cannot write, and is told how to."""
    journal = store.journal(a_run(store))
    for write in (lambda: journal.append(group(0, 2)), lambda: journal.commit(group(0, 2))):
        with pytest.raises(JournalFault, match="reading only"):
            write()
    assert journal.epoch == 0
    store.close()


def test_after_a_fault_nothing_more_is_written_by_that_process(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that failed is never tried again: every later call refuses, and a new opening goes on from what is there."""
    run = a_run(store)
    with driving(store, run) as journal:
        before = store.head(run)
        journal.append(group(0, 4))
        with monkeypatch.context() as patched:
            patched.setattr(Database, "_checkpoint", lambda _: (_ for _ in ()).throw(OSError(5, "Input/output error")))
            patched.setattr("runbook_engine.recording.sqlite._CHECKPOINT_AFTER", 0)
            with pytest.raises(JournalFault, match="Input/output error"):
                journal.commit()
        for write in (lambda: journal.append(group(1, 2)), journal.commit, lambda: journal.commit(group(1, 2))):
            with pytest.raises(JournalFault, match="Nothing more is recorded"):
                write()
        assert list(journal.read())
    after = store.head(run)
    assert after[0] in {before[0], before[0] + 4}
    with driving(store, run) as again:
        assert again.commit(group(1, 2))
    assert store.head(run)[0] == after[0] + 3
    store.close()


def test_an_interrupted_commit_writes_all_or_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption in the middle of a commit leaves no part of it behind, and the object is not used again."""
    run = a_run(store)
    with driving(store, run) as journal:
        before = store.head(run)

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("runbook_engine.recording.leases.apply", interrupt)
            with pytest.raises(KeyboardInterrupt):
                journal.commit(group(0, 4))
        assert store.head(run) == before
        with pytest.raises(JournalFault, match="broken off"):
            journal.commit(group(0, 4))
    verify_chain(store, run)
    store.close()


def test_the_log_is_moved_into_the_file_now_and_then(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a run is, the log beside the file stays bounded, and nothing is lost by that."""
    monkeypatch.setattr("runbook_engine.recording.sqlite._CHECKPOINT_AFTER", 500)
    run = a_run(store)
    with driving(store, run) as journal:
        for number in range(60):
            journal.commit(group(number, 100))
        assert len(list(journal.read())) == 6002
    assert database(tmp_path).with_name("journal.db-wal").stat().st_size < 1_000_000 < database(tmp_path).stat().st_size
    verify_chain(store, run)
    store.close()


def test_people_decide_while_the_run_goes_on(store: Store) -> None:
    """Decisions that other threads put in while commits go on are all seen, once each, in each thread's order."""
    run = a_run(store)
    threads = [
        threading.Thread(
            target=lambda who=who: [store.decide(run, AddNote(id=f"{who}-{n}", by=who, text="x")) for n in range(25)]
        )
        for who in ("ana", "tom", "eva")
    ]
    for thread in threads:
        thread.start()
    seen: list[str] = []
    with driving(store, run) as journal:
        inbox = journal.inbox()
        while any(thread.is_alive() for thread in threads) or inbox.waiting():
            for decision in inbox.waiting():
                seen.append(decision.id)
                journal.append([NoteAdded(at=T0, by=decision.by, text="x")], consumes=decision.id)
            journal.commit()
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen)) == 75
    for who in ("ana", "tom", "eva"):
        assert [name for name in seen if name.startswith(who)] == [f"{who}-{n}" for n in range(25)]
    store.close()


def test_asking_again_costs_nothing_while_nothing_changes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """World and inbox are asked in every turn of the loop: they read again only after somebody has committed."""
    run = a_run(store)
    inbox = store.inbox(run)
    world, waiting = store.world(run), inbox.waiting()
    with monkeypatch.context() as patched:
        patched.setattr(Database, "reading", None)
        began = time.perf_counter()
        for _ in range(1000):
            assert store.world(run) is world
            assert inbox.waiting() is waiting
        assert time.perf_counter() - began < 0.2  # 100 µs for both; some 10 when the machine is idle
    store.decide(run, AddNote(id="d1", by="x", text="x"))
    assert len(inbox.waiting()) == 1
    assert store.world(run) is world
    store.close()


def test_an_event_of_a_later_version_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that this version does not know is not guessed at: its number and the way out are told."""
    run = a_run(store)
    with driving(store, run) as journal:
        with monkeypatch.context() as patched:
            patched.setattr("runbook_engine.recording.journal.to_data", lambda _: {"is": "HostMoved"})
            journal.commit(group(0, 1))
        with pytest.raises(JournalFault, match="record 3 cannot be read") as found:
            list(journal.read())
    assert "upgrade" in found.value.next_command
    verify_chain(store, run)
    store.close()


def test_many_events_a_second_are_made_durable(store: Store) -> None:
    """Committed in groups of 200 with a full sync each, at least 10,000 events a second in the best of some rounds."""

    def rate(journal: RunJournal, first: int) -> float:
        groups = [group(number, 200) for number in range(first, first + 10)]
        began = time.perf_counter()
        for events in groups:
            journal.append(events)
            journal.commit()
        return 2000 / (time.perf_counter() - began)

    with driving(store, a_run(store, a_plan())) as journal:
        assert max(rate(journal, first * 10) for first in range(5)) >= 10_000
    store.close()
