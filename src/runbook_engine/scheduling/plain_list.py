"""The first schedule of a plain project, at once and without any library: jobs in a good order, then drawn together."""

from bisect import bisect_left, bisect_right
from heapq import heapify, heappop, heappush

from runbook_engine.scheduling.plain import Net
from runbook_engine.scheduling.plain_bounds import tails

ROUNDS = 20  # of drawing together; it hardly ever helps that often


class _Profile:
    """What is free from each event on, all resources side by side in one number (see `Net`), which may be of any size."""

    def __init__(self, the: Net) -> None:
        widths = [capacity.bit_length() + 1 for capacity in the.capacities]
        offsets = [sum(widths[:k]) for k in range(len(widths))]
        self.guard = sum(1 << (offset + width - 1) for offset, width in zip(offsets, widths, strict=True))
        full = self.guard | sum(capacity << offset for capacity, offset in zip(the.capacities, offsets, strict=True))
        self.need = [sum(amount << offset for amount, offset in zip(row, offsets, strict=True)) for row in the.amounts]
        self.times = [0]
        self.free = [full]

    def place(self, job: int, start: int, length: int) -> int:
        """Put the job into the first gap from `start` on; returns its start."""
        need, guard = self.need[job], self.guard
        if not need or not length:
            return start
        event = bisect_right(self.times, start) - 1
        while event < len(self.times) and self.times[event] < start + length:
            if (self.free[event] - need) & guard != guard:
                start = self.times[event + 1]
            event += 1
        for event in range(self._event(start), self._event(start + length)):
            self.free[event] -= need
        return start

    def _event(self, time: int) -> int:
        event = bisect_left(self.times, time)
        if event == len(self.times) or self.times[event] != time:
            self.times.insert(event, time)
            self.free.insert(event, self.free[event - 1])
        return event


def by(the: Net, keys: list[int]) -> list[int]:
    """Starts, if of all jobs that can come next the one with the smallest key is always placed first, where it fits first."""
    profile = _Profile(the)
    waiting = [len(before) for before in the.before]
    ready = [0] * the.size
    starts = [0] * the.size
    heap = [(keys[job], job) for job in range(the.size) if not waiting[job]]
    heapify(heap)
    while heap:
        _, job = heappop(heap)
        starts[job] = profile.place(job, ready[job], the.durations[job])
        over = starts[job] + the.durations[job]
        for later in the.after[job]:
            ready[later] = max(ready[later], over)
            waiting[later] -= 1
            if not waiting[later]:
                heappush(heap, (keys[later], later))
    return starts


def drawn_together(the: Net, starts: list[int]) -> list[int]:
    """The schedule pushed to its end and back to its start, as long as that makes it shorter."""
    back = the.reversed()
    for _ in range(ROUNDS):
        late = by(back, [-start - duration for start, duration in zip(starts, the.durations, strict=True)])
        early = by(the, [-start - duration for start, duration in zip(late, the.durations, strict=True)])
        if the.span(early) >= the.span(starts):
            break
        starts = early
    return starts


def first(the: Net) -> list[int]:
    """A good schedule in milliseconds: the better of two orders, latest finish and latest start."""
    rest = tails(the)
    latest_start = [-after - duration for after, duration in zip(rest, the.durations, strict=True)]
    orders = ([-after for after in rest], latest_start)
    return min((drawn_together(the, by(the, keys)) for keys in orders), key=the.span)
