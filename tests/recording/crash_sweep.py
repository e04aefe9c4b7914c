"""A program: lives through one scene of the journal again and again, killed at another change of a file each time.

Started with crash.so preloaded and CRASH_DIR set; forks for each kill, so that a kill costs milliseconds. Prints one
JSON object: how many changes the scene makes, how many kills there were, and every promise that was broken.
"""

import ctypes
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from recording.journals import T0, a_run, database, driving, group, intent
from runbook_engine.model.decisions import AddNote
from runbook_engine.model.events import HostsReleased, HostsTaken, NoteAdded
from runbook_engine.model.words import HostName, RunId
from runbook_engine.recording import open_store, sqlite, verify_chain

LIBRARY = ctypes.CDLL(None)
WORK = Path(os.environ["CRASH_DIR"])
RUN = RunId("rack12-1")
HOSTS = (HostName("u01"), HostName("u02"))
SIZES = [0, 1, 2, 4, 25, 55, 85, 115, 145, 146]  # of the journal after each commit: no other may ever be found
KINDS = ("run", "epoch", "events", "decided", "taken", "not-synced")
Acknowledge = Callable[[str], None]


def scene(acknowledge: Acknowledge) -> None:
    """Everything that writes: making a journal, a run, taking control, commits, decisions, leases, checkpoint, closing."""
    with open_store(str(database(WORK))) as store:
        acknowledge(f"run {a_run(store)}")
        with driving(store, RUN) as journal:
            acknowledge(f"epoch {journal.epoch}")
            acknowledge("events 2")
            journal.commit([HostsTaken(at=T0, hosts=HOSTS), intent(1)])
            acknowledge("events 4")
            store.decide(RUN, AddNote(id="d1", by="tom", text="hello"))
            acknowledge("decided d1")
            journal.append([NoteAdded(at=T0, by="tom", text="hello")], consumes="d1")
            journal.commit(group(1, 20))
            acknowledge("taken d1")
            acknowledge("events 25")
            for number in range(2, 6):
                journal.commit(group(number, 30))
                acknowledge(f"events {25 + 30 * (number - 1)}")
            journal.commit([HostsReleased(at=T0, hosts=HOSTS)])
            acknowledge("events 146")


def live(kill_at: int, *, torn: bool) -> tuple[bool, list[str], int]:
    """Whether it was killed, what it had acknowledged, and how many changes it made if it came through."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            LIBRARY.crash_at(ctypes.c_long(kill_at), int(torn))
            scene(lambda words: _say(writing, words))
            os.write(writing, f"changes {LIBRARY.crash_seen()}\n".encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read().splitlines()
    status = os.waitpid(child, 0)[1]
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not killed and status != 0:
        raise SystemExit(f"the scene failed by itself at change {kill_at}")
    return killed, said, int(said[-1].split()[1]) if not killed else 0


def _say(pipe: int, words: str) -> None:
    """Acknowledge, and tell if the log was not synced before: a power cut here would lose what is acknowledged."""
    not_synced = "\nnot-synced " + words.replace(" ", "-") if LIBRARY.crash_unsynced() else ""
    os.write(pipe, f"{words}{not_synced}\n".encode())


def broken_promises(said: list[str]) -> Iterable[str]:
    """What does not hold of the journal that the killed process left behind."""
    told = {kind: [line.split()[1] for line in said if line.startswith(kind)] for kind in KINDS}
    acknowledged = max(map(int, told["events"]), default=0)
    yield from (f"acknowledged without a sync: {words}" for words in told["not-synced"])
    with open_store(str(database(WORK))) as store:
        if not store.runs():
            if told["run"]:
                yield "an acknowledged run is gone"
            return
        verify_chain(store, RUN)
        found = store.head(RUN)[0]
        if found < acknowledged or found not in SIZES or SIZES.index(found) > SIZES.index(acknowledged) + 2:
            yield f"acknowledged {acknowledged} events, found {found}"
        waits = {decision.id for decision in store.inbox(RUN).waiting()} == {"d1"}
        if (waits and found >= 25) or (not waits and bool(told["decided"]) and found < 25):
            yield f"the decision waits: {waits}, events: {found}"
        other = a_run(store)
        if set(store.world(other).taken) != (set(HOSTS) if 4 <= found < 146 else set()):
            yield f"hosts taken: {set(store.world(other).taken)}, events: {found}"
        with driving(store, RUN) as journal:
            if journal.epoch <= max(map(int, told["epoch"]), default=0):
                yield "the epoch went back"
            if len(list(journal.read())) != found + 1:
                yield "the journal did not go on where it was"


def main(start: str, step: int, sync: str) -> None:
    """Sweep over every `step`-th change; `start` is fresh (no file yet) or made (an empty journal is there)."""
    sqlite._CHECKPOINT_AFTER = 100
    sqlite._REQUIRED["synchronous"] = {"sync": 2, "no-sync": 0}[sync]
    made = WORK.with_name(WORK.name + "-made")
    with open_store(str(database(made))) as store:
        store.runs()
    broken: list[str] = []
    kills, total = 0, 0

    def prepare() -> None:
        shutil.rmtree(WORK, ignore_errors=True)
        if start == "made":
            shutil.copytree(made, WORK)

    prepare()
    total = live(0, torn=False)[2]
    for torn in (False, True):
        for kill_at in range(1, total + 1, step):
            prepare()
            killed, said, _ = live(kill_at, torn=torn)
            kills += killed
            broken += [f"change {kill_at}, torn {torn}: {what}" for what in broken_promises(said)]
    print(json.dumps({"changes": total, "kills": kills, "broken": broken}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
