"""What a command and everything that it starts costs: CPU seconds, wall seconds, memory at its highest.

CPU is counted by a control group (cgroup v2) where this user may make one, so that daemons which a command leaves behind
are counted too. Elsewhere it is the resource usage of the children that ended; what became a daemon is then missing.
"""

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SAMPLE_S = 0.05  # how often memory is looked at
SETTLE_S = 5.0  # what it may take until killed processes are gone
SLOWING = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONDEVMODE")  # what a developer may have set and users have not


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one command took, and what it said."""

    wall_s: float
    cpu_s: float
    memory_mib: float  # private and anonymous, of all processes together; shared pages counted once
    exit_code: int | None  # None: it took too long and was ended
    stdout: str
    stderr: str


class Group:
    """A control group, or what can be had instead of one."""

    def __init__(self, name: str) -> None:
        self._folder = _new_group(name)

    @property
    def exact(self) -> bool:
        """Whether daemons are counted."""
        return self._folder is not None

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command, so that it runs in the group from its first moment."""
        if self._folder is None:
            return list(command)
        return ["/bin/sh", "-c", f'echo $$ > {self._folder}/cgroup.procs; exec "$@"', "sh", *command]

    def cpu_s(self) -> float:
        """CPU seconds so far."""
        if self._folder is None:
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            return used.ru_utime + used.ru_stime
        first = (self._folder / "cpu.stat").read_text().splitlines()[0]
        return int(first.split()[1]) / 1e6

    def processes(self, root: int = 0) -> list[int]:
        """Those that are in the group now; without a group, `root` and what descends from it."""
        if self._folder is None:
            return _tree(root) if root else []
        return [int(pid) for pid in (self._folder / "cgroup.procs").read_text().split()]

    def end(self, root: int = 0) -> None:
        """End every process of the group."""
        for pid in self.processes(root):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """Remove the group, once it is empty."""
        until = time.monotonic() + SETTLE_S
        while self._folder is not None and self._folder.exists() and time.monotonic() < until:
            with suppress(OSError):
                self._folder.rmdir()
            time.sleep(0.02)


def _new_group(name: str) -> Path | None:
    try:
        mount = next(line.split()[1] for line in Path("/proc/mounts").read_text().splitlines() if line.split()[2] == "cgroup2")
        own = next(line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
        folder = Path(mount + own) / f"runbook-bench-{os.getpid()}-{name}"
        folder.mkdir()
        if not os.access(folder / "cgroup.procs", os.W_OK):
            folder.rmdir()
            return None
    except (OSError, StopIteration):
        return None
    return folder


def _tree(pid: int) -> list[int]:
    found = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += _tree(int(child))
    return found


class Memory(threading.Thread):
    """Looks at the memory of a group's processes from time to time and remembers the most."""

    def __init__(self, group: Group, root: int) -> None:
        super().__init__(daemon=True)
        self.most_kib = 0
        self._group, self._root = group, root
        self._over = threading.Event()

    def run(self) -> None:
        """Until `stop`."""
        while not self._over.wait(SAMPLE_S):
            self.most_kib = max(self.most_kib, sum(map(anonymous_kib, self._group.processes(self._root))))

    def stop(self) -> float:
        """The most that was seen, in MiB."""
        self._over.set()
        self.join()
        return self.most_kib / 1024


def anonymous_kib(pid: int) -> int:
    """Private anonymous memory of a process now; 0 when it is not there."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1])
    return 0


def measure(command: Sequence[str], environment: Mapping[str, str], folder: Path, limit_s: float) -> Cost:
    """Run a command in `folder` and say what it took. Its output goes to files there, so that nothing waits for us."""
    group = Group("client")
    usual = {name: value for name, value in environment.items() if name not in SLOWING}
    out, err = folder / "stdout", folder / "stderr"
    before = group.cpu_s()
    began = time.perf_counter()
    with out.open("wb") as to_out, err.open("wb") as to_err:
        process = subprocess.Popen(
            group.inside(command), stdin=subprocess.DEVNULL, stdout=to_out, stderr=to_err, cwd=folder, env=usual
        )
        memory = Memory(group, process.pid)
        memory.start()
        exit_code = _waited(process, limit_s)
    wall = time.perf_counter() - began
    most = memory.stop()
    group.end(process.pid)
    process.wait()
    cost = Cost(
        wall_s=wall,
        cpu_s=group.cpu_s() - before,
        memory_mib=most,
        exit_code=exit_code,
        stdout=out.read_text(errors="replace"),
        stderr=err.read_text(errors="replace"),
    )
    group.close()
    return cost


def _waited(process: subprocess.Popen[bytes], limit_s: float) -> int | None:
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return None
