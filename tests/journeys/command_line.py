"""A person at a command line: types the real command, in a folder and with a home of their own, and reads what it says."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from journeys.warm import Warm

RUNBOOK = str(Path(sys.executable).with_name("runbook"))
PATIENCE_S = 60.0
NEVER = ("Traceback (most recent call last)", "mistake of runbook itself", 'File "/')


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Both streams."""
        return self.out + self.err

    def json(self) -> Any:
        """What it printed for programs."""
        return json.loads(self.out)


@dataclass
class Person:
    """Someone in a project folder. Whatever they do, they never see a stack trace: every answer is looked at."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)  # everything that was ever printed for them
    warm: Warm | None = None  # where commands that are waited for are forked; by themselves without it

    @classmethod
    def new(cls, folder: Path, **env: str) -> "Person":
        """With an empty home, and without any settings of the person who runs the tests."""
        home = folder / "home"
        home.mkdir(parents=True)
        outside = {k: v for k, v in os.environ.items() if not k.startswith(("RUNBOOK_", "XDG_", "SSH_", "COLUMNS", "LINES"))}
        own = {
            "HOME": str(home),
            "RUNBOOK_STATE": str(home / "state"),
            "TZ": "UTC",
            "TERM": "xterm",
            "RUNBOOK_AS": "ana.duarte",
        }
        return cls(folder, {**outside, **own, **env})

    @property
    def state(self) -> Path:
        """Where journal and logs are."""
        return Path(self.env["RUNBOOK_STATE"])

    def types(self, *words: str, code: int | None = None, **env: str) -> Said:
        """A command that is waited for; `code` is how it must end."""
        whole = self.env | env
        if self.warm and self.warm.takes(words, whole) and (told := self.warm.types(self.folder, whole, words)):
            return self.reads(Said(*told), code, words)
        return self.hears(self.starts(*words, **env), code, words)

    def starts(self, *words: str, **options: Any) -> "subprocess.Popen[str]":
        """A command that goes on by itself. Options in capitals are environment variables."""
        env = self.env | {k: v for k, v in options.items() if k.isupper()}
        rest = {k: v for k, v in options.items() if not k.isupper()}
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | rest
        return subprocess.Popen([RUNBOOK, *words], cwd=self.folder, env=env, text=True, **streams)

    def hears(self, process: "subprocess.Popen[str]", code: int | None = None, words: tuple[str, ...] = ()) -> Said:
        """Wait for the end of a command."""
        out, err = process.communicate(timeout=PATIENCE_S)
        return self.reads(Said(process.returncode, out, err), code, words)

    def reads(self, said: Said, code: int | None, words: tuple[str, ...] = ()) -> Said:
        """Look at an answer as every answer is looked at."""
        self.said.append(said.all)
        assert not [never for never in NEVER if never in said.all], said.all
        assert code is None or said.code == code, f"{' '.join(words)}: exit {said.code}, not {code}\n{said.all}"
        return said

    def writes(self, name: str, text: str) -> Path:
        """A file of the project."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, person: Person, *words: str, columns: int = 120) -> None:
        self._person = person
        self.text = ""
        self.pid, self._file = pty.fork()
        if self.pid == 0:  # the child: it must not come back here
            os.chdir(person.folder)
            os.execve(RUNBOOK, [RUNBOOK, *words], {**person.env, "COLUMNS": str(columns), "LINES": "40"})  # noqa: S606 - as a terminal does

    def waits_for(self, pattern: str, within_s: float = PATIENCE_S) -> str:
        """Read until the pattern has appeared; what was printed so far, from then on counted anew."""
        until = time.monotonic() + within_s
        while not (found := re.search(pattern, self.text)):
            assert self._read(until), f"{pattern!r} did not appear in:\n{self.text}"
        before, self.text = self.text[: found.end()], self.text[found.end() :]
        return before

    def types(self, text: str) -> None:
        """Press keys; Ctrl-C is the character 3."""
        os.write(self._file, text.encode())

    def hangs_up(self) -> None:
        """Close the terminal."""
        os.close(self._file)
        self._file = -1

    def ends(self, code: int | None = None) -> str:
        """Wait for the end; everything that was printed since the last look."""
        until = time.monotonic() + PATIENCE_S
        while self._file >= 0 and self._read(until):
            pass
        ended, status = _waited(self.pid, until)
        if not ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self._file >= 0:
            self.hangs_up()
        assert ended, f"it did not end:\n{self.text}"
        self._person.reads(Said(os.waitstatus_to_exitcode(status), self.text, ""), code)
        return self.text

    def _read(self, until: float) -> bool:
        left = until - time.monotonic()
        if left <= 0 or not select.select([self._file], [], [], left)[0]:
            return False
        try:
            data = os.read(self._file, 65536)
        except OSError:  # the other side is closed
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)


def _waited(pid: int, until: float) -> tuple[int, int]:
    while time.monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return ended, status
        time.sleep(0.02)
    return 0, 0


def wait_for(file: Path) -> None:
    """Until a file is there."""
    until = time.monotonic() + PATIENCE_S
    while not file.exists():
        assert time.monotonic() < until, f"{file} does not come"
        time.sleep(0.02)


def plain(text: str) -> str:
    """Text of a terminal without colours and movements."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")
