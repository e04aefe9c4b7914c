"""A program: another process that uses the journal, told on stdin what to do, one answer a line on stdout.

`control` takes control, `commit` records one event, `write S` holds the write lock for S seconds.
"""

import os
import sqlite3
import sys
import time
from datetime import datetime

from recording.journals import T0, driving, intent
from runbook_engine.model.errors import RunbookError
from runbook_engine.model.words import RunId
from runbook_engine.recording import RunJournal, open_store


def main(path: str, run: RunId) -> None:
    """Obey until stdin ends."""
    store = open_store(path, patience_s=5.0)
    journal: RunJournal | None = None
    for line in sys.stdin:
        word, *rest = line.split()
        try:
            if word == "control":
                journal = driving(store, run)
                answer = f"epoch {journal.epoch}"
            elif word == "commit" and journal:
                journal.commit([intent(1)])
                answer = f"events {journal.head[0]}"
            else:
                hold(path, float(rest[0]))
                answer = "held"
        except RunbookError as error:
            answer = f"{type(error).__name__}: {error.message}"
        print(answer, flush=True)


def hold(path: str, seconds: float) -> None:
    """Hold the write lock, and say so as soon as it is held."""
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute("BEGIN IMMEDIATE")
        print(f"holding {os.getpid()} {datetime.isoformat(T0)}", flush=True)
        time.sleep(seconds)
        db.execute("ROLLBACK")
    db.close()


if __name__ == "__main__":
    main(sys.argv[1], RunId(sys.argv[2]))
