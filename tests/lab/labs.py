"""Labs for tests: started as processes of their own, reached with the ssh program."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

START_WITHIN_S = 30


class RunningLab:
    """A lab that runs, and what its lab.json says."""

    def __init__(self, state: Path, *hosts: str, arguments: tuple[str, ...] = (), user: int | None = None) -> None:
        self.state = state
        command = [sys.executable, "-m", "runbook_engine.lab", "--state", str(state), "--speed", "10"]
        words = [*command, *arguments, "--hosts", *hosts]
        other = user if user != os.getuid() else None
        groups = [] if other is not None else None
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, user=other, group=other, extra_groups=groups)
        self.ready = json.loads(self.process.stdout.readline())
        self.told = json.loads((state / "lab.json").read_text())

    def port(self, host: str) -> int:
        """Where the host answers."""
        return self.told["hosts"][host]["port"]

    def options(self, *, known_hosts: Path | None = None, key: str = "") -> list[str]:
        """The options of ssh and sftp that reach a host of this lab and nothing else."""
        given = {
            "UserKnownHostsFile": known_hosts or self.told["known_hosts"],
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "BatchMode": "yes",
            "ConnectTimeout": "5",
            "LogLevel": "ERROR",
        }
        options = [word for name, value in given.items() for word in ("-o", f"{name}={value}")]
        return ["-F", "none", "-i", key or self.told["key"], *options]

    def ssh(
        self, host: str, command: str, *, user: str = "ops", stdin: str = "", **options: object
    ) -> subprocess.CompletedProcess:
        """Run a command on a host."""
        words = ["ssh", *self.options(**options), "-p", str(self.port(host)), f"{user}@127.0.0.1", command]
        return subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=20, check=False)

    def output(self, host: str, command: str, **options: object) -> str:
        """What a command that must end well says."""
        result = self.ssh(host, command, **options)
        assert result.returncode == 0, result
        return result.stdout

    def sftp(self, host: str, commands: str) -> subprocess.CompletedProcess:
        """A batch of SFTP commands; it ends at the first that fails."""
        words = ["sftp", *self.options(), "-b", "-", "-P", str(self.port(host)), "ops@127.0.0.1"]
        return subprocess.run(words, input=commands, capture_output=True, text=True, timeout=20, check=False)

    def effects(self, host: str) -> list[str]:
        """What has been changed on the host by its tools, in order."""
        return Path(self.told["hosts"][host]["effects"]).read_text().splitlines()

    def boot_id(self, host: str) -> str:
        """The boot id as the engine reads it; waits until the host answers."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            result = self.ssh(host, "cat /proc/sys/kernel/random/boot_id")
            if result.returncode == 0:
                return result.stdout
            time.sleep(0.05)
        raise AssertionError(f"{host} does not come back")

    def processes(self) -> list[int]:
        """All processes of this lab: it, its nursery, its hosts and what runs on them."""
        return [self.process.pid, *descendants(self.process.pid)]

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        return code


def descendants(pid: int) -> list[int]:
    """The processes below a process, from /proc; one that ends while it is looked at has none."""
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, task.read_text().split()):
                found += [child, *descendants(child)]
    return found


def alive(pids: list[int], within_s: float = 5) -> list[int]:
    """Which of these processes are still there after waiting up to `within_s` for them to end; zombies are not."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        left = [pid for pid in pids if _lives(pid)]
        if not left:
            return []
        time.sleep(0.05)
    return left


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False
