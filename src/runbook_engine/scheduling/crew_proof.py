"""What a proof of a project with people is asked, and what is made of its answers. The child itself is `crew_prover`.

A bound is taken as it is said. A solution is taken only as a schedule of the project that the checker finds nothing wrong with.
"""

from collections.abc import Sequence

from runbook_engine.model.jobs import Job, Placed, Project, Solution, Spans
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.children import Message
from runbook_engine.scheduling.crew_island import Island
from runbook_engine.scheduling.crew_moves import MERIT
from runbook_engine.scheduling.crew_puzzle import Puzzle, packed
from runbook_engine.scheduling.crew_relaxed import fixed, puzzle
from runbook_engine.scheduling.crew_start import laid_again
from runbook_engine.scheduling.listing import Laid, solution
from runbook_engine.scheduling.listing_case import BIG
from runbook_engine.scheduling.listing_order import sequence
from runbook_engine.scheduling.spans import common, merged

PROVABLE = 100  # jobs that a proof is tried for: of more it proves little, and the island that rests is missed
PER_PROOF = 2_000_000  # jobs placed in the time of one unit of CP-SAT's own measure of work


class Proof:
    """What is asked of a prover, and what it has said so far."""

    def __init__(self, project: Project, first: Solution, least: int, here: Island | None = None) -> None:
        self.project, self.first, self.here = project, first, here
        self.bound = least
        self.solution: Solution | None = None  # the best schedule that it found: one that passes the check
        self.puzzle: Puzzle | None = None
        self.ends = 0  # it looks for what is over by then

    def task(self, best: Solution, seed: int, work: float | None) -> Message:
        """What the prover is told: look for what is over before the best schedule, or for any if that one misses a deadline."""
        missed = any(
            placed.finish > job.deadline
            for job, placed in zip(self.project.jobs, best.placed, strict=True)
            if job.deadline is not None
        )
        wanted = 2 * best.finish if missed or self._late(best) else best.finish - 1
        self.ends = min(wanted, self.project.horizon or BIG)
        self.puzzle = puzzle(self.project, self.ends)
        starts = [placed.start for placed in best.placed]
        return {"puzzle": packed(self.puzzle), "starts": starts, "least": self.bound, "seed": seed, "work": work}

    def hear(self, message: Message) -> bool:
        """Take what the prover says; whether it has a solution that is no better schedule as it stands."""
        self.bound = max(self.bound, message.get("bound", 0))
        if "starts" not in message or self.puzzle is None:
            return False
        found = solved(self.project, self.puzzle, message["starts"], message["chosen"])
        if found is None or (self.solution is not None and found.finish >= self.solution.finish):
            return True
        self.solution = found
        return False

    def over(self, finish: int) -> bool:
        """Whether nothing is over before the best that is known; `finish`: of what others have found, 0 if that is late."""
        mine = self.solution.finish if self.solution is not None and not self._late(self.solution) else 0
        return any(0 < known <= self.bound for known in (finish, mine))

    def best(self, genes: Message) -> Solution:
        """The best schedule of a search; the first one if there are no genes of a better one."""
        if not genes or self.here is None:
            return self.first
        return solution(self.project, _aside(self.here, genes)[0], how="", tried=1)

    def listed(self, message: Message) -> Message:
        """A list in the order of a solution that is no schedule, with the people in it, and its merit."""
        if self.puzzle is None or self.here is None:
            return {}
        starts = message["starts"]
        who = named(self.project, self.puzzle, starts, message["chosen"])
        order = [0] * len(starts)
        sequence(self.here.start.case, sorted(range(len(starts)), key=starts.__getitem__), order)
        genes: Message = {"order": order, "picks": [each[0] if each else -1 for each in who], "waits": [0] * len(starts)}
        return {"value": _aside(self.here, genes)[1], **genes}

    def better(self, best: Solution, *, missed: bool) -> Solution | None:
        """Its schedule, if that is better than the best that was found by others."""
        mine = self.solution
        if mine is None or self._late(mine) > self._late(best):
            return None
        return mine if missed or mine.finish < best.finish or self._late(mine) < self._late(best) else None

    def _late(self, of: Solution) -> int:
        jobs = zip(self.project.jobs, of.placed, strict=True)
        return sum(max(0, placed.finish - job.due) for job, placed in jobs if job.due is not None)


def _aside(here: Island, genes: Message) -> tuple[Laid, int]:
    """A schedule and its merit; the search that goes on here is left as it is."""
    before = list(here.hunt.picks), list(here.hunt.waits)
    laid = laid_again(here, genes)
    here.hunt.picks[:], here.hunt.waits[:] = before
    return laid, int(here.hunt.state[MERIT])


def solved(project: Project, of: Puzzle, starts: Sequence[int], chosen: Sequence[Sequence[Sequence[int]]]) -> Solution | None:
    """The schedule of a solution of a puzzle; None if it is not one."""
    people = named(project, of, starts, chosen)
    rows: list[Placed] = []
    for number, job in enumerate(project.jobs):
        placed = _placed(project, job, starts[number], people[number])
        if placed is None:
            return None
        rows.append(placed)
    finish = max((placed.finish for placed in rows), default=0)
    found = Solution(placed=tuple(rows), finish=finish, bound=0, how="search and proof", tried=1)
    return found if faults(project, found) == () else None


def named(
    project: Project, of: Puzzle, starts: Sequence[int], chosen: Sequence[Sequence[Sequence[int]]]
) -> list[tuple[int, ...]]:
    """Who does each job: of each group whoever is free the longest, which is enough for work that is done in one go."""
    free_from: dict[int, int] = {}
    found: list[tuple[int, ...]] = [()] * len(starts)
    for number in sorted(range(len(starts)), key=starts.__getitem__):
        job, taken = project.jobs[number], list[int]()
        for _, group in sorted(map(tuple, chosen[number])):
            able = [person for person in of.members[group] if person not in taken]
            taken += [min(able, key=lambda person: (free_from.get(person, 0), person))] if able else []
        for person in taken if job.duration else ():
            free_from[person] = max(free_from.get(person, 0), starts[number] + job.duration)
        found[number] = tuple(taken) if job.people is None else job.people
    return found


def _placed(project: Project, job: Job, start: int, people: tuple[int, ...]) -> Placed | None:
    if not job.pausable or not job.duration:
        return Placed(start=start, finish=start + job.duration, people=people)
    spells = fixed(project, job) if job.start is not None else _spells(project, job, start, people)
    return Placed(start=start, finish=spells[-1][1], people=people, spells=spells) if spells else None


def _spells(project: Project, job: Job, start: int, people: tuple[int, ...]) -> Spans:
    """When a job with pauses is worked on, if nothing else holds its people; nothing if it is never over."""
    open_: Spans = ((start, BIG),)
    for spans in (
        *(project.workers[p].free for p in people),
        None if job.calendar is None else project.calendars[job.calendar],
    ):
        open_ = open_ if spans is None else tuple(common(open_, merged(spans)))
    found, left = [], job.duration
    for begin, end in open_:
        if left:
            found.append((begin, min(end, begin + left)))
            left -= found[-1][1] - begin
    return () if left or found[0][0] != start else tuple(found)
