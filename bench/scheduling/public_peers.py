"""What others make of a plain project: CP-SAT with the model that everybody writes, and list rules."""

import json
import subprocess
import sys
from collections.abc import Callable

from public_files import Instance

Found = tuple[dict[int, int], int]


def listed(rule: str, instance: Instance) -> Found:
    """Each job where it fits first, in the order of the file or by latest finish. No bound."""
    order = list(range(len(instance.durations)))
    tail = [0] * len(order)
    for job in reversed(order):
        tail[job] = max((tail[other] + instance.durations[other] for other in instance.after[job]), default=0)
    waiting, starts = set(order), {}
    before = instance.before()
    free = [list(instance.capacities) for _ in range(sum(instance.durations) + 1)]
    while waiting:
        able = [job for job in waiting if not waiting.intersection(before[job])]
        job = min(able, key=lambda job: (-tail[job], job) if rule == "lft" else (0, job))
        waiting.remove(job)
        starts[job] = _first(instance, free, job, max((starts[b] + instance.durations[b] for b in before[job]), default=0))
        for slot in range(starts[job], starts[job] + instance.durations[job]):
            free[slot] = [have - need for have, need in zip(free[slot], instance.uses[job], strict=True)]
    return starts, 0


def _first(instance: Instance, free: list[list[int]], job: int, slot: int) -> int:
    need, length = instance.uses[job], instance.durations[job]
    while any(have < want for row in free[slot : slot + length] for have, want in zip(row, need, strict=True)):
        slot += 1
    return slot


def cp_sat(instance: Instance, seconds: float) -> Found:
    """CP-SAT with two workers in a process of its own; building the model counts, loading the library does not."""
    asking = json.dumps([instance.durations, instance.after, instance.uses, instance.capacities, seconds])
    done = subprocess.run([sys.executable, __file__], input=asking, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr[-200:])
    starts, bound = json.loads(done.stdout)
    return dict(enumerate(starts)), bound


PEERS: dict[str, Callable[[Instance, float], Found]] = {"cp-sat": cp_sat}


def straightforward(durations, after, uses, capacities, seconds):
    """The model."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    horizon = sum(durations)
    starts = [model.new_int_var(0, horizon, "") for _ in durations]
    spells = [model.new_fixed_size_interval_var(s, d, "") for s, d in zip(starts, durations, strict=True)]
    span = model.new_int_var(0, horizon, "")
    for job, later in enumerate(after):
        model.add(span >= starts[job] + durations[job])
        for other in later:
            model.add(starts[other] >= starts[job] + durations[job])
    for k, capacity in enumerate(capacities):
        model.add_cumulative(spells, [row[k] for row in uses], capacity)
    model.minimize(span)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    solver.parameters.max_time_in_seconds = seconds
    solver.solve(model)
    return [solver.value(start) for start in starts], int(solver.best_objective_bound)


if __name__ == "__main__":
    print(json.dumps(straightforward(*json.loads(sys.stdin.read()))))
