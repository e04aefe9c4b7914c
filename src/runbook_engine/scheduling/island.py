"""A child process that searches a plain project by breeding lists. Started by `plain_search`, never imported by others.

It hears a task `{net, starts, bound, seed}` and then `{work}` for each round: how many jobs to place. It answers `{ready}`, and
after each round `{placed}`, with `starts` if there is a better schedule than before.
"""

import tempfile
from typing import Any

import numpy as np

from runbook_engine.scheduling.child_side import Message, answer, listening, unpacked
from runbook_engine.scheduling.plain import Net, words
from runbook_engine.scheduling.plain_bounds import tails

# schedules of each herd, and whether lists are altered in it; one that brings nothing new is followed by the next
HERDS_OF_SMALL = ((100, False), (300, True), (900, True), (2_700, True), (5_000, True))
HERDS_OF_LARGE = ((100, False), (300, False), (900, False), (900, True), (2_700, True), (5_000, True))
SMALL = 100  # jobs; in larger projects altering brings less in the first seconds than breeding does
PLAIN, ALTERING = (0.0, 0.0), (0.5, 1.0)  # habits of a herd
SMALLEST_HERD = 10
FIRST_PLACES, MOST_PLACES = 100_000, 4_000_000  # jobs in all schedules of a herd: of the first, of any
STALE = 32  # rounds of a herd's own size without a better child, and it is given up
FEWEST_SLOTS = 4_096
SLOTS_PER_JOB = 12  # as long as there are no more, time is slots; beyond, events cost less
UNSEEN = 1 << 60

Array = np.ndarray[Any, Any]


def web(the: Net, *, slots: bool) -> Any:
    """The net as arrays."""
    from runbook_engine.scheduling.placing import Web

    needs, full, guards = words(the)
    after, later = _rows(the.after)
    before, earlier = _rows(the.before)
    table = np.array(needs, np.int64).reshape(len(full), the.size)
    return Web(_ints(the.durations), table, _ints(full), _ints(guards), before, earlier, after, later, slots)


def desk(the: Net, net: Any) -> Any:
    """Room to work in; all resources are free."""
    from runbook_engine.scheduling.placing import Desk

    length = the.end + 2 if net.slots else 2 * the.size + 3
    free = np.repeat(net.full[:, None], length, axis=1)
    own = [np.zeros(the.size, np.int64) for _ in range(4)]
    count = np.zeros(length + 2 if net.slots else 1, np.int64)
    return Desk._make((np.zeros(2 * the.size + 3, np.int64), free, np.zeros(2, np.int64), *own, count))


def _ints(numbers: Any) -> Array:
    return np.array(list(numbers), np.int64)


def _rows(lists: Any) -> tuple[Array, Array]:
    ends = np.cumsum([0, *map(len, lists)])
    return ends.astype(np.int64), _ints([job for row in lists for job in row] or [0])


class Island:
    """Herd after herd of schedules. The same words heard make the same answers, on any machine."""

    def __init__(self, the: Net, starts: list[int], bound: int, seed: int) -> None:
        from runbook_engine.scheduling.breeding import Nest

        self.size = the.size
        self.bound = bound
        self.web = web(the, slots=the.end <= max(FEWEST_SLOTS, SLOTS_PER_JOB * the.size))
        self.desk = desk(the, self.web)
        own = [np.zeros(the.size, np.int64) for _ in range(4)]
        dice = np.array([(seed * 0x9E3779B97F4A7C15 + 0x1F123BB5) % (1 << 63) or 1], np.uint64)
        rest = _ints(tails(the))
        late = -rest.astype(np.float64)
        self.nest = Nest._make((late - late.min(), _weights(the), rest, np.zeros(2), *own, dice))
        self.herds = list(HERDS_OF_SMALL if the.size <= SMALL else HERDS_OF_LARGE)
        self.best = _ints([*starts, the.span(starts)])
        self.told = int(self.best[-1])
        self._settle(FIRST_PLACES)

    def _settle(self, places: int) -> None:
        """Begin the next herd, or the last one again, with room for so many jobs."""
        from runbook_engine.scheduling.breeding import Herd

        wish, altering = self.herds.pop(0) if len(self.herds) > 1 else self.herds[0]
        self.nest.habits[:] = ALTERING if altering else PLAIN
        count = self.settled = max(SMALLEST_HERD, min(wish, places // max(1, self.size)))
        self.idle = 0
        self.fresh = True
        lists = [np.zeros((count, self.size), np.int64) for _ in range(2)]
        self.herd = Herd._make((*lists, np.full(count, UNSEEN, np.int64), np.zeros(count, np.int64), self.best))

    def round(self, work: int) -> Message:
        """Place about so many jobs; what came of it."""
        from runbook_engine.scheduling.breeding import breed

        placed, better = breed(self.web, self.desk, self.herd, self.nest, self.fresh, self.bound, work)
        self.fresh = False
        self.idle = 0 if better else self.idle + placed
        if self.idle > STALE * self.settled * self.size:
            self._settle(MOST_PLACES)
        span = int(self.best[-1])
        message: Message = {"placed": int(placed)}
        if span < self.told:
            self.told = span
            message["starts"] = self.best[:-1].tolist()
        return message


def _weights(the: Net) -> Array:
    shares = [sum(amount / capacity for amount, capacity in zip(row, the.capacities, strict=True)) for row in the.amounts]
    return np.array([share * duration for share, duration in zip(shares, the.durations, strict=True)], np.float64)


def _compiled() -> None:
    """Load or compile. Numba keeps what it compiles beside this file, in the user's cache, or else for this time only."""
    try:
        import runbook_engine.scheduling.breeding
    except RuntimeError:
        from numba import config

        vars(config)["CACHE_DIR"] = tempfile.mkdtemp()
        import runbook_engine.scheduling.breeding  # noqa: F401 - that it is there is all


def main() -> None:
    """Hear a task, then work in rounds until the parent has enough."""
    heard = listening()
    _compiled()
    task = heard.get()
    the = unpacked(task["net"])
    island = Island(the, task["starts"], task["bound"], task["seed"])
    island.round(0)
    answer({"ready": True})
    while True:
        word = heard.get()
        answer(island.round(word["work"]))


if __name__ == "__main__":
    main()
