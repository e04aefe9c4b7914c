"""What it costs to put a big file on many hosts, and to keep the big output of one step, beside other clients.

    python bench/execution/transfer.py                  50 MB to each of 20 hosts, and 50 MB of output; 3 runs of each
    python bench/execution/transfer.py --hosts 4 --size 10 --runs 1

Every file that arrived, and every byte of output, is compared. Peers run in turn; the figures are medians.
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import sshd
from goals import Goal, show
from measuring import Cost, Group, measure
from peers import ours
from work import Work

from runbook_engine.workers.log_text import printed

LIMIT_S = 600.0
OURS, SFTP = "runbook-engine", "OpenSSH sftp"
HEAD = f"{'':<34} {'client CPU s':>12} {'wall s':>8} {'MiB':>7} {'server CPU s':>13}  verdict"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is transferred, between whom."""

    server: sshd.Server
    hosts: tuple[str, ...]
    big: Path  # a file of noise
    output: Path  # a file that a step prints: a line of 10 MB, zeros, noise, text
    place: Path  # where files arrive

    @property
    def login(self) -> dict[str, object]:
        """How the server is reached."""
        return {
            "user": self.server.user,
            "port": self.server.port,
            "key": str(self.server.key),
            "known_hosts": str(self.server.known_hosts),
        }


@dataclass
class Row:
    """One way: how it is begun in a folder, what is wrong afterwards, and what it took, run by run."""

    name: str
    prepare: Callable[[Scene, Path], list[str]]
    wrong: Callable[[Scene, Path], str]
    costs: list[tuple[Cost, float]] = field(default_factory=list)
    fault: str = ""

    def once(self, scene: Scene) -> None:
        """Carry it out and look at the result."""
        folder = Path(tempfile.mkdtemp(dir=scene.server.folder))
        command = self.prepare(scene, folder)
        before = scene.server.group.cpu_s()
        cost = measure(command, _environment(folder), folder, LIMIT_S)
        self.costs.append((cost, scene.server.group.cpu_s() - before))
        ended = "" if cost.exit_code == 0 else f"exit code {cost.exit_code}: {(cost.stderr or cost.stdout)[-200:].strip()}"
        self.fault = self.fault or ended or self.wrong(scene, folder)
        for arrived in scene.place.iterdir():
            arrived.unlink()
        shutil.rmtree(folder)

    def median(self, what: Callable[[Cost], float]) -> float:
        """Of all runs."""
        return statistics.median(what(cost) for cost, _ in self.costs)

    @property
    def cpu_s(self) -> float:
        """Of the client."""
        return self.median(lambda cost: cost.cpu_s)

    @property
    def memory_mib(self) -> float:
        """Of the client."""
        return self.median(lambda cost: cost.memory_mib)

    def line(self) -> str:
        """For the table."""
        server = statistics.median(server_s for _, server_s in self.costs)
        wall = self.median(lambda cost: cost.wall_s)
        verdict = f"BAD: {self.fault}" if self.fault else "right"
        return f"{self.name:<34} {self.cpu_s:>12.2f} {wall:>8.2f} {self.memory_mib:>7.1f} {server:>13.2f}  {verdict}"


def _environment(folder: Path) -> Mapping[str, str]:
    home = {"HOME": str(folder)} if os.getuid() else {}
    return {**os.environ, **home, "RUNBOOK_STATE": str(folder / "state")}


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--hosts", type=int, default=20)
    asked.add_argument("--size", type=int, default=50, help="in MB")
    asked.add_argument("--runs", type=int, default=3)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, sshd.server(Path(name)) as server:
        if not Group("probe").exact:
            print("Without control groups: the CPU of processes in the background is missing.")
        scene = _scene(server, options.hosts, options.size * 1_000_000)
        uploads, outputs = _uploads(), _outputs()
        for rows, title in (
            (uploads, f"{options.size} MB to each of {options.hosts} hosts"),
            (outputs, f"{options.size} MB of output"),
        ):
            for _ in range(options.runs):
                for row in rows:
                    row.once(scene)
            print(f"\n{title}\n{HEAD}")
            for row in rows:
                print(row.line(), flush=True)
        _goals(uploads, outputs)


def _goals(uploads: list[Row], outputs: list[Row]) -> None:
    ours_, sftp = uploads[0], uploads[1]
    goals = [Goal(what="uploads: client CPU as a multiple of OpenSSH sftp", measured=ours_.cpu_s / sftp.cpu_s, limit=1.5)]
    nothing = outputs[0]
    for row in outputs[1:3]:
        goals.append(Goal(what=f"{row.name}: CPU s", measured=row.cpu_s - nothing.cpu_s, limit=0.5))
        goals.append(Goal(what=f"{row.name}: extra memory, MiB", measured=row.memory_mib - nothing.memory_mib, limit=16))
    show(goals, wrong="; ".join(row.fault for row in (ours_, sftp, *outputs[:3]) if row.fault))


