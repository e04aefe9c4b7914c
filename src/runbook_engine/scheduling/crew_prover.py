"""A child process that proves how early a small project with people can be over, with CP-SAT. Started by `crew_proof`.

It hears a task `{puzzle, starts, least, seed, work}` and may hear `{ends}` again, when a better schedule is found elsewhere. It
answers `{bound}` and `{starts, chosen}` as they get better, and `{done}` when its work is over or nothing is left to prove.
"""

import math
import os
from queue import Queue
from threading import Lock, Thread
from typing import Any

from ortools.sat.python import cp_model

from runbook_engine.scheduling.child_side import Message, answer, listening
from runbook_engine.scheduling.crew_model import Modelled
from runbook_engine.scheduling.crew_puzzle import unpacked

FIRST_TURN = 0.25  # of CP-SAT's own measure of work


class Prover:
    """A task and how far it is."""

    def __init__(self, task: Message) -> None:
        self.modelled = Modelled(unpacked(task["puzzle"]), task["least"])
        self.modelled.hint(task["starts"])
        self.bound: int = task["least"]
        self.ends = self.modelled.puzzle.ends
        self.seed: int = task["seed"]
        self.work: float | None = task["work"]
        self.solver: cp_model.CpSolver | None = None
        self.told = False  # a better schedule was found elsewhere since the search began
        self.lock = Lock()

    def take(self, ends: int) -> None:
        """A schedule from elsewhere: look only for what is over by a slot from now on."""
        with self.lock:
            if ends < self.ends:
                self.ends, self.told = ends, True
                if self.solver is not None:
                    self.solver.stop_search()

    def raise_bound(self, bound: float) -> None:
        """What CP-SAT has proved."""
        least = math.ceil(bound - 1e-6)
        if least > self.bound:
            self.bound = least
            answer({"bound": self.bound})

    def found(self, ends: int, message: Message) -> None:
        """A solution: from the next turn on, only better ones."""
        with self.lock:
            self.ends = min(ends - 1, self.ends)
        answer(message)

    def prove(self) -> bool:
        """Whether it is known by when all can be over at best; otherwise the search was ended by its work.

        Two ways to search take turns, each twice as long as the one before: what one does not prove, the other often does.
        """
        spent, turn = 0.0, 0
        while self.work is None or spent < self.work:
            part = FIRST_TURN * 2**turn if self.work is None else min(FIRST_TURN * 2**turn, self.work - spent)
            with self.lock:
                ends, solver = self.ends, _solver(self.seed, part, from_below=turn % 2 == 1)
                self.solver, self.told = solver, False
            self.modelled.model.add(self.modelled.end <= ends)
            solver.best_bound_callback = self.raise_bound
            status = solver.solve(self.modelled.model, _Found(self))
            if status in {cp_model.OPTIMAL, cp_model.INFEASIBLE}:
                self.raise_bound(ends + 1 if status == cp_model.INFEASIBLE else solver.objective_value)
                return True
            if status == cp_model.MODEL_INVALID:
                return False
            spent, turn = spent + part, turn + (not self.told)
        return False


def _solver(seed: int, work: float, *, from_below: bool) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % 1_000_000
    solver.parameters.max_deterministic_time = work
    solver.parameters.optimize_with_core = from_below
    solver.parameters.linearization_level = 0  # with these four, projects are proved in a tenth of the time, or at all
    solver.parameters.cp_model_probing_level = 0
    solver.parameters.use_overload_checker_in_cumulative = True
    solver.parameters.use_timetable_edge_finding_in_cumulative = True
    return solver


class _Found(cp_model.CpSolverSolutionCallback):
    def __init__(self, prover: Prover) -> None:
        super().__init__()
        self.prover = prover

    def on_solution_callback(self) -> None:
        modelled = self.prover.modelled
        chosen: list[list[tuple[int, int]]] = [
            [(at, way.group) for at, way, comes in choices if self.value(comes)] for choices in modelled.choices
        ]
        starts = [self.value(start) for start in modelled.starts]
        self.prover.found(int(self.objective_value), {"starts": starts, "chosen": chosen})


def _hear(heard: "Queue[Message]", prover: Prover) -> None:
    while True:
        prover.take(heard.get()["ends"])


def main() -> None:
    """Hear a task, work on it, and be gone."""
    heard: Queue[Any] = listening()
    prover = Prover(heard.get())
    Thread(target=_hear, args=(heard, prover), daemon=True).start()
    answer({"done": prover.prove()})
    os._exit(0)


if __name__ == "__main__":
    main()
