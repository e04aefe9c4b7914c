"""The first schedule of a project: job after job, the most urgent first, where its people, things and hours come together.

Start reading here for projects with people and calendars. `first` is plain Python and answers in milliseconds; the search
(`crew_search`) runs the same functions, compiled, for many orders of the jobs.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from runbook_engine.model.jobs import Placed, Project, Solution
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.crew_path import critical_path
from runbook_engine.scheduling.listing_aside import MOST as MOST_ASIDE
from runbook_engine.scheduling.listing_aside import set_aside, without_short
from runbook_engine.scheduling.listing_books import Books, books_of
from runbook_engine.scheduling.listing_case import BIG, DEADLINE, DUE, DUR, MOST, PAUSE, SEAT_AT, Case, case_of
from runbook_engine.scheduling.listing_laying import PLACED, lay
from runbook_engine.scheduling.listing_order import cycle, latest, ranks, sequence
from runbook_engine.scheduling.listing_pauses import spells_of
from runbook_engine.scheduling.listing_reasons import NotPlaced, Reason, in_circle, late, no_place, unfit

AT_ONCE = 25  # jobs that are placed before it is seen how many are late
TRIES_BY_JOB = 20  # how often jobs may be moved for another that comes too late for them


@dataclass(frozen=True, slots=True)
class Laid:
    """A schedule that was made: its tables, its books and the order of its jobs. `whole`: everybody was asked for each job."""

    case: Case
    books: Books
    order: list[int]
    whole: bool = True


def first(project: Project, order: Sequence[int] | None = None, *, patience: int | None = None) -> Solution:
    """A schedule of a project that keeps all its rules, in milliseconds: no search. Raises NotPlaced.

    `order` says which jobs come first, as far as they wait for nothing; otherwise those that have to be over first. Where a
    deadline is not kept, the late ones are put first, a few times; `patience` says after how many lists in a row with no fewer
    late jobs that is given up. The bound is that of the critical path.
    """
    laid = laid_out(project, order, patience=patience)
    return solution(project, laid, how="list scheduling", tried=1)


def laid_out(
    project: Project,
    order: Sequence[int] | None = None,
    *,
    strict: bool = True,
    patience: int | None = None,
    case: Case | None = None,
    hasty: bool = False,
) -> Laid:
    """The same with its tables and books. If not `strict`, deadlines may be missed in the end. `case`: its tables, if made.

    `hasty`: a list is given up as soon as it is seen to be the last one and to fail; which jobs are late is then not all told.
    Where whoever may do a job for a time only (`Crew.until`) could be a dead end, it is also tried without them; where nobody
    is left for a job that nobody may do besides others, with people set aside for it.
    """

    def listed(project: Project, case: Case) -> Laid:
        return _laid_out(project, order, case, strict=strict, patience=patience, hasty=hasty)

    try:
        return listed(project, case or case_of(project))
    except NotPlaced as trouble:
        lasting = without_short(project)
        if lasting is not None:
            with suppress(NotPlaced):
                return replace(listed(lasting, case_of(lasting)), whole=False)
        if laid := _set_aside(project, trouble, listed):
            return laid
        raise


def _set_aside(project: Project, trouble: NotPlaced, listed: Callable[[Project, Case], Laid]) -> Laid | None:
    """A schedule with people set aside for one job after the other for which nobody is left; None if that does not help."""
    for _ in range(MOST_ASIDE):
        if trouble.reason is not Reason.NOT_THESE:
            return None
        narrower = set_aside(project, trouble.job)
        if narrower is None:
            return None
        project = narrower
        try:
            return replace(listed(project, case_of(project)), whole=False)
        except NotPlaced as more:
            trouble = more
    return None


def _laid_out(
    project: Project, order: Sequence[int] | None, case: Case, *, strict: bool, patience: int | None, hasty: bool
) -> Laid:
    checked(project, case)
    wanted = list(order) if order is not None else by_latest(case)
    hurry: set[int] = set()
    least, idle = len(wanted) + 1, 0
    while True:
        enough = None
        if hasty and (hurry or order is not None):
            last = patience is not None and idle + 1 >= patience
            enough = 1 if order is not None or len(hurry) > len(case.jobs) // 4 else least if last else None
        laid = laid_in_order(project, case, wanted, enough)
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


def is_late(laid: Laid) -> bool:
    """Whether a deadline is missed."""
    return any(end > laid.case.jobs[j][DEADLINE] for j, end in enumerate(laid.books.finish))


def checked(project: Project, case: Case) -> None:
    """Raise NotPlaced for what no order of the jobs could help."""
    circle = cycle(case)
    if circle:
        raise in_circle(project, circle)
    for job in range(len(project.jobs)):
        trouble = unfit(project, case, job)
        if trouble is not None:
            raise trouble


def laid_in_order(project: Project, case: Case, wanted: Sequence[int], enough: int | None = None) -> Laid:
    """Place all jobs in an order. Raises NotPlaced, but does not look at deadlines; unless so many are missed: `enough`."""
    books = books_of(project, case)
    books.rank[:] = ranks(project, case)
    order = [0] * len(wanted)
    sequence(case, wanted, order)
    missed: list[int] = []
    for part in _parts(case, order, whole=enough is None):
        done, code = lay(case, books, part, TRIES_BY_JOB * len(order))
        if code != PLACED:
            raise no_place(project, case, books, part[done], code)
        if enough is not None:
            missed += [j for j in part if books.finish[j] > case.jobs[j][DEADLINE]]
            if len(missed) >= enough:
                raise late(project, case, books, missed)
    return Laid(case, books, order)


def _parts(case: Case, order: list[int], *, whole: bool) -> list[list[int]]:
    """An order in parts that can be laid one after the other: where jobs placed earlier may be moved again, it is one."""
    if whole or any(link[MOST] < BIG for link in case.into):
        return [order]
    return [order[k : k + AT_ONCE] for k in range(0, len(order), AT_ONCE)]


def by_latest(case: Case) -> list[int]:
    """The jobs in the order in which they have to be started at the latest."""
    late = latest_ends(case)
    return sorted(range(len(case.jobs) - 1), key=lambda j: (late[j] - case.jobs[j][DUR], j))


def latest_ends(case: Case) -> list[int]:
    """By job, when it has to be over for everything after it to be in time, all else aside."""
    jobs = len(case.jobs) - 1
    order = [0] * jobs
    sequence(case, range(jobs), order)
    ends = [min(row[DEADLINE], row[DUE]) for row in case.jobs[:-1]]
    return latest(case, order, max([end for end in ends if end < BIG], default=0) or BIG)


def solution(project: Project, laid: Laid, how: str, tried: int) -> Solution:
    """A schedule that was made, as a value. The bound is that of the critical path."""
    placed = tuple(placing(laid.case, laid.books, job) for job in range(len(project.jobs)))
    finish = max((each.finish for each in placed), default=0)
    least = critical_path(project, laid.case if laid.whole else case_of(project))
    return Solution(placed=placed, finish=finish, bound=min(finish, least), how=how, tried=tried)


def bounded(best: Solution, least: int, tried: int = 1) -> Solution:
    """The same, of which it is known that nothing is over before a slot, and how many schedules were tried for it."""
    return replace(best, bound=min(best.finish, max(best.bound, least)), tried=tried)


def placing(case: Case, books: Any, job: int) -> Placed:
    """How a job is placed in the books."""
    at, end = case.jobs[job][SEAT_AT], case.jobs[job + 1][SEAT_AT]
    start, finish = int(books.start[job]), int(books.finish[job])
    spells: list[tuple[int, int]] = []
    if case.jobs[job][PAUSE] and finish - start > case.jobs[job][DUR]:
        spells = spells_of(case, books, job, end - at)
    return Placed(start=start, finish=finish, people=tuple(int(p) for p in books.who[at:end]), spells=tuple(spells))
