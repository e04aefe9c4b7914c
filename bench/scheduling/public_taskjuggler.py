"""The peer that people know: TaskJuggler (`apt-get install tj3`), which makes one list and may pause a task between slots.

A slot is a working day of one hour. What there is c of is a pool of c that work alone; a job that uses r of it has r of these.
"""

import csv
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from public_files import Instance

FIRST = datetime(2024, 1, 1, 9, tzinfo=UTC)
HEAD = """project p "p" 2024-01-01 +{days}d {{
  timezone "UTC"
  timingresolution 60min
  dailyworkinghours 1
  yearlyworkingdays 365
  workinghours mon - sun 9:00 - 10:00
}}
"""
TAIL = 'taskreport "out" { formats csv columns id, start, end timeformat "%Y-%m-%d-%H:%M" }\n'


def task_juggler(instance: Instance, seconds: float) -> tuple[int, int]:
    """The finish that it states, and how many jobs it pauses, which the collections forbid. Raises ValueError if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "p.tjp").write_text("".join(_project(instance)), encoding="utf-8")
        asked = ["tj3", "--silent", "p.tjp"]
        done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, timeout=seconds + 600, check=False)
        report = Path(folder, "out.csv")
        if not report.exists():
            raise ValueError(f"tj3: {done.stdout[-200:]}{done.stderr[-200:]}")
        with report.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file, delimiter=";"))[1:]
    spans = {int(name.rpartition("t")[2]): (_slot(start), _slot(end)) for name, start, end in rows}
    paused = sum(end - start > instance.durations[job] for job, (start, end) in spans.items())
    return max(end for _, end in spans.values()), paused


def _slot(told: str) -> int:
    """The slot that begins at a moment, or the first after it: nights belong to the day before."""
    since = datetime.strptime(told, "%Y-%m-%d-%H:%M").replace(tzinfo=UTC) - FIRST
    return since.days + (since.seconds > 0)


def _project(instance: Instance) -> Iterator[str]:
    yield HEAD.format(days=sum(instance.durations) + 2)
    for k, amount in enumerate(instance.capacities):
        yield from (f'resource r{k}_{one} "r{k}_{one}"\n' for one in range(amount))
    before = instance.before()
    for job, length in enumerate(instance.durations):
        if length:
            yield f'task t{job} "t{job}" {{\n'
            if waits := sorted(_with_length(instance, before, job)):
                yield f"  depends {', '.join(f'!t{other}' for other in waits)}\n"
            yield from _work(instance, job)
            yield "}\n"
    yield TAIL


def _with_length(instance: Instance, before: list[list[int]], job: int) -> set[int]:
    """What a job waits for, also through jobs without length, which it is not told of."""
    found = set()
    for other in before[job]:
        found |= {other} if instance.durations[other] else _with_length(instance, before, other)
    return found


def _work(instance: Instance, job: int) -> Iterator[str]:
    units = sum(instance.uses[job])
    yield f"  effort {instance.durations[job] * units}d\n" if units else f"  duration {instance.durations[job]}d\n"
    for k, amount in enumerate(instance.uses[job]):
        pool = [f"r{k}_{one}" for one in range(instance.capacities[k])]
        others = f" alternative {', '.join(pool[1:])}" if len(pool) > 1 else ""
        yield f"  allocate {pool[0]} {{{others} select order mandatory }}\n" * amount
