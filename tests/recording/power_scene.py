"""A program: a journal is made and written to, and every change of a file is told, for whoever plays a power cut.

Started with crash.so preloaded and CRASH_DIR set: power_scene.py SEED SYNC FILE. FILE gets the changes; marks between them
say how many events are acknowledged, and -1 that a decision is.
"""

import ctypes
import os
import sys
from pathlib import Path
from random import Random

from recording.journals import T0, a_run, database, driving, group, intent, result
from runbook_engine.model.decisions import AddNote
from runbook_engine.model.events import Event, NoteAdded
from runbook_engine.model.words import RunId
from runbook_engine.recording import RunJournal, open_store, sqlite

LIBRARY = ctypes.CDLL(None)
COMMITS = 14
DECIDED = -1


def acknowledge(number: int) -> None:
    """What is said here must never be taken back."""
    LIBRARY.disk_mark(ctypes.c_long(number))


def some_events(chance: Random, number: int) -> list[Event]:
    """A commit as it comes: small or large, now and then with much output."""
    if chance.random() < 0.3:
        return [intent(number), result(number, "x" * chance.randrange(20_000))]
    return group(number, chance.choice((1, 2, 2, 7, 30)))


def write(journal: RunJournal, chance: Random) -> None:
    """One process's work."""
    for number in range(COMMITS):
        journal.commit(some_events(chance, number))
        acknowledge(journal.head[0])


def scene(folder: Path, chance: Random) -> None:
    """A first process makes all and closes it; a second one goes on, takes a decision, and checkpoints."""
    with open_store(str(database(folder))) as store:
        run = a_run(store)
        acknowledge(1)
        with driving(store, run) as journal:
            write(journal, chance)
        store.decide(run, AddNote(id="d1", by="tom", text="hello"))
        acknowledge(DECIDED)
    with open_store(str(database(folder))) as store, driving(store, RunId("rack12-1")) as journal:
        write(journal, chance)
        journal.append([NoteAdded(at=T0, by="tom", text="hello")], consumes="d1")
        write(journal, chance)


def main(seed: str, sync: str, file: str) -> None:
    """Play the scene of a seed."""
    sqlite._CHECKPOINT_AFTER = 300
    sqlite._REQUIRED["synchronous"] = {"full": 2, "normal": 1}[sync]
    folder = Path(os.environ["CRASH_DIR"])
    folder.mkdir()
    LIBRARY.disk_told(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
    scene(folder, Random(seed))


if __name__ == "__main__":
    main(*sys.argv[1:])
