"""Put a file on a place: whole under its name or not at all. What a lost link has left there is gone on with."""

import hashlib
import os
import re
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from runbook_engine.model.attempts import Answer, Found
from runbook_engine.model.commands import Shell, Upload
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import Text, plain
from runbook_engine.model.words import Cause, Fate
from runbook_engine.transports.capture import Capture
from runbook_engine.transports.command_lines import Order, order, render
from runbook_engine.transports.exchange import Feed
from runbook_engine.transports.file_programs import BLOCK, CHECKSUM, COMPARE, RECEIVE, assigned, harmless_path
from runbook_engine.transports.session import ERR, PIECE
from runbook_engine.transports.settings import LinkSettings, Sink
from runbook_engine.transports.shell import Place, converse

SAME, OTHER = b"same\n", b"other\n"
HAVE = re.compile(rb"have (\d{1,12}) (\S{1,64})\n")
LONGEST_WORD = 200  # bytes of what the receiver says on stdout


def upload(place: Place, command: Upload, sink: Sink, settings: LinkSettings, *, attempt: str, host: str) -> Answer:
    """Put a file there: beside its target first, checked there by SHA-256, then renamed over it in one step.

    A file that is there already with the same content, mode and owner is left alone (detail: unchanged). What an earlier
    try to put the same content there has left is checked and gone on with. So it may be done again after any loss, with
    the same `attempt`, which names the backup. Raises TransportFault (LOCAL, nothing started) when the source is not what
    was planned.
    """
    source = Source(command, settings)
    orders = _orders(RECEIVE, command, source, settings, attempt=attempt, host=host)
    capture = Capture(sink, settings.secrets.masks)
    feed = Feed(orders.first_input, released=False)
    talk = _Talk(capture, feed, source)
    limit_s = command.timeout_s if command.timeout_s is not None else settings.command_s
    exit_code, _ = converse(place, orders, feed, talk.hear, settings, limit_s, settings.stall_s)
    capture.finish()
    return capture.answer(exit_code, talk.detail(exit_code))


def settle_upload(place: Place, command: Upload, sink: Sink, settings: LinkSettings, *, host: str, limit_s: float) -> Found:
    """Whether the file is there with its content, mode and owner. If not, no earlier try can still put it there.

    Raises TransportFault when the host does not say within `limit_s` seconds.
    """
    orders = _orders(COMPARE, command, Source(command, settings), settings, attempt="", host=host)
    capture = Capture(sink, settings.secrets.masks)
    exit_code, _ = converse(place, orders, Feed(orders.first_input, iter(())), capture.add, settings, limit_s)
    capture.finish()
    answer = capture.answer(exit_code)
    if exit_code or answer.stdout not in (SAME, OTHER):
        said = answer.stderr.decode("utf-8", "replace").strip()[-500:]
        raise TransportFault(Cause.LOST, f"Whether the file is there could not be seen: {said or exit_code}", started=True)
    return Found(fate=Fate.ENDED if answer.stdout == SAME else Fate.NOT_BEGUN, answer=answer)


def _orders(text: str, command: Upload, source: "Source", settings: LinkSettings, *, attempt: str, host: str) -> Order:
    mark = settings.marker()
    program = assigned(
        t=harmless_path(render(command.target, settings.secrets)),
        want=source.checksum,
        length=source.size,
        mode=command.mode.lstrip("0"),
        owner=command.owner,
        key=hashlib.sha256(host.encode()).hexdigest()[:8],
        content=source.checksum[:16],
        mark=mark,
        backup=(attempt or source.checksum[:12]) if command.backup else "",
    )
    shell = Shell(script=plain(program + CHECKSUM + text), become=command.become, stdin=Text())
    return order(shell, settings.secrets, mark, hidden=command.target.secret)


