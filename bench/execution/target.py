"""What a small step costs on the host: CPU and time of claim, detached run, output kept, result and clean-up.

One kept shell is given all steps, without SSH. CPU is that of the shell and all that ended under it. `prototype` is any
older program with the commands `start ID SIZE CKSUM BOOT` and `clean ID`, to compare with.

    python bench/execution/target.py [--steps 200] [--rounds 5] [--prototype FILE]
"""

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from goals import Goal, show

from runbook_engine.transports import target_requests as ask_for
from runbook_engine.transports.durable import TOGETHER
from runbook_engine.transports.target_program import target_program
from runbook_engine.transports.target_requests import split_answer

WORD = "w0rd5b7e2c9a41d8"
SCRIPT = b"echo done"


def shell_named(name: str, folder: Path) -> Path | None:
    """A program that acts as sh under this name."""
    found = shutil.which(name)
    if not found:
        return None
    place = folder / name
    place.mkdir()
    (place / "sh").symlink_to(found)
    return place / "sh"


def cpu_s() -> float:
    """CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def session(shell: Path, base: Path, requests: list[bytes]) -> tuple[float, float, bytes]:
    """CPU and wall seconds of a kept shell that answers these, and its answers."""
    shutil.rmtree(base, ignore_errors=True)
    program = target_program().replace("/bin/sh", str(shell)).encode() + ask_for.open_base(WORD)
    cpu, began = cpu_s(), time.perf_counter()
    environment = {**os.environ, "RUNBOOK_BASE": str(base)}
    done = subprocess.run([shell], input=program + b"".join(requests), capture_output=True, env=environment, check=True)
    return cpu_s() - cpu, time.perf_counter() - began, done.stdout


def boot_id(shell: Path, base: Path) -> str:
    """As the program says it."""
    state = split_answer(WORD, session(shell, base, [])[2])[1]
    assert state
    return state.boot


def steps(boot: str, count: int, *, limit_s: float, cleaned: bool) -> list[bytes]:
    """Requests for so many steps."""
    requests = []
    for number in range(count):
        name = f"a-{number}"
        requests.append(ask_for.start(WORD, name, boot, SCRIPT, limit_s=limit_s))
        if cleaned and number % TOGETHER == TOGETHER - 1:
            requests.append(ask_for.clean(WORD, *(f"a-{n}" for n in range(number + 1 - TOGETHER, number + 1))))
    return requests


def best(shell: Path, base: Path, requests: list[bytes], count: int, rounds: int, said: int) -> tuple[float, float]:
    """Milliseconds of CPU and of time for one step: the least of the rounds, above that of an empty session."""
    found = []
    for _ in range(rounds):
        empty = session(shell, base, [])
        cpu, wall, answers = session(shell, base, requests)
        assert answers.count(b" exit 0 ") == said
        found.append(((cpu - empty[0]) / count * 1000, (wall - empty[1]) / count * 1000))
    return min(c for c, _ in found), min(w for _, w in found)


def prototype(program: str, shell: Path, base: Path, count: int) -> tuple[float, float]:
    """The same for an older program, which is a process for each command."""
    shutil.rmtree(base, ignore_errors=True)
    sum_ = subprocess.run(["cksum"], input=SCRIPT, capture_output=True, check=True).stdout.split()[0].decode()
    environment = {**os.environ, "RBK_BASE": str(base), "RBK_SH": str(shell)}
    cpu, began = cpu_s(), time.perf_counter()
    for number in range(count):
        line = [str(shell), "-c", program, "target.sh"]
        start = [*line, "start", f"a{number}", str(len(SCRIPT)), sum_, "-"]
        done = subprocess.run(start, input=SCRIPT, capture_output=True, env=environment, check=True)
        assert b"s exit 0" in done.stdout
        subprocess.run([*line, "clean", f"a{number}"], capture_output=True, env=environment, check=True)
    return (cpu_s() - cpu) / count * 1000, (time.perf_counter() - began) / count * 1000


def main() -> None:
    """One line for each shell and way."""
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=200)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--prototype", type=Path)
    chosen = options.parse_args()
    print(f"{'shell':10}{'step':28}{'CPU ms':>8}{'wall ms':>9}")
    goals = []
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base"
        for name in ("dash", "bash", "busybox"):
            shell = shell_named(name, Path(folder))
            if shell is None:
                continue
            boot = boot_id(shell, base)
            for title, limit_s, cleaned in (
                ("whole", 0, True),
                ("whole, with a limit", 60, True),
                ("without clean-up", 0, False),
            ):
                requests = steps(boot, chosen.steps, limit_s=limit_s, cleaned=cleaned)
                cpu, wall = best(shell, base, requests, chosen.steps, chosen.rounds, len(requests))
                print(f"{name:10}{title:28}{cpu:8.2f}{wall:9.2f}", flush=True)
                if title == "whole":
                    goals.append(
                        Goal(what=f"a changing step on the host, /bin/sh is {name}, ms of CPU", measured=cpu, limit=8.0)
                    )
            if chosen.prototype:
                cpu, wall = prototype(chosen.prototype.read_text(), shell, base, chosen.steps)
                print(f"{name:10}{'older program, whole':28}{cpu:8.2f}{wall:9.2f}", flush=True)
    show(goals)


if __name__ == "__main__":
    main()
