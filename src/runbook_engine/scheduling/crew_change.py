"""A schedule as much like an earlier one as can be: what can stay where it is stays, the rest is placed around it.

`kept` is found by rule, in milliseconds; `least_changed` searches from there for fewer changes.
"""

import time
from collections.abc import Mapping
from dataclasses import replace

from runbook_engine.model.jobs import Effort, Placed, Project, Solution
from runbook_engine.scheduling.crew_bounds import bound
from runbook_engine.scheduling.crew_keeping import A_CHANGE, A_MISS, A_SHIFT, differs, keep_value, stays
from runbook_engine.scheduling.crew_keeping_island import Before, Keeping, before_of
from runbook_engine.scheduling.crew_late import NotKept, any_list, proven
from runbook_engine.scheduling.crew_moves import cleared
from runbook_engine.scheduling.crew_values import WORST
from runbook_engine.scheduling.listing import Laid, bounded, checked, is_late, solution
from runbook_engine.scheduling.listing_case import FACT, case_of
from runbook_engine.scheduling.listing_laying import lift, place

TRIES = 4000  # schedules that each island makes at most where the search is limited by work


def kept(project: Project, baseline: Mapping[str, Placed]) -> Laid:
    """A schedule of a project in which as many jobs as can be stay as they were in an earlier one, by their ids.

    Where a job cannot find a place because those that follow it stay, they give up theirs. Where that leaves a job without a
    place, or over too late, nothing is kept. Raises NotPlaced.
    """
    return _kept(project, Keeping(_before(project, baseline, 0), 0, fast=False))


def _before(project: Project, baseline: Mapping[str, Placed], least: int) -> Before:
    case = case_of(project)
    checked(project, case)
    return before_of(project, case, baseline, least)


def _kept(project: Project, here: Keeping) -> Laid:
    laid = _laid(here)
    return any_list(project) if here.told == WORST or is_late(laid) else laid


def _laid(here: Keeping) -> Laid:
    """What an island has made last. Facts come first in its order, then what starts first."""
    case, start = here.case, here.books.start
    return Laid(case, here.books, sorted(here.start.order, key=lambda j: (not case.jobs[j][FACT], start[j])))


def least_changed(project: Project, effort: Effort, baseline: Mapping[str, Placed], until: float | None) -> Solution:
    """A schedule with as few jobs changed as are found within the effort, then little shifted, then over early.

    It is never worse than that of `kept`, and where that is the best there is, nothing is searched for. `until`: by the clock
    of `time.monotonic`. Raises NotPlaced, or NotKept where a deadline is missed.
    """
    from runbook_engine.scheduling.crew_search import Search

    began = time.monotonic()
    before = _before(project, baseline, bound(project))
    first = Keeping(before, 0, fast=False)
    laid = _kept(project, first)
    worth = keep_value(laid.case, laid.books, first.keep)
    best = solution(project, laid, how="list scheduling around what is kept", tried=1)
    proof = proven(project) if is_late(laid) else None
    idle = effort.work is None and (until is None or time.monotonic() >= until)
    if is_late(laid) and (proof or idle):
        raise NotKept(project, laid, best, proof=proof)
    here = Keeping(before, effort.seed, fast=False)
    if idle or (worth < A_MISS and worth // A_SHIFT <= _must(here) * (A_CHANGE // A_SHIFT)):
        return bounded(best, before.least)
    work = None if effort.work is None else min(effort.work, 2 * TRIES * len(before.order))
    found = Search(here, replace(effort, work=work), until, time.monotonic).run()
    if found.genes and found.value < worth:
        here.again(found.genes)
        laid = _laid(here)
        best = solution(project, laid, how="search for few changes", tried=1)
    best = bounded(best, before.least, 1 + found.placed // max(1, len(before.order)))
    if is_late(laid):
        raise NotKept(project, laid, best, tried=best.tried, seconds=time.monotonic() - began)
    return best


def _must(here: Keeping) -> int:
    """How many jobs change in any schedule: those that cannot stay beside the facts alone. The books of the island are used."""
    before, case, books, keep = here.start, here.case, here.books, here.keep
    cleared(books, here.blank, keep.floors)
    facts = [job for job in before.order if case.jobs[job][FACT]]
    for job in facts:
        place(case, books, job)
    count = sum(differs(case, books, keep, job) for job in facts)
    for job in before.order:
        if before.was[job] >= 0 and not case.jobs[job][FACT]:
            there = stays(case, books, keep, job)
            count += not there or differs(case, books, keep, job)
            if there:
                lift(case, books, job)
    return count
