"""The way to a schedule: what kind of project it is decides who looks for it."""

import time
from collections.abc import Mapping, Sequence

from runbook_engine.model.jobs import Aim, Effort, Placed, Project, Solution
from runbook_engine.scheduling.plain import is_plain, net
from runbook_engine.scheduling.plain_bounds import bound
from runbook_engine.scheduling.plain_list import first
from runbook_engine.scheduling.plain_search import Knowledge, search


def solve(
    project: Project,
    effort: Effort,
    aim: Aim = Aim.FINISH,
    baseline: Mapping[str, Placed] | None = None,
    order: Sequence[int] | None = None,
) -> Solution:
    """A schedule for the project, found within the effort; `seconds` count from this call.

    `baseline`: what was promised, by the ids of jobs; the aim CHANGE keeps as much of it as can be. `order`: of the jobs in the
    list with which the search begins, where there is one and that matters. A circle of links, and a job that needs more than
    there is, are errors (ValueError). Raises NotPlaced for a job that has no place.
    """
    if is_plain(project) and not baseline:
        return plain(project, effort)
    return general(project, effort, aim, baseline, order)


def general(
    project: Project, effort: Effort, aim: Aim, baseline: Mapping[str, Placed] | None, order: Sequence[int] | None = None
) -> Solution:
    """The same for a project with people, calendars and all else. The one seam to the search for those."""
    from runbook_engine.scheduling import crew_search

    return crew_search.general(project, effort, aim, baseline, order)


def plain(project: Project, effort: Effort) -> Solution:
    """The same for a project of durations, links and resources only. All aims are one here: to be over early."""
    began = time.monotonic()
    the = net(project)
    least = bound(the)
    starts = first(the)
    known = Knowledge(net=the, starts=starts, bound=least)
    if effort.work is not None or effort.seconds is not None:
        known = search(the, starts, least, effort, began)
    return Solution(
        placed=the.placed(known.starts),
        finish=the.span(known.starts) * the.unit,
        bound=known.bound * the.unit,
        how=_how(known, starts),
        tried=2 + known.placed // max(1, the.size),
    )


def _how(known: Knowledge, starts: list[int]) -> str:
    if known.starts is starts:
        return "list schedule, drawn together from both ends"
    return "list search" + (" and proof" if known.optimal else "")
