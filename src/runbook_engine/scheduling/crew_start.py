"""The first schedule of a search, by what is aimed for."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from runbook_engine.model.jobs import Aim, Placed, Project
from runbook_engine.scheduling import crew_values
from runbook_engine.scheduling.crew_change import kept
from runbook_engine.scheduling.crew_island import Island, Start
from runbook_engine.scheduling.crew_late import any_list
from runbook_engine.scheduling.listing import Laid, by_latest, is_late, laid_in_order
from runbook_engine.scheduling.listing_books import books_of
from runbook_engine.scheduling.listing_case import DUR, PRICE, SEAT_AT, Case
from runbook_engine.scheduling.listing_reasons import NotPlaced

AIMS = {Aim.FINISH: crew_values.FINISH, Aim.COST: crew_values.COST, Aim.WINDOWS: crew_values.WINDOWS}


def started(
    project: Project, aim: Aim, baseline: Mapping[str, Placed], least: int = 0, order: Sequence[int] | None = None
) -> tuple[Laid, Start]:
    """A first schedule, deadlines kept if that was easy, and what a search begins with. Raises NotPlaced."""
    laid = kept(project, baseline) if baseline else any_list(project, order)
    books = books_of(project, laid.case)
    books.rank[:] = laid.books.rank
    jobs = len(project.jobs)
    start = Start(
        case=laid.case,
        books=books,
        order=_unhurried(project, laid) if order is None and is_late(laid) else list(laid.order),
        picks=_cheapest(laid.case) if aim is Aim.COST else [-1] * jobs,
        waits=[0] * jobs,
        aim=AIMS.get(aim, crew_values.FINISH),
        whole=sum(laid.case.jobs[j][DUR] * laid.case.people[p][PRICE] for j, p in _hands(laid.case, laid.books.who)),
        day=86400 // project.slot_s,
        least=least,
    )
    return laid, start


def _unhurried(project: Project, laid: Laid) -> list[int]:
    """The order by the latest start. One in which what is late was put first is a poor start for a search."""
    with suppress(NotPlaced):
        return list(laid_in_order(project, laid.case, by_latest(laid.case)).order)
    return list(laid.order)


def laid_again(here: Island, genes: Mapping[str, Any]) -> Laid:
    """The schedule of an order, with the people and waits that were found for it."""
    here.hunt.picks[:] = genes["picks"]
    here.hunt.waits[:] = genes["waits"]
    here.decoded(genes["order"])
    return Laid(here.case, here.books, genes["order"])


def _cheapest(case: Case) -> list[int]:
    """By job, whose usual hours cost least of those who can do it; -1 if nobody is needed."""
    jobs = len(case.jobs) - 1
    able = (case.candidates[case.seats[case.jobs[j][SEAT_AT]] : case.seats[case.jobs[j + 1][SEAT_AT]]] for j in range(jobs))
    return [min(each, key=lambda p: (case.people[p][PRICE], p), default=-1) for each in able]


def _hands(case: Case, who: Sequence[int]) -> list[tuple[int, int]]:
    """Each job with each of its people."""
    jobs = range(len(case.jobs) - 1)
    return [(j, who[seat]) for j in jobs for seat in range(case.jobs[j][SEAT_AT], case.jobs[j + 1][SEAT_AT])]