def _scene(server: sshd.Server, hosts: int, size: int) -> Scene:
    place, big, output = server.folder / "arrived", server.folder / "big", server.folder / "output"
    place.mkdir()
    place.chmod(0o777)
    big.write_bytes(os.urandom(size))
    text = "Grüße, 世界: a line as it is printed, with an ending.\n".encode()
    parts = b"x" * (size // 5) + b"\n", bytes(size // 10), os.urandom(size // 5), b"\xff\xfe \x00 \x1b[31m\n"
    begun = b"".join(parts)
    output.write_bytes((begun + text * (size // len(text)))[:size])
    output.chmod(0o644)
    return Scene(server=server, hosts=sshd.hosts(hosts), big=big, output=output, place=place)


def _uploads() -> list[Row]:
    return [
        Row(OURS, _our_upload, _arrived),
        Row(SFTP, _sftp, _arrived),
        Row("asyncssh", lambda scene, folder: _client("asyncssh", scene, folder), _arrived),
        Row("Fabric as documented", lambda scene, folder: _client("fabric", scene, folder), _arrived),
    ]


def _outputs() -> list[Row]:
    return [
        Row(f"{OURS}, a step that prints nothing", lambda s, f: _our_step(s, f, "true", "once"), lambda _s, _f: ""),
        Row(f"{OURS}, quick lane", lambda s, f: _our_step(s, f, f"cat {s.output}", "safe"), _in_log),
        Row(f"{OURS}, durable lane", lambda s, f: _our_step(s, f, f"cat {s.output}", "once"), _in_log),
        Row("OpenSSH ssh, into a file", _ssh, _printed),
        Row("asyncssh", lambda s, f: _client("asyncssh", s, f, f"cat {s.output}"), _printed),
    ]


def _arrived(scene: Scene, _folder: Path) -> str:
    """What is wrong with the files."""
    want = hashlib.sha256(scene.big.read_bytes()).hexdigest()
    found = sorted(path.name for path in scene.place.iterdir())
    if found != sorted(scene.hosts):
        return f"{len(found)} files, not {len(scene.hosts)}: {', '.join(found[:3])}"
    wrong = [path.name for path in scene.place.iterdir() if hashlib.sha256(path.read_bytes()).hexdigest() != want]
    return f"other content: {', '.join(wrong)}" if wrong else ""


def _in_log(scene: Scene, folder: Path) -> str:
    with next((folder / "state").rglob("*.log")).open("rb") as log:
        return "" if b"".join(printed(log)) == scene.output.read_bytes() else "other bytes in the log"


def _printed(scene: Scene, folder: Path) -> str:
    return "" if (folder / "printed").read_bytes() == scene.output.read_bytes() else "other bytes"


def _our_upload(scene: Scene, folder: Path) -> list[str]:
    shutil.copy(scene.big, folder / "big")
    upload = {"from": "big", "to": f"{scene.place}/{{{{ host.address }}}}", "mode": "0644"}
    return _ours(scene, folder, scene.hosts, {"id": "put", "title": "Put", "upload": upload})


def _our_step(scene: Scene, folder: Path, command: str, repeat: str) -> list[str]:
    return _ours(scene, folder, scene.hosts[:1], {"id": "print", "title": "Print", "run": command, "repeat": repeat})


def _ours(scene: Scene, folder: Path, hosts: tuple[str, ...], step: Mapping[str, object]) -> list[str]:
    command = ours.prepare(Work(hosts=hosts, steps=0, parallel=20, **scene.login), folder)  # type: ignore[arg-type]
    with (folder / "bench.yml").open("a", encoding="utf-8") as runbook:
        runbook.write(f"      - {json.dumps(step)}\n")
    return command


def _client(name: str, scene: Scene, folder: Path, command: str = "") -> list[str]:
    hosts = scene.hosts[:1] if command else scene.hosts
    work = {**scene.login, "hosts": hosts, "source": str(scene.big), "place": str(scene.place), "command": command}
    (folder / "work.json").write_text(json.dumps(work))
    return [sys.executable, str(Path(__file__).with_name("transfer_clients.py")), name, str(folder)]


def _secure(scene: Scene, port: str) -> str:
    login = scene.login
    return f"-{port} {login['port']} -i {login['key']} -o UserKnownHostsFile={login['known_hosts']} -o BatchMode=yes"


def _sftp(scene: Scene, folder: Path) -> list[str]:
    """One process a host, all at once."""
    lines = []
    for host in scene.hosts:
        (folder / host).write_text(f"put {scene.big} {scene.place}/{host}\n")
        lines.append(f"sftp -q -b {folder / host} {_secure(scene, 'P')} {scene.login['user']}@{host} >/dev/null &")
    return ["/bin/sh", "-c", "\n".join([*lines, "wait"])]


def _ssh(scene: Scene, folder: Path) -> list[str]:
    words = f"{_secure(scene, 'p')} {scene.login['user']}@{scene.hosts[0]} 'cat {scene.output}'"
    return ["/bin/sh", "-c", f"ssh {words} >{folder / 'printed'}"]


if __name__ == "__main__":
    main()
