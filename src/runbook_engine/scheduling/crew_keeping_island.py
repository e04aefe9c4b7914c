"""One search for few changes at work, compiled or not: what it begins with, and what it has found."""

from collections.abc import Mapping, Sequence
from typing import Any

from runbook_engine.model.jobs import Placed, Project
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling import crew_keeping
from runbook_engine.scheduling.crew_island import copied_books
from runbook_engine.scheduling.crew_keeping import A_CHANGE, Keep
from runbook_engine.scheduling.crew_moves import BEST, VALUE, WARM, WORK
from runbook_engine.scheduling.listing import by_latest
from runbook_engine.scheduling.listing_books import Books, books_of
from runbook_engine.scheduling.listing_case import SEAT_AT, Case
from runbook_engine.scheduling.listing_order import ranks, sequence

WANDER = 2  # how many more changes than in the best what is gone on from may have at first


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a search for few changes begins with: a project in tables and how its jobs were placed. It can be sent as JSON."""

    case: Case
    books: Books  # empty, in lists
    order: list[int]
    was: list[int]
    ends: list[int]
    were: list[int]
    picks: list[int]
    day: int  # slots of a day
    least: int  # no schedule is over before this slot


def before_of(project: Project, case: Case, baseline: Mapping[str, Placed], least: int = 0) -> Before:
    """What a search begins with. Jobs come as they started before; new ones where they are most urgent."""
    placed = [baseline.get(job.id) for job in project.jobs]
    books = books_of(project, case)
    books.rank[:] = ranks(project, case)
    were = [-1] * (len(case.seats) - 1)
    for job, was in enumerate(placed):
        first, end = case.jobs[job][SEAT_AT], case.jobs[job + 1][SEAT_AT]
        if was is not None and len(was.people) == end - first:
            were[first:end] = was.people
    return Before(
        case=case,
        books=books,
        order=_order(case, placed),
        was=[-1 if was is None else was.start for was in placed],
        ends=[-1 if was is None else was.finish for was in placed],
        were=were,
        picks=[_preferred(case, job, was) for job, was in enumerate(placed)],
        day=86400 // project.slot_s,
        least=least,
    )


def _order(case: Case, before: Sequence[Placed | None]) -> list[int]:
    urgent = {job: k for k, job in enumerate(by_latest(case))}
    wanted = sorted(urgent, key=lambda j: (was.start if (was := before[j]) else 0, urgent[j]))
    order = [0] * len(wanted)
    sequence(case, wanted, order)
    return order


def _preferred(case: Case, job: int, was: Placed | None) -> int:
    """Who does a job alone that does not stay: whoever was to do it, if they still may."""
    seat = case.jobs[job][SEAT_AT]
    if was is None or len(was.people) != 1 or case.jobs[job + 1][SEAT_AT] == seat:
        return -1
    return was.people[0] if was.people[0] in case.candidates[case.seats[seat] : case.seats[seat + 1]] else -1


class Keeping:
    """A search that goes on for as long as it is told to. The same words make the same schedules, on any machine."""

    def __init__(self, start: Before, seed: int, *, fast: bool) -> None:
        self.start = start
        self.names: dict[str, Any] = vars(crew_keeping)
        self.case, self.blank = start.case, start.books
        self.books = copied_books(start.books)
        jobs = len(start.order)
        none, floors = [0] * jobs, [max(0, was) for was in start.was]
        state = [0, seed * 7919 + 1, 0, 0, 0, 0, 0, max(1, start.day), start.least, 0]
        rows = [state, start.order, start.order, start.order, start.was, start.ends, start.were]
        rows += [none, none, start.picks, start.picks, floors, floors, none, none]
        self.keep = Keep(*(list(row) for row in rows))
        if fast:
            self._compile()
        self.books.pick[:] = self.keep.picks[:]
        self.keep = self.keep._replace(picks=self.books.pick)
        state = self.keep.state
        state[VALUE] = state[BEST] = self.decoded(self.keep.order)
        self.told = int(state[BEST])

    def _compile(self) -> None:
        from runbook_engine.scheduling.crew_compiled import books_arrays, case_arrays, compiled, row_array

        self.names = compiled()
        self.books, self.blank = books_arrays(self.start.books, self.case), books_arrays(self.start.books, self.case)
        self.case = case_arrays(self.case)
        self.keep = Keep(*(row_array(row) for row in self.keep))

    def decoded(self, order: Any) -> int:
        """Make the schedule of an order, with what gives up its place now; its value."""
        return int(self.names["rekept"](self.case, self.books, self.blank, self.keep, order))

    def search(self, work: int, warmth: float) -> int:
        """Place about so many jobs; `warmth` from 1 down to 0. How many were placed."""
        state = self.keep.state
        state[WORK], state[WARM] = work, int(WANDER * A_CHANGE * warmth)
        self.names["keep_searched"](self.case, self.books, self.blank, self.keep)
        return work - int(state[WORK])

    def news(self) -> dict[str, Any]:
        """The best schedule, if it is better than what was told before: its value and what it is made from."""
        best = int(self.keep.state[BEST])
        if best >= self.told:
            return {}
        self.told, keep = best, self.keep
        rows = {"order": keep.best, "free": keep.best_free, "picks": keep.best_picks, "floors": keep.best_floors}
        return {"value": best, **{name: [int(each) for each in row] for name, row in rows.items()}}

    def again(self, genes: dict[str, Any]) -> int:
        """Make the schedule that was told; its value."""
        self.keep.free[:], self.keep.picks[:], self.keep.floors[:] = genes["free"], genes["picks"], genes["floors"]
        return self.decoded(genes["order"])
