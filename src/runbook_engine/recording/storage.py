"""Where the journal's file lies: made for its owner only, and never on a network file system."""

import os
from pathlib import Path

from runbook_engine.model.errors import JournalFault

_NETWORK = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "gpfs",
    "ncpfs",
    "coda",
    "davfs",
    "fuse.sshfs",
    "fuse.rclone",
)
_MOUNTS = Path("/proc/self/mountinfo")


def prepare(path: Path) -> None:
    """Make folder (0700) and file (0600) where they are missing. Raises OSError; JournalFault on a network file system."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    refuse_network(path, _MOUNTS.read_text(encoding="utf-8") if _MOUNTS.exists() else "")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    os.close(descriptor)
    _sync_folder(path.parent)


def refuse_network(path: Path, mountinfo: str) -> None:
    """Raise JournalFault when the mount that holds `path` is served by another machine.

    `mountinfo` is the text of /proc/self/mountinfo; where the system has none, nothing is known and nothing refused.
    """
    point, kind = mount_of(path.parent.resolve(), mountinfo)
    if kind.startswith(_NETWORK) or kind in {"fuse.glusterfs", "fuse.ceph", "fuse.s3fs"}:
        raise JournalFault(
            f"{path}: lies on a network file system ({kind}, mounted at {point})",
            why="File locks and synced writes cannot be relied on there, and a journal that can lose records is none.",
            next_command="runbook doctor",
        )


def mount_of(folder: Path, mountinfo: str) -> tuple[str, str]:
    """Mount point and file system type that hold the folder; two empty words when none is listed."""
    best = ("", "")
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        point, kind = _unescaped(left.split()[4]), right.split()[0]
        if folder.is_relative_to(point) and len(point) >= len(best[0]):  # of two mounts on one point the later counts
            best = (point, kind)
    return best


def _unescaped(point: str) -> str:
    """The kernel writes spaces and the like as a backslash and three octal digits."""
    return point.encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "surrogateescape")


def _sync_folder(folder: Path) -> None:
    """The new file's name must survive a power cut, not only its content."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
