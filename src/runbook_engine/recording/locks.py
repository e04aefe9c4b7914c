"""Who uses the journal now: file locks beside the database. A lock ends with its process, so nothing needs a heartbeat."""

import fcntl
import os
import time
from pathlib import Path
from urllib.parse import quote

from runbook_engine.model.words import RunId

_POLL_S = 0.01


class Lock:
    """A lock on a file, held until `release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def share(self) -> None:
        """From here on others may hold it too (shared)."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def release(self) -> None:
        """Let it go; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def folder(database: Path) -> Path:
    """Where the locks of a database are, beside it; made if it is missing."""
    place = database.with_name(database.name + ".locks")
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def run_lock(database: Path, run: RunId) -> Path:
    """The file that the process which drives a run keeps locked."""
    return folder(database) / (quote(run, safe="") + ".lock")


def take(path: Path, *, shared: bool = False, patience_s: float = 0.0, note: str = "") -> Lock | None:
    """Lock the file and leave `note` in it; None when another holds it for `patience_s` seconds."""
    kind = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
    last = time.monotonic() + patience_s
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        if _locked(descriptor, kind) and _still_there(descriptor, path):
            if note:
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, note.encode(), 0)
            return Lock(descriptor)
        os.close(descriptor)
        if time.monotonic() >= last:
            return None
        time.sleep(_POLL_S)


def is_held(path: Path) -> bool:
    """Whether a living process holds the file exclusively."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        return not _locked(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind)
    except BlockingIOError:
        return False
    return True


def _still_there(descriptor: int, path: Path) -> bool:
    """Whether the locked file is the one under that name: a file that was deleted meanwhile protects nothing."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def drivers(database: Path) -> dict[int, str]:
    """The runs that are driven now, by the process id of who drives them."""
    found = {}
    for path in database.with_name(database.name + ".locks").glob("*.lock"):
        pid, _, run = path.read_text(encoding="utf-8", errors="replace").partition(" ")
        if pid.isdigit() and is_held(path):
            found[int(pid)] = run
    return found


def lock_holders(database: Path) -> list[int]:
    """The processes that hold a write lock on the database now, where the system tells (Linux)."""
    files = [database, database.with_name(database.name + "-shm")]
    inodes = {str(f.stat().st_ino) for f in files if f.exists()}
    try:
        lines = Path("/proc/locks").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return sorted(set(_writers(lines, inodes)) - {os.getpid()})


def _writers(lines: list[str], inodes: set[str]) -> list[int]:
    """Process ids from lines such as `1: POSIX  ADVISORY  WRITE 4711 fd:00:8912 120 120`."""
    parts = [line.split() for line in lines]
    return [
        int(p[4]) for p in parts if len(p) >= 6 and p[3] == "WRITE" and p[5].rpartition(":")[2] in inodes and p[4].isdigit()
    ]
