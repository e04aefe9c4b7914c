"""The search for few changes: which jobs give up the places that they had, and where those go. Written as `listing_gaps` is.

A schedule is made in two passes: what can stay where it was stays, then the rest is placed around it. How good it is, says
`keep_value`: first deadlines, then how many jobs changed, then by how much they were shifted, then the finish.
"""

from typing import Any, NamedTuple

from runbook_engine.scheduling.crew_moves import BEST, DAY, GOAL, VALUE, WARM, WORK, chance, cleared, copied, shifted
from runbook_engine.scheduling.crew_values import WORST, pressed
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
)
from runbook_engine.scheduling.listing_crews import allowed, does, overdue, things_for
from runbook_engine.scheduling.listing_gaps import person_for
from runbook_engine.scheduling.listing_laying import PLACED, held, lift, place, settle
from runbook_engine.scheduling.listing_order import sequence
from runbook_engine.scheduling.listing_pauses import paused

A_CHANGE = 1 << 34  # what one job that changed weighs; a slot of all shifts weighs as much as A_SHIFT
A_SHIFT = 1 << 14
A_MISS = 1 << 46
HALF_MISS, HALF_SHIFT, HALF_END = 1 << 15, 1 << 19, 1 << 13


class Keep(NamedTuple):
    """What was before, by job and seat; and where a search is: which jobs give up their places, who does them from when on."""

    state: Any  # as that of `crew_moves.Hunt`
    order: Any
    tried: Any
    best: Any
    was: Any  # by job: when it started; -1: it is new
    ends: Any  # by job: when it was over
    were: Any  # by seat: who had it; -1: nobody
    free: Any  # by job: 1 if it gives up its place
    best_free: Any
    picks: Any  # by job: who does it if it does not stay
    best_picks: Any
    floors: Any  # by job: not before, if it does not stay
    best_floors: Any
    todo: Any  # scratch, by job: 1 if it is to be placed
    spare: Any  # scratch, by job


def rekept(case: Any, books: Any, blank: Any, keep: Any, order: Any) -> int:
    """Make the schedule in which what does not give up its place stays where that can be; its value, WORST if there is none."""
    cleared(books, blank, keep.floors)
    for k in range(len(order)):
        if case.jobs[order[k]][FACT]:
            place(case, books, order[k])
    for k in range(len(order)):
        job = order[k]
        keep.todo[job] = 0
        if not case.jobs[job][FACT] and (keep.free[job] or keep.was[job] < 0 or not stays(case, books, keep, job)):
            keep.todo[job] = 1
    return keep_value(case, books, keep) if replaced(case, books, keep, order) else WORST


def stays(case: Any, books: Any, keep: Any, job: int) -> bool:
    """Place a job as it was, if it can be."""
    start, finish, start_most, finish_most = held(case, books, job)
    was, fixed = keep.was[job], case.jobs[job][FIXED]
    if was < start or was < case.jobs[job][RELEASE] or was > start_most or (fixed >= 0 and fixed != was):
        return False
    seats = case.jobs[job + 1][SEAT_AT] - case.jobs[job][SEAT_AT]
    if not fits_again(case, books, keep, job, seats):
        return False
    ends = books.spells[books.parts[0] - 1][1]
    if ends < finish or ends > finish_most or ends > case.jobs[job][DEADLINE] or overdue(case, books, job, seats, ends):
        return False
    settle(case, books, job, ends)
    return True


def fits_again(case: Any, books: Any, keep: Any, job: int, seats: int) -> bool:
    """Whether calendar, things and the people of before are there for a job where it was; then its spells are noted."""
    first, was, length = case.jobs[job][SEAT_AT], keep.was[job], case.jobs[job][DUR]
    for k in range(first, first + seats):
        person = keep.were[k]
        if person < 0 or not candidate(case, k, person) or not allowed(case, books, job, person):
            return False
        books.who[k] = person
    if case.jobs[job][PAUSE] and length:
        return bool(paused(case, books, job, was, seats, BIG) == was)
    books.spells[0][0], books.spells[0][1], books.parts[0] = was, was + length, 1
    if things_for(case, books, job, was) != was:
        return False
    for k in range(first, first + seats):
        if length and person_for(case, books, keep.were[k], job, was, length) != was:
            return False
    return True


def candidate(case: Any, seat: int, person: int) -> bool:
    """Whether somebody can have a seat."""
    for k in range(case.seats[seat], case.seats[seat + 1]):  # noqa: SIM110 - `any` is not compiled
        if case.candidates[k] == person:
            return True
    return False


def replaced(case: Any, books: Any, keep: Any, order: Any) -> bool:
    """Place the jobs that do not stay, and those that have to give up their places for them. Whether all have one."""
    lifts, again = 4 * len(order) + 20, True
    while again:
        again = False
        for k in range(len(order)):
            job = order[k]
            while keep.todo[job]:
                if place(case, books, job) == PLACED:
                    keep.todo[job] = 0
                    continue
                gone = gave_way(case, books, keep, job)
                again = True
                lifts -= gone
                if gone == 0 or lifts < 0:
                    return False
    return True


def gave_way(case: Any, books: Any, keep: Any, job: int) -> int:
    """Take the placed jobs that wait for a job out of the schedule, other than facts; how many that are."""
    count = 0
    for k in range(case.jobs[job][OUT_AT], case.jobs[job + 1][OUT_AT]):
        other = case.onto[k][JOB]
        if books.finish[other] >= 0 and not case.jobs[other][FACT]:
            lift(case, books, other)
            keep.todo[other] = 1
            count += 1
    return count


