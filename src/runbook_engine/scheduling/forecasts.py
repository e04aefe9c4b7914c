"""What is left of a run, scheduled again with few changes: everybody keeps their time and their work where that still can be.

A forecast tells what will be, not what should: deadlines do not bind it. Start with `go_on`.
"""

from collections.abc import Mapping
from dataclasses import replace

from runbook_engine.model.jobs import Aim, Effort, Job, Placed, Project, Solution
from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.words import PersonId
from runbook_engine.scheduling.facts import slot_after, slot_before

FIRST_ONLY = Effort(work=None, seconds=None)


def go_on(project: Project, promised: Schedule | None = None, effort: Effort = FIRST_ONLY) -> tuple[Project, Solution]:
    """The rest of a project whose facts are in it, and the project as it was scheduled: without deadlines.

    What is promised keeps its time and its people where it can. Raises NotPlaced when there is no schedule at all.
    """
    from runbook_engine.scheduling.crew_search import general

    free = without_deadlines(project)
    before = placed_before(free, promised) if promised else {}
    return free, general(free, effort, Aim.CHANGE if before else Aim.FINISH, before)


def without_deadlines(project: Project) -> Project:
    """The same project, in which what had to be over by a time is only wanted by then."""
    jobs = tuple(job if job.deadline is None else replace(job, deadline=None, due=_earlier(job)) for job in project.jobs)
    return replace(project, jobs=jobs)


def _earlier(job: Job) -> int | None:
    return min((slot for slot in (job.due, job.deadline) if slot is not None), default=None)


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
