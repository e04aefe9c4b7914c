"""Photos and files that prove what a person did: copied into the run's folder, and bound to the journal by their SHA-256."""

import os
import stat
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from runbook_engine.model.errors import Usage
from runbook_engine.model.words import TaskId

LIMIT_BYTES = 50 << 20
ATTACHED = ("photo", "file")  # the kinds of evidence that are files
FOLDER = "evidence"  # in the folder of the run
_SUFFIX_LONGEST = 12


def attach(run_folder: Path, task: TaskId, file: str) -> str:
    """Keep a copy of a person's file; `NAME sha256:…` is what the journal says of it.

    The copy is named by its content, for its owner alone, and there whole or not at all. Raises Usage.
    """
    data = _read(file, task)
    digest = sha256(data).hexdigest()
    folder = run_folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(folder, digest + _suffix(Path(file).suffix), data)
    return f"{_shown(Path(file).name)} sha256:{digest}"


def files_of(run_folder: Path) -> dict[str, Path]:
    """The copies in the folder of a run, by the SHA-256 that they were kept under."""
    folder = run_folder / FOLDER
    return {path.name.partition(".")[0]: path for path in sorted(folder.iterdir())} if folder.is_dir() else {}


def _read(file: str, task: TaskId) -> bytes:
    """Looked at and read through one descriptor, so that nobody can exchange the file in between."""
    why = f"{task} asks for a file."
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        what = "is a link; name the file itself" if Path(file).is_symlink() else f"cannot be read: {error.strerror}"
        raise Usage(f"{file} {what}", why=why) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Usage(f"{file} is no file", why=why)
    with os.fdopen(descriptor, "rb") as opened:
        data = opened.read(LIMIT_BYTES + 1)
    if len(data) > LIMIT_BYTES:
        raise Usage(f"{file} is larger than {LIMIT_BYTES >> 20} MB", why=why, next_command="make the picture smaller first")
    return data


def _write(folder: Path, name: str, data: bytes) -> None:
    beside = folder / f".{token_hex(8)}.part"
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as written:
            written.write(data)
            written.flush()
            os.fsync(written.fileno())
        beside.replace(folder / name)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Usage(f"{folder / name} cannot be written: {error.strerror}") from None


def _suffix(suffix: str) -> str:
    """`.jpg` of a name that somebody else gave; nothing of one that is odd."""
    plain = suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= _SUFFIX_LONGEST
    return suffix.lower() if plain else ""


def _shown(name: str) -> str:
    from runbook_engine.reporting.harmless import one_line

    return one_line(name, 200)
