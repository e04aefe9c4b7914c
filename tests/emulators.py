"""The emulator of management controllers as tests see it: its systems, its faults, and what it was asked."""

import json
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import bcrypt

from runbook_engine.model.estate import BmcSettings
from runbook_engine.model.plan import Target
from runbook_engine.model.text import SecretRef
from runbook_engine.model.words import HostName
from vault_server import make_authority

USER, PASSWORD = "ops", "b0ard-c4nary-7d21"
START_S = 60


class Emulator:
    """A running sushy-emulator with `systems` hosts; each test takes one that nobody has used."""

    def __init__(self, folder: Path, systems: int, **settings: Any) -> None:
        self.folder = folder
        self.names = [f"host{number:02}" for number in range(systems)]
        self.uuids = {name: str(uuid.uuid5(uuid.NAMESPACE_DNS, name)) for name in self.names}
        make_authority(folder)
        (folder / "faults").mkdir()
        (folder / "state").mkdir()
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        (folder / "users").write_text(f"{USER}:{hashed}\n")
        told = [
            {"uuid": self.uuids[name], "name": name, "power_state": "Off", "external_notifier": False, "nics": []}
            for name in self.names
        ]
        usual = {"delay_s": 0, "update_s": 0.2, "remembers_once": True}
        (folder / "settings.json").write_text(json.dumps({"systems": told} | usual | settings))
        self._log = (folder / "log").open("wb")
        program = Path(__file__).with_name("emulator.py")
        self._process = subprocess.Popen([sys.executable, program, folder], stdout=self._log, stderr=self._log)
        self.port = self._port()
        self._free = iter(self.names)

    def _port(self) -> int:
        end = time.monotonic() + START_S
        while not (self.folder / "port").exists():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "the emulator does not start"
            time.sleep(0.05)
        return int((self.folder / "port").read_text())

    def host(self, **bmc: Any) -> Target:
        """A host that no other test has; it is off, and the firmware inventory lists its parts."""
        name = next(self._free)
        (self.folder / "parts").write_text(name)
        usual: dict[str, Any] = {
            "address": f"https://127.0.0.1:{self.port}",
            "user": USER,
            "password": SecretRef("env:BMC_PASSWORD"),
            "verify": str(self.folder / "ca.pem"),
            "system": self.uuids[name],
        }
        return Target(name=HostName(name), address="127.0.0.1", bmc=BmcSettings(**usual | bmc))

    def break_at(self, host: Target, on: str, how: str, times: int = 1) -> None:
        """What goes wrong with the next requests of a kind: look, reset, boot, led, update, flash, task, inventory, any."""
        (self.folder / "faults" / host.name).write_text(json.dumps({"on": on, "how": how, "times": times}))

    def mend(self, host: Target) -> None:
        """Nothing goes wrong any more."""
        (self.folder / "faults" / host.name).unlink(missing_ok=True)

    def changes(self, host: Target) -> list[str]:
        """The requests for a change that came for a host, in their order."""
        lines = (self.folder / "seen").read_text().splitlines() if (self.folder / "seen").exists() else []
        return [what for name, what, *_ in map(str.split, lines) if name == host.name and what in CHANGES]

    def log(self) -> str:
        """What the emulator has said."""
        return (self.folder / "log").read_text()

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)
        self._log.close()


CHANGES = frozenset({"reset", "boot", "led", "update"})
