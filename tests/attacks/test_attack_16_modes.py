"""Attack 16: whatever is written is for its owner alone, from the moment that it is there."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from journeys.command_line import RUNBOOK, Person
from journeys.machines import box_inventory, step, steps

pytestmark = pytest.mark.sshd
WORK = """      - {{id: put, title: Put, upload: {{from: source.txt, to: {host}/put}}, takes: 1m}}
      - {{id: fill, title: Fill, template: {{from: source.txt, to: {host}/filled}}, takes: 1m}}
      - {{id: get, title: Get, download: {{from: {host}/put, to: got.txt}}, takes: 1m}}
      - {{id: here, title: Here, local: umask >{host}/umask, takes: 1m}}
      - {{id: fails, title: Fails, run: 'echo oh >&2; exit 3', takes: 1m}}
"""


class Watcher(threading.Thread):
    """Looks again and again whether anybody else may read or write something under a folder."""

    def __init__(self, *folders: Path) -> None:
        super().__init__()
        self._folders, self._over = folders, threading.Event()
        self.seen: set[str] = set()
        self.open: dict[str, str] = {}

    def run(self) -> None:
        """Until `close`, and once more then."""
        while not self._over.wait(0.002):
            self.look()
        self.look()

    def look(self) -> None:
        """Once."""
        for folder in self._folders:
            for above, folders, files in os.walk(folder):
                for name in (*folders, *files):
                    self._judge(Path(above, name))

    def _judge(self, path: Path) -> None:
        try:
            state = path.lstat()
        except OSError:
            return
        self.seen.add(str(path))
        if state.st_mode & 0o077 and not stat.S_ISLNK(state.st_mode):
            self.open[str(path)] = oct(state.st_mode)

    def close(self) -> None:
        """End it."""
        self._over.set()
        self.join()


def test_attack_16_all_written_files_are_private_whatever_the_umask(engineer: Person, sshd: Any, tmp_path: Path) -> None:
    """A whole run with umask 0: journal, logs, plans, pictures, downloads and what hosts keep, looked at all the time.

    Commands that a person wrote have the umask of that person, here as on the host.
    """
    host, out = tmp_path / "host", tmp_path / "out"
    host.mkdir()
    out.mkdir(mode=0o700)
    engineer.writes("inventory/hosts.yml", box_inventory(sshd))
    engineer.writes("runbooks/source.txt", "hello\n")
    engineer.writes("runbooks/quick.yml", steps(step("one", "echo one")) + WORK.format(host=host))
    kept = sshd.config.parent / ".runbook"
    watcher = Watcher(engineer.state.parent, out, kept)
    watcher.start()
    try:
        for words, code in (
            (("plan", "runbooks/quick.yml", "-o", f"{out}/quick.plan"), 0),
            (("graph", "runbooks/quick.yml", "-o", f"{out}/quick.svg"), 0),
            (("run", f"{out}/quick.plan"), 1),
            (("resume", "last", "--failed"), 1),
            (("status", "last"), 1),
        ):
            process = subprocess.Popen(
                [RUNBOOK, *words], cwd=engineer.folder, env=engineer.env, text=True, umask=0, stdout=-1, stderr=-1, stdin=-3
            )
            engineer.hears(process, code, words)
    finally:
        watcher.close()
    assert watcher.open == {}
    names = {Path(name).name for name in watcher.seen}
    assert {"journal.db", "quick.plan", "quick.svg", "got.txt", "one@box.log", "runs", "logs", "downloads"} <= names
    assert {Path(name).suffix for name in watcher.seen} >= {".db", ".log", ".db-wal"}
    assert any(name.startswith(f"{kept}/") for name in watcher.seen), "the host keeps records"
    assert (host / "umask").read_text().strip() == "0000"
    assert stat.S_IMODE((host / "put").stat().st_mode) == 0o600
    assert stat.S_IMODE((host / "filled").stat().st_mode) == 0o600


def test_attack_16_a_report_of_a_mistake_of_ours_is_private(person: Person) -> None:
    """The details of a crash may hold anything: only their owner reads them."""
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    code = "import runbook_engine.cli.entry as entry\nentry.runbook.main = lambda *a, **k: 1 / 0\nentry.main(['runs'])\n"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=person.folder, env=person.env, umask=0, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (person.state, *person.state.rglob("*"))}
    assert modes == {"state": 0o700, "crash-report.txt": 0o600}


def test_attack_16_a_project_is_made_as_the_person_has_it(person: Person) -> None:
    """What `init` writes is for all who work on the project: the umask of the person holds."""
    process = subprocess.Popen(
        [RUNBOOK, "init"], cwd=person.folder, env=person.env, text=True, umask=0o022, stdout=-1, stderr=-1, stdin=-3
    )
    person.hears(process, 0)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (person.folder / "inventory").rglob("*")}
    assert modes == {"hosts.yml": 0o644}
