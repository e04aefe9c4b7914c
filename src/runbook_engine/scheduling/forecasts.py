"""What is left of a run, scheduled again with few changes: everybody keeps their time and their work where that still can be.

A forecast tells what will be, not what should: deadlines do not bind it, and what can no longer follow in time follows late.
Start with `go_on`.
"""

from collections.abc import Mapping
from dataclasses import replace

from runbook_engine.model.jobs import FIRST_ONLY, Aim, Effort, Job, Placed, Project, Solution
from runbook_engine.model.schedule import Schedule
from runbook_engine.scheduling.listing_reasons import NotPlaced
from runbook_engine.scheduling.moving import promised as kept


def go_on(
    project: Project, promised: Schedule | None = None, effort: Effort = FIRST_ONLY, aim: Aim = Aim.CHANGE
) -> tuple[Project, Solution]:
    """The rest of a project whose facts are in it, and the project as it was scheduled: without deadlines.

    With the aim CHANGE what is promised keeps its time and its people where it can. Where that makes the end later, what could
    not keep its time is placed anew, by whomever. With any other aim the rest is free. Where limits (`Link.most`) leave no
    schedule, it is also one without them. Raises NotPlaced when there is none at all.
    """
    free = without_deadlines(project)
    try:
        return _gone_on(free, promised, effort, aim)
    except NotPlaced:
        if not any(link.most is not None for job in free.jobs for link in job.links):
            raise
        return _gone_on(without_limits(free), promised, effort, aim)


def _gone_on(free: Project, promised: Schedule | None, effort: Effort, aim: Aim) -> tuple[Project, Solution]:
    before = kept(free, promised) if promised and aim is Aim.CHANGE else {}
    effort = _half(effort) if before else effort
    found = _found(free, before, effort, aim)
    if before and found.finish > max(placed.finish for placed in before.values()):
        staying = {name: placed for name, placed in before.items() if name not in _later(free, found, before)}
        found = min(found, _found(free, staying, effort, aim), key=lambda solution: solution.finish)
    return free, found


def _half(effort: Effort) -> Effort:
    """What each of two searches may take."""
    work, seconds = effort.work, effort.seconds
    return replace(effort, work=work and work // 2, seconds=seconds and seconds / 2)


def _found(project: Project, before: Mapping[str, Placed], effort: Effort, aim: Aim) -> Solution:
    from runbook_engine.scheduling.crew_search import general

    return general(project, effort, aim if before or aim is not Aim.CHANGE else Aim.FINISH, before)


def _later(project: Project, solution: Solution, before: Mapping[str, Placed]) -> set[str]:
    """Which jobs start later than was promised."""
    placed = zip(project.jobs, solution.placed, strict=True)
    return {job.id for job, now in placed if job.id in before and now.start > before[job.id].start}


def without_deadlines(project: Project) -> Project:
    """The same project, in which what had to be over by a time is only wanted by then."""
    jobs = tuple(job if job.deadline is None else replace(job, deadline=None, due=_earlier(job)) for job in project.jobs)
    return replace(project, jobs=jobs)


def without_limits(project: Project) -> Project:
    """The same project, in which what follows may do so as late as it likes."""
    jobs = (replace(job, links=tuple(replace(link, most=None) for link in job.links)) for job in project.jobs)
    return replace(project, jobs=tuple(jobs))


def _earlier(job: Job) -> int | None:
    return min((slot for slot in (job.due, job.deadline) if slot is not None), default=None)
