"""How near to the best known schedules of public collections `runbook schedule` comes, beside plain CP-SAT and list rules.

    python bench/scheduling/public.py FOLDER --time-limit 5
    python bench/scheduling/public.py FOLDER --time-limit 60 --sets j60,j120 --sample 20 --peers cp-sat,file-order,lft
    python bench/scheduling/public.py FOLDER --time-limit 5 --stretch 3         on a machine that others use as well

With `taskjuggler` among the peers its program `tj3` is run, which may pause jobs between slots: how often it does is told, and
its finish stands as it states it.

FOLDER has files of PSPLIB (.sm) or RanGen (.rcp), at any depth, and best_known.csv (instance, best_known). Each project is
written as a runbook with its inventory, and the whole command is run and timed. All answers are judged here, by slots.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from public_files import Instance, best_known, read, write
from public_peers import PEERS, listed
from public_taskjuggler import task_juggler

CORES = 2
CACHE = {"NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / "runbook-bench-numba"))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one way said about one project, and what it cost."""

    span: int
    bound: int
    wrong: str
    wall_s: float
    busy_s: float  # processor seconds divided by the cores
    paused: int = 0  # jobs that it pauses


def ours(instance: Instance, seconds: float) -> tuple[dict[int, int], int]:
    """The whole command on files. Starts in minutes, which are the slots of the collections."""
    with tempfile.TemporaryDirectory() as folder:
        runbook = write(instance, Path(folder))
        command = [sys.executable, "-c", "from runbook_engine.cli import main; main()"]
        command += ["schedule", str(runbook), "--json", "--time-limit", str(seconds)]
        home = {"HOME": folder, "XDG_STATE_HOME": folder, "PATH": os.environ["PATH"]}
        keep = {name: value for name, value in os.environ.items() if name.startswith("PYTHON")}
        done = subprocess.run(
            command, cwd=folder, env=home | CACHE | keep, capture_output=True, text=True, timeout=seconds + 60, check=False
        )
    if done.returncode:
        raise ValueError(done.stderr.strip() or f"exit code {done.returncode}")
    told = json.loads(done.stdout)
    starts = {int(task["id"].removeprefix("all/").rpartition("job-")[2]): round(task["start_min"]) for task in told["tasks"]}
    return starts, round(told["bound_min"])


def asked(way: str, instance: Instance, seconds: float, stretch: float) -> Answer:
    """One answer, judged."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    wrong, span, bound, paused = "", 0, 0, 0
    try:
        if way == "taskjuggler":
            span, paused = task_juggler(instance, seconds * stretch)
        else:
            starts, bound = answered(way, instance, seconds * stretch)
            span = max((start + instance.durations[job] for job, start in starts.items()), default=0)
            wrong = "; ".join(instance.faults(starts)[:2])
    except (ValueError, KeyError, subprocess.TimeoutExpired) as error:
        wrong = str(error)[:200]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Answer(span=span, bound=bound, wrong=wrong, wall_s=time.monotonic() - began, busy_s=busy / CORES, paused=paused)


def answered(way: str, instance: Instance, seconds: float) -> tuple[dict[int, int], int]:
    """Starts and a bound."""
    if way in {"file-order", "lft"}:
        return listed(way, instance)
    return ours(instance, seconds) if way == "runbook" else PEERS[way](instance, seconds)


def row(way: str, answers: list[Answer], best: list[int]) -> str:
    """One line of the table. A wrong answer is no answer: it is counted, and has no part in the mean."""
    right = [(a, b) for a, b in zip(answers, best, strict=True) if not a.wrong]
    gaps = [100 * (a.span / b - 1) for a, b in right] or [float("nan")]
    proven = 100 * sum(a.bound >= a.span for a, _ in right) / len(answers)
    times = f"{max(a.wall_s for a in answers):7.2f} {statistics.mean(a.busy_s for a in answers):7.2f}"
    paused = sum(a.paused > 0 for a in answers)
    note = f"   pauses jobs in {paused} of {len(answers)}" if paused else ""
    wrong = len(answers) - len(right)
    return f"  {way:<12} {statistics.mean(gaps):7.3f} % {max(gaps):7.2f} % {proven:6.1f} % {wrong:6} {times}{note}"


def sample(names: list[Path], count: int) -> list[Path]:
    """So many of them, evenly spread, so that all kinds of projects are met."""
    step = max(1.0, len(names) / count) if count else 1.0
    return [names[int((n + 0.5) * step)] for n in range(int(len(names) / step))] if count else names


def of_set(folder: Path, which: str) -> list[Path]:
    """The files of one set in the order of their numbers."""
    found = [p for p in folder.rglob("*") if re.fullmatch(rf"{which}\d*_\d+\.(sm|rcp)", p.name)]
    return sorted(found, key=lambda p: [int(part) for part in re.findall(r"\d+", p.stem)])


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--time-limit", type=float, default=5.0)
    parser.add_argument("--sets", default="j30,j60,j90,j120,RG300")
    parser.add_argument("--sample", type=int, default=0, help="so many of each set, evenly spread; 0: all")
    parser.add_argument("--peers", default="cp-sat,file-order,lft")
    parser.add_argument("--stretch", type=float, default=1.0, help="limits are so many times longer: for a busy machine")
    parser.add_argument("--each", action="store_true", help="a line for each project as well")
    return parser.parse_args()


def main() -> None:
    wish = options()
    best = best_known(next(wish.folder.rglob("best_known.csv")))
    ways = ["runbook", *filter(None, wish.peers.split(","))]
    compiled = [sys.executable, "-m", "runbook_engine.scheduling.compiling"]  # as when an environment is made
    subprocess.run(compiled, env=os.environ | CACHE, check=True)
    print("  way          mean gap  worst gap  proven  wrong  wall s  busy s   (busy: processor seconds / 2, a project)")
    for which in wish.sets.split(","):
        paths = [p for p in sample(of_set(wish.folder, which), wish.sample) if p.stem in best]
        answers: dict[str, list[Answer]] = {way: [] for way in ways}
        for instance in map(read, paths):
            for way in ways:
                answers[way].append(asked(way, instance, wish.time_limit, wish.stretch))
                if wish.each:
                    print(f"    {instance.name} {way} {answers[way][-1]} best known {best[instance.name]}", flush=True)
        if paths:
            print(f"{which}: {len(paths)} projects, {wish.time_limit:g} s")
            print("\n".join(row(way, answers[way], [best[p.stem] for p in paths]) for way in ways), flush=True)


if __name__ == "__main__":
    main()
