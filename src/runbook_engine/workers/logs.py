"""What hosts print, complete, in a file per task that any pager shows safely: FOLDER/PHASE/STEP[#BATCH][@HOST].log.

A line is `TIME MARK TEXT`. Marks: `==` begin and end of an attempt, `$$` a command, `--` a note of the engine, `out` and
`err` a line of output, `out-` and `err-` a piece of output that no newline follows, `out=` and `err=` a binary piece in base64.
How the text of output is written, and had back byte by byte, is said in `log_text`.

Secrets never come here: a link hands over output in which their values are already masked, and commands name them.

Twenty threads that make files in one folder get in each other's way: what costs one of them 40 µs costs each 400. So the
lines of a step that may be repeated are held in memory until it has ended, or for a moment, and the one who waits for the
workers writes them (`Logs.write_out`). Of a step that may not be repeated every line is written as it comes.
"""

import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from runbook_engine.model.attempts import Attempt
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.events import Outcome
from runbook_engine.model.harmless import harmless
from runbook_engine.model.words import AttemptId, Cause, Repeat, TaskId
from runbook_engine.workers.excerpt import Excerpt, LogLimits, Piece, Room
from runbook_engine.workers.log_text import lines

_PIECE = 65536  # bytes of a line without an end that are held back
_MOMENT_S = 0.2  # how long lines are held back at most, if somebody waits for the workers
_LONGEST = 200  # bytes of a file name
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_UNSAFE = re.compile(r"[^A-Za-z0-9._@#:+=,-]|^\.")


class Logs:
    """The log files of a run under `folder`. Folders are 0700, files 0600; an attempt is appended to its task's file."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time, limits: LogLimits = LogLimits()) -> None:
        self.folder = folder
        self.room = Room(limits)
        self._clock = clock
        self._made: set[str] = set()
        self._second = (-1, b"")  # the last one that was written out, for all threads
        self._ended: deque[Log] = deque()
        self._held: deque[tuple[float, Log]] = deque()
        self._failing = False

    def path(self, task: TaskId) -> Path:
        """Where the task's log is, whether it exists or not."""
        return Path(*self._place(task))

    def log(self, attempt: Attempt) -> "Log":
        """The log of one attempt; nothing is opened before `begin`."""
        return Log(self, attempt)

    def write_out(self) -> dict[AttemptId, str]:
        """Write what is held back of attempts that have ended, or take longer: why that failed, by attempt. For one thread."""
        faults = {}
        while self._ended:
            log = self._ended.popleft()
            log.close()
            if log.fault:
                self._failing = True
                faults[log.attempt.id] = log.fault
        late = time.monotonic() - _MOMENT_S
        while self._held and self._held[0][0] < late:
            self._held.popleft()[1].write_now()
        return faults

    def holds(self, log: "Log") -> bool:
        """Whether the lines of an attempt may wait; never once a log could not be written."""
        if log.attempt.package.repeat is not Repeat.SAFE or self._failing:
            return False
        self._held.append((time.monotonic(), log))
        return True

    def ended(self, log: "Log") -> None:
        """An attempt has ended whose lines are held back."""
        self._ended.append(log)

    def open(self, task: TaskId) -> int:
        """A file descriptor that appends to the task's log. Raises OSError."""
        folder, name = self._place(task)
        if folder not in self._made:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            Path(folder).mkdir(mode=0o700, exist_ok=True)
            self._made.add(folder)
        return os.open(f"{folder}/{name}", _FLAGS, 0o600)

    def time(self) -> bytes:
        """Now, in UTC, to the millisecond."""
        now = self._clock()
        second, text = self._second
        if int(now) != second:
            text = datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
            self._second = (int(now), text)
        return b"%b.%03dZ" % (text, int(now % 1 * 1000))

    def _place(self, task: TaskId) -> tuple[str, str]:
        phase, _, rest = task.partition("/")
        return f"{self.folder}/{_safe(phase)}", _safe(f"{rest}.log")


