"""The search over lists, people and waiting: small changes, each decoded in full. Written as `listing_gaps` is."""

from typing import Any, NamedTuple

from runbook_engine.scheduling.crew_values import FINISH, WORST, merit, value
from runbook_engine.scheduling.listing_case import DEADLINE, IN_AT, JOB, SEAT_AT
from runbook_engine.scheduling.listing_laying import lay
from runbook_engine.scheduling.listing_order import sequence

WORK, SEED, VALUE, BEST, WARM, AIM, WHOLE, DAY, GOAL, MERIT = range(10)
LOOKED_AT = 5  # jobs, to find one that is over late


class Hunt(NamedTuple):
    """Where a search is and what it found: orders of jobs, and by job who is to do it and before when it does not start."""

    state: Any  # jobs to place, chance, value of `order`, merit of `best`, what a change may cost, aim, costs, day, goal, merit
    order: Any
    tried: Any
    best: Any
    picks: Any
    best_picks: Any
    waits: Any
    best_waits: Any
    marks: Any  # scratch, by span
    spare: Any  # scratch, by job


def copied(into: Any, row: Any, count: int) -> None:
    """Copy the first numbers of a row."""
    into[:count] = row[:count]


def cleared(books: Any, blank: Any, waits: Any) -> None:
    """Empty books for another schedule; `blank` are books in which nothing was ever placed."""
    for k in range(len(books.count)):
        books.count[k] = blank.count[k]
        books.since[k] = blank.since[k]
        copied(books.starts[k], blank.starts[k], blank.count[k])
        copied(books.ends[k], blank.ends[k], blank.count[k])
        copied(books.whose[k], blank.whose[k], blank.count[k])
        copied(books.days[k], blank.days[k], len(blank.days[k]))
        copied(books.weeks[k], blank.weeks[k], len(blank.weeks[k]))
    for k in range(len(blank.steps)):
        books.steps[k] = blank.steps[k]
        copied(books.times[k], blank.times[k], blank.steps[k])
        copied(books.left[k], blank.left[k], blank.steps[k])
    for k in range(len(books.finish)):
        books.start[k] = books.finish[k] = -1
        books.floor[k] = waits[k]


def decoded(case: Any, books: Any, blank: Any, hunt: Any, order: Any) -> int:
    """Make the schedule of an order; its value. Its merit is noted."""
    cleared(books, blank, hunt.waits)
    done, _ = lay(case, books, order, len(order) // 10 + 10)
    if done < len(order):
        hunt.state[MERIT] = WORST
        return WORST
    found = value(case, books, hunt.state[AIM], hunt.state[WHOLE], hunt.state[GOAL], hunt.marks)
    hunt.state[MERIT] = merit(case, books, hunt.state[AIM], found)
    return found


def searched(case: Any, books: Any, blank: Any, hunt: Any) -> None:
    """Go on with a search until it has placed so many jobs."""
    state, jobs = hunt.state, len(hunt.order)
    while state[WORK] > 0:
        copied(hunt.tried, hunt.order, jobs)
        kind, job, before = changed(case, books, hunt)
        if kind == 0:
            copied(hunt.spare, hunt.tried, jobs)
            sequence(case, hunt.spare, hunt.tried)
        found = decoded(case, books, blank, hunt, hunt.tried)
        state[WORK] -= jobs
        remembered(hunt)
        if found <= state[VALUE] + state[WARM] and found < WORST:
            taken(hunt, found)
        elif kind == 1:
            hunt.picks[job] = before
        elif kind == 2:
            hunt.waits[job] = before


def taken(hunt: Any, found: int) -> None:
    """Go on from the schedule that was tried."""
    hunt.state[VALUE] = found
    copied(hunt.order, hunt.tried, len(hunt.order))


def remembered(hunt: Any) -> None:
    """Remember the schedule that was tried if it is the best."""
    state, jobs = hunt.state, len(hunt.order)
    if state[MERIT] < state[BEST]:
        state[BEST] = state[MERIT]
        copied(hunt.best, hunt.tried, jobs)
        copied(hunt.best_picks, hunt.picks, jobs)
        copied(hunt.best_waits, hunt.waits, jobs)


def chance(state: Any, most: int) -> int:
    """A number from 0 up to, and without, `most`: a linear congruence, the same on any machine."""
    state[SEED] = (state[SEED] * 1103515245 + 12345) & 0x7FFFFFFF
    return int((state[SEED] >> 8) % most)


def changed(case: Any, books: Any, hunt: Any) -> tuple[int, int, int]:
    """Change an order (0), who does a job (1) or when it may start (2): which, of which job, and what it was."""
    jobs, state = len(hunt.tried), hunt.state
    at = chance(state, jobs)
    job, kind = hunt.tried[at], chance(state, 8)
    seat = case.jobs[job][SEAT_AT]
    if kind < 2 and seat < case.jobs[job + 1][SEAT_AT]:
        able = case.seats[seat + 1] - case.seats[seat]
        before, one = hunt.picks[job], chance(state, able + 1)
        hunt.picks[job] = -1 if one == able else case.candidates[case.seats[seat] + one]
        return 1, int(job), int(before)
    if kind < 4 and state[AIM] != FINISH:
        before = hunt.waits[job]
        hunt.waits[job] = 0 if before and chance(state, 2) else max(0, books.start[job]) + chance(state, state[DAY])
        return 2, int(job), int(before)
    if kind < 7:
        at = late_one(case, books, hunt)
        shifted(hunt.tried, at, chance(state, at + 1))
    else:
        shifted(hunt.tried, at, chance(state, jobs))
    return 0, -1, -1


def late_one(case: Any, books: Any, hunt: Any) -> int:
    """Where in the order a job is that is over late, or one of those that it waits for, however far back."""
    jobs, state = len(hunt.tried), hunt.state
    job = too_late(case, books, hunt, chance(state, jobs)) if chance(state, 2) else -1
    if job < 0:
        job = hunt.tried[chance(state, jobs)]
        for _ in range(LOOKED_AT):
            other = hunt.tried[chance(state, jobs)]
            if books.finish[other] > books.finish[job]:
                job = other
    while chance(state, 3) and case.jobs[job][IN_AT] < case.jobs[job + 1][IN_AT]:
        first = case.jobs[job][IN_AT]
        job = case.into[first + chance(state, case.jobs[job + 1][IN_AT] - first)][JOB]
    at = 0
    while hunt.tried[at] != job:
        at += 1
    return at


def too_late(case: Any, books: Any, hunt: Any, since: int) -> int:
    """The first job from a place of the order on that is over after its deadline; else after the goal; -1: none is.

    From the end of the order it goes on at its beginning, around to where that began.
    """
    jobs, goal = len(hunt.tried), hunt.state[GOAL]
    for k in range(jobs):
        job = hunt.tried[(since + k) % jobs]
        if books.finish[job] > case.jobs[job][DEADLINE]:
            return int(job)
    for k in range(jobs):
        job = hunt.tried[(since + k) % jobs]
        if books.finish[job] > goal:
            return int(job)
    return -1


def shifted(row: Any, at: int, to: int) -> None:
    """Move one number of a row to another place in it."""
    one, step = row[at], 1 if to > at else -1
    while at != to:
        row[at] = row[at + step]
        at += step
    row[to] = one
