"""The walk-through is carried out: each command of docs/first-night.md, in order, on practice hosts, and what it prints.

RUNBOOK_ACCEPT=1 writes the printed text anew; read the difference before you commit it.
"""

import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "first-night.md"
STEP = re.compile(r"^```(console|yaml fragment)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
READY_S = 60
CHANGING = [  # what is different each time, and what stands for it when texts are compared
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "MOMENT"),
    (r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d+ \w+ \d{4} \d\d:\d\d(?::\d\d)?", "MOMENT"),
    (r"\b\d\d:\d\d:\d\d\b", "TIME"),
    (r"\ba-[0-9a-f]{16}\b", "ATTEMPT"),
    (r"\b[0-9a-f]{12,64}\b", "DIGEST"),
    (r"\bon \S+ \((?:pid|process) \d+\)", "on HOST"),
    (r"\b(?:\d+m )?\d+(?:\.\d+)? ?s\b", "SECONDS"),
    (r"(?<= out ).*", "OUTPUT"),
    (r"\s+", " "),
]


def alike(printed: str) -> list[str]:
    """A text without what changes from run to run; sorted, as two hosts may answer in either order."""

    def without(line: str) -> str:
        return functools.reduce(lambda text, change: re.sub(*change, text), CHANGING, line).strip()

    return sorted(filter(None, map(without, printed.splitlines())))


class Terminal:
    """Where the commands are given: a folder, an environment, and a lab that one of them may start."""

    def __init__(self, home: Path) -> None:
        self.home, self.folder = home, home
        keep = {key: value for key, value in os.environ.items() if not key.startswith(("RUNBOOK_", "XDG_"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}{keep['PATH']}"
        self.environment = {**keep, "HOME": str(home), "PATH": path, "RUNBOOK_AS": "kim", "COLUMNS": "100", "TZ": "UTC"}
        self.environment["PYTHONUNBUFFERED"] = "1"  # what is said and what is printed come in their order
        self.lab: subprocess.Popen[bytes] | None = None

    def give(self, line: str) -> str:
        """What a command prints. Codes 0 and 5 (it waits for somebody) are as they should be."""
        words = shlex.split(line)
        if words[0] == "cd":
            self.folder /= words[1]
        elif words[0] == "export":
            name, _, value = words[1].partition("=")
            self.environment[name] = value.replace("~", str(self.home), 1)
        elif words[:2] == ["runbook", "lab"]:
            self._start(words)
        else:
            done = self._run(words)
            assert done.returncode in (0, 5), done.stdout
            return done.stdout.replace(str(self.home), "~")
        return ""

    def _run(self, words: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )

    def _start(self, words: list[str]) -> None:
        quiet = subprocess.DEVNULL
        self.lab = subprocess.Popen(words, cwd=self.folder, env=self.environment, stdout=quiet, stderr=quiet)
        end = time.monotonic() + READY_S
        while not (self.home / ".local/state/runbook-engine/lab/lab.json").exists():
            assert self.lab.poll() is None, "the practice hosts did not start"
            assert time.monotonic() < end, "the practice hosts are not ready"
            time.sleep(0.05)

    def close(self) -> None:
        """End the lab."""
        if self.lab:
            self.lab.terminate()
            self.lab.wait(20)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal in a home of its own, which the hosts of a lab can reach unlike pytest's own folders."""
    home = Path(tempfile.mkdtemp(prefix="runbook-first-night-"))
    home.chmod(0o755)
    it = Terminal(home)
    yield it
    it.close()
    shutil.rmtree(home)


def carried_out(block: str, terminal: Terminal) -> str:
    """The block with what its commands print now. A command without printed text is given without looking at it."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    pieces = []
    for line, before in zip(parts[1::2], parts[2::2], strict=True):
        printed = terminal.give(line)
        same = not before or alike(printed) == alike(before)
        pieces.append(f"$ {line}\n{before if same else printed.rstrip() + chr(10)}")
    return "".join(pieces)


def test_the_walk_through_is_what_happens(terminal: Terminal) -> None:
    """Every command ends as the page lets expect, and prints what the page shows."""
    text = PAGE.read_text(encoding="utf-8")

    def one(found: "re.Match[str]") -> str:
        if found[1] == "console":
            return f"```console\n{carried_out(found[2], terminal)}```"
        with (terminal.folder / "runbooks" / "first.yml").open("a", encoding="utf-8") as file:
            file.write(found[2])
        return found[0]

    right = STEP.sub(one, text)
    if os.environ.get("RUNBOOK_ACCEPT") == "1":
        PAGE.write_text(right, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == right, "RUNBOOK_ACCEPT=1 writes it anew"
