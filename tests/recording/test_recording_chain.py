"""The chain of hashes: whatever is done to a journal behind our back is found, and its place is named."""

import json
import re
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from recording.journals import a_run, database, driving, group
from runbook_engine.model.errors import JournalFault
from runbook_engine.model.wire import canonical
from runbook_engine.model.words import RunId
from runbook_engine.recording import open_store, verify_chain
from runbook_engine.recording.chain import Link, extend

EVENTS = 22
Tamper = Callable[[sqlite3.Connection, int], None]


def flip(db: sqlite3.Connection, seq: int) -> None:
    """Change one character of a record."""
    (body,) = db.execute("SELECT body FROM events WHERE seq = ?", (seq,)).fetchone()
    db.execute("UPDATE events SET body = ? WHERE seq = ?", (body.replace(b"2026", b"2027", 1), seq))


def remove(db: sqlite3.Connection, seq: int) -> None:
    """Take a record out."""
    db.execute("DELETE FROM events WHERE seq = ?", (seq,))


def remove_and_close_up(db: sqlite3.Connection, seq: int) -> None:
    """Take a record out and renumber those after it, so that no gap is seen."""
    remove(db, seq)
    db.execute("UPDATE events SET seq = -seq WHERE seq > ?", (seq,))
    db.execute("UPDATE events SET seq = -seq - 1 WHERE seq < 0")


def swap(db: sqlite3.Connection, seq: int) -> None:
    """Let a record and the one after it change places."""
    after = seq + 1 if seq < EVENTS else 1
    db.execute("UPDATE events SET seq = -1 WHERE seq = ?", (seq,))
    db.execute("UPDATE events SET seq = ? WHERE seq = ?", (seq, after))
    db.execute("UPDATE events SET seq = ? WHERE seq = -1", (after,))


def insert(db: sqlite3.Connection, seq: int) -> None:
    """Put a copy of a record in before it, with those after it renumbered."""
    row = db.execute("SELECT run_id, body, hash FROM events WHERE seq = ?", (seq,)).fetchone()
    db.execute("UPDATE events SET seq = -seq WHERE seq >= ?", (seq,))
    db.execute("UPDATE events SET seq = -seq + 1 WHERE seq < 0")
    db.execute("INSERT INTO events VALUES (?, ?, ?, ?)", (row[0], seq, *row[1:]))


@pytest.fixture(scope="module")
def journal_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with one run of 22 events, closed."""
    path = database(tmp_path_factory.mktemp("chain"))
    with open_store(str(path)) as store, driving(store, a_run(store)) as journal:
        journal.commit(group(0, EVENTS - 2))
    return path


@pytest.mark.law(11)
@pytest.mark.parametrize("tamper", [flip, remove, remove_and_close_up, swap, insert])
def test_every_tampered_record_is_named(journal_file: Path, tmp_path: Path, tamper: Tamper) -> None:
    """Changed, removed, moved or inserted: for each record of a journal `verify_chain` names the first that is wrong."""
    for seq in range(1, EVENTS + 1):
        copy = tmp_path / f"{seq}.db"
        copy.write_bytes(journal_file.read_bytes())
        with sqlite3.connect(copy) as db:
            tamper(db, seq)
        db.close()
        with open_store(str(copy)) as store, pytest.raises(JournalFault) as found:
            verify_chain(store, RunId("rack12-1"))
        named = int(re.search(r"record (\d+) ", found.value.message.partition("from ")[2]).group(1))  # type: ignore[union-attr]
        first_wrong = {"insert": seq + 1, "swap": seq if seq < EVENTS else 1}.get(tamper.__name__, seq)
        assert named in {first_wrong, seq}, (tamper.__name__, seq, found.value.message)


@pytest.mark.law(11)
def test_a_journal_rewritten_as_a_whole_no_longer_has_the_head_that_was_kept_outside(
    journal_file: Path, tmp_path: Path
) -> None:
    """Who recomputes every hash can hide from the chain, but not from a head that is held elsewhere."""
    copy = tmp_path / "journal.db"
    copy.write_bytes(journal_file.read_bytes())
    run = RunId("rack12-1")
    with open_store(str(copy)) as store:
        kept = store.head(run)
    with sqlite3.connect(copy) as db:
        bodies = [body.replace(b"2.19.1", b"9.99.9") for (body,) in db.execute("SELECT body FROM events ORDER BY seq")]
        for record in extend(run, Link(), bodies):
            db.execute("UPDATE events SET body = ?, hash = ? WHERE seq = ?", (record.body, record.hash, record.seq))
        db.execute("UPDATE runs SET head = ?", (record.hash,))
    db.close()
    with open_store(str(copy)) as store:
        verify_chain(store, run)
        assert store.head(run) != kept
        assert store.head(run)[0] == kept[0]


@pytest.mark.law(11)
def test_a_journal_cut_short_or_made_longer_is_found(journal_file: Path, tmp_path: Path) -> None:
    """Records missing at the end, or added there with the right hashes, do not agree with the run's head."""
    run = RunId("rack12-1")
    for change, seq, words in (
        ("DELETE FROM events WHERE seq > 20", 21, "is missing"),
        ("UPDATE runs SET events = 20, head = (SELECT hash FROM events WHERE seq = 20)", 21, "was added"),
    ):
        copy = tmp_path / f"{words}.db"
        copy.write_bytes(journal_file.read_bytes())
        with sqlite3.connect(copy) as db:
            db.execute(change)
        db.close()
        with open_store(str(copy)) as store:
            with pytest.raises(JournalFault, match=f"record {seq} {words}"):
                verify_chain(store, run)
            if words == "is missing":
                with pytest.raises(JournalFault, match="record 21 is missing"):
                    list(store.journal(run).read())


def test_the_hash_covers_the_canonical_json_of_run_number_and_event(journal_file: Path) -> None:
    """Anybody with SHA-256 and a JSON library can check a journal: the rule is short enough to be written down here."""
    with sqlite3.connect(journal_file) as db:
        rows = db.execute("SELECT seq, body, hash FROM events ORDER BY seq").fetchall()
    db.close()
    previous = bytes(32)
    for seq, body, found in rows:
        previous = sha256(previous + canonical(["rack12-1", seq, json.loads(body)])).digest()
        assert previous == found
    assert len(rows) == EVENTS


def test_records_of_another_run_do_not_fit(journal_file: Path, tmp_path: Path) -> None:
    """A run's records moved to another run are found out, because the run's name is in every hash."""
    copy = tmp_path / "journal.db"
    copy.write_bytes(journal_file.read_bytes())
    with open_store(str(copy)) as store:
        other = a_run(store)
    with sqlite3.connect(copy) as db:
        db.execute("DELETE FROM events WHERE run_id = 2")
        db.execute("UPDATE events SET run_id = 2")
        db.execute("UPDATE runs SET events = 22, head = (SELECT head FROM runs WHERE id = 1) WHERE id = 2")
    db.close()
    with open_store(str(copy)) as store, pytest.raises(JournalFault, match="record 1 "):
        verify_chain(store, other)
