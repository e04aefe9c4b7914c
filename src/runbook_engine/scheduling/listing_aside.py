"""Projects with fewer people for some jobs: whatever schedule they have is one of the whole project.

The list decides who does a job when it comes to it. Who would then be the only one left for a later job may not do it any
more, because nobody may do both; or has the certificate for a time only. Set aside for it beforehand, they are still there.
"""

from collections.abc import Sequence
from dataclasses import replace

from runbook_engine.model.jobs import Crew, Job, Project
from runbook_engine.scheduling.listing_case import pairs

MOST = 8  # jobs for which people are set aside, one after the other


def without_short(project: Project) -> Project | None:
    """The same, with nobody for a time only in what others do with them, or the same people later; None if nobody is."""
    same = pairs(project.jobs, "same_people_as")
    tied = [bool(same[k]) or (job.pausable and sum(crew.count for crew in job.crews) > 1) for k, job in enumerate(project.jobs)]
    if not any(crew.until for job, is_tied in zip(project.jobs, tied, strict=True) if is_tied for crew in job.crews):
        return None
    jobs = zip(project.jobs, tied, strict=True)
    return replace(
        project, jobs=tuple(replace(j, crews=tuple(map(_lasting, j.crews))) if is_tied else j for j, is_tied in jobs)
    )


def _lasting(crew: Crew) -> Crew:
    short = {person for person, _ in crew.until}
    return replace(crew, people=tuple(p for p in crew.people if p not in short), until=())


def set_aside(project: Project, short: int) -> Project | None:
    """The same, with as many people as a job needs kept out of what nobody may do besides it; None where that leaves too few.

    `short` is the job for which nobody is left. The other jobs of its package have the same people set aside.
    """
    apart = pairs(project.jobs, "other_people_than")
    alike = [
        k for k, job in enumerate(project.jobs) if k == short or (job.package and job.package == project.jobs[short].package)
    ]
    others = {k for job in alike for k in apart[job]}.difference(alike)
    free = [k for k in sorted(others) if project.jobs[k].people is None and project.jobs[k].start is None]
    kept: set[int] = set()
    for crew in project.jobs[short].crews:
        chosen = _chosen([project.jobs[k] for k in free], crew, kept)
        if chosen is None:
            return None
        kept |= chosen
    jobs = tuple(_without(job, kept) if k in free else job for k, job in enumerate(project.jobs))
    return replace(project, jobs=jobs) if jobs != project.jobs else None


def _chosen(others: Sequence[Job], crew: Crew, kept: set[int]) -> set[int] | None:
    """People for a crew, those first with whom fewest of the others could be done, so that each of these still has enough."""
    asked = {p: sum(p in other.people for job in others for other in job.crews) for p in crew.people}
    found: set[int] = set()
    for person in sorted(set(crew.people) - kept, key=lambda p: (asked[p], p)):
        if len(found) < crew.count and all(_enough(job, kept | found | {person}) for job in others):
            found.add(person)
    return found if len(found) == crew.count else None


def _enough(job: Job, gone: set[int]) -> bool:
    """Whether a job still has people: each crew for itself, and all together."""
    left = [set(crew.people) - gone for crew in job.crews]
    each = all(len(people) >= crew.count for people, crew in zip(left, job.crews, strict=True))
    return each and len(set[int]().union(*left)) >= sum(crew.count for crew in job.crews)


def _without(job: Job, gone: set[int]) -> Job:
    crews = (
        replace(
            crew, people=tuple(p for p in crew.people if p not in gone), until=tuple(u for u in crew.until if u[0] not in gone)
        )
        for crew in job.crews
    )
    return replace(job, crews=tuple(crews))
