"""Everything that is wrong with a schedule, in words: an independent look at the rules of `model.jobs`.

It shares nothing with whatever makes schedules, and has no cleverness to be wrong with: each rule is one function that goes
over what the schedule says. An empty answer means that all of them hold.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from runbook_engine.model.jobs import Job, Link, LinkKind, Placed, Project, Solution, Spans
from runbook_engine.scheduling.checker_pauses import as_one, limits_of, worked
from runbook_engine.scheduling.checker_people import people_faults
from runbook_engine.scheduling.checker_things import is_fact, thing_faults


def faults(project: Project, solution: Solution) -> tuple[str, ...]:
    """What is wrong with a schedule of a project, each thing as a sentence; nothing: it keeps to every rule."""
    if len(solution.placed) != len(project.jobs):
        return (f"the schedule places {len(solution.placed)} jobs of {len(project.jobs)}",)
    return tuple(
        f
        for part in (
            _whole(solution),
            _each(project, solution),
            _links(project, solution),
            people_faults(project, solution),
            thing_faults(project, solution),
        )
        for f in part
    )


def _whole(solution: Solution) -> Iterator[str]:
    last = max((placed.finish for placed in solution.placed), default=0)
    if solution.finish != last:
        yield f"the schedule says that it is over at {solution.finish}, and is over at {last}"
    if solution.bound > solution.finish:
        yield f"nothing is said to be over before {solution.bound}, but this is over at {solution.finish}"


def _each(project: Project, solution: Solution) -> Iterator[str]:
    at_work = _at_work(project, solution)
    for number, (job, placed) in enumerate(zip(project.jobs, solution.placed, strict=True)):
        yield from _pinned(job, placed)
        people = _people_are_there(project, job, placed)
        yield from people
        yield from _work(project, job, placed, {} if people else _besides(number, job, placed, at_work), known=not people)
        if not is_fact(job):
            yield from _times(project, job, placed)


def _pinned(job: Job, placed: Placed) -> Iterator[str]:
    if job.start is not None and placed.start != job.start:
        yield f"{job.id} is to start at {job.start}, and starts at {placed.start}"
    if job.people is not None and sorted(placed.people) != sorted(job.people):
        yield f"{job.id} is to be done by {job.people}, and is done by {placed.people}"


def _people_are_there(project: Project, job: Job, placed: Placed) -> list[str]:
    """A schedule that names somebody who does not exist."""
    return [f"{job.id} is done by number {p}, who is nobody" for p in placed.people if not 0 <= p < len(project.workers)]


def _at_work(project: Project, solution: Solution) -> dict[int, list[tuple[int, int, int]]]:
    """By person of whom there are limits, when they work and on which job; -1: on one of another project."""
    found: dict[int, list[tuple[int, int, int]]] = {}
    for person, worker in enumerate(project.workers):
        if worker.day_most is not None or worker.week_most is not None or worker.site is not None:
            found[person] = [(begin, end, -1) for begin, end, _ in worker.elsewhere]
    for number, placed in enumerate(solution.placed):
        for person in found.keys() & set(placed.people):
            found[person] += [(begin, end, number) for begin, end in placed.spells or ((placed.start, placed.finish),)]
    return found


def _besides(number: int, job: Job, placed: Placed, at_work: Mapping[int, Sequence[tuple[int, int, int]]]) -> dict[int, Spans]:
    """When the people of a job that pauses work on others."""
    if not job.pausable:
        return {}
    return {p: tuple((a, b) for a, b, other in at_work.get(p, ()) if other != number) for p in placed.people}


def _work(project: Project, job: Job, placed: Placed, besides: Mapping[int, Spans], *, known: bool) -> Iterator[str]:
    """Whether its spells are what the duration, the calendar and the people make of its start."""
    spells = placed.spells or (((placed.start, placed.finish),) if placed.finish > placed.start else ())
    if placed.finish < placed.start:
        yield f"{job.id} is over at {placed.finish}, before it starts at {placed.start}"
    elif spells and (spells[0][0], spells[-1][1]) != (placed.start, placed.finish):
        yield f"{job.id} works from {spells[0][0]} to {spells[-1][1]}, but is placed from {placed.start} to {placed.finish}"
    elif any(a >= b for a, b in spells) or any(a[1] > b[0] for a, b in pairwise(spells)):
        yield f"the spells of {job.id} are not in order"
    elif sum(b - a for a, b in spells) != job.duration:
        yield f"{job.id} takes {job.duration}, and is worked on for {sum(b - a for a, b in spells)}"
    elif job.duration and known:
        yield from _open(project, job, placed, spells, besides)


def _open(project: Project, job: Job, placed: Placed, spells: Spans, besides: Mapping[int, Spans]) -> Iterator[str]:
    times = {f"{project.workers[p].id} is free": project.workers[p].free for p in placed.people}
    if job.calendar is not None:
        times = {f"calendar {job.calendar} is open": project.calendars[job.calendar], **times}
    if job.pausable:
        every = [spans for spans in times.values() if spans is not None]
        should = worked(every, placed.start, job.duration, limits_of(project, placed.people, job.site, besides))
        if not should and is_fact(job):
            should = ((placed.start, placed.start + job.duration),)
        if as_one(spells) != should:
            yield f"{job.id} is worked on in {spells}, and its calendar and people make that {should}"
        return
    if len(as_one(spells)) > 1:
        yield f"{job.id} may not be paused, and is worked on in {spells}"
    elif not is_fact(job):
        for what, spans in times.items():
            if spans is not None and not _within(spans, placed.start, placed.finish):
                yield f"{job.id} is worked on from {placed.start} to {placed.finish}, but not all the while {what}"


def _within(spans: Spans, begin: int, end: int) -> bool:
    number = bisect_right(spans, begin, key=lambda span: span[0]) - 1
    return number >= 0 and spans[number][1] >= end


def _times(project: Project, job: Job, placed: Placed) -> Iterator[str]:
    if placed.start < max(0, job.release):
        yield f"{job.id} starts at {placed.start}, and may not before {max(0, job.release)}"
    if job.deadline is not None and placed.finish > job.deadline:
        yield f"{job.id} is over at {placed.finish}, and has to be by {job.deadline}"
    if project.horizon and placed.finish > project.horizon:
        yield f"{job.id} is over at {placed.finish}, and nothing is known after {project.horizon}"


def _links(project: Project, solution: Solution) -> Iterator[str]:
    for number, job in enumerate(project.jobs):
        for link in job.links:
            before = project.jobs[link.before]
            if not (is_fact(job) and is_fact(before)):
                yield from _link(job, before, link, solution.placed[number], solution.placed[link.before])


def _link(job: Job, before: Job, link: Link, here: Placed, there: Placed) -> Iterator[str]:
    end = there.start if link.kind in {LinkKind.START_START, LinkKind.START_FINISH} else there.finish
    own = here.start if link.kind in {LinkKind.FINISH_START, LinkKind.START_START} else here.finish
    words = f"{link.kind} after {before.id}"
    if own < end + link.lag:
        yield f"{job.id} comes at {own}, and not before {end + link.lag} ({words}, at least {link.lag} slots later)"
    if link.most is not None and own > end + link.most:
        yield f"{job.id} comes at {own}, and not after {end + link.most} ({words}, at most {link.most} slots later)"
