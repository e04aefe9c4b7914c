"""Compares this project with its peers in one run: the same steps on the same hosts, one real OpenSSH server on loopback.

    python bench/execution/environments.py                       once: installs the peers
    python bench/execution/compare.py                            100 hosts × 10 steps, 3 runs
    python bench/execution/compare.py --hosts 10,100 --steps 1,10,30 --runs 3 --budget 120
    python bench/execution/compare.py --hosts 500 --peers runbook-engine,asyncssh,parallel-ssh,pyinfra
    python bench/execution/compare.py --hosts 1000 --steps 30 --peers runbook-engine

Prints the medians of client CPU, wall time and memory, and each as a multiple of ours; for the last two sizes also what
is set as a goal. See bench/README.md.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import sshd
from goals import Goal, show
from measuring import Cost, Group, measure
from peers import ansible_raw, asyncssh_tasks, nornir_threads, openssh_master, ours, parallel_client, pyinfra_shell
from work import Work, mistakes

PEERS: dict[str, ModuleType] = {
    "runbook-engine": ours,
    "parallel-ssh": parallel_client,
    "asyncssh": asyncssh_tasks,
    "nornir-paramiko": nornir_threads,
    "pyinfra": pyinfra_shell,
    "ssh ControlMaster": openssh_master,
    "ansible raw": ansible_raw,
}
OURS = "runbook-engine"
LIMIT_S = 300.0  # for one run of one peer
TRIAL_CODE = 7
Figures = tuple[float, float, float, float]  # client CPU s, wall s, MiB, server CPU s
BESIDE = (  # for 500 hosts and 10 steps: what, its part, of whom, the column, the same part as a number
    ("client CPU", "1/4", "pyinfra", 0, 0.25),
    ("client CPU", "all", "asyncssh", 0, 1.0),
    ("wall", "1/2", "parallel-ssh", 1, 0.5),
)
HEAD = f"{'peer':<18} {'client CPU s':>12} {'×':>6} {'wall s':>8} {'×':>6} {'MiB':>7} {'×':>6} {'server CPU s':>13}  verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One peer, once."""

    cost: Cost
    server_s: float
    fault: str


def run_once(peer: ModuleType, work: Work, server: sshd.Server) -> Run:
    """Measure a peer, then look at every one of its answers. Its files stay to the end of all: see README."""
    folder = Path(tempfile.mkdtemp(dir=server.folder))
    command = peer.prepare(work, folder)
    before = server.group.cpu_s()
    cost = measure(command, peer.environment(folder), folder, LIMIT_S)
    server_s = server.group.cpu_s() - before
    if cost.exit_code is None:
        return Run(cost=cost, server_s=server_s, fault=f"not done within {LIMIT_S:g} s")
    return Run(cost=cost, server_s=server_s, fault=_fault(peer, work, folder, cost))


def _fault(peer: ModuleType, work: Work, folder: Path, cost: Cost) -> str:
    try:
        wrong = mistakes(work, peer.answers(work, folder), os.uname().release)
    except (OSError, ValueError, LookupError) as error:
        wrong = f"its answers cannot be read: {error!r}"
    last = (cost.stderr or cost.stdout).strip().rpartition("\n")[2][:160]
    return f"{wrong} ({last})" if wrong else ""


def trial(peer: ModuleType, work: Work, server: sshd.Server) -> str:
    """Whether a peer tells the exit code, and the output, of a step that fails; a word about it."""
    one = replace(work, hosts=work.hosts[:1], steps=1, exit_code=TRIAL_CODE)
    fault = run_once(peer, one, server).fault
    if not fault:
        return ""
    only_failed = "(None, " in fault
    return "tells only that a step failed" if only_failed else f"a failing step: {fault}"


