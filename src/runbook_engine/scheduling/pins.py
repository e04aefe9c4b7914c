"""What people have fixed by hand: when a task starts, and who does it. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from runbook_engine.model.jobs import Job, Project
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PersonId
from runbook_engine.scheduling.projects_clock import of_project


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A task that is fixed. `task` is the id of a job, of a package or of a step; minutes where there is no calendar."""

    task: str
    start: datetime | float | None = None  # None: whenever it suits
    people: tuple[PersonId, ...] = ()


class NotPinned(ValueError):
    """A pin that means nothing in a project: which one, why, and what is near."""

    def __init__(self, pin: Pin, why: str, near: Sequence[str] = ()) -> None:
        super().__init__(f"{pin.task}: {why}")
        self.pin = pin
        self.why = why
        self.near = tuple(near)


def pinned(project: Project, pins: Sequence[Pin], begun: Collection[str] = ()) -> Project:
    """The project in which these tasks start then and are done by them. Raises NotPinned.

    `begun` are the ids of jobs that a run has begun or done: their time and people are facts.
    """
    jobs = list(project.jobs)
    for pin in pins:
        found = _meant(jobs, pin, begun)
        start, people = _slot(project, pin), _people(project, pin)
        for number in found:
            job = jobs[number]
            _refuse(project, project.jobs[number], pin, start, people)
            _not_twice(project.jobs[number], job, pin, start, people)
            job = replace(job, start=job.start if start is None else start, people=people or job.people)
            jobs[number] = _in_time(project, job, pin)
    return replace(project, jobs=tuple(jobs))


def _in_time(project: Project, job: Job, pin: Pin) -> Job:
    """The job, to be over as long as its people may do it. Raises NotPinned where its start leaves no time for that."""
    last = min(((slot, who) for crew in job.crews for who, slot in crew.until if who in (job.people or ())), default=None)
    if last is None:
        return job
    slot, person = last
    if job.start is not None and job.start + job.duration > slot:
        words = next((crew.words for crew in job.crews if (person, slot) in crew.until), "")
        until = f"{of_project(project, slot):%Y-%m-%d %H:%M} UTC"
        raise NotPinned(
            pin, f"{project.workers[person].id} may do it up to {until} only" + (f": it needs {words}" if words else "")
        )
    return replace(job, deadline=slot if job.deadline is None else min(job.deadline, slot))


def _not_twice(was: Job, job: Job, pin: Pin, start: int | None, people: tuple[int, ...]) -> None:
    """Raise NotPinned for a pin that contradicts another one."""
    if start is not None and job.start not in (was.start, start):
        raise NotPinned(pin, f"two pins say when {job.id} starts")
    if people and job.people is not None and was.people is None and set(people) != set(job.people):
        raise NotPinned(pin, f"two pins say who does {job.id}")


def _meant(jobs: Sequence[Job], pin: Pin, begun: Collection[str]) -> list[int]:
    """One job when a start is given, or all of a step that have not begun when only people are."""
    exact = [n for n, job in enumerate(jobs) if job.id == pin.task]
    step, _, host = pin.task.partition("@")
    named = exact or [n for n, job in enumerate(jobs) if _is_step(job, step) and (not host or host in job.hosts)]
    found = [n for n in named if jobs[n].id not in begun]
    if not named:
        raise NotPinned(pin, "there is no such task", _near(jobs, pin.task))
    if not found:
        raise NotPinned(pin, "it has begun already, and what has happened cannot be fixed by hand")
    if len(found) > 1 and pin.start is not None:
        raise NotPinned(pin, f"{len(found)} tasks are meant, which cannot all start then", [jobs[n].id for n in found[:3]])
    return found


def _is_step(job: Job, step: str) -> bool:
    package = job.package.partition("#")[0]
    return step in (job.package, package, package.partition("/")[2]) and bool(job.package)


def _near(jobs: Sequence[Job], task: str) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(task, [job.id for job in jobs], 3)


def _slot(project: Project, pin: Pin) -> int | None:
    if pin.start is None:
        return None
    if isinstance(pin.start, datetime):
        if project.origin is None:
            raise NotPinned(pin, "this project has no calendar: its starts are minutes from its beginning")
        seconds = (pin.start - project.origin).total_seconds()
    elif project.origin is not None:
        raise NotPinned(pin, "this project has a calendar: a start is a date and a time, such as 2026-11-30T09:00")
    else:
        seconds = pin.start * 60
    if seconds < 0:
        raise NotPinned(pin, "that is before the project begins")
    if seconds % project.slot_s:
        raise NotPinned(pin, f"times are whole multiples of {project.slot_s:g} seconds here")
    return int(seconds // project.slot_s)


def _people(project: Project, pin: Pin) -> tuple[int, ...]:
    numbers = {worker.id: number for number, worker in enumerate(project.workers)}
    for person in pin.people:
        if person not in numbers:
            from difflib import get_close_matches

            raise NotPinned(pin, f"nobody here is called {person}", get_close_matches(person, list(numbers), 3))
    return tuple(numbers[person] for person in pin.people)


def _refuse(project: Project, job: Job, pin: Pin, start: int | None, people: tuple[int, ...]) -> None:
    """Raise NotPinned for what breaks a rule for certain: a pin is a wish, and no rule is broken for one."""
    needed = sum(crew.count for crew in job.crews)
    if people and job.people is not None and set(people) != set(job.people):
        raise NotPinned(pin, f"it is given to {' and '.join(project.workers[person].id for person in job.people)} already")
    if people and len(people) != needed:
        wanted, named = (f"{n} {'person' if n == 1 else 'people'}" for n in (needed, len(people)))
        raise NotPinned(pin, f"it needs {wanted}, and {named} {'is' if len(people) == 1 else 'are'} named")
    able = {person for crew in job.crews for person in crew.people}
    for person in people:
        if person not in able:
            words = " or ".join(crew.words for crew in job.crews if crew.words)
            raise NotPinned(pin, f"{project.workers[person].id} cannot do it" + (f": it needs {words}" if words else ""))
    if start is not None and start < job.release:
        raise NotPinned(pin, "that is before it may start")
    if start is not None and project.horizon and start + job.duration > project.horizon:
        raise NotPinned(pin, "that is after all the days that are looked at")
