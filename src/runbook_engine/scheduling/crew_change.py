"""A schedule as much like an earlier one as can be: what can stay where it is stays, the rest is placed around it."""

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

from runbook_engine.model.jobs import Placed, Project
from runbook_engine.scheduling.listing import Laid, by_latest, checked, laid_out
from runbook_engine.scheduling.listing_books import Books, books_of
from runbook_engine.scheduling.listing_case import (
    BIG,
    DEADLINE,
    DUR,
    FACT,
    FIXED,
    JOB,
    OUT_AT,
    PAUSE,
    RELEASE,
    SEAT_AT,
    Case,
    case_of,
)
from runbook_engine.scheduling.listing_crews import allowed, overdue, things_for
from runbook_engine.scheduling.listing_gaps import person_for
from runbook_engine.scheduling.listing_laying import PLACED, held, lift, place, settle
from runbook_engine.scheduling.listing_order import ranks, sequence
from runbook_engine.scheduling.listing_pauses import paused


def kept(project: Project, baseline: Mapping[str, Placed]) -> Laid:
    """A schedule of a project in which as many jobs as can be stay as they were in an earlier one, by their ids.

    Where a job cannot find a place because those that follow it stay, they give up theirs. Raises NotPlaced.
    """
    case = case_of(project)
    checked(project, case)
    before = [baseline.get(job.id) for job in project.jobs]
    order = _order(case, before)
    books = _empty(project, case)
    done = _moved(case, books, order, before, _staying(case, books, order, before))
    if not done or any(end > case.jobs[j][DEADLINE] for j, end in enumerate(books.finish)):
        return laid_out(project, strict=False)
    return Laid(case, books, sorted(order, key=lambda j: (not case.jobs[j][FACT], books.start[j])))


def _empty(project: Project, case: Case) -> Books:
    books = books_of(project, case)
    books.rank[:] = ranks(project, case)
    return books


def _order(case: Case, before: Sequence[Placed | None]) -> list[int]:
    """Jobs as they started before; new ones where they are most urgent."""
    urgent = {job: k for k, job in enumerate(by_latest(case))}
    wanted = sorted(urgent, key=lambda j: (was.start if (was := before[j]) else 0, urgent[j]))
    order = [0] * len(wanted)
    sequence(case, wanted, order)
    return order


def _staying(case: Case, books: Books, order: Sequence[int], before: Sequence[Placed | None]) -> list[int]:
    """Place what stays; the jobs that do not."""
    for job in order:
        if case.jobs[job][FACT]:
            place(case, books, job)
    moving = []
    for job in order:
        was = before[job]
        if not case.jobs[job][FACT] and (was is None or not _stays(case, books, job, was)):
            moving.append(job)
    return moving


def _moved(case: Case, books: Books, order: Sequence[int], before: Sequence[Placed | None], moving: list[int]) -> bool:
    """Place the jobs that do not stay, and those that have to give up their places for them. Whether all have one."""
    at = {job: k for k, job in enumerate(order)}
    queue = [(at[job], job) for job in moving]
    while queue:
        _, job = heappop(queue)
        _prefer(case, books, job, before[job])
        if place(case, books, job) == PLACED:
            continue
        others = _followers(case, books, job)
        if not others:
            return False
        for other in others:
            lift(case, books, other)
            heappush(queue, (at[other], other))
        heappush(queue, (at[job], job))
    return True


def _followers(case: Case, books: Books, job: int) -> set[int]:
    """The placed jobs, other than facts, that wait for a job."""
    links = case.onto[case.jobs[job][OUT_AT] : case.jobs[job + 1][OUT_AT]]
    return {link[JOB] for link in links if books.finish[link[JOB]] >= 0 and not case.jobs[link[JOB]][FACT]}


def _prefer(case: Case, books: Books, job: int, was: Placed | None) -> None:
    """Let a job that moves be done by those who were to do it, if they still may, and not sooner than it was to be."""
    if was is not None:
        books.floor[job] = was.start
        seat = case.jobs[job][SEAT_AT]
        if len(was.people) == 1 and was.people[0] in case.candidates[case.seats[seat] : case.seats[seat + 1]]:
            books.pick[job] = was.people[0]


def _stays(case: Case, books: Books, job: int, was: Placed) -> bool:
    """Place a job as it was, if it can be."""
    row = case.jobs[job]
    start, finish, start_most, finish_most = held(case, books, job)
    if not max(start, row[RELEASE]) <= was.start <= start_most or row[FIXED] not in (-1, was.start):
        return False
    if not _fits(case, books, job, was):
        return False
    ends = books.spells[books.parts[0] - 1][1]
    if not finish <= ends <= min(finish_most, row[DEADLINE]) or overdue(case, books, job, len(was.people), ends):
        return False
    settle(case, books, job, ends)
    return True


def _fits(case: Case, books: Books, job: int, was: Placed) -> bool:
    """Whether calendar, things and the people of before are there for a job where it was; then its spells are noted."""
    row, seat, length = case.jobs[job], case.jobs[job][SEAT_AT], case.jobs[job][DUR]
    if case.jobs[job + 1][SEAT_AT] - seat != len(was.people):
        return False
    for k, person in enumerate(was.people, seat):
        books.who[k] = person
        if person not in case.candidates[case.seats[k] : case.seats[k + 1]] or not allowed(case, books, job, person):
            return False
    if row[PAUSE] and length:
        return paused(case, books, job, was.start, len(was.people), BIG) == was.start
    books.spells[0][:] = was.start, was.start + length
    books.parts[0] = 1
    if things_for(case, books, job, was.start) != was.start:
        return False
    return all(not length or person_for(case, books, p, job, was.start, length) == was.start for p in was.people)
