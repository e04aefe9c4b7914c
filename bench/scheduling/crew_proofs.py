"""Small projects with people: how many are proved to be the best, and how far from the bound the others are, with and without
the prover.

    python bench/scheduling/crew_proofs.py                          30, 60, 100 and 150 jobs at one site and at two
    python bench/scheduling/crew_proofs.py --jobs 60 --seeds 11,12 --seconds 20

All times are processor seconds: a search of 5 s on 2 cores is given 10. Without the prover that is 5 s for each of two islands.
With it the second island has so much of them as `crew_search` lets it work, and the prover has the rest, its start left out.
Every schedule is checked. Projects whose first list is at the bound are done by then, and are counted as proved in both.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from threading import Thread

from crew_projects import crew_project
from crews import CHUNK

from runbook_engine.model.jobs import Aim, Project, Solution
from runbook_engine.scheduling import crew_prover
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.crew_bounds import bound
from runbook_engine.scheduling.crew_island import Island, warmth
from runbook_engine.scheduling.crew_proof import Proof
from runbook_engine.scheduling.crew_search import prove_from
from runbook_engine.scheduling.crew_start import started
from runbook_engine.scheduling.listing import Laid, first, solution


def island(project: Project, least: int, seed: int, seconds: list[float]) -> Iterator[Solution]:
    """What one island has found after each of so many processor seconds; it is compiled before."""
    _, start = started(project, Aim.FINISH, {}, least)
    isle, slow = Island(start, seed, fast=True), Island(start, seed, fast=False)
    isle.search(1, 0.0)
    began = time.process_time()
    for part in seconds:
        while (spent := time.process_time() - began) < part:
            isle.search(CHUNK, warmth(spent / seconds[-1]))
        hunt = isle.hunt
        slow.hunt.picks[:], slow.hunt.waits[:] = ([int(each) for each in row] for row in (hunt.best_picks, hunt.best_waits))
        order = [int(each) for each in hunt.best]
        slow.decoded(order)
        yield checked(project, solution(project, Laid(start.case, slow.books, order), "", 1))


def checked(project: Project, found: Solution) -> Solution:
    """The same, if nothing is wrong with it."""
    assert faults(project, found) == ()
    return found


def proof(project: Project, best: Solution, least: int, seconds: float) -> Proof:
    """What the prover says in so many processor seconds, the making of its model among them."""
    asked, began = Proof(project, best, least), time.process_time()
    crew_prover.answer = asked.hear  # type: ignore[assignment]
    prover = crew_prover.Prover(asked.task(best, 1, None))
    ended: list[bool] = []

    def end_in_time() -> None:
        while not ended:
            time.sleep(0.01)
            if time.process_time() - began >= seconds and prover.solver is not None:
                prover.work = 0.0
                prover.solver.stop_search()

    watch = Thread(target=end_in_time)
    watch.start()
    prover.prove()
    ended.append(True)
    watch.join()
    return asked


def row(project: Project, seconds: float) -> tuple[int, int, int, int, int]:
    """The finish of the first list and the bound without a prover; the finish without it; finish and bound with it."""
    listed, least = checked(project, first(project)), bound(project)
    if listed.finish <= least:
        return listed.finish, least, listed.finish, listed.finish, least
    part = seconds * prove_from(len(project.jobs))
    (early, one), (early_two, two) = (list(island(project, least, 2 + k, [part, seconds])) for k in range(2))
    best = min(early, early_two, key=lambda each: each.finish)
    without = min(one.finish, two.finish)
    if best.finish <= least:
        return listed.finish, least, without, best.finish, least
    asked = proof(project, best, least, seconds - part)
    ours = min((one if best is early else two).finish, best.finish, *([asked.solution.finish] if asked.solution else []))
    return listed.finish, least, without, ours, min(ours, asked.bound)


def told(rows: list[tuple[int, int, int, int, int]]) -> str:
    """A line of the table."""
    shares = [statistics.mean(each) for each in ([r[2] <= r[1] for r in rows], [r[3] <= r[4] for r in rows])]
    gaps = [statistics.mean(each) for each in ([r[2] / r[1] - 1 for r in rows], [r[3] / r[4] - 1 for r in rows])]
    shorter = statistics.mean(1 - r[3] / r[2] for r in rows)
    return f"{shares[0]:>8.0%} {gaps[0]:>8.2%} {shares[1]:>8.0%} {gaps[1]:>8.2%} {shorter:>8.2%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", default="30,60,100,150")
    parser.add_argument("--sites", default="1,2")
    parser.add_argument("--seeds", default=",".join(map(str, range(11, 21))))
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    print("jobs sites   without: proved, gap   with: proved, gap   shorter", flush=True)
    for jobs in map(int, given.jobs.split(",")):
        for sites in map(int, given.sites.split(",")):
            rows = [row(crew_project(jobs, int(seed), sites), given.seconds) for seed in given.seeds.split(",")]
            print(f"{jobs:>4} {sites:>5} {told(rows)}", flush=True)


if __name__ == "__main__":
    main()
