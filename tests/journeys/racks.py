"""A small copy of the shipped project on a practice rack of its own, quick and easily made as new."""

import base64
import json
import os
import shutil
import sqlite3
import ssl
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from lab.labs import RunningLab, descendants

PROJECT = Path(__file__).parents[2]
PACE = {"pause: 3s": "pause: 0.1s", "wait: 2s": "wait: 0.1s", "every: 1s": "every: 0.1s"}
OLD, NEW = "2.17.3", "2.19.1"  # of the firmware: what a new server comes with, and what the runbook brings
QUIET_WITHIN_S = 20.0


def copy_project(folder: Path, hosts: int) -> Path:
    """The shipped runbooks and inventory, with a rack of so many hosts and shorter waits. Everybody may read it."""
    for name in ("runbooks", "inventory"):
        shutil.copytree(PROJECT / name, folder / name)
    inventory = folder / "inventory" / "hosts.yml"
    edit(inventory, {"r12-u[01:12]": f"r12-u[01:{hosts:02}]"})
    kept = [line for line in inventory.read_text(encoding="utf-8").splitlines() if not _beyond(line, hosts)]
    inventory.write_text("\n".join(kept) + "\n", encoding="utf-8")
    edit(folder / "runbooks" / "rack12-install.yml", PACE)
    return folder


def _beyond(line: str, hosts: int) -> bool:
    """Whether the line describes a server that the small rack does not have."""
    name = line.strip()
    return name.startswith("r12-u") and int(name[5:7]) > hosts


def edit(file: Path, changes: dict[str, str]) -> None:
    """Replace texts in a file; each must be there."""
    text = file.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text, f"{file} has no {old!r}"
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def open_folder(name: str) -> Path:
    """A temporary folder that an unprivileged user can reach, unlike pytest's own when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix=f"runbook-{name}-"))
    folder.chmod(0o755)
    return folder


class Rack:
    """Practice servers r12-u01 … with a project that names them; one of them fails its first installation."""

    def __init__(self, hosts: int, speed: str = "100") -> None:
        self.hosts = [f"r12-u{number:02}" for number in range(1, hosts + 1)]
        self.weak = self.hosts[hosts // 2]
        self.folder = open_folder("rack")
        self.project = copy_project(self.folder / "project", hosts)
        fault = f"{self.weak}:fwtool=fail-first"
        self.lab = RunningLab(self.folder / "lab", *self.hosts, arguments=("--speed", speed, "--fault", fault))
        self.lab_file = self.folder / "lab" / "lab.json"
        calm = len(descendants(self.lab.process.pid))
        self._of_each, self._of_none = 0, calm
        for host in self.hosts:
            self.ask(host, "/Systems/1/Actions/ComputerSystem.Reset", {"ResetType": "ForceOff"})
        self._of_none = self._settled()
        self._of_each = (calm - self._of_none) // hosts

    def close(self) -> None:
        """End the lab, and leave nothing behind."""
        self.lab.stop()
        shutil.rmtree(self.folder)

    def disk(self, host: str) -> Path:
        """What the lab's tools keep on a host."""
        return Path(self.lab.told["hosts"][host]["folder"]) / "disk" / "lab"

    def as_new(self) -> None:
        """Every host as it was delivered: off, with the old firmware, nothing done."""
        for host in self.hosts:
            disk = self.disk(host)
            (disk / "versions" / "firmware").write_text(f"{OLD}\n", encoding="utf-8")
            self.ask(host, "/Systems/1/Actions/ComputerSystem.Reset", {"ResetType": "ForceOff"})
            if (disk / "faults" / "fwtool.spent").exists():
                (disk / "faults" / "fwtool.spent").rename(disk / "faults" / "fwtool")
            os.truncate(self.lab.told["hosts"][host]["effects"], 0)

    def switch_on(self) -> None:
        """Every host on, and ready for work: for runbooks other than the installation."""
        for host in self.hosts:
            self.ask(host, "/Systems/1/Actions/ComputerSystem.Reset", {"ResetType": "On"})
        self.quiet()

    def quiet(self) -> None:
        """Wait until no command runs on any host, and all that are on or restart are up."""
        expected = self._of_none + self._of_each * sum(map(self.is_on, self.hosts))
        until = time.monotonic() + QUIET_WITHIN_S
        calm = 0
        while calm < 3:
            assert time.monotonic() < until, "the practice hosts do not come to rest"
            calm = calm + 1 if len(descendants(self.lab.process.pid)) == expected else 0
            time.sleep(0.02)

    def is_on(self, host: str) -> bool:
        """Whether the host is switched on, as its management controller says."""
        return bool(self.ask(host, "/Systems/1")["PowerState"] == "On")

    def ask(self, host: str, path: str, body: dict[str, str] | None = None) -> Any:
        """What the management controller of a host answers; with a body it is told to do something."""
        told = self.lab.told["bmc"]
        password = Path(told["password"].removeprefix("file:")).read_text(encoding="ascii").strip()
        word = base64.b64encode(f"{told['user']}:{password}".encode()).decode()
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.lab.told['hosts'][host]['controller']}/redfish/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {word}", "Content-Type": "application/json"},
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(request, context=context, timeout=20) as answer:  # noqa: S310 - of our own lab
            return json.loads(answer.read() or b"null")

    def _settled(self) -> int:
        """The number of the lab's processes, once it no longer changes."""
        last, same = -1, 0
        while same < 10:
            now = len(descendants(self.lab.process.pid))
            last, same = now, same + 1 if now == last else 0
            time.sleep(0.02)
        return last


def journal(state: Path) -> list[dict[str, Any]]:
    """Every event that is on disk, in order, as data: read beside the engine, from the file itself."""
    file = state / "journal.db"
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchall():
            return []  # killed before there were tables
        rows = database.execute("SELECT body FROM events ORDER BY run_id, seq").fetchall()
    return [json.loads(row[0]) for row in rows]


def of_task(events: Sequence[dict[str, Any]], task: str, kind: str) -> list[dict[str, Any]]:
    """The events of one kind about one task (phase/step@host, whatever its batch)."""
    step, _, host = task.partition("@")
    return [e for e in events if e["is"] == kind and (e["task"] + "@").split("@")[1] == host and _step(e["task"]) == step]


def _step(task: str) -> str:
    return task.partition("@")[0].partition("#")[0]
