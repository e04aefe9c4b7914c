"""What a schedule may not ask of people: two things at once, work they cannot do, too much of it, no time to travel."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from runbook_engine.model.jobs import Job, Placed, Project, Solution, Worker
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.checker_outings import dawn, one_outing, way_between
from runbook_engine.scheduling.checker_things import is_fact


@dataclass(frozen=True, slots=True)
class Stint:
    """A spell of somebody's work."""

    begin: int
    end: int
    job: Job

    @property
    def fact(self) -> bool:
        """Whether it is pinned, so that rules that only such work breaks are not broken by the schedule."""
        return is_fact(self.job)


def people_faults(project: Project, solution: Solution) -> Iterator[str]:
    """Everything about people that is wrong, person by person."""
    for job, placed in zip(project.jobs, solution.placed, strict=True):
        yield from _crews(project, job, placed)
        yield from _others(project, job, placed, solution)
    for number, stints in _stints(project, solution).items():
        worker = project.workers[number]
        yield from _at_once(worker, stints)
        yield from _too_much(worker, stints, project.days, worker.day_most, "on a day")
        yield from _too_much(worker, stints, project.weeks, worker.week_most, "in a week")
        yield from _rest(project, worker, stints)
        yield from _travel(project, worker, stints)


def _crews(project: Project, job: Job, placed: Placed) -> Iterator[str]:
    if job.people is not None:
        return
    wanted = sum(crew.count for crew in job.crews)
    if len(placed.people) != wanted:
        yield f"{job.id} needs {wanted} people, and has {len(placed.people)}"
        return
    if len(set(placed.people)) < wanted:
        yield f"{job.id} counts somebody twice: {placed.people}"
    seat = 0
    for crew in job.crews:
        for person in placed.people[seat : seat + crew.count]:
            if person not in crew.people:
                yield f"{job.id} is done by {_name(project, person)}, who cannot ({crew.words or 'not of the crew'})"
            for until in (slot for who, slot in crew.until if who == person and placed.finish > slot):
                yield f"{job.id} is over at {placed.finish}, and {_name(project, person)} may do it up to {until} only"
        seat += crew.count


def _others(project: Project, job: Job, placed: Placed, solution: Solution) -> Iterator[str]:
    mine, fact = set(placed.people), is_fact(job)
    for other in job.same_people_as:
        if set(solution.placed[other].people) != mine and not (fact and is_fact(project.jobs[other])):
            yield f"{job.id} is not done by the people of {project.jobs[other].id}"
    for other in job.other_people_than:
        both = mine.intersection(solution.placed[other].people)
        if both and not (fact and is_fact(project.jobs[other])):
            yield f"{job.id} and {project.jobs[other].id} are both done by {_name(project, min(both))}"


def _stints(project: Project, solution: Solution) -> dict[int, list[Stint]]:
    """The work of each person, in order."""
    found: dict[int, list[Stint]] = {}
    for job, placed in zip(project.jobs, solution.placed, strict=True):
        spells = placed.spells or ((placed.start, placed.finish),)
        for person in placed.people:
            if 0 <= person < len(project.workers):
                found.setdefault(person, []).extend(Stint(a, b, job) for a, b in spells if a < b)
    for person, stints in found.items():
        stints.extend(Stint(a, b, _foreign(a, person, site)) for a, b, site in project.workers[person].elsewhere)
    for stints in found.values():
        stints.sort(key=lambda stint: (stint.begin, stint.end))
    return found


def _foreign(begin: int, person: int, site: int | None) -> Job:
    """Work for another project, which is as it is."""
    return Job(id="work of another project", duration=0, start=begin, people=(person,), site=site)


def _at_once(worker: Worker, stints: Sequence[Stint]) -> Iterator[str]:
    for number, one in enumerate(stints):
        for other in stints[number + 1 :]:
            if other.begin >= one.end:
                break
            if not (one.fact and other.fact):
                yield f"{worker.id} does {one.job.id} and {other.job.id} at a time, at {other.begin}"


def _too_much(worker: Worker, stints: Sequence[Stint], begins: Sequence[int], most: int | None, when: str) -> Iterator[str]:
    """Whether more slots lie in a part of the calendar than may."""
    if most is None or not begins:
        return
    loads, free = [0] * len(begins), set[int]()
    for stint in stints:
        number = max(0, bisect_right(begins, stint.begin) - 1)
        while number < len(begins) and begins[number] < stint.end:
            ends = begins[number + 1] if number + 1 < len(begins) else stint.end
            loads[number] += max(0, min(stint.end, ends) - max(stint.begin, begins[number]))
            free.update(() if stint.fact else (number,))
            number += 1
    for number in sorted(free):
        if loads[number] > most:
            yield f"{worker.id} works {loads[number]} slots {when} that begins at {begins[number]}, and may {most} slots"


def _rest(project: Project, worker: Worker, stints: Sequence[Stint]) -> Iterator[str]:
    """Work with less than the rest between is one shift, and no shift is longer than a day without the rest."""
    most, shift = 86400 // project.slot_s - worker.rest, list[Stint]()
    for stint in (*stints, None) if worker.rest and stints else ():
        ended = max((s.end for s in shift), default=0)
        if stint is not None and shift and stint.begin - ended < worker.rest:
            shift.append(stint)
            continue
        if shift and ended - shift[0].begin > most and not all(s.fact for s in shift):
            yield f"{worker.id} works from {shift[0].begin} to {ended} without {worker.rest} slots of rest"
        shift = [stint] if stint is not None else []


def _travel(project: Project, worker: Worker, stints: Sequence[Stint]) -> Iterator[str]:
    if worker.site is None or not project.travel:
        return
    sited = [(number, stint) for number, stint in enumerate(stints) if stint.job.site is not None]
    for at, (number, stint) in enumerate(sited):
        before = sited[at - 1] if at else None
        if before is not None and one_outing(project, worker, before[1].begin, stint.begin):
            between = sum(s.end - s.begin for s in stints[before[0] + 1 : number])
            way = way_between(project, before[1].job.site, stint.job.site)
            if 0 < way > stint.begin - before[1].end - between and not (stint.fact and before[1].fact):
                yield f"{worker.id} has no time to get from {before[1].job.id} to {stint.job.id}: the way takes {way} slots"
        elif not stint.fact:
            way = way_between(project, worker.site, stint.job.site)
            since = max(dawn(project, worker, stint.begin), *(s.end for s in stints[:number]), 0)
            if way and not _idle(worker, since, stint.begin, way):
                yield f"{worker.id} has no time to get to {stint.job.id} at {stint.begin}: the way from home takes {way} slots"


def _idle(worker: Worker, since: int, until: int, slots: int) -> bool:
    """Whether somebody is free for so many slots in a row, from one slot up to another."""
    spans = ((since, until),) if worker.free is None else worker.free
    return any(min(end, until) - max(begin, since) >= slots for begin, end in spans)


def _name(project: Project, person: int) -> str:
    return str(project.workers[person].id) if 0 <= person < len(project.workers) else f"number {person}"