class Source:
    """What is to be sent, checked against the plan before the first byte goes. Raises TransportFault (LOCAL)."""

    def __init__(self, command: Upload, settings: LinkSettings) -> None:
        self._content = render(command.content, settings.secrets).encode("utf-8", "surrogateescape") if command.content else b""
        self._path = source_path(command.source, settings) if command.source else None
        if self._path:
            self.checksum, self.size = _seen(self._path)
        else:
            self.checksum, self.size = hashlib.sha256(self._content).hexdigest(), len(self._content)
        planned = render(command.checksum, settings.secrets).lower() if command.checksum else ""
        if planned and planned != self.checksum:
            raise TransportFault(
                Cause.LOCAL,
                f"{self._path or 'The content'} is not what was planned: SHA-256 {self.checksum}, planned {planned}",
                started=False,
                why="The file was changed after the plan was made.",
                next_command="runbook plan",
            )

    def begins_with(self, size: int, checksum: str) -> bool:
        """Whether its first `size` bytes have that checksum."""
        digest, left = hashlib.sha256(), size
        for piece in self.content():
            digest.update(piece[:left])
            left -= len(piece)
            if left <= 0:
                break
        return size <= self.size and digest.hexdigest() == checksum

    def content(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start` on, in the sizes that are sent at once."""
        if self._path:
            return _read(self._path, start)
        return (self._content[at : at + PIECE] for at in range(start, self.size, PIECE))


def source_path(source: Text, settings: LinkSettings) -> Path:
    """Where the source of an upload is on this machine."""
    return settings.files_folder / Path(render(source, settings.secrets)).expanduser()


def _seen(path: Path) -> tuple[str, int]:
    """Checksum and size of a file; it is read once for all hosts. The host compares what arrives with it in any case."""
    try:
        with _reading, path.open("rb") as file:
            now = os.fstat(file.fileno())
            return _digest(path, (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)), now.st_size
    except OSError as error:
        raise _cannot_read(path, error) from None


_reading = threading.Lock()  # whoever comes second waits for the first one's result


@lru_cache(maxsize=256)
def _digest(path: Path, identity: tuple[int, ...]) -> str:  # noqa: ARG001 - a file that was changed is another one
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path, start: int) -> Iterator[bytes]:
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            while piece := file.read(PIECE):
                yield piece
    except OSError as error:
        raise _cannot_read(path, error) from None


def _cannot_read(path: Path, error: OSError) -> TransportFault:
    return TransportFault(Cause.LOCAL, f"{path} cannot be read: {error.strerror}", started=False)


class _Talk:
    """What the receiving program says on stdout: that all is there already, or how much of it."""

    def __init__(self, capture: Capture, feed: Feed, source: Source) -> None:
        self._capture = capture
        self._feed = feed
        self._source = source
        self._said = b""
        self._kept = -1  # bytes that need not be sent again; -1 before that is known

    def hear(self, stream: int, data: bytes) -> None:
        """Let the content go when it is asked for, from where it is missing."""
        if stream == ERR:
            self._capture.add(stream, data)
            return
        self._said += data[:LONGEST_WORD]
        if self._kept < 0 and (have := HAVE.match(self._said)):
            blocks, checksum = int(have[1]), have[2].decode("ascii", "replace")
            known = blocks > 0 and self._source.begins_with(blocks * BLOCK, checksum)
            self._kept = blocks * BLOCK if known else 0
            self._feed.release(self._rest())

    def _rest(self) -> Iterator[bytes]:
        yield b"%d\n" % (self._kept // BLOCK)
        yield from self._source.content(self._kept)

    def detail(self, exit_code: int) -> str:
        """The outcome in words."""
        if exit_code:
            lines = self._capture.kept[ERR].content().decode("utf-8", "replace").strip().splitlines()
            return lines[-1] if lines else f"ended with exit code {exit_code}"
        if self._said.startswith(SAME):
            return "unchanged"
        kept = f", {self._kept} of them were there already" if self._kept > 0 else ""
        return f"{self._source.size} bytes{kept}"
