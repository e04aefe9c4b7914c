"""One search over lists at work, compiled or not: what it begins with, and what it has found."""

from random import Random
from typing import Any

from runbook_engine.model.values import dataclass
from runbook_engine.scheduling import crew_moves
from runbook_engine.scheduling.crew_moves import BEST, GOAL, MERIT, VALUE, WARM, WORK, Hunt, remembered, taken
from runbook_engine.scheduling.crew_values import MISSED, finish_of
from runbook_engine.scheduling.listing_books import Books
from runbook_engine.scheduling.listing_case import Case
from runbook_engine.scheduling.listing_order import sequence

HEAT = (0.0003, 0.001)  # of the value of the first schedule: what a change may cost at the beginning, by even and odd seeds
HOT_UP_TO = 500  # jobs; with more of them each weighs less, and one search in two is cooler
LOOKS = 120  # orders that are tried before one of them is changed bit by bit
LOOKS_BY_WORK = 100_000  # jobs placed for that at most
NOISES = (0.1, 0.3, 1.0, 3.0)  # of the number of jobs: how far one may move
LAST_PART = 10  # of a schedule: what is over in it is what others may be changed for
COLD_FROM = 0.9  # of the search: from then on nothing may be for the worse


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a search begins with: a project in tables and how its first schedule was made. All of it can be sent as JSON."""

    case: Case
    books: Books  # empty, in lists
    order: list[int]
    picks: list[int]
    waits: list[int]
    aim: int
    whole: int  # what costs are measured by
    day: int  # slots of a day
    least: int  # no schedule is over before this slot


class Island:
    """A search that goes on for as long as it is told to. The same words make the same schedules, on any machine."""

    def __init__(self, start: Start, seed: int, *, fast: bool) -> None:
        self.start = start
        self.names: dict[str, Any] = vars(crew_moves)
        self.case, self.books, self.blank = start.case, copied_books(start.books), start.books
        state = [0, seed * 7919 + 1, 0, 0, 0, start.aim, start.whole, max(1, start.day), start.least, 0]
        rows = [state, start.order, start.order, start.order, start.picks, start.picks, start.waits, start.waits]
        rows += [[0] * len(start.case.spans), start.order]
        self.hunt = Hunt(*(list(row) for row in rows))
        if fast:
            self._compile()
        self.books.pick[:] = self.hunt.picks[:]
        self.hunt = self.hunt._replace(picks=self.books.pick)
        self.hunt.state[VALUE] = self.decoded(self.hunt.order)
        self.told = int(self.hunt.state[MERIT])
        self.hunt.state[BEST] = self.told
        self.luck = Random(seed)  # noqa: S311 - nothing secret
        self.looks = min(LOOKS, LOOKS_BY_WORK // max(1, len(start.order)))
        cooled = 1.0 if seed % 2 else min(1.0, HOT_UP_TO / max(1, len(start.order))) ** 2
        self.heat = HEAT[seed % 2] * cooled * min(int(self.hunt.state[VALUE]) % MISSED, 1 << 40)

    def _compile(self) -> None:
        from runbook_engine.scheduling.crew_compiled import books_arrays, case_arrays, compiled, row_array

        self.names = compiled()
        self.books, self.blank = books_arrays(self.start.books, self.case), books_arrays(self.start.books, self.case)
        self.case = case_arrays(self.case)
        self.hunt = Hunt(*(row_array(row) for row in self.hunt))

    def decoded(self, order: Any) -> int:
        """Make the schedule of an order, with the people and waits of now; its value."""
        return int(self.names["decoded"](self.case, self.books, self.blank, self.hunt, order))

    def search(self, work: int, warmth: float) -> int:
        """Place about so many jobs; `warmth` from 1 down to 0. How many were placed."""
        state = self.hunt.state
        spent = self._look_around(work)
        if spent >= work:
            return spent
        self._aim()
        state[WORK], state[WARM] = work - spent, int(self.heat * warmth)
        self.names["searched"](self.case, self.books, self.blank, self.hunt)
        return work - int(state[WORK])

    def _aim(self) -> None:
        """Have the search look at what is over last: where the bound is far off, at the last part of the best schedule."""
        state = self.hunt.state
        finish = finish_of(int(state[BEST]), self.start.aim)
        goal = max(self.start.least, finish - finish // LAST_PART)
        if goal != state[GOAL]:
            state[GOAL] = goal
            state[VALUE] = self.decoded(self.hunt.order)

    def _look_around(self, work: int) -> int:
        """At first other orders, little or much different from the first: small changes lead there only slowly."""
        spent, size = 0, len(self.start.order)
        while self.looks and spent < work:
            mixed = self._mixed(NOISES[self.looks % len(NOISES)] * size)
            self.looks -= 1
            spent += size
            order = [0] * size
            sequence(self.start.case, mixed, order)
            self.hunt.tried[:] = order
            found = self.decoded(self.hunt.tried)
            remembered(self.hunt)
            if found < self.hunt.state[VALUE]:
                taken(self.hunt, found)
        return spent

    def _mixed(self, noise: float) -> list[int]:
        """The first order, in which each job may have come so many places earlier or later."""
        order = self.start.order
        keys = {job: place + noise * self.luck.random() for place, job in enumerate(order)}
        return sorted(order, key=keys.__getitem__)

    def news(self) -> dict[str, Any]:
        """The best schedule, if it is better than what was told before: its value, order, people and waits."""
        best = int(self.hunt.state[BEST])
        if best >= self.told:
            return {}
        self.told = best
        hunt = self.hunt
        rows = {"order": hunt.best, "picks": hunt.best_picks, "waits": hunt.best_waits}
        return {"value": best, **{name: [int(each) for each in row] for name, row in rows.items()}}


def warmth(done: float) -> float:
    """How warm a search is after that part of it."""
    return max(0.0, 1 - done / COLD_FROM)


def copied_books(books: Books) -> Books:
    """The same books, to be written in."""
    return Books(*([list(row) if isinstance(row, list) else row for row in rows] for rows in books))
