"""Fetch a file into the run's folder: whole under its name or not at all. What a lost link has left is gone on with."""

import hashlib
import os
from io import FileIO
from pathlib import Path, PurePosixPath

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Download, Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import plain
from runbook_engine.model.words import Cause
from runbook_engine.transports.capture import Capture
from runbook_engine.transports.command_lines import order, render
from runbook_engine.transports.exchange import Feed
from runbook_engine.transports.file_programs import BLOCK, CHECKSUM, GIVE, assigned, harmless_path
from runbook_engine.transports.session import ERR
from runbook_engine.transports.settings import LinkSettings, Sink
from runbook_engine.transports.shell import Place, converse

LONGEST_NUMBER = 20  # bytes of the line before the content


def download(place: Place, command: Download, sink: Sink, settings: LinkSettings, *, host: str) -> Answer:
    """Fetch a file: into a part first, compared with the host's SHA-256, then renamed in one step.

    A part that a lost link has left is gone on with, if the host's file begins with it. One caller at a time for a host.
    """
    folder = settings.run_folder / "downloads" / (host or "controller").replace("/", "_").replace("..", "_")
    target = _inside(folder, render(command.target, settings.secrets))
    mark = settings.marker()
    capture = Capture(sink, settings.secrets.masks)
    limit_s = command.timeout_s if command.timeout_s is not None else settings.command_s
    with _Arriving(target, mark, capture) as arriving:
        source = harmless_path(render(command.source, settings.secrets))
        program = assigned(f=source, mark=mark, blocks=arriving.blocks, there=arriving.checksum)
        give = Shell(script=plain(program + CHECKSUM + GIVE), become=command.become)
        orders = order(give, settings.secrets, mark, hidden=command.source.secret)
        feed = arriving.feed = Feed(orders.first_input, awaited=True)
        exit_code, _ = converse(place, orders, feed, arriving.hear, settings, limit_s, settings.stall_s)
        exit_code, detail = arriving.settle(exit_code)
    capture.finish()
    return capture.answer(exit_code, detail)


class _Arriving:
    """A file on its way in. Raises TransportFault (LOCAL) when it cannot be written."""

    def __init__(self, target: Path, mark: str, capture: Capture) -> None:
        self.feed = Feed()
        self.blocks, self.checksum = 0, ""  # of what is there from before
        self._target = target
        self._part = target.with_name(f".{target.name}.part")
        self._mark = mark.encode()
        self._capture = capture
        self._digest = hashlib.sha256()
        self._size = 0
        self._errors = b""
        self._number: bytes | None = b""  # the line before the content, until all of it is here
        self._cut = True  # whether the part is worth keeping

    def __enter__(self) -> "_Arriving":
        try:
            self._target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = FileIO(os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "r+")
            self._take_up()
        except OSError as error:
            raise _cannot_write(self._target, error, started=False) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if not (self._cut and self._size >= BLOCK):
            self._part.unlink(missing_ok=True)

    def _take_up(self) -> None:
        """Count the whole blocks that are there."""
        self.blocks = os.fstat(self._file.fileno()).st_size // BLOCK
        for _ in range(self.blocks):
            self._digest.update(self._file.read(BLOCK))
        self._size = self.blocks * BLOCK
        self.checksum = self._digest.hexdigest() if self.blocks else ""

    def hear(self, stream: int, data: bytes) -> None:
        """Content comes on stdout behind a number of blocks; its checksum, behind the mark, on stderr."""
        if stream == ERR:
            self._errors = (self._errors + data)[-4096:]
            if self._mark in self._errors:
                self.feed.awaited = False  # all of it is here; the checksum may take its time
            else:
                self._capture.add(stream, data)
            return
        try:
            self._write(data if self._number is None else self._begun(data))
        except OSError as error:
            self._cut = False
            raise _cannot_write(self._target, error, started=True) from None

    def _begun(self, data: bytes) -> bytes:
        """What of the data is content: what comes after the first line."""
        said, newline, rest = ((self._number or b"") + data).partition(b"\n")
        if not newline:
            self._number = said[:LONGEST_NUMBER]
            return b""
        self._number = None
        if said != b"%d" % self.blocks:
            self._digest, self._size = hashlib.sha256(), 0
        self._file.seek(self._size)
        self._file.truncate()
        return rest

    def _write(self, data: bytes) -> None:
        self._digest.update(data)
        self._size += len(data)
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]

    def settle(self, exit_code: int) -> tuple[int, str]:
        """Give the file its name if it is whole."""
        self._cut = False
        if exit_code:
            return exit_code, self._errors.decode("utf-8", "replace").strip()[-500:]
        theirs = self._errors.rpartition(self._mark)[2].strip().decode("ascii", "replace")
        ours = self._digest.hexdigest()
        if theirs and theirs != ours:
            return 1, "the file changed while it was read"
        try:
            os.fsync(self._file.fileno())
            self._part.replace(self._target)
        except OSError as error:
            raise _cannot_write(self._target, error, started=True) from None
        return 0, f"{self._size} bytes, SHA-256 {ours}"


def _cannot_write(path: Path, error: OSError, *, started: bool) -> TransportFault:
    return TransportFault(Cause.LOCAL, f"{path} cannot be written: {error.strerror or error}", started=started)


def _inside(folder: Path, relative: str) -> Path:
    """A path in the folder, and nowhere else."""
    path = PurePosixPath(relative)
    if path.is_absolute() or ".." in path.parts or "\0" in relative or not path.name:
        raise _escapes(relative)
    target = folder.joinpath(*path.parts)
    if not target.parent.resolve().is_relative_to(folder.resolve()):  # a link could lead outside
        raise _escapes(relative)
    return target


def _escapes(relative: str) -> TransportFault:
    message = f"{relative!r} cannot be the name of a download: it must be a path inside the run's folder"
    return TransportFault(Cause.CONFIGURATION, message, started=False)
