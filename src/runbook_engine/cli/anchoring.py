"""Heads of journals that are kept outside: lines in a file elsewhere, annotated tags of a git repository."""

import os
import re
import subprocess
from datetime import datetime
from pathlib import Path

from runbook_engine.model.approvals import Head
from runbook_engine.model.errors import Usage
from runbook_engine.model.words import RunId

Seen = tuple[str, Head]  # who or what holds a head, and the head
_LINE = re.compile(r"(\S+) (\d{1,12}) sha256:([0-9a-f]{64}) (\S+)")
_HEAD = re.compile(r"(\d{1,12}):(?:sha256:)?([0-9a-f]{64})")
_GIT_S = 60.0


def head_meant(run: RunId, text: str) -> Seen:
    """A head as a person types it: SEQ:HASH. Raises Usage."""
    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        raise Usage(f"{text[:100]} is no head", why="A head is written SEQ:HASH, as runbook verify RUN prints it.")
    return "--head", Head(run=run, seq=int(found[1]), hash=found[2])


def anchor_line(head: Head, at: datetime) -> str:
    """'rack12-1 431 sha256:9f… 2026-12-01T21:00:05+00:00'."""
    return f"{head.run} {head.seq} sha256:{head.hash} {at.isoformat(timespec='seconds')}"


def anchors_in(text: str, run: RunId, where: str) -> list[Seen]:
    """The heads of a run among the lines of a text; lines about anything else are passed over."""
    found = (_LINE.search(line) for line in text.splitlines())
    return [
        (f"{where} ({match[4]})", Head(run=run, seq=int(match[2]), hash=match[3]))
        for match in found
        if match and match[1] == run
    ]


def read_anchors(file: str, run: RunId) -> list[Seen]:
    """The heads of a run in an anchor file; none in one that is not there yet. Raises Usage when it cannot be read."""
    path = Path(file)
    if not path.exists():
        return []
    try:
        return anchors_in(path.read_text(encoding="utf-8"), run, f"the anchor file {file}")
    except (OSError, UnicodeDecodeError) as error:
        raise Usage(f"the anchor file {file} cannot be read: {error}") from None


def append_anchor(file: str, head: Head, at: datetime) -> None:
    """Write the head as a line at the end of a file, and see it on the disk. Raises Usage."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as anchors:
            anchors.write(f"{anchor_line(head, at)}\n".encode())
            anchors.flush()
            os.fsync(anchors.fileno())
    except OSError as error:
        raise Usage(f"the anchor file {file} cannot be written: {error.strerror}") from None


def tag_anchors(folder: Path, name: str, run: RunId) -> list[Seen] | None:
    """The heads of a run in the message of a git tag; None when there is no such tag. Raises Usage without git."""
    said = _git(folder, "for-each-ref", "--format=%(contents)", f"refs/tags/{_tag(name)}")
    if said.returncode:
        raise Usage(f"{folder} is in no git repository: {said.stderr.strip()[:200]}", next_command="git init")
    return anchors_in(said.stdout, run, f"the git tag {name}") if said.stdout.strip() else None


def make_tag(folder: Path, name: str, head: Head, at: datetime) -> None:
    """Make an annotated tag that holds the head. Raises Usage with git's own words."""
    said = _git(folder, "tag", "--annotate", "--message", anchor_line(head, at), "--", _tag(name))
    if said.returncode:
        raise Usage(f"the tag {name} was not made: {said.stderr.strip()[:300]}")


def _tag(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}", name):
        raise Usage(f"{name[:100]} is no name of a tag", why="Letters, digits, '.', '_', '-' and '/'.")
    return name


def _git(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=_GIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise Usage("git is not installed", next_command="runbook verify RUN --anchor FILE") from None
    except subprocess.TimeoutExpired:
        raise Usage(f"git did not answer within {_GIT_S:.0f} s") from None
