"""The first and the last time at which work can be done within a calendar: for passes forwards and backwards."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import reduce

from runbook_engine.model.jobs import Job, Project, Spans
from runbook_engine.scheduling.spans import common

Time = tuple[int, int]  # start and finish
FOREVER = 1 << 60


class Hours:
    """Open slots with how many of them lie before each span, so that work with pauses is looked up and not counted."""

    def __init__(self, spans: Spans) -> None:
        self.starts = [begin for begin, _ in spans]
        self.ends = [end for _, end in spans]
        self.sums = [0]
        for begin, end in spans:
            self.sums.append(self.sums[-1] + end - begin)

    def open_before(self, slot: int) -> int:
        """How many open slots there are before one."""
        number = bisect_right(self.starts, slot) - 1
        return 0 if number < 0 else self.sums[number] + min(slot, self.ends[number]) - self.starts[number]

    def is_open(self, slot: int) -> bool:
        """Whether a slot is open."""
        number = bisect_right(self.starts, slot) - 1
        return number >= 0 and slot < self.ends[number]

    def start_of(self, work: int) -> int:
        """The open slot that has so many open ones before it."""
        number = bisect_right(self.sums, work) - 1
        return self.starts[number] + work - self.sums[number] if number < len(self.starts) else FOREVER

    def end_of(self, work: int) -> int:
        """When so many open slots are over, and no more."""
        number = bisect_left(self.sums, work) - 1
        return self.starts[number] + work - self.sums[number] if 0 <= number < len(self.starts) else FOREVER


def first(hours: Hours | None, job: Job, start: int, finish: int) -> Time:
    """The earliest time of a job that does not start before one slot, nor end before another; FOREVER if there is none."""
    length = job.duration
    begin = max(start, finish - length)
    if hours is None or length == 0:
        return begin, begin + length
    if job.pausable:
        work = hours.open_before(start)
        if hours.end_of(work + length) < finish:
            work = hours.open_before(finish) + (0 if hours.is_open(finish - 1) else 1) - length
        end = hours.end_of(work + length)
        return (hours.start_of(work), end) if end < FOREVER else (FOREVER, FOREVER)
    number = bisect_right(hours.ends, begin)
    while number < len(hours.ends):
        begin = max(begin, hours.starts[number])
        if begin + length <= hours.ends[number]:
            return begin, begin + length
        number += 1
    return FOREVER, FOREVER


def last(hours: Hours | None, job: Job, start: int, finish: int) -> Time:
    """The latest time of a job that does not start after one slot, nor end after another; -FOREVER if there is none."""
    length = job.duration
    end = min(start + length, finish)
    if hours is None or length == 0:
        return end - length, end
    if job.pausable:
        work = hours.open_before(finish) - length
        work = min(work, hours.open_before(start) - (0 if hours.is_open(start) else 1))
        return (hours.start_of(work), hours.end_of(work + length)) if work >= 0 else (-FOREVER, -FOREVER)
    number = bisect_left(hours.starts, end) - 1
    while number >= 0:
        end = min(end, hours.ends[number])
        if end - length >= hours.starts[number]:
            return end - length, end
        number -= 1
    return -FOREVER, -FOREVER


class Clocks:
    """The hours of jobs: those of their calendars, and of the people who do them, if that is settled. Made once each."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._known: dict[tuple[int | None, tuple[int, ...]], Hours | None] = {}

    def of(self, job: Job, people: Sequence[int] = ()) -> Hours | None:
        """When a job can be worked on by these people; None: always."""
        key = (job.calendar, tuple(sorted(people)))
        if key not in self._known:
            every = [] if job.calendar is None else [self._project.calendars[job.calendar]]
            every += [free for p in key[1] if (free := self._project.workers[p].free) is not None]
            self._known[key] = Hours(reduce(_both, every)) if every else None
        return self._known[key]


def _both(one: Spans, other: Spans) -> Spans:
    return tuple(common(one, other))
