"""Turns what a database or a disk can say into a JournalFault: what, where, why, and the next command."""

import errno
import os
from pathlib import Path

from runbook_engine.model.errors import JournalFault
from runbook_engine.recording.locks import drivers, lock_holders

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}
_SAFE = "What had been recorded before is safe; nothing is started until the journal can be written again."


def explain(path: Path, doing: str, error: BaseException) -> JournalFault:
    """The fault that a person can act on. `doing` completes the sentence "while …"."""
    if isinstance(error, OSError):
        return _disk(path, doing, error)
    name = str(getattr(error, "sqlite_errorname", "") or type(error).__name__)
    for start, tell in _BY_CODE.items():
        if name.startswith(start):
            return tell(path, doing, name)
    return JournalFault(f"{path}: {error} (while {doing})", why=f"The database said {name}.", next_command="runbook doctor")


def _disk(path: Path, doing: str, error: OSError) -> JournalFault:
    if error.errno in _NO_SPACE:
        return _full(path, doing, "")
    if error.errno in _NOT_ALLOWED:
        return _read_only(path, doing, "")
    what = error.strerror or str(error)
    return JournalFault(f"{path}: {what} (while {doing})", why=_SAFE, next_command=f"ls -ld {path.parent}")


def _locked(path: Path, doing: str, _: str) -> JournalFault:
    runs = drivers(path)
    holders = [f"process {pid} (it drives {runs[pid]})" if pid in runs else f"process {pid}" for pid in lock_holders(path)]
    return JournalFault(
        f"{path}: locked by {', '.join(holders) or 'another process'} (while {doing})",
        why="Another process has been writing to the journal for longer than this one was willing to wait.",
        next_command="runbook runs",
    )


def _full(path: Path, doing: str, _: str) -> JournalFault:
    return JournalFault(f"{path}: the disk is full (while {doing})", why=_SAFE, next_command=f"df -h {path.parent}")


def _read_only(path: Path, doing: str, _: str) -> JournalFault:
    return JournalFault(
        f"{path}: the journal cannot be written (while {doing})",
        why=f"The file, its folder or the file system is read-only for user {os.getuid()}, or the folder is missing.",
        next_command=f"ls -ld {path.parent} {path}",
    )


def _io(path: Path, doing: str, name: str) -> JournalFault:
    return JournalFault(
        f"{path}: the disk did not take or give the data: {name} (while {doing})", why=_SAFE, next_command="dmesg | tail"
    )


def damaged(path: Path, doing: str, _: str = "") -> JournalFault:
    """The file itself is no longer what SQLite wrote."""
    return JournalFault(
        f"{path}: the journal is damaged (while {doing})",
        why="Keep the file and those beside it (-wal, -shm) as they are, and go on with the latest backup.",
        next_command="runbook doctor",
    )


def _foreign(path: Path, doing: str, _: str) -> JournalFault:
    return JournalFault(
        f"{path}: not a journal (while {doing})", why="The file is not an SQLite database.", next_command=f"file {path}"
    )


_BY_CODE = {
    "SQLITE_BUSY": _locked,
    "SQLITE_LOCKED": _locked,
    "SQLITE_FULL": _full,
    "SQLITE_READONLY": _read_only,
    "SQLITE_CANTOPEN": _read_only,
    "SQLITE_PERM": _read_only,
    "SQLITE_IOERR": _io,
    "SQLITE_CORRUPT": damaged,
    "SQLITE_NOTADB": _foreign,
}
