"""The first and the last time at which work can be done within a calendar: for passes forwards and backwards."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import reduce

from runbook_engine.model.jobs import Job, Project, Spans
from runbook_engine.scheduling.checker_pauses import Limit, limits_of, worked
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


class Paced(Hours):
    """The same for work with pauses of people who may work so much of it a day or week, or need rest: it is counted out."""

    def __init__(self, spans: Spans, limits: Sequence[Limit]) -> None:
        super().__init__(spans)
        self._spans = spans
        self._limits = limits

    def first(self, length: int, start: int, finish: int) -> Time:
        """As `first` of this module."""
        begin, end = self._time(start, length)
        while end < finish:
            begin, end = self._time(begin + 1, length)
        return begin, end

    def last(self, length: int, start: int, finish: int) -> Time:
        """As `last` of this module: with rest, what begins later may also be over earlier."""
        slot = min(start, finish - length)
        while slot >= 0 and self.open_before(finish) >= length:
            begin, end = self._time(slot, length)
            if begin == slot and end <= finish:
                return begin, end
            number = bisect_left(self.starts, slot)  # the last open slot before this one
            slot = min(slot, self.ends[number - 1]) - 1 if number else -1
        return -FOREVER, -FOREVER

    def _time(self, slot: int, length: int) -> Time:
        """When it is worked on that begins as soon as may be from a slot on."""
        number = bisect_right(self.ends, slot)
        begin = max(slot, self.starts[number]) if number < len(self.starts) else FOREVER
        spells = worked([self._spans], begin, length, self._limits) if begin < FOREVER else ()
        return (begin, spells[-1][1]) if spells else (FOREVER, FOREVER)


def first(hours: Hours | None, job: Job, start: int, finish: int) -> Time:
    """The earliest time of a job that does not start before one slot, nor end before another; FOREVER if there is none."""
    length = job.duration
    begin = max(start, finish - length)
    if hours is None or length == 0:
        return begin, begin + length
    if isinstance(hours, Paced):
        return hours.first(length, start, finish)
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
    if isinstance(hours, Paced):
        return hours.last(length, start, finish)
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
        self._known: dict[tuple[int | None, tuple[int, ...], bool, int | None], Hours | None] = {}

    def of(self, job: Job, people: Sequence[int] = ()) -> Hours | None:
        """When a job can be worked on by these people; None: always."""
        key = (job.calendar, tuple(sorted(people)), job.pausable, job.site if job.pausable else None)
        if key not in self._known:
            self._known[key] = self._made(*key)
        return self._known[key]

    def _made(self, calendar: int | None, people: tuple[int, ...], pausable: bool, site: int | None) -> Hours | None:  # noqa: FBT001
        every = [] if calendar is None else [self._project.calendars[calendar]]
        every += [free for p in people if (free := self._project.workers[p].free) is not None]
        limits = limits_of(self._project, people, site) if pausable else []
        if limits:
            return Paced(reduce(_both, every) if every else ((0, FOREVER),), limits)
        return Hours(reduce(_both, every)) if every else None


def _both(one: Spans, other: Spans) -> Spans:
    return tuple(common(one, other))
