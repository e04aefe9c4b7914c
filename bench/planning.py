"""How long `runbook validate` and `runbook plan` take as whole processes, and how time and memory grow with the plan.

    python bench/planning.py            all of it: about two minutes
    python bench/planning.py quick      up to 30,000 tasks

Goals: 10,000 steps are checked in 2 s; 30 steps × 10,000 hosts are planned in 10 s and 1 GiB.
"""

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(sys.executable).parent / "runbook"
STEPS = 30
SAME, BY_HOST = "the same for all hosts", "another on every host"
GROWTH = (34, 100, 334, 1_000, 3_334, 10_000)  # hosts: from 1,000 to 300,000 tasks
QUICK = (34, 100, 334, 1_000)
SLOWING = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONDEVMODE")  # what a developer may have set and users have not
HEAD = """\
runbook: bench
title: A generated runbook
kind: maintenance
owner: bench
why: To see how long it takes.
impact: None.
phases:
"""


@dataclass(frozen=True, slots=True)
class Took:
    """A whole process."""

    wall_s: float
    cpu_s: float
    memory_mib: float


def phase(number: int, steps: int, command: str) -> str:
    """A phase as authored text. Every step has what steps usually have."""
    lines = [f"  - id: p{number}\n    title: Phase {number}\n    hosts: all\n    steps:\n"]
    for i in range(steps):
        run = command.format(step=i)
        lines.append(f"      - id: s{i}\n        title: Step {i} of phase {number}\n        run: {run}\n")
        lines.append(
            f"        verify: test -e /srv/done-{i}\n        takes: 1m..3m\n        timeout: 10m\n        retries: 1\n"
        )
    return "".join(lines)


def project(folder: Path, phases: int, steps: int, hosts: int, command: str) -> Path:
    """A runbook and its inventory; the runbook's path."""
    (folder / "inventory").mkdir(parents=True)
    last = hosts - 1
    group = f"all: {{hosts: ['h[00000:{last:05}]'], ssh: {{user: ops}}, vars: {{tool: fwtool}}}}"
    entries = "".join(f"  h{i:05}: {{address: 10.{i >> 16}.{i >> 8 & 255}.{i & 255}}}\n" for i in range(hosts))
    (folder / "inventory" / "hosts.yml").write_text(f"groups:\n  {group}\nhosts:\n{entries}", encoding="utf-8")
    runbook = folder / "bench.yml"
    runbook.write_text(HEAD + "".join(phase(n, steps, command) for n in range(phases)), encoding="utf-8")
    return runbook


def took(arguments: Sequence[str], folder: Path) -> Took:
    """Run the command in a process of its own. Raises SystemExit when it fails."""
    usual = {name: value for name, value in os.environ.items() if name not in SLOWING}
    environment = {**usual, "RUNBOOK_STATE": str(folder / "state")}
    out = os.open(folder / "out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    began = time.perf_counter()
    actions = [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)]
    child = os.posix_spawn(str(PROGRAM), ["runbook", *arguments], environment, file_actions=actions)
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - began
    os.close(out)
    if status:
        raise SystemExit(f"runbook {' '.join(arguments)} failed:\n{(folder / 'out').read_text()[:2000]}")
    return Took(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def line(what: str, tasks: int, result: Took, goal: str = "") -> str:
    return (
        f"{what:<34} {tasks:>8} tasks {result.wall_s:>7.2f} s wall {result.cpu_s:>7.2f} s CPU "
        f"{result.memory_mib:>6.0f} MiB  {goal}"
    ).rstrip()


def validated(root: Path) -> None:
    runbook = project(root / "validate", 100, 100, 10, "fwtool --step {step}")
    result = took(["validate", str(runbook)], root)
    print(f"validate 10,000 steps {result.wall_s:.2f} s wall {result.cpu_s:.2f} s CPU {result.memory_mib:.0f} MiB  goal: 2 s")


def planned(root: Path, hosts: Sequence[int]) -> None:
    commands = {SAME: "fwtool --step {step}", BY_HOST: "fwtool --step {step} --name {{{{ host.name }}}}"}
    for number in hosts:
        for what, command in commands.items():
            runbook = project(root / f"plan-{number}-{len(what)}", 1, STEPS, number, command)
            saved = str(root / "bench.plan")
            goal = "goal: 10 s, 1024 MiB" if number == 10_000 else ""
            print(line(what, number * STEPS, took(["plan", str(runbook), "-o", saved], root), goal), flush=True)


def main() -> None:
    hosts = QUICK if sys.argv[1:] == ["quick"] else GROWTH
    with tempfile.TemporaryDirectory() as folder:
        validated(Path(folder))
        print(f"\nplan {STEPS} steps, saved to a file; each step's command is")
        planned(Path(folder), hosts)


if __name__ == "__main__":
    main()
