"""Commands whose program is warm: forked from a process that has everything imported, which saves half a second for each.

The first call of each sub-command is started as a person starts it all the same, so that every run of the tests sees each of
them begin with nothing; the rest are forks.
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Lock

from lab.labs import descendants

EARLY = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "GLIBC_")  # what a process looks at before the first line of a program
COLD = frozenset({"lab", "demo"})  # they start processes that outlive them, or are made of the program itself
_TESTS = Path(__file__).parents[1]


class Warm:
    """The process to fork from; started when it is first needed."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._known: set[str] = set()
        self._busy = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="warm-")

    def takes(self, words: tuple[str, ...], env: dict[str, str]) -> bool:
        """Whether this command may be a fork: not the first of its kind, and with nothing that acts before Python runs."""
        if not words or words[0] in COLD or early(env) != early(dict(os.environ)):
            return False
        new = words[0] not in self._known
        self._known.add(words[0])
        return not new

    def types(self, folder: Path, env: dict[str, str], words: tuple[str, ...]) -> tuple[int, str, str] | None:
        """The exit code and both streams; None when somebody else is being served, who may be waiting for this very command."""
        if not self._busy.acquire(blocking=False):
            return None
        try:
            out, err = Path(self._folder.name, "out"), Path(self._folder.name, "err")
            out.write_bytes(b"")
            err.write_bytes(b"")
            code = self._ask({"folder": str(folder), "env": env, "words": words, "out": str(out), "err": str(err)})
            return code, out.read_text(), err.read_text()
        finally:
            self._busy.release()

    def close(self) -> None:
        """End it."""
        if self._process:
            self._process.communicate(timeout=20)
        self._folder.cleanup()

    def _ask(self, order: dict[str, object]) -> int:
        process = self._process = self._process or _started()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], self._patience_s)[0]:
            for pid in [*descendants(process.pid), process.pid]:
                os.kill(pid, signal.SIGKILL)
            self._process = None
            raise AssertionError(f"{order['words']} did not end within {self._patience_s:g} s")
        return int(json.loads(process.stdout.readline())["code"])


def early(env: dict[str, str]) -> dict[str, str]:
    """What of an environment acts before the program does."""
    return {key: value for key, value in env.items() if key.startswith(EARLY)}


def _started() -> "subprocess.Popen[str]":
    paths = os.pathsep.join(filter(None, (str(_TESTS), os.environ.get("PYTHONPATH"))))
    server = [sys.executable, str(Path(__file__).with_name("warm_start.py"))]
    env = {key: value for key, value in os.environ.items() if not key.startswith("RUNBOOK_")}
    return subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**env, "PYTHONPATH": paths})
