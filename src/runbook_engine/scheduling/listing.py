"""The first schedule of a project: job after job, the most urgent first, where its people, things and hours come together.

Start reading here for projects with people and calendars. `first` is plain Python and answers in milliseconds; the search
(`crew_search`) runs the same functions, compiled, for many orders of the jobs.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from runbook_engine.model.jobs import Crew, Job, Placed, Project, Solution
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.crew_path import critical_path
from runbook_engine.scheduling.listing_books import Books, books_of
from runbook_engine.scheduling.listing_case import BIG, DEADLINE, DUE, DUR, PAUSE, SEAT_AT, Case, case_of, pairs
from runbook_engine.scheduling.listing_laying import PLACED, lay
from runbook_engine.scheduling.listing_order import cycle, latest, ranks, sequence
from runbook_engine.scheduling.listing_pauses import pattern
from runbook_engine.scheduling.listing_reasons import NotPlaced, in_circle, late, no_place, unfit

TRIES_BY_JOB = 20  # how often jobs may be moved for another that comes too late for them


@dataclass(frozen=True, slots=True)
class Laid:
    """A schedule that was made: its tables, its books and the order of its jobs."""

    case: Case
    books: Books
    order: list[int]


def first(project: Project, order: Sequence[int] | None = None, *, patience: int | None = None) -> Solution:
    """A schedule of a project that keeps all its rules, in milliseconds: no search. Raises NotPlaced.

    `order` says which jobs come first, as far as they wait for nothing; otherwise those that have to be over first. Where a
    deadline is not kept, the late ones are put first, a few times; `patience` says after how many lists in a row with no fewer
    late jobs that is given up. The bound is that of the critical path.
    """
    laid = laid_out(project, order, patience=patience)
    return solution(project, laid, how="list scheduling", tried=1)


def laid_out(project: Project, order: Sequence[int] | None = None, *, strict: bool = True, patience: int | None = None) -> Laid:
    """The same with its tables and books. If not `strict`, deadlines may be missed in the end.

    Whoever may do a job for a time only (`Crew.until`) may be a dead end for what others do with them, or the same people later:
    where no schedule is found, one is looked for without them.
    """
    try:
        return _laid_out(project, order, strict=strict, patience=patience)
    except NotPlaced:
        lasting = without_short(project)
        if lasting == project:
            raise
        try:
            return _laid_out(lasting, order, strict=strict, patience=patience)
        except NotPlaced:
            pass
        raise


def without_short(project: Project) -> Project:
    """The same project; what several people do, or the same as another job, is done by nobody who may for a time only."""
    same = pairs(project.jobs, "same_people_as")
    jobs = tuple(
        replace(job, crews=tuple(_lasting(crew) for crew in job.crews)) if same[k] or _in_company(job) else job
        for k, job in enumerate(project.jobs)
    )
    return replace(project, jobs=jobs)


def _in_company(job: Job) -> bool:
    return job.pausable and sum(crew.count for crew in job.crews) > 1


def _lasting(crew: Crew) -> Crew:
    short = {person for person, _ in crew.until}
    return replace(crew, people=tuple(p for p in crew.people if p not in short), until=()) if short else crew


def _laid_out(project: Project, order: Sequence[int] | None, *, strict: bool, patience: int | None) -> Laid:
    case = case_of(project)
    checked(project, case)
    wanted = list(order) if order is not None else by_latest(case)
    hurry: set[int] = set()
    least, idle = len(wanted) + 1, 0
    while True:
        laid = laid_in_order(project, case, wanted)
        missed = [j for j, end in enumerate(laid.books.finish) if end > case.jobs[j][DEADLINE]]
        if not missed:
            return laid
        idle = 0 if len(missed) < least else idle + 1
        least = min(least, len(missed))
        over = order is not None or hurry.issuperset(missed) or len(hurry) > len(case.jobs) // 4
        if over or (patience is not None and idle >= patience):
            if strict:
                raise late(project, laid.case, laid.books, missed)
            return laid
        hurry.update(missed)
        wanted = [j for j in wanted if j in hurry] + [j for j in wanted if j not in hurry]


def in_time(project: Project, laid: Laid) -> None:
    """Raise NotPlaced if a deadline is missed."""
    missed = [j for j, end in enumerate(laid.books.finish) if end > laid.case.jobs[j][DEADLINE]]
    if missed:
        raise late(project, laid.case, laid.books, missed)


def checked(project: Project, case: Case) -> None:
    """Raise NotPlaced for what no order of the jobs could help."""
    circle = cycle(case)
    if circle:
        raise in_circle(project, circle)
    for job in range(len(project.jobs)):
        trouble = unfit(project, case, job)
        if trouble is not None:
            raise trouble


def laid_in_order(project: Project, case: Case, wanted: Sequence[int]) -> Laid:
    """Place all jobs in an order. Raises NotPlaced, but does not look at deadlines."""
    books = books_of(project, case)
    books.rank[:] = ranks(project, case)
    order = [0] * len(wanted)
    sequence(case, wanted, order)
    done, code = lay(case, books, order, TRIES_BY_JOB * len(order))
    if code != PLACED:
        raise no_place(project, case, books, order[done], code)
    return Laid(case, books, order)


def by_latest(case: Case) -> list[int]:
    """The jobs in the order in which they have to be started at the latest."""
    jobs = len(case.jobs) - 1
    order = [0] * jobs
    sequence(case, range(jobs), order)
    ends = [min(row[DEADLINE], row[DUE]) for row in case.jobs[:-1]]
    late = latest(case, order, max([end for end in ends if end < BIG], default=0) or BIG)
    return sorted(range(jobs), key=lambda j: (late[j] - case.jobs[j][DUR], j))


def solution(project: Project, laid: Laid, how: str, tried: int) -> Solution:
    """A schedule that was made, as a value. The bound is that of the critical path."""
    placed = tuple(placing(laid.case, laid.books, job) for job in range(len(project.jobs)))
    finish = max((each.finish for each in placed), default=0)
    return Solution(placed=placed, finish=finish, bound=min(finish, critical_path(project, laid.case)), how=how, tried=tried)


def placing(case: Case, books: Any, job: int) -> Placed:
    """How a job is placed in the books."""
    at, end = case.jobs[job][SEAT_AT], case.jobs[job + 1][SEAT_AT]
    start, finish = int(books.start[job]), int(books.finish[job])
    spells: list[tuple[int, int]] = []
    if case.jobs[job][PAUSE] and finish - start > case.jobs[job][DUR]:
        spells = [(int(a), int(b)) for a, b in books.spells[: pattern(case, books, job, start, end - at)]]
    return Placed(start=start, finish=finish, people=tuple(int(p) for p in books.who[at:end]), spells=tuple(spells))