def keep_value(case: Any, books: Any, keep: Any) -> int:
    """How good a finished schedule is: the smaller, the better. Wishes and new jobs count for nothing but the finish."""
    late, shift, count, finish = 0, 0, 0, 0
    for job in range(len(books.finish)):
        late += max(0, books.finish[job] - case.jobs[job][DEADLINE])
        finish = max(finish, books.finish[job])
        if differs(case, books, keep, job):
            count += 1
            shift += abs(books.start[job] - keep.was[job])
    over = pressed(max(0, finish - keep.state[GOAL]), HALF_END)
    return int(pressed(late, HALF_MISS) * A_MISS + min(count, 4095) * A_CHANGE + pressed(shift, HALF_SHIFT) * A_SHIFT + over)


def differs(case: Any, books: Any, keep: Any, job: int) -> bool:
    """Whether people who were told of a job have to be told again: another time, or other people."""
    if keep.was[job] < 0:
        return False
    if books.start[job] != keep.was[job] or books.finish[job] != keep.ends[job]:
        return True
    for k in range(case.jobs[job][SEAT_AT], case.jobs[job + 1][SEAT_AT]):
        if keep.were[k] < 0 or not does(case, books, job, keep.were[k]):
            return True
    return False


def keep_searched(case: Any, books: Any, blank: Any, keep: Any) -> None:
    """Go on with a search until it has placed so many jobs. What is not much worse than the best may be gone on from."""
    state, jobs = keep.state, len(keep.order)
    while state[WORK] > 0:
        copied(keep.tried, keep.order, jobs)
        kind, job, before = nudged(case, books, keep)
        if kind == 0:
            copied(keep.spare, keep.tried, jobs)
            sequence(case, keep.spare, keep.tried)
        found = rekept(case, books, blank, keep, keep.tried)
        state[WORK] -= jobs
        if found <= state[VALUE] or (found < WORST and found <= state[BEST] + state[WARM]):
            keep_taken(keep, found)
        elif kind == 1:
            keep.free[job] = before
        elif kind == 2:
            keep.picks[job] = before
        elif kind == 3:
            keep.floors[job] = before


def keep_taken(keep: Any, found: int) -> None:
    """Go on from the schedule that was tried, and remember it if it is the best."""
    state, jobs = keep.state, len(keep.order)
    state[VALUE] = found
    copied(keep.order, keep.tried, jobs)
    if found < state[BEST]:
        state[BEST] = found
        copied(keep.best, keep.tried, jobs)
        copied(keep.best_free, keep.free, jobs)
        copied(keep.best_picks, keep.picks, jobs)
        copied(keep.best_floors, keep.floors, jobs)


def nudged(case: Any, books: Any, keep: Any) -> tuple[int, int, int]:
    """Change an order (0), whether a job gives up its place (1), who does it (2), or from when on: which, and what it was."""
    state, jobs = keep.state, len(keep.tried)
    job = unsettled(case, books, keep, chance(state, jobs))
    kind, seat = chance(state, 8), case.jobs[job][SEAT_AT]
    if kind < 3:
        other = in_the_way(case, keep, job, chance(state, jobs)) if chance(state, 4) else freed(keep, chance(state, jobs))
        before = keep.free[other]
        keep.free[other] = 1 - before
        return 1, int(other), int(before)
    if kind < 5 and seat < case.jobs[job + 1][SEAT_AT]:
        able = case.seats[seat + 1] - case.seats[seat]
        before, one = keep.picks[job], chance(state, able + 1)
        keep.picks[job] = -1 if one == able else case.candidates[case.seats[seat] + one]
        return 2, int(job), int(before)
    if kind < 7:
        before = keep.floors[job]
        keep.floors[job] = max(0, keep.was[job] + (chance(state, 2 * state[DAY]) - state[DAY] if chance(state, 2) else 0))
        return 3, int(job), int(before)
    at = 0
    while keep.tried[at] != job:
        at += 1
    shifted(keep.tried, at, chance(state, jobs))
    return 0, -1, -1


def unsettled(case: Any, books: Any, keep: Any, since: int) -> int:
    """The first job from a place of the order on that changed, around to where that began; if none, the one there."""
    jobs = len(keep.tried)
    for k in range(jobs):
        job = keep.tried[(since + k) % jobs]
        if books.finish[job] >= 0 and not case.jobs[job][FACT] and differs(case, books, keep, job):
            return int(job)
    return int(keep.tried[since])


def freed(keep: Any, since: int) -> int:
    """The first job from a place of the order on that gives up its place; if none, the one there."""
    jobs = len(keep.tried)
    for k in range(jobs):
        if keep.free[keep.tried[(since + k) % jobs]]:
            return int(keep.tried[(since + k) % jobs])
    return int(keep.tried[since])


def in_the_way(case: Any, keep: Any, job: int, since: int) -> int:
    """The first job from a place of the order on that somebody did who can do this one, while this one was to be done.

    If there is none, the one at that place.
    """
    jobs = len(keep.tried)
    for k in range(jobs):
        other = keep.tried[(since + k) % jobs]
        if other != job and not keep.free[other] and keep.was[other] < keep.ends[job] and keep.ends[other] > keep.was[job]:
            for seat in range(case.jobs[job][SEAT_AT], case.jobs[job + 1][SEAT_AT]):
                for at in range(case.jobs[other][SEAT_AT], case.jobs[other + 1][SEAT_AT]):
                    if keep.were[at] >= 0 and candidate(case, seat, keep.were[at]):
                        return int(other)
    return int(keep.tried[since])
