"""A reader of the journal that shares no code with the engine: raw SQLite, its own arithmetic of the chain."""

import json
import shutil
import sqlite3
import tempfile
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any


def read_copy(folder: Path) -> list[dict[str, Any]]:
    """The events of the only run, read from a copy, so that what a dead process has left behind stays as it is."""
    if not (folder / "journal.db").exists():
        return []
    with tempfile.TemporaryDirectory() as copy:
        for file in folder.glob("journal.db*"):
            if file.is_file() and not file.name.endswith("-shm"):
                shutil.copy(file, copy)
        return read(Path(copy) / "journal.db")


def read(file: Path) -> list[dict[str, Any]]:
    """The events of the only run, in order. Asserts that the file is whole and the chain holds up to the head of the run."""
    with closing(sqlite3.connect(file)) as database:
        check = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        assert check == "ok", f"the file is damaged: {check}"
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchall():
            return []  # the end came before there were tables
        runs = database.execute("SELECT id, run, events, head FROM runs").fetchall()
        rows = database.execute("SELECT seq, body, hash FROM events ORDER BY seq").fetchall()
    assert len(runs) <= 1
    assert bool(runs) == bool(rows), "events without a run, or a run without events"
    return proved(runs[0], rows) if runs else []


def proved(run: tuple[int, str, int, bytes], rows: list[tuple[int, bytes, bytes]]) -> list[dict[str, Any]]:
    """The events of rows that follow each other by their hashes and end at the run's head."""
    _, name, count, head = run
    previous = bytes(32)
    for number, (seq, body, stored) in enumerate(rows, 1):
        assert seq == number, f"record {number} is missing"
        previous = sha256(previous + b'["%b",%d,%b]' % (name.encode(), seq, body)).digest()
        assert previous == stored, f"the chain breaks at record {seq}"
    assert (count, head) == (len(rows), previous), f"the run says {count} records, there are {len(rows)}"
    return [json.loads(body) for _, body, _ in rows]
