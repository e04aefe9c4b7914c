"""Why a job cannot be placed, found out once it could not."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from runbook_engine.model.jobs import Project
from runbook_engine.scheduling.listing_books import Books, books_of
from runbook_engine.scheduling.listing_case import (
    BIG,
    CAL,
    DEADLINE,
    DUR,
    FACT,
    FIXED,
    OTHER_AT,
    PAUSE,
    RELEASE,
    SAME_AT,
    SEAT_AT,
    Case,
)
from runbook_engine.scheduling.listing_crews import allowed, leaves_somebody, others_do, thing_free
from runbook_engine.scheduling.listing_gaps import open_for
from runbook_engine.scheduling.listing_laying import TOO_LATE, chosen


class Reason(StrEnum):
    """What keeps a job from being placed."""

    CIRCLE = "circle"  # it waits for itself
    NOBODY = "nobody"  # fewer people can do it than it needs
    NEVER_OPEN = "never open"  # its calendar is never open long enough
    NEVER_FREE = "never free"  # those who can do it are never free long enough while its calendar is open
    NEVER_SO_MUCH = "never so much"  # there is never so much of a thing
    OUT_OF_STOCK = "out of stock"  # a part is used up
    NOT_THESE = "not these people"  # who may do it by who does other jobs cannot
    TIED = "tied"  # it comes too late for a job that it may not follow by so much, or for one that is pinned
    DEADLINE = "deadline"  # it would be over too late
    FULL = "full"  # up to the horizon all that it needs is taken by jobs that were placed before it


class NotPlaced(Exception):
    """A job has no place in a schedule: which one, why, and that in words. `things` are resources that are short of."""

    def __init__(
        self, project: Project, job: int, reason: Reason, words: str, *, jobs: Sequence[int] = (), things: Sequence[int] = ()
    ) -> None:
        super().__init__(f"{project.jobs[job].title or project.jobs[job].id}: {words}")
        self.job = job  # its position in Project.jobs
        self.reason = reason
        self.words = words
        self.jobs = tuple(jobs)  # others that have to do with it: the circle, those that are late
        self.things = tuple(things)

    def __reduce__(self) -> tuple[Callable[..., "NotPlaced"], tuple[Any, ...]]:
        """What is copied from process to process, without the project."""
        return _again, (self.args, self.job, self.reason, self.words, self.jobs, self.things)


def _again(args: tuple[Any, ...], *fields: Any) -> NotPlaced:
    made = NotPlaced.__new__(NotPlaced, *args)
    made.args = args
    made.job, made.reason, made.words, made.jobs, made.things = fields
    return made


def in_circle(project: Project, circle: Sequence[int]) -> NotPlaced:
    """What is wrong with jobs that wait for each other."""
    names = " after ".join(project.jobs[job].id for job in [*circle, circle[0]])
    return NotPlaced(project, circle[0], Reason.CIRCLE, f"it waits for itself: {names}", jobs=circle)


def unfit(project: Project, case: Case, job: int) -> NotPlaced | None:
    """What keeps a job from being placed even if no other job were there; None if nothing is found."""
    if case.jobs[job][FACT]:
        return None
    return (
        _too_few(project, case, job)
        or _endless(project, case, job)
        or _never_open(project, case, job)
        or _too_much(project, job)
    )


def _too_few(project: Project, case: Case, job: int) -> NotPlaced | None:
    first, end = case.jobs[job][SEAT_AT], case.jobs[job + 1][SEAT_AT]
    able = {p for k in range(first, end) for p in case.candidates[case.seats[k] : case.seats[k + 1]]}
    none = [k for k in range(first, end) if case.seats[k] == case.seats[k + 1]]
    if not none and len(able) >= end - first:
        return None
    crews = ", ".join(f"{crew.count} for {crew.words or 'it'}" for crew in project.jobs[job].crews)
    return NotPlaced(project, job, Reason.NOBODY, f"it needs {end - first} people ({crews}) and {len(able)} can do it")


def _endless(project: Project, case: Case, job: int) -> NotPlaced | None:
    """What waits for people or openings, and would not be over as far as they are known."""
    row = case.jobs[job]
    bound = row[CAL] >= 0 or row[SEAT_AT] < case.jobs[job + 1][SEAT_AT]
    if not bound or not project.horizon or row[DUR] <= project.horizon:
        return None
    words = (
        f"it takes {long_words(project, row[DUR])}, longer than a schedule looks ahead ({long_words(project, project.horizon)})"
    )
    return NotPlaced(project, job, Reason.NEVER_OPEN, words)


def _never_open(project: Project, case: Case, job: int) -> NotPlaced | None:
    row = case.jobs[job]
    if row[CAL] < 0 or not row[DUR]:
        return None
    spans = project.calendars[row[CAL]]
    if any(b - a >= row[DUR] for a, b in spans):
        return None
    longest = sum(b - a for a, b in spans) if row[PAUSE] else max((b - a for a, b in spans), default=0)
    if longest >= row[DUR]:
        return None
    kind = "in all" if row[PAUSE] else "at a time"
    open_ = f"is open for {long_words(project, longest)} {kind}" if longest else "is not open any more"
    words = f"it takes {long_words(project, row[DUR])}, and {_openings(project, job)} {open_}"
    return NotPlaced(project, job, Reason.NEVER_OPEN, words)


def _too_much(project: Project, job: int) -> NotPlaced | None:
    for thing, amount in project.jobs[job].uses:
        supply = project.resources[thing]
        most = supply.amount + sum(more for _, more in supply.arrives if supply.used_up)
        if amount > most:
            reason = Reason.OUT_OF_STOCK if supply.used_up else Reason.NEVER_SO_MUCH
            return NotPlaced(
                project, job, reason, f"it needs {amount} of {supply.name}, of which {most} are there", things=[thing]
            )
    return None


def no_place(project: Project, case: Case, books: Books, job: int, code: int) -> NotPlaced:
    """Why a job had no place in a schedule in which those before it are placed."""
    pinned = _pinned(project, case, job)
    if pinned is not None:
        return pinned
    if code == TOO_LATE:
        return _tied(project, job)
    starved = _starved(case, books, job)
    if starved >= 0:
        return _nobody_left(project, starved)
    alone = books_of(project, case)
    if chosen(case, alone, job, case.jobs[job][RELEASE]) == BIG:
        return _never_free(project, case, alone, job)
    short = [k for k, amount in project.jobs[job].uses if _gone(case, books, k, amount)]
    if short:
        names = ", ".join(project.resources[k].name for k in short)
        return NotPlaced(project, job, Reason.OUT_OF_STOCK, f"the other jobs use up {names}", things=short)
    if not _somebody(case, books, job):
        return _nobody_left(project, job)
    ahead = f"in the {long_words(project, project.horizon)} that a schedule looks ahead" if project.horizon else "at all times"
    words = f"{ahead} whoever and whatever it needs is taken by other jobs, or it has to wait for too long"
    return NotPlaced(project, job, Reason.FULL, words)


def _nobody_left(project: Project, job: int) -> NotPlaced:
    ties = project.jobs[job].same_people_as + project.jobs[job].other_people_than
    return NotPlaced(project, job, Reason.NOT_THESE, f"by who does {_ids(project, ties)}, nobody is left for it", jobs=ties)


def _starved(case: Case, books: Books, job: int) -> int:
    """Which job that is for others than this one would have nobody left, whoever of them did this one; -1 if none."""
    others = case.other[case.jobs[job][OTHER_AT] : case.jobs[job + 1][OTHER_AT]]
    first, end = case.jobs[job][SEAT_AT], case.jobs[job + 1][SEAT_AT]
    able = dict.fromkeys(p for k in range(first, end) for p in case.candidates[case.seats[k] : case.seats[k + 1]])
    people = [p for p in able if not others_do(case, books, job, p)]
    waiting = [other for other in others if books.finish[other] < 0]
    return next((k for k in waiting if people and not any(leaves_somebody(case, books, k, p) for p in people)), -1)


def _pinned(project: Project, case: Case, job: int) -> NotPlaced | None:
    """What of its own forbids a job its pinned start: the time before which it may not begin, or that it is closed then."""
    row = case.jobs[job]
    start, (at, end) = row[FIXED], case.calendars[row[CAL]] if row[CAL] >= 0 else (0, 0)
    if start < 0:
        return None
    if start < row[RELEASE]:
        words = "it is pinned to a time before which it may not begin"
    elif row[CAL] >= 0 and open_for(case.spans, at, end, start, 1 if row[PAUSE] else row[DUR]) != start:
        words = f"it is pinned to a time at which {_openings(project, job)} is not open, or not for so long"
    else:
        return None
    return NotPlaced(project, job, Reason.TIED, words)


def _tied(project: Project, job: int) -> NotPlaced:
    near = [link.before for link in project.jobs[job].links if link.most is not None]
    if near:
        words = f"it comes later after {_ids(project, near)} than it may, wherever they are placed"
    else:
        words = "it comes too late for its own pinned start, or for a pinned job that waits for it"
    return NotPlaced(project, job, Reason.TIED, words, jobs=near)


def _never_free(project: Project, case: Case, alone: Books, job: int) -> NotPlaced:
    length = case.jobs[job][DUR]
    ends = project.horizon or BIG
    short = [k for k, amount in project.jobs[job].uses if thing_free(alone, k, amount, case.used_up, 0, length) >= ends]
    if short:
        names = ", ".join(project.resources[k].name for k in short)
        return NotPlaced(project, job, Reason.NEVER_SO_MUCH, f"there is never so much of {names} as it needs", things=short)
    people = {p for crew in project.jobs[job].crews for p in crew.people}
    takes = f"it takes {long_words(project, length)}"
    words = f"{takes}, and of the {len(people)} who can do it nobody is free for so long while it may be done"
    if not people or _open_alone(case, job) == BIG:
        words = f"{takes}, and {_openings(project, job)} is not open for so long once it may begin"
        return NotPlaced(project, job, Reason.NEVER_OPEN, words)
    return NotPlaced(project, job, Reason.NEVER_FREE, words)


def _open_alone(case: Case, job: int) -> int:
    row = case.jobs[job]
    if row[CAL] < 0:
        return 0
    at, end = case.calendars[row[CAL]]
    return open_for(case.spans, at, end, row[RELEASE], 1 if row[PAUSE] else row[DUR])


def _gone(case: Case, books: Books, thing: int, amount: int) -> bool:
    return bool(case.used_up[thing]) and thing_free(books, thing, amount, case.used_up, 0, 1) == BIG


def _somebody(case: Case, books: Books, job: int) -> bool:
    if case.jobs[job][OTHER_AT] == case.jobs[job + 1][OTHER_AT] and case.jobs[job][SAME_AT] == case.jobs[job + 1][SAME_AT]:
        return True
    first, end = case.jobs[job][SEAT_AT], case.jobs[job + 1][SEAT_AT]
    able = (case.candidates[case.seats[k] : case.seats[k + 1]] for k in range(first, end))
    return all(any(allowed(case, books, job, p) for p in each) for each in able)


def late(project: Project, case: Case, books: Books, missed: Sequence[int]) -> NotPlaced:
    """What is wrong with a schedule in which some jobs are over after their deadlines."""
    job = max(missed, key=lambda j: books.finish[j] - case.jobs[j][DEADLINE])
    by = books.finish[job] - case.jobs[job][DEADLINE]
    words = f"it would be over {long_words(project, by)} after its deadline"
    return NotPlaced(project, job, Reason.DEADLINE, words, jobs=missed)


def _openings(project: Project, job: int) -> str:
    window = project.jobs[job].window
    return f"the window {window}, freezes taken off," if window else "the time that freezes and bookings leave"


def long_words(project: Project, slots: int) -> str:
    """A length of time in words, such as '2d 3h 15m'."""
    seconds, parts = slots * project.slot_s, []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        parts += [f"{count}{unit}"] if count else []
    return " ".join(parts) or "no time"


def _ids(project: Project, jobs: Sequence[int]) -> str:
    return ", ".join(project.jobs[job].id for job in jobs)
