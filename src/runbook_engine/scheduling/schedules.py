"""Solution → schedule: moments instead of slots, names instead of numbers, and for each booking why it is when it is."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from runbook_engine.model.estate import Estate
from runbook_engine.model.jobs import Aim, Effort, Job, Placed, Project, Solution
from runbook_engine.model.plan import Plan
from runbook_engine.model.schedule import Booking, Schedule
from runbook_engine.model.times import Span
from runbook_engine.scheduling.critical_chain import Held, Standing, standings
from runbook_engine.scheduling.projects_calendar import zone_of
from runbook_engine.scheduling.projects_clock import Clock, of_project


def schedule_of(
    plan: Plan,
    estate: Estate,
    project: Project,
    solution: Solution,
    made: datetime,
    *,
    aim: Aim = Aim.FINISH,
    effort: Effort | None = None,
    estimates: Mapping[str, str] | None = None,
) -> Schedule:
    """The schedule of a plan that a solution of its project stands for. `made`: when, and aware.

    `estimates` says where the duration of a package comes from (`projects_times.estimate_words`). Gates, which only stand
    for many links, are no bookings.
    """
    making = _Making(plan, estate, project, solution, estimates or {})
    start = min((p.start for j, p in zip(project.jobs, solution.placed, strict=True) if j.package), default=0)
    return Schedule(
        plan=plan.digest,
        runbook=plan.runbook,
        title=plan.title,
        made=made,
        bookings=making.bookings(),
        start=of_project(project, 0 if project.origin is None else start),
        finish=of_project(project, solution.finish),
        bound=of_project(project, solution.bound),
        optimal=solution.optimal,
        aim=str(aim),
        how=solution.how,
        seed=(effort or Effort()).seed,
        slot_s=project.slot_s,
        abstract=project.origin is None,
        deadline=deadline_of(plan, estate, project),
        cost=cost_of(project, solution),
    )


def deadline_of(plan: Plan, estate: Estate, project: Project) -> datetime | None:
    """The moment by which a plan has to be over, or is wished to be."""
    if plan.deadline is None or project.origin is None:
        return None
    clock = Clock(origin=project.origin, slot_s=project.slot_s, horizon=project.horizon, zone=zone_of(plan, estate))
    return clock.ends(plan.deadline)


def cost_of(project: Project, solution: Solution) -> str:
    """What the hours of people cost, such as '1234.50 EUR'; empty where nobody has a rate."""
    if not any(worker.rate for worker in project.workers):
        return ""
    total = sum(
        hours_cost(project, person, begin, end)
        for placed in solution.placed
        for person in placed.people
        for begin, end in placed.spells or ((placed.start, placed.finish),)
    )
    return f"{total:.2f} {project.currency}".strip()


def hours_cost(project: Project, person: int, begin: int, end: int) -> float:
    """What the work of a person from one slot up to another costs."""
    worker = project.workers[person]
    more = sum(max(0, min(end, until) - max(begin, since)) * (factor - 1) for since, until, factor in worker.dear)
    return (end - begin + more) * project.slot_s / 3600 * worker.rate


class _Making:
    """Makes the bookings of one schedule."""

    def __init__(self, plan: Plan, estate: Estate, project: Project, solution: Solution, estimates: Mapping[str, str]) -> None:
        self._plan, self._estate = plan, estate
        self._project, self._solution, self._estimates = project, solution, estimates
        self._standings = standings(project, solution)
        self._zone = zone_of(plan, estate)

    def bookings(self) -> tuple[Booking, ...]:
        """One for each job that is work."""
        return tuple(self._booking(number, job) for number, job in enumerate(self._project.jobs) if job.package)

    def _booking(self, number: int, job: Job) -> Booking:
        placed, stand, slot_s = self._solution.placed[number], self._standings[number], self._project.slot_s
        return Booking(
            id=job.id,
            package=job.package,
            phase=job.phase,
            title=job.title,
            start=self._at(placed.start),
            finish=self._at(placed.finish),
            hosts=job.hosts,
            people=tuple(self._project.workers[p].id for p in placed.people),
            spells=self._spells(placed),
            uses=self._uses(job),
            site=self._project.sites[job.site] if job.site is not None else "",
            window=job.window,
            needs=tuple(dict.fromkeys(self._needs(job, ()))),
            slack_s=stand.slack * slot_s,
            free_slack_s=stand.free_slack * slot_s,
            chain=stand.chain,
            drag_s=stand.drag * slot_s,
            why=self._why(number, job, stand),
            milestone=self._plan.packages[job.package].milestone,
            estimate=self._estimates.get(job.package, ""),
        )

    def _at(self, slot: int) -> datetime:
        return of_project(self._project, slot)

    def _spells(self, placed: Placed) -> tuple[Span, ...]:
        return tuple(Span(self._at(a), self._at(b)) for a, b in placed.spells) if len(placed.spells) > 1 else ()

    def _uses(self, job: Job) -> dict[str, int]:
        """What it has of the resources of the inventory; supplies that stand for a rule of capacity are none."""
        known = ((self._project.resources[number].name, amount) for number, amount in job.uses)
        return {name: amount for name, amount in known if name in self._estate.resources}

    def _needs(self, job: Job, seen: Sequence[int]) -> list[str]:
        """The bookings that a job waits for; in place of a gate, those that the gate waits for."""
        found: list[str] = []
        for link in job.links:
            other = self._project.jobs[link.before]
            if other.package:
                found.append(other.id)
            elif link.before not in seen:
                found += self._needs(other, (*seen, link.before))
        return found

    def _why(self, number: int, job: Job, stand: Standing) -> str:
        """What it waits for last, in words."""
        said = [self._held(job, stand), self._opening(number, job) if stand.opens or stand.held is Held.CALENDAR else ""]
        fixed = "its time is fixed" if job.start is not None else "nothing"
        return ", and ".join(word for word in said if word) or self._way(number, job) or fixed

    def _way(self, number: int, job: Job) -> str:
        """Who comes from elsewhere, where nothing else says why it is not earlier."""
        for person in self._solution.placed[number].people:
            if words := self._comes(person, self._project.workers[person].site, job):
                return words
        return ""

    def _comes(self, person: int, home: int | None, job: Job) -> str:
        if home is None or job.site is None or not self._project.travel.get((home, job.site), 0):
            return ""
        return f"{self._person(person)} comes from {self._project.sites[home]}"

    def _held(self, job: Job, stand: Standing) -> str:
        match stand.held:
            case Held.WORK if stand.before is not None:
                return f"after {self._named(stand.before)}"
            case Held.PERSON:
                last = None if stand.before is None else self._project.jobs[stand.before].site
                return self._comes(stand.name, last, job) or f"{self._person(stand.name)} is free"
            case Held.THING if stand.name >= 0:
                return f"{self._project.resources[stand.name].name} is free"
            case Held.THING if stand.before is not None:
                return f"{self._named(stand.before)} is back in service"
            case Held.PARTS:
                return f"{self._project.resources[stand.name].name} comes"
            case Held.RELEASE:
                local = self._at(job.release).astimezone(self._zone)
                return f"may not begin before {local:%a} {local.day} {local:%b %H:%M}"
            case _:
                return ""

    def _named(self, number: int) -> str:
        """A job, or for a gate the last one that it waits for."""
        seen = set[int]()
        while not self._project.jobs[number].package and number not in seen:
            seen.add(number)
            before = self._standings[number].before
            number = number if before is None else before
        return self._project.jobs[number].id

    def _opening(self, number: int, job: Job) -> str:
        """Whose hours begin then: those of the window, else of the one who comes to work."""
        start = self._solution.placed[number].start
        if job.calendar is not None and any(begin == start for begin, _ in self._project.calendars[job.calendar]):
            return f"window {job.window} opens" if job.window else "a freeze ends"
        for person in self._solution.placed[number].people:
            if any(begin == start for begin, _ in self._project.workers[person].free or ()):
                return f"{self._person(person)} is at work"
        return "it fits in there" if job.duration else ""

    def _person(self, number: int) -> str:
        person = self._project.workers[number].id
        known = self._estate.people.get(person)
        return known.name if known and known.name else str(person)
