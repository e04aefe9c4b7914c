"""What is left of a run, scheduled again with few changes: everybody keeps their time and their work where that still can be.

A forecast tells what will be, not what should: deadlines do not bind it. Start with `go_on`.
"""

from collections.abc import Mapping
from dataclasses import replace

from runbook_engine.model.jobs import Aim, Effort, Job, Placed, Project, Solution
from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PersonId
from runbook_engine.scheduling.facts import slot_after, slot_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """A project with its facts, how it goes on, and what it had to give up for that, in words."""

    project: Project
    solution: Solution
    doubt: str = ""


def go_on(project: Project, promised: Schedule | None = None, effort: Effort | None = None) -> Continued:
    """The rest of a project whose facts are in it: with `effort` as the search finds it, else by list scheduling alone.

    What is promised is kept where it can be: nothing is earlier than promised, and the same people do it. Where that has no
    place the people are chosen anew. Raises NotPlaced when there is no schedule at all.
    """
    from runbook_engine.scheduling.listing import first
    from runbook_engine.scheduling.listing_reasons import NotPlaced

    free = without_deadlines(project)
    before = placed_before(free, promised) if promised else {}
    if effort is not None:
        from runbook_engine.scheduling.solve import solve

        return Continued(project=free, solution=solve(free, effort, Aim.CHANGE, before))
    order = sorted(range(len(free.jobs)), key=lambda j: (_start(free.jobs[j], before), j))
    kept = keeping(free, before)
    try:
        return Continued(project=free, solution=first(kept, order))
    except NotPlaced as trouble:
        if not before:
            raise
        return Continued(project=free, solution=first(free, order), doubt=str(trouble))


def without_deadlines(project: Project) -> Project:
    """The same project, in which what had to be over by a time is only wanted by then."""
    jobs = tuple(job if job.deadline is None else replace(job, deadline=None, due=_earlier(job)) for job in project.jobs)
    return replace(project, jobs=jobs)


def _earlier(job: Job) -> int | None:
    return min((slot for slot in (job.due, job.deadline) if slot is not None), default=None)


def keeping(project: Project, before: Mapping[str, Placed]) -> Project:
    """The project in which what is still to be done is done by whom, and not before, it was promised."""
    return replace(project, jobs=tuple(_kept(job, before.get(job.id)) for job in project.jobs))


def _kept(job: Job, promised: Placed | None) -> Job:
    if promised is None or job.start is not None:
        return job
    able = len(promised.people) == sum(crew.count for crew in job.crews) > 0
    people = promised.people if able and job.people is None else job.people
    return replace(job, release=max(job.release, promised.start), people=people)


def placed_before(project: Project, promised: Schedule) -> dict[str, Placed]:
    """What was promised, as placings of the jobs of a project, by their ids; what it has no job for is left out."""
    numbers = {worker.id: number for number, worker in enumerate(project.workers)}
    jobs = {job.id for job in project.jobs}
    return {b.id: _placed(project, b, numbers) for b in promised.bookings if b.id in jobs}


def _placed(project: Project, booking: Booking, numbers: Mapping[PersonId, int]) -> Placed:
    return Placed(
        start=slot_before(project, booking.start),
        finish=slot_after(project, booking.finish),
        people=tuple(numbers[person] for person in booking.people if person in numbers),
        spells=tuple((slot_before(project, spell.start), slot_after(project, spell.end)) for spell in booking.spells),
    )


def _start(job: Job, before: Mapping[str, Placed]) -> int:
    if job.start is not None:
        return job.start
    return before[job.id].start if job.id in before else 1 << 40
