"""The search over lists and people: small changes of the order, each decoded in full. Written as `listing_gaps` is.

A schedule is as good as its value is small. The finish alone says too little, as most changes leave it as it is: so the value
also counts, with little weight, how late the jobs are that nothing waits for, the later the more.
"""

from typing import Any

from runbook_engine.scheduling.listing_case import DEADLINE, DUE, OUT_AT, SEAT_AT
from runbook_engine.scheduling.listing_laying import lay
from runbook_engine.scheduling.listing_order import sequence

WORK, SEED, VALUE, BEST, WARM, LENGTH = range(6)  # of the state of a search


def copied(into: Any, row: Any, count: int) -> None:
    """Copy the first numbers of a row."""
    for k in range(count):
        into[k] = row[k]


def cleared(books: Any, blank: Any) -> None:
    """Empty books for another schedule; `blank` are books in which nothing was ever placed."""
    for k in range(len(books.count)):
        books.count[k] = 0
        books.since[k] = 0
        copied(books.days[k], blank.days[k], len(blank.days[k]))
        copied(books.weeks[k], blank.weeks[k], len(blank.weeks[k]))
    for k in range(len(books.steps)):
        books.steps[k] = blank.steps[k]
        copied(books.times[k], blank.times[k], blank.steps[k])
        copied(books.left[k], blank.left[k], blank.steps[k])
    for k in range(len(books.finish)):
        books.start[k] = books.finish[k] = -1
        books.floor[k] = 0


def decoded(case: Any, books: Any, blank: Any, order: Any, tries: int) -> int:
    """Make the schedule of an order; its value, `BIG * BIG` if not all could be placed."""
    cleared(books, blank)
    done, _ = lay(case, books, order, tries)
    return value(case, books) if done == len(order) else 1 << 62


def value(case: Any, books: Any) -> int:
    """How good a schedule is: lateness by deadlines, by due times, the finish, and how late the last jobs are."""
    late, due, finish, smooth, jobs = 0, 0, 0, 0, 0
    for job in range(len(books.finish)):
        ends = books.finish[job]
        finish = max(finish, ends)
        late += max(0, ends - case.jobs[job][DEADLINE])
        due += max(0, ends - case.jobs[job][DUE])
        if case.jobs[job][OUT_AT] == case.jobs[job + 1][OUT_AT]:
            smooth += ends
            jobs += 1
    return (late * 1000 + due) * (1 << 30) + finish * 100 + smooth * 100 // max(1, jobs)


def chance(state: Any, most: int) -> int:
    """A number from 0 up to, and without, `most`: a linear congruence, the same on any machine."""
    state[SEED] = (state[SEED] * 1103515245 + 12345) & 0x7FFFFFFFFFFF
    return int((state[SEED] >> 16) % most)


def searched(case: Any, books: Any, blank: Any, state: Any, order: Any, tried: Any, best: Any, picks: Any, best_picks: Any) -> None:
    """Go on with a search until it has placed so many jobs. `order` and `picks` are where it is, `best` what it found."""
    jobs = len(order)
    while state[WORK] > 0:
        copied(tried, order, jobs)
        job, before = changed(case, books, state, tried, picks)
        sequence(case, tried.copy(), tried)
        found = decoded(case, books, blank, tried, jobs // 10 + 10)
        state[WORK] -= jobs
        if found <= state[VALUE] + state[WARM]:
            state[VALUE] = found
            copied(order, tried, jobs)
            if found < state[BEST]:
                state[BEST] = found
                copied(best, order, jobs)
                copied(best_picks, picks, jobs)
        elif job >= 0:
            picks[job] = before


def changed(case: Any, books: Any, state: Any, tried: Any, picks: Any) -> tuple[int, int]:
    """Change an order, or who does a job: then which job, and who did it."""
    jobs = len(tried)
    at = chance(state, jobs)
    seat = case.jobs[tried[at]][SEAT_AT]
    if chance(state, 4) == 0 and seat < case.jobs[tried[at] + 1][SEAT_AT]:
        job = tried[at]
        able = case.seats[seat + 1] - case.seats[seat]
        before, one = picks[job], chance(state, able + 1)
        picks[job] = -1 if one == able else case.candidates[case.seats[seat] + one]
        return int(job), int(before)
    to = chance(state, jobs)
    shifted(tried, at, to)
    return -1, -1


def shifted(row: Any, at: int, to: int) -> None:
    """Move one number of a row to another place in it."""
    one, step = row[at], 1 if to > at else -1
    while at != to:
        row[at] = row[at + step]
        at += step
    row[to] = one
