"""Before it is said that a plan cannot be done: other orders of its jobs than that of the first list.

The list scheduler decides nothing twice. Where all is tight another order may fit: a few are tried, always the same.
"""

from collections.abc import Iterator

from runbook_engine.model.durations import Pick, likely
from runbook_engine.model.jobs import Project
from runbook_engine.scheduling.feasibility_case import Case
from runbook_engine.scheduling.feasibility_least import able, hopeless
from runbook_engine.scheduling.feasibility_parts import parts
from runbook_engine.scheduling.feasibility_trying import Outcome, fits, outcome_of, project_for, tried
from runbook_engine.scheduling.listing import laid_out, latest_ends
from runbook_engine.scheduling.listing_case import DUR, SEAT_AT, case_of
from runbook_engine.scheduling.listing_case import Case as Tables
from runbook_engine.scheduling.listing_reasons import NotPlaced, Reason

_BY_ORDER = frozenset({Reason.DEADLINE, Reason.FULL, Reason.TIED, Reason.NOT_THESE})  # what another order could help


def scheduled(case: Case, pick: Pick = likely) -> Outcome:
    """Schedule a case; if the first list does not fit, by other orders. If none fits, the trouble is that of the first list.

    Where a part of the case fits in no order the whole is not asked.
    """
    outcome = tried(case, pick)
    if outcome.trouble is None or outcome.trouble.reason not in _BY_ORDER:
        return outcome
    tables = case_of(outcome.project)
    if hopeless(outcome.project, tables):
        return outcome
    part = next((each for each in parts(case, outcome.root) if not fits(each)), None) if pick is likely else None
    if part is not None and reordered(part, pick) is None:
        return outcome
    return _reordered(outcome.project, tables) or outcome


def reordered(case: Case, pick: Pick = likely) -> Outcome | None:
    """The schedule of a case by the first other order that fits; None if none does, or if none could."""
    project = project_for(case, pick)
    tables = case_of(project)
    return None if hopeless(project, tables) else _reordered(project, tables)


def _reordered(project: Project, tables: Tables) -> Outcome | None:
    for order in orders(tables):
        try:
            return outcome_of(project, laid_out(project, order, case=tables, hasty=True))
        except NotPlaced:
            continue
    return None


def orders(case: Tables) -> Iterator[list[int]]:
    """The jobs by their latest end; those for most people first; those that fewest can do first."""
    jobs, late = range(len(case.jobs) - 1), latest_ends(case)
    start = [late[job] - case.jobs[job][DUR] for job in jobs]
    yield sorted(jobs, key=lambda job: (late[job], job))
    yield sorted(jobs, key=lambda job: (case.jobs[job][SEAT_AT] - case.jobs[job + 1][SEAT_AT], start[job], job))
    yield sorted(jobs, key=lambda job: (len(able(case, job)) or len(case.people), start[job], job))
