"""Several plans as one project: their jobs side by side, people and things once. Each job keeps the dates of its own plan.

`parts_of` makes the project of each plan in slots that all of them share, `joined` puts these together. Hosts that several
plans work on are kept apart by `projects_turns`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from runbook_engine.calendars.weekly import DaysOff
from runbook_engine.model.estate import Estate
from runbook_engine.model.jobs import Crew, Job, Link, LinkKind, Placed, Project, Solution, Spans, Supply, Worker
from runbook_engine.model.plan import Plan
from runbook_engine.model.schedule import Schedule
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PersonId
from runbook_engine.model.world import Pool
from runbook_engine.scheduling.projects import lags_of, project_of
from runbook_engine.scheduling.projects_calendar import clock_of, is_abstract
from runbook_engine.scheduling.projects_clock import slot_before
from runbook_engine.scheduling.projects_known import Known
from runbook_engine.scheduling.projects_pieces import pieces_of
from runbook_engine.scheduling.projects_pools import pooled
from runbook_engine.scheduling.projects_terms import Frame, Terms
from runbook_engine.scheduling.projects_times import slot_of

_AFTER_END = {LinkKind.FINISH_START, LinkKind.FINISH_FINISH}  # what is over before another is, or before it begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A plan that is to be scheduled with others: from when on, and by which terms."""

    plan: Plan
    at: datetime
    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The project of several plans, and which of its jobs are whose."""

    project: Project
    parts: tuple[Project, ...]  # of each plan, in the same slots
    first: tuple[int, ...]  # the number that the first job of each has here; what comes after the last are gates: their ends

    def shares(self, solution: Solution) -> tuple[tuple[Placed, ...], ...]:
        """What a solution says of the jobs of each plan, with its people as they are numbered there."""
        return tuple(self._share(at, part, solution) for at, part in zip(self.first, self.parts, strict=True))

    def _share(self, first: int, part: Project, solution: Solution) -> tuple[Placed, ...]:
        there = {worker.id: number for number, worker in enumerate(part.workers)}
        numbers = [there.get(worker.id, -1) for worker in self.project.workers]
        placed = solution.placed[first : first + len(part.jobs)]
        return tuple(replace(each, people=tuple(numbers[person] for person in each.people)) for each in placed)


def name_of(runbook: str, job: str) -> str:
    """The id that a job of a runbook has in a project of several."""
    return f"{runbook}/{job}"


def parts_of(asked: Sequence[Asked], estate: Estate, days_off: DaysOff, known: Known | None = None) -> tuple[Project, ...]:
    """The project of each plan in slots that all share; nothing of it may start before its own time.

    Limits of a day are counted by the days of the first plan's zone. Rules of capacity are left out: `joined` adds them.
    Raises ValueError as `project_of` does.
    """
    known = known or Known()
    frame, begins = _frame(asked, estate, known)
    found: list[Project] = []
    for each, begin in zip(asked, begins, strict=True):
        terms = replace(each.terms, frame=frame, pools=())
        made = project_of(each.plan, estate, days_off, each.at, terms, known)
        jobs = tuple(replace(job, release=max(job.release, begin)) if job.package else job for job in made.jobs)
        like = found[0] if found else made
        found.append(replace(made, jobs=jobs, days=like.days, weeks=like.weeks))
    return tuple(found)


def around(asked: Asked, part: Project, others: Sequence[Schedule], estate: Estate, days_off: DaysOff) -> Project:
    """The project of a plan in the same slots, in which what the others do is booked; nothing is pinned in it."""
    frame = Frame(origin=part.origin, slot_s=part.slot_s, horizon=part.horizon)
    terms = replace(asked.terms, frame=frame, booked=(*asked.terms.booked, *others))
    made = project_of(asked.plan, estate, days_off, asked.at, terms)
    jobs = tuple(replace(job, release=was.release) for job, was in zip(made.jobs, part.jobs, strict=True))
    there = {supply.name: supply for supply in part.resources if supply.used_up}
    things = (_less(there[thing.name], part, others) if thing.name in there else thing for thing in made.resources)
    return replace(made, jobs=jobs, resources=tuple(things), days=part.days, weeks=part.weeks)


def _less(parts: Supply, project: Project, others: Sequence[Schedule]) -> Supply:
    """Parts of which the others take some, each at its time."""
    taking = ((booking.start, booking.uses.get(parts.name, 0)) for other in others for booking in other.bookings)
    taken = ((slot_before(project.origin, project.slot_s, at), amount) for at, amount in taking if amount)
    return replace(parts, taken=(*parts.taken, *sorted((slot, slot, amount) for slot, amount in taken)))


def _frame(asked: Sequence[Asked], estate: Estate, known: Known) -> tuple[Frame, list[int]]:
    """The slots for some plans, and in which of them each begins."""
    abstract = all(is_abstract(each.plan, estate) and not each.terms.booked for each in asked)
    works = [piece.work_s for each in asked for piece in pieces_of(each.plan, estate, each.terms, known)]
    slot_s = slot_of([*works, *(lag for each in asked for lag in lags_of(each.plan))], exact=abstract)
    if abstract:
        return Frame(origin=None, slot_s=slot_s, horizon=0), [0] * len(asked)
    clocks = [clock_of(each.plan, estate, each.at, slot_s, sum(works)) for each in asked]
    origin, end = min(clock.origin for clock in clocks), max(clock.end for clock in clocks)
    horizon = slot_before(origin, slot_s, end)
    return Frame(origin=origin, slot_s=slot_s, horizon=horizon), [slot_before(origin, slot_s, c.origin) for c in clocks]


def joined(plans: Sequence[Plan], parts: Sequence[Project], pools: Sequence[Pool], shared: Collection[str]) -> Joined:
    """One project of all jobs of some plans. `shared` are the names of things that they have in common.

    People are known by their ids. What else a part has (how many hosts its engine works on) is its own. Rules of capacity
    hold for all plans together.
    """
    workers = {worker.id: worker for part in reversed(parts) for worker in part.workers}
    ordered = {worker.id: workers[worker.id] for part in parts for worker in part.workers}
    things, calendars = _Things(shared), dict[Spans, int]()
    jobs, first, out = list[Job](), list[int](), list[bool]()
    for plan, part in zip(plans, parts, strict=True):
        first.append(len(jobs))
        move = _Move(plan, part, len(jobs), ordered, things.added(part.resources), calendars)
        jobs += map(move.job, part.jobs)
        out += (job.package in plan.packages and plan.packages[job.package].takes_out for job in part.jobs)
    jobs, hosts, apart = pooled(jobs, out, pools, len(things.found))
    jobs += [_end(plan, part, at) for plan, part, at in zip(plans, parts, first, strict=True)]
    whole = replace(
        parts[0],
        jobs=tuple(jobs),
        resources=(*things.found, *hosts),
        workers=tuple(ordered.values()),
        calendars=tuple(calendars),
        apart=apart,
    )
    return Joined(project=whole, parts=tuple(parts), first=tuple(first))


def _end(plan: Plan, part: Project, first: int) -> Job:
    """The end of a plan, as a job that waits for all of its jobs: a search looks at the ends of what nothing waits for."""
    passed = {link.before for job in part.jobs for link in job.links if link.kind in _AFTER_END and link.lag >= 0}
    links = tuple(Link(before=first + number) for number in range(len(part.jobs)) if number not in passed)
    return Job(id=f"end of {plan.runbook}", duration=0, links=links, title=f"the end of {plan.runbook}")


class _Things:
    """The things of several projects, each that is shared once."""

    def __init__(self, shared: Collection[str]) -> None:
        self.found: list[Supply] = []
        self._shared, self._known = shared, dict[str, int]()

    def added(self, supplies: Sequence[Supply]) -> tuple[int, ...]:
        """The numbers that the things of a project have here."""
        return tuple(map(self._number, supplies))

    def _number(self, supply: Supply) -> int:
        if supply.name in self._shared and supply.name in self._known:
            number = self._known[supply.name]
            self.found[number] = _both(self.found[number], supply)
            return number
        self._known[supply.name] = len(self.found)
        self.found.append(supply)
        return len(self.found) - 1


def _both(one: Supply, other: Supply) -> Supply:
    """The same thing as two plans see it: a day on which parts come begins for each in its own zone, and the later counts."""
    pairs = zip(one.arrives, other.arrives, strict=True)
    return replace(one, arrives=tuple((max(a[0], b[0]), a[1]) for a, b in pairs))


class _Move:
    """Makes jobs of a plan to jobs of the whole."""

    def __init__(
        self,
        plan: Plan,
        part: Project,
        first: int,
        workers: Mapping[PersonId, Worker],
        things: Sequence[int],
        calendars: dict[Spans, int],
    ) -> None:
        numbers = {person: number for number, person in enumerate(workers)}
        self._people = [numbers[worker.id] for worker in part.workers]
        self._calendars = [calendars.setdefault(spans, len(calendars)) for spans in part.calendars]
        self._runbook, self._first, self._things = plan.runbook, first, things

    def job(self, job: Job) -> Job:
        """A job with the numbers of the whole, and the name of its runbook."""
        return replace(
            job,
            id=name_of(self._runbook, job.id),
            title=f"{job.title or job.id} of {self._runbook}",
            links=tuple(replace(link, before=link.before + self._first) for link in job.links),
            uses=tuple((self._things[thing], amount) for thing, amount in job.uses),
            crews=tuple(map(self._crew, job.crews)),
            calendar=None if job.calendar is None else self._calendars[job.calendar],
            same_people_as=tuple(other + self._first for other in job.same_people_as),
            other_people_than=tuple(other + self._first for other in job.other_people_than),
            people=None if job.people is None else tuple(self._people[person] for person in job.people),
        )

    def _crew(self, crew: Crew) -> Crew:
        until = tuple((self._people[person], slot) for person, slot in crew.until)
        return replace(crew, people=tuple(self._people[person] for person in crew.people), until=until)
