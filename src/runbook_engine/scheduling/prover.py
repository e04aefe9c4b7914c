"""A child process that proves how early a plain project can be over, with CP-SAT. This and `crew_prover` alone load OR-Tools.

It hears a task `{net, starts, bound, seed, work}` and may hear `{starts}` again, when a better schedule is found elsewhere. It
answers `{bound}` and `{starts}` as they get better, and `{done}`: whether the best that it knows is proved to be the best.
"""

import os
from queue import Queue
from threading import Lock, Thread
from typing import Any

from ortools.sat.python import cp_model

from runbook_engine.scheduling.child_side import Message, answer, listening, unpacked
from runbook_engine.scheduling.plain import Net
from runbook_engine.scheduling.plain_bounds import heads, tails


class Prover:
    """A task and how far it is."""

    def __init__(self, task: Message) -> None:
        self.net = unpacked(task["net"])
        self.starts: list[int] = task["starts"]
        self.bound: int = task["bound"]
        self.seed: int = task["seed"]
        self.work: float | None = task["work"]
        self.solver: cp_model.CpSolver | None = None
        self.lock = Lock()

    def take(self, starts: list[int]) -> None:
        """A schedule from elsewhere: look only for better ones from now on."""
        with self.lock:
            if self.net.span(starts) < self.net.span(self.starts):
                self.starts = starts
                if self.solver is not None:
                    self.solver.stop_search()

    def raise_bound(self, bound: float) -> None:
        """What CP-SAT has proved."""
        if bound > self.bound:
            self.bound = int(bound)
            answer({"bound": self.bound})

    def prove(self) -> bool:
        """Whether the schedule at hand is now known to be the best; otherwise the search was ended by somebody."""
        while self.net.span(self.starts) > self.bound:
            starts = self.starts
            model, variables = modelled(self.net, starts, self.bound)
            status = self._solve(model, variables)
            if status == cp_model.INFEASIBLE:
                self.bound = self.net.span(starts)
            elif status in {cp_model.UNKNOWN, cp_model.FEASIBLE, cp_model.MODEL_INVALID} and self.starts is starts:
                return False
        return True

    def _solve(self, model: cp_model.CpModel, variables: list[cp_model.IntVar]) -> int:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 0  # propagation alone proves these projects several times sooner
        solver.parameters.random_seed = self.seed % 1_000_000
        if self.work is not None:
            solver.parameters.max_deterministic_time = self.work
        solver.best_bound_callback = self.raise_bound
        with self.lock:
            self.solver = solver
        status = solver.solve(model, _Found(self, variables))
        if status == cp_model.OPTIMAL:
            self.bound = max(self.bound, self.net.span(self.starts))
        return int(status)


class _Found(cp_model.CpSolverSolutionCallback):
    def __init__(self, prover: Prover, variables: list[cp_model.IntVar]) -> None:
        super().__init__()
        self.prover = prover
        self.variables = variables

    def on_solution_callback(self) -> None:
        starts = [self.value(variable) for variable in self.variables]
        with self.prover.lock:
            if self.prover.net.span(starts) < self.prover.net.span(self.prover.starts):
                self.prover.starts = starts
                answer({"starts": starts})


def modelled(the: Net, starts: list[int], bound: int) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    """The project as a model of which every solution is over before this schedule is; and the starts in it."""
    model = cp_model.CpModel()
    most = the.span(starts) - 1
    early, rest = heads(the), tails(the)
    if any(e + d + r > most for e, d, r in zip(early, the.durations, rest, strict=True)):
        model.add_bool_or([])
        return model, []
    variables = [model.new_int_var(e, most - r - d, "") for e, d, r in zip(early, the.durations, rest, strict=True)]
    for job, before in enumerate(the.before):
        for other in before:
            model.add(variables[job] >= variables[other] + the.durations[other])
    _resources(model, the, variables)
    span = model.new_int_var(bound, most, "")
    for job, after in enumerate(the.after):
        if not after:
            model.add(span >= variables[job] + the.durations[job])
        model.add_hint(variables[job], min(starts[job], most - rest[job] - the.durations[job]))
    model.minimize(span)
    return model, variables


def _resources(model: cp_model.CpModel, the: Net, variables: list[cp_model.IntVar]) -> None:
    spells: list[Any] = [
        model.new_fixed_size_interval_var(variable, length, "")
        for variable, length in zip(variables, the.durations, strict=True)
    ]
    for resource, capacity in enumerate(the.capacities):
        users = [job for job in range(the.size) if the.amounts[job][resource] and the.durations[job]]
        amounts = [the.amounts[job][resource] for job in users]
        if all(2 * amount > capacity for amount in amounts):
            model.add_no_overlap([spells[job] for job in users])
        else:
            model.add_cumulative([spells[job] for job in users], amounts, capacity)


def _hear(heard: "Queue[Message]", prover: Prover) -> None:
    while True:
        prover.take(heard.get()["starts"])


def main() -> None:
    """Hear a task, work on it, and be gone."""
    heard = listening()
    prover = Prover(heard.get())
    Thread(target=_hear, args=(heard, prover), daemon=True).start()
    answer({"done": prover.prove()})
    os._exit(0)


if __name__ == "__main__":
    main()
