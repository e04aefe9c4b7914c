"""What a proof of a project with people is asked, and what is made of its answers. The child itself is `crew_prover`.

A bound is taken as it is said. A solution is taken only as a schedule of the project that the checker finds nothing wrong with.
"""

from collections.abc import Sequence

from runbook_engine.model.jobs import Job, Placed, Project, Solution, Spans
from runbook_engine.scheduling.checker import faults
from runbook_engine.scheduling.children import Message
from runbook_engine.scheduling.crew_puzzle import Puzzle, fixed, packed, puzzle
from runbook_engine.scheduling.listing_case import BIG
from runbook_engine.scheduling.spans import common, merged

PROVABLE = 150  # jobs that a proof is tried for


class Proof:
    """What is asked of a prover, and what it has said so far."""

    def __init__(self, project: Project, best: Solution, least: int, *, missed: bool) -> None:
        self.project = project
        self.bound = least
        self.solution: Solution | None = None  # a schedule that is over before what was known, and passes the check
        self.starts = [placed.start for placed in best.placed]
        self.ends = min(2 * best.finish if missed else best.finish - 1, project.horizon or BIG)
        self.puzzle: Puzzle | None = None
        self.done = False

    def task(self, seed: int, work: float | None) -> Message:
        """What the prover is told."""
        self.puzzle = puzzle(self.project, self.ends)
        return {"puzzle": packed(self.puzzle), "starts": self.starts, "least": self.bound, "seed": seed, "work": work}

    def better(self, best: Solution) -> None:
        """Begin with a better schedule than the one that was known."""
        self.starts = [placed.start for placed in best.placed]
        self.ends = min(self.ends, best.finish - 1)

    def hear(self, message: Message) -> None:
        """Take what the prover says."""
        self.bound = max(self.bound, message.get("bound", 0))
        self.done = self.done or "done" in message
        if "starts" in message and self.puzzle is not None:
            found = solved(self.project, self.puzzle, message["starts"], message["chosen"])
            if found is not None and (self.solution is None or found.finish < self.solution.finish):
                self.solution = found


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
    for spans in (*(project.workers[p].free for p in people), None if job.calendar is None else project.calendars[job.calendar]):
        open_ = open_ if spans is None else tuple(common(open_, merged(spans)))
    found, left = [], job.duration
    for begin, end in open_:
        if left:
            found.append((begin, min(end, begin + left)))
            left -= found[-1][1] - begin
    return () if left or found[0][0] != start else tuple(found)
