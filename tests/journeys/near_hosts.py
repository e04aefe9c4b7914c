"""A process that forks lives of the engine, as `incarnations` does, with hosts so near that a step costs milliseconds.

A host is a folder and /bin/sh on this machine instead of a connection; everything above that is the real thing: the program
that hosts keep steps with, workers, spine, journal, command line. Started with crash.so preloaded and CRASH_DIR set, a life
dies at one change of a file: of the changes since the commit of an event that no life has died at before.
"""

import ctypes
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from shlex import quote
from typing import Any

from journeys.incarnations import live, main, settle_in, write_all
from runbook_engine.cli import opening
from runbook_engine.cli.entry import outcome
from runbook_engine.model.events import AttemptEnded, AttemptStarted, Event
from runbook_engine.model.words import RunId
from runbook_engine.recording import RunJournal, Store
from runbook_engine.transports import ssh
from runbook_engine.transports.local import LocalPlace, LocalSession

LIBRARY = ctypes.CDLL(None)
FOREIGN = ("CANARY", "CRASH_DIR", "LD_PRELOAD")  # of the engine's environment; no host has them
OPENING = "opening"
Tell = Callable[[str], None]


class NearPlace(ssh.SshPlace):
    """Instead of an SSH connection: /bin/sh with a home of its own. It is always there."""

    def begin(self, line: bytes) -> LocalSession:  # type: ignore[override]
        """Hand a line to the shell."""
        home = Path(os.environ["NEAR_HOMES"]) / self.target.name
        words = f"unset {' '.join(FOREIGN)}; HOME={quote(str(home))}; export HOME; cd; "
        return LocalPlace().begin(words.encode() + line)

    @property
    def connection(self) -> object:
        """The same one always."""
        return self

    def lives(self, *, ask: bool = False) -> bool:
        """It does."""
        return True

    def connect(self) -> None:
        """There is nothing to open, and so nothing to close."""


class Doom:
    """Arms the library at each commit that holds an event at which nobody has died yet."""

    def __init__(self, order: dict[str, Any], tell: Tell) -> None:
        self._met, self._at, self._torn, self._tell = set(order["met"]), order["at"], order["torn"], tell

    def nears(self, names: Sequence[str]) -> None:
        """These are about to be recorded: from here on changes are counted anew."""
        new = [name for name in names if name not in self._met]
        if new:
            self._tell("".join(f"fatal {name}\n" for name in new))
        LIBRARY.crash_at(ctypes.c_long(self._at if new else 0), int(self._torn))

    def acknowledge(self, seq: int) -> None:
        """So many records are durable, as the engine was told."""
        self._tell(f"acknowledged {seq}\n")


class CountedJournal:
    """The journal of a run, whose commits are counted from. `hasty`: it says that starts are durable when they are not yet."""

    def __init__(self, journal: RunJournal, doom: Doom, *, hasty: bool) -> None:
        self._journal, self._doom, self._hasty = journal, doom, hasty
        self._names: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def append(self, events: Sequence[Event], *, consumes: str = "") -> None:
        """As the real one."""
        self._journal.append(events, consumes=consumes)
        self._names += map(name_of, events)

    def commit(self, starts: Sequence[Event] = (), *, if_still: int | None = None) -> bool:
        """As the real one, if the process lives to see it."""
        if self._hasty and starts:
            self.append(starts)
            return True
        self._doom.nears([*self._names, *map(name_of, starts)])
        self._names = []
        allowed = self._journal.commit(starts, if_still=if_still)
        self._doom.acknowledge(self._journal.head[0])
        return allowed


class CountedStore:
    """The store, with journals that are counted."""

    def __init__(self, store: Store, doom: Doom, *, hasty: bool) -> None:
        self._store, self._doom, self._hasty = store, doom, hasty

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def control(self, run: RunId, **who: Any) -> CountedJournal:
        """As the real one."""
        return CountedJournal(self._store.control(run, **who), self._doom, hasty=self._hasty)

    def create_run(self, plan: Any, created: Any) -> RunId:
        """As the real one."""
        self._doom.nears(["RunCreated"])
        run = self._store.create_run(plan, created)
        self._doom.acknowledge(1)
        return run


def name_of(event: Event) -> str:
    """What is recorded, so that the parts of a recovery have names of their own."""
    words = [type(event).__name__, getattr(event, "task", "")]
    if isinstance(event, AttemptStarted):
        words.append(event.purpose)
    elif isinstance(event, AttemptEnded):
        words += [event.outcome.status, "asked" if event.outcome.host_asked else ""]
    return " ".join(filter(None, words))


def jumping(call: int, seconds: float) -> Callable[[], datetime]:
    """The clock of a machine that is put forward or back at one of the looks at it."""
    looks = count(1)
    return lambda: datetime.now(UTC) + (timedelta(seconds=seconds) if next(looks) >= call else timedelta())


def child(order: dict[str, Any], pipe: int) -> int:
    """What the forked process does: a life, or a command line on a disk that goes bad."""
    os.environ["NEAR_HOMES"] = order["homes"]
    settle_in(order)
    if "jump" in order:
        opening.now = jumping(*order["jump"])
    if "command" in order:
        number, error, once = order.get("fails", (0, 0, False))
        (LIBRARY.disk_fails_once if once else LIBRARY.disk_fails)(ctypes.c_long(number), error)
        code = outcome(order["command"])
        write_all(pipe, f"changes {LIBRARY.crash_seen()}\n".encode())
        return code
    doom = Doom(order, lambda words: write_all(pipe, words.encode()))
    doom.nears([f"{OPENING} {'again' if order['run'] else 'for the first time'}"])
    return live(order, lambda store: CountedStore(store, doom, hasty=order["hasty"]))


if __name__ == "__main__":
    os.environ.pop("LD_PRELOAD")  # it is loaded; what is started on the hosts does without
    ssh.SshPlace = NearPlace  # type: ignore[misc]
    main(child)