class Log:
    """One attempt in the log of its task, written by one thread; another one may write out what it holds back.

    A disk that fills up while a command runs changes nothing about what the host does: writing stops, and `fault` says
    why, so that the outcome can tell it.
    """

    def __init__(self, logs: Logs, attempt: Attempt) -> None:
        self.fault = ""
        self.attempt = attempt
        self._logs = logs
        self._file = -1
        self._rest = {1: b"", 2: b""}
        self._excerpt = Excerpt(logs.room)
        self._held: bytearray | None = None  # lines that wait
        self._written = sha256()
        self._ended = False
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Open the file and write the first line. Raises TransportFault (control machine) before anything has started."""
        if self._logs.holds(self):
            self._held = bytearray()
        else:
            self._open()
        self._write(self._line(b"==", f"attempt {self.attempt.number}, to {self.attempt.purpose}, {self.attempt.id}"))
        if self.fault:
            raise TransportFault(
                Cause.LOCAL, f"the log cannot be written: {self.fault}", started=False, why="Nothing was started."
            )

    def command(self, text: str) -> None:
        """Say what is carried out; `text` names secrets and never holds one."""
        self._write(b"".join(self._line(b"$$", line) for line in harmless(text).split("\n")))

    def note(self, text: str) -> None:
        """Say something about the attempt that no host printed."""
        self._write(b"".join(self._line(b"--", line) for line in harmless(text).split("\n")))

    def output(self, stream: int, data: bytes) -> None:
        """Take a piece of output as it comes: 1 is stdout, 2 is stderr. Never raises."""
        data = self._rest[stream] + data
        whole, newline, rest = data.rpartition(b"\n")
        if len(rest) > _PIECE:
            whole, newline, rest = data, b"", b""
        self._rest[stream] = rest
        if whole or newline:
            self._take(Piece(self._logs.time(), stream, whole, bool(newline)))

    def end(self, outcome: Outcome) -> None:
        """Write what is held back and the last line, and close the file. Never raises."""
        for stream, rest in self._rest.items():
            if rest:
                self._take(Piece(self._logs.time(), stream, rest, ended=False))
        if self._excerpt.left_out:
            self.note(self._excerpt.told)
        for piece in self._excerpt.end:
            self._write(lines(piece.time, piece.stream, piece.data, ended=piece.ended))
        code = "" if outcome.exit_code is None else f", exit code {outcome.exit_code}"
        said = f": {outcome.message}" if outcome.message else ""
        first, *more = harmless(f"{outcome.status} after {outcome.duration_s:.3f} s{code}{said}").split("\n")
        self._write(self._line(b"==", first) + b"".join(self._line(b"--", line) for line in more))
        with self._lock:
            self._ended = True
        if self._held is None:
            self.close()
        else:
            self._logs.ended(self)

    @property
    def missing(self) -> str:
        """Why the log is not complete, once the attempt has ended; empty when it is."""
        return self.fault or self._excerpt.told

    @property
    def digest(self) -> str:
        """SHA-256 of all that was written of the attempt, its first and last line included; empty when that failed."""
        return "" if self.fault else self._written.hexdigest()

    def write_now(self) -> None:
        """Write what is held back; from now on every line is written as it comes. Never raises."""
        with self._lock:
            if self._held and not self._ended:
                self._let_go()

    def close(self) -> None:
        """Write what is held back, and close the file. Never raises."""
        with self._lock:
            if self._held is not None:
                self._let_go()
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _line(self, mark: bytes, text: str) -> bytes:
        return b"%b %b %b\n" % (self._logs.time(), mark, text.encode("utf-8", "backslashreplace"))

    def _take(self, piece: Piece) -> None:
        if self._excerpt.fits(piece.size):
            self._write(lines(piece.time, piece.stream, piece.data, ended=piece.ended))
            return
        if not self._excerpt.end:
            self.note("there is no more room for output: of what follows, the end is written once the attempt has ended")
        self._excerpt.keep(piece)

    def _write(self, data: bytes) -> None:
        self._written.update(data)
        with self._lock:
            if self._held is None:
                self._put(data)
                return
            self._held += data
            if len(self._held) > _PIECE:
                self._let_go()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        self._open()
        self._put(bytes(held or b""))

    def _open(self) -> None:
        try:
            self._file = self._logs.open(self.attempt.task)
        except OSError as error:
            self._failed(error)

    def _put(self, data: bytes) -> None:
        if self.fault or self._file < 0:
            return
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        self.fault = f"{error.strerror or error} ({error.filename})" if error.filename else str(error.strerror or error)


def incomplete(message: str, fault: str) -> str:
    """What an outcome says whose log does not hold all of the output."""
    return f"{message}\nthe log is not complete: {fault}".strip()


def _safe(part: str) -> str:
    """A part of a path that stays inside the folder, whatever the name holds; different names stay different."""
    name = _UNSAFE.sub(lambda m: "".join(f"%{byte:02X}" for byte in m.group().encode()), part)
    if len(name) <= _LONGEST:
        return name
    return f"{name[:_LONGEST]}~{sha256(part.encode()).hexdigest()[:16]}{Path(name).suffix[:8]}"
