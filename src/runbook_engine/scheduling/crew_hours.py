"""How much work those who can do some jobs can bring within some calendars: each sum is made once, and then looked up."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from runbook_engine.model.jobs import Project, Spans
from runbook_engine.scheduling.listing_case import BIG, SEAT_AT, Case
from runbook_engine.scheduling.spans import common, joined

ALWAYS: Spans = ((0, BIG),)


class Crowds:
    """The hours of people, alone and together."""

    def __init__(self, project: Project, case: Case) -> None:
        self._project = project
        self._able = [_able(case, job) for job in range(len(project.jobs))]
        self._within: dict[frozenset[int | None], Spans] = {}
        self._hours: dict[tuple[frozenset[int | None], int], tuple[tuple[int, int], ...]] = {}
        self._sums: dict[tuple[frozenset[int | None], frozenset[int]], tuple[Sums, Sums]] = {}

    def able(self, job: int) -> tuple[int, ...]:
        """Who can do a job."""
        return self._able[job]

    def within(self, jobs: Collection[int]) -> Spans:
        """When one of some jobs may be worked on."""
        return self._open(self._calendars(jobs))

    def spans(self, jobs: Collection[int], head: int) -> list[tuple[int, int]]:
        """The spans from a slot on of all who can do one of some jobs, while one may be worked on."""
        calendars = self._calendars(jobs)
        every = (span for person in sorted(self._people(jobs)) for span in self._of(calendars, person))
        return [(max(begin, head), end) for begin, end in every if end > head]

    def filled(self, jobs: Collection[int], head: int, work: int) -> int:
        """When all who can do one of some jobs have brought so much work, from a slot on; 0 if they never do."""
        every, within_limits = self._brought(self._calendars(jobs), self._people(jobs))
        return max(every.filled(head, work), within_limits.filled(self._dawn(head), work))

    def _brought(self, calendars: frozenset[int | None], people: frozenset[int]) -> "tuple[Sums, Sums]":
        """All hours, and those that limits by day leave, where whoever has one works as early in the day as can be."""
        key = (calendars, people)
        if key not in self._sums:
            spans = {person: self._of(calendars, person) for person in people}
            every = Sums(span for some in spans.values() for span in some)
            days, workers = self._project.days, self._project.workers
            limited = any(days and workers[p].day_most is not None for p in people)
            kept = (span for p, some in spans.items() for span in within_days(some, days, workers[p].day_most))
            self._sums[key] = (every, Sums(kept) if limited else every)
        return self._sums[key]

    def _dawn(self, slot: int) -> int:
        """When the day of a slot begins."""
        k = bisect_right(self._project.days, slot)
        return min(slot, self._project.days[k - 1]) if k else 0

    def _calendars(self, jobs: Collection[int]) -> frozenset[int | None]:
        return frozenset(self._project.jobs[job].calendar for job in jobs)

    def _people(self, jobs: Collection[int]) -> frozenset[int]:
        return frozenset().union(*{self._able[job] for job in jobs})

    def _open(self, calendars: frozenset[int | None]) -> Spans:
        if calendars not in self._within:
            known = [self._project.calendars[each] for each in calendars if each is not None]
            self._within[calendars] = ALWAYS if None in calendars else joined(*known)
        return self._within[calendars]

    def _of(self, calendars: frozenset[int | None], person: int) -> tuple[tuple[int, int], ...]:
        key = (calendars, person)
        if key not in self._hours:
            free = self._project.workers[person].free
            self._hours[key] = tuple(common(self._open(calendars), ALWAYS if free is None else free))
        return self._hours[key]


class Sums:
    """How much work some spans together have brought by each slot."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        change: dict[int, int] = defaultdict(int)
        for begin, end in spans:
            change[begin] += 1
            change[end] -= 1
        self.slots, self.people, self.sums = sorted(change), [0], [0]
        for k, slot in enumerate(self.slots):
            before = self.slots[k - 1] if k else slot
            self.sums.append(self.sums[-1] + self.people[-1] * (slot - before))
            self.people.append(self.people[-1] + change[slot])

    def brought(self, slot: int) -> int:
        """What was brought before a slot."""
        k = bisect_right(self.slots, slot)
        return self.sums[k] + self.people[k] * (slot - self.slots[k - 1]) if k else 0

    def filled(self, head: int, work: int) -> int:
        """When so much was brought from a slot on; 0 if it never is."""
        wanted = self.brought(head) + work
        k = bisect_left(self.sums, wanted) - 1
        return self.slots[k - 1] - (-(wanted - self.sums[k]) // self.people[k]) if k < len(self.slots) else 0


def within_days(spans: Iterable[tuple[int, int]], days: Sequence[int], most: int | None) -> Iterator[tuple[int, int]]:
    """The first slots of each day, so many at most; None: all of them."""
    if most is None or not days:
        yield from spans
        return
    day, left = -1, most
    for slot, end in spans:
        begin = slot
        while begin < end:
            number = bisect_right(days, begin)
            day, left = number, left if number == day else most
            until = min(end, days[number]) if number < len(days) else end
            if left:
                yield begin, min(until, begin + left)
            left -= min(left, until - begin)
            begin = until


def _able(case: Case, job: int) -> tuple[int, ...]:
    row, following = case.jobs[job], case.jobs[job + 1]
    return tuple(sorted(set(case.candidates[case.seats[row[SEAT_AT]] : case.seats[following[SEAT_AT]]])))