def cell(work: Work, server: sshd.Server, names: Sequence[str], runs: int, budget_s: float, seen: dict[str, float]) -> None:
    """Measure every peer `runs` times, in turn, so that whatever else the machine does hits all alike; print the rows."""
    size = len(work.hosts) * (work.steps + 2)
    found: dict[str, list[Run]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            if seen.get(name, 0.0) * size * runs <= budget_s:
                found[name].append(run_once(PEERS[name], work, server))
    print(f"\n{len(work.hosts)} hosts × {work.steps} steps, {runs} run{'s' if runs != 1 else ''}\n{HEAD}", flush=True)
    figures = {name: _medians(runs) for name, runs in found.items() if runs}
    for name in names:
        if not found[name]:
            print(f"{name:<18} left out: it would take longer than {budget_s:g} s")
            continue
        print(_row(name, found[name], figures.get(OURS)), flush=True)
        if size >= 100:
            seen[name] = statistics.median(run.cost.wall_s for run in found[name]) / size
    if OURS in figures and (set_ := goals(len(work.hosts), work.steps, figures)):
        show(set_, wrong=next((run.fault for run in found[OURS] if run.fault), ""))


def goals(hosts: int, steps: int, figures: Mapping[str, Figures]) -> list[Goal]:
    """What is set for a run of this size."""
    cpu, wall, memory, server = figures[OURS]
    cores = os.cpu_count() or 1
    found = []
    if (hosts, steps) == (500, 10):
        found.append(Goal(what="client CPU, s", measured=cpu, limit=6.0))
        found.append(
            Goal(what="wall, s: 1.25 × (client + server CPU) / cores", measured=wall, limit=1.25 * (cpu + server) / cores)
        )
        found += [
            Goal(what=f"{what}, s: {part} of {peer}", measured=figures[OURS][column], limit=times * figures[peer][column])
            for what, part, peer, column, times in BESIDE
            if peer in figures
        ]
    if (hosts, steps) == (1000, 30):
        found.append(Goal(what="wall, s", measured=wall, limit=60.0))
        found.append(Goal(what="client memory, MiB (120 MB)", measured=memory, limit=120e6 / 2**20))
    return found


def _medians(runs: Sequence[Run]) -> Figures:
    values = [(run.cost.cpu_s, run.cost.wall_s, run.cost.memory_mib, run.server_s) for run in runs]
    cpu, wall, memory, server = (statistics.median(column) for column in zip(*values, strict=True))
    return cpu, wall, memory, server


def _row(name: str, runs: Sequence[Run], base: Figures | None) -> str:
    cpu, wall, memory, server = _medians(runs)
    ratios = [f"{a / b:.1f}" if b else "-" for a, b in zip((cpu, wall, memory), base or (0, 0, 0), strict=False)]
    fault = next((run.fault for run in runs if run.fault), "")
    verdict = f"BAD: {fault}" if fault else "right"
    measured = f"{cpu:>12.2f} {ratios[0]:>6} {wall:>8.2f} {ratios[1]:>6} {memory:>7.0f} {ratios[2]:>6} {server:>13.2f}"
    return f"{name:<18} {measured}  {verdict}"


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=_numbers, default=[100])
    parser.add_argument("--steps", type=_numbers, default=[10])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", default=",".join(PEERS), help="comma-separated names")
    parser.add_argument("--parallel", type=int, default=20, help="hosts at once, where a peer can be told")
    parser.add_argument("--budget", type=float, default=600.0, help="leave a peer out of a cell that would take it longer (s)")
    return parser.parse_args()


def main() -> None:
    told = options()
    names = [name for name in PEERS if name in told.peers.split(",")]
    with (
        tempfile.TemporaryDirectory(prefix="bench-sshd-", ignore_cleanup_errors=True) as folder,
        sshd.server(Path(folder)) as server,
    ):
        work = Work(
            hosts=sshd.hosts(max(told.hosts)),
            steps=1,
            port=server.port,
            user=server.user,
            key=str(server.key),
            known_hosts=str(server.known_hosts),
            parallel=told.parallel,
        )
        _conditions()
        names = [name for name in names if _ready(name, work, server)]
        seen: dict[str, float] = {}
        for hosts in told.hosts:
            for steps in told.steps:
                cell(replace(work, hosts=sshd.hosts(hosts), steps=steps), server, names, told.runs, told.budget, seen)


def _conditions() -> None:
    group = Group("probe")
    how = "control groups, daemons included" if group.exact else "the children that ended; daemons (ssh masters) are MISSING"
    group.close()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; client and server share them. CPU from {how}.")
    print(f"Making a file takes {_file_us():.0f} µs here (ours makes one per task, ssh ControlMaster three; see README).\n")


def _file_us(number: int = 500) -> float:
    """The time that a new small file costs in the folder for temporary files."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        for i in range(number):
            (Path(folder) / str(i)).touch()
        return (time.perf_counter() - began) / number * 1e6


def _ready(name: str, work: Work, server: sshd.Server) -> bool:
    """Say what holds for a peer; whether it can run."""
    peer = PEERS[name]
    if missing := peer.missing():
        print(f"{name:<18} NOT HERE: {missing}")
        return False
    word = trial(peer, work, server)
    print(f"{name:<18} {peer.NOTE}{'; ' + word if word and word not in peer.NOTE else ''}")
    return True


if __name__ == "__main__":
    main()
