"""The puzzle of a project with people, for a proof: every schedule of the project solves it.

The other way round not every solution is a schedule. What is not asked for here: rest, travel, limits where work crosses
midnight, and when people are held by work that pauses while others are free. So what no solution of the puzzle beats, no
schedule beats; and a solution is a schedule only if the checker says so.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from runbook_engine.model.jobs import Crew, Job, Project, Spans, Supply
from runbook_engine.scheduling.checker_pauses import as_one, limits_of, worked
from runbook_engine.scheduling.checker_things import is_fact
from runbook_engine.scheduling.crew_groups import grouped
from runbook_engine.scheduling.crew_puzzle import Limit, Piece, Pieces, Puzzle, Thing, Way
from runbook_engine.scheduling.listing_case import KINDS
from runbook_engine.scheduling.spans import common, merged, minus


def puzzle(project: Project, ends: int) -> Puzzle:
    """The puzzle of a project that is over by a slot."""
    return _Making(project, ends).puzzle()


class _Making:
    """What is known while a puzzle is made."""

    def __init__(self, project: Project, ends: int) -> None:
        self.project, self.ends = project, ends
        self.facts = [fixed(project, job) if is_fact(job) else () for job in project.jobs]
        self.busy: dict[int, list[tuple[int, int]]] = defaultdict(list)  # what people do in any case
        for job, spells in zip(project.jobs, self.facts, strict=True):
            for person in job.people or () if is_fact(job) else ():
                self.busy[person] += spells or ()
        for person, worker in enumerate(project.workers):
            self.busy[person] += [(begin, end) for begin, end, _ in worker.elsewhere]
        self.free = [self._free(person) for person in range(len(project.workers))]
        self.limits = [limits for person in range(len(project.workers)) for limits in self._limits(person)]
        self.members = grouped(project, self.free, {person for person, _, _ in self.limits})
        self.group = {person: number for number, people in enumerate(self.members) for person in people}

    def _free(self, person: int) -> Spans:
        free = self.project.workers[person].free
        return minus(((0, self.ends),) if free is None else free, merged(sorted(self.busy[person])))

    def _limits(self, person: int) -> Iterator[tuple[int, Sequence[int], int]]:
        """The limits of somebody whom they could hold back."""
        worker, project = self.project.workers[person], self.project
        for begins, most in ((project.days, worker.day_most), (project.weeks, worker.week_most)):
            if begins and most is not None and self._could_exceed(person, begins, most):
                yield person, begins, most

    def _could_exceed(self, person: int, begins: Sequence[int], most: int) -> bool:
        hours = merged(sorted((*self.free[person], *self.busy[person])))
        return max(loads(begins, hours).values(), default=0) > most

    def puzzle(self) -> Puzzle:
        jobs = self.project.jobs
        links = [(k, x.before, KINDS.index(x.kind), x.lag, x.most) for k, job in enumerate(jobs) for x in job.links]
        limits = (self._limit(*limit) for limit in self.limits)
        return Puzzle(
            ends=self.ends,
            jobs=[self._piece(number, job) for number, job in enumerate(jobs)],
            links=[link for link in links if not (is_fact(jobs[link[0]]) and is_fact(jobs[link[1]]))],
            groups=[(len(people), list(minus(((0, self.ends),), self.free[people[0]]))) for people in self.members],
            members=self.members,
            things=[thing for each in (self._supplies(), self._apart()) for thing in each],
            limits=list(limits),
            same=[(k, other) for k, job in enumerate(jobs) for other in job.same_people_as if self._tied(k, other)],
            other=[(k, other) for k, job in enumerate(jobs) for other in job.other_people_than if self._tied(k, other)],
        )

    def _tied(self, *jobs: int) -> bool:
        rows = [self.project.jobs[job] for job in jobs]
        return not all(map(is_fact, rows)) and all(row.crews or row.people for row in rows)

    def _piece(self, number: int, job: Job) -> Piece:
        if is_fact(job):
            return self._fact(number, job)
        until = min(at for at in (self.ends, job.deadline, self.project.horizon or None) if at is not None)
        crews = [Crew(people=(p,)) for p in job.people] if job.people is not None else job.crews
        opening = self._within(job, () if job.calendar is None else (self.project.calendars[job.calendar],))
        return Piece(
            duration=job.duration,
            pieces=opening,
            until=until,
            exact=not job.pausable or not crews,
            paused=job.pausable and job.duration > 0,
            fact=False,
            crews=[(crew.count, self._ways(job, crew, sum(each.count for each in crews))) for crew in crews],
            people=[],
        )

    def _within(self, job: Job, times: Sequence[Spans]) -> Pieces:
        """When a job can start and how it pauses then, if it is done in some spans."""
        open_: Spans = ((0, self.ends),)
        for spans in times if job.duration else ():
            open_ = tuple(common(open_, spans))
        first, last = max(0, job.release), self.ends
        if job.start is not None:
            first, last = max(first, job.start), job.start
        found = _paused(merged(open_), job.duration) if job.pausable and job.duration else _whole(open_, job.duration)
        return [(max(a, first), min(b, last), pause) for a, b, pause in found if max(a, first) <= min(b, last)]

    def _ways(self, job: Job, crew: Crew, seats: int) -> list[Way]:
        until: dict[int, int] = {}
        for person, slot in crew.until:
            until[person] = min(slot, until.get(person, slot))
        calendar = None if job.calendar is None else self.project.calendars[job.calendar]
        one_each = {self.group[p]: p for p in crew.people}
        ways = [self._way(job, group, p, until.get(p, self.ends), calendar, seats) for group, p in sorted(one_each.items())]
        return [way for way in ways if way.pieces]  # who is never there is not asked: fewer people are one pool for more jobs

    def _way(self, job: Job, group: int, person: int, until: int, calendar: Spans | None, seats: int) -> Way:
        free = self.free[person]
        if job.pausable:  # what else somebody does is not asked for: work pauses by `Worker.free` alone
            hours = self.project.workers[person].free
            free = ((0, self.ends),) if hours is None else hours
        simple = job.pausable and seats == 1 and not limits_of(self.project, (person,), job.site)
        return Way(
            group=group,
            until=until,
            pieces=self._within(job, (free,) if calendar is None else (free, calendar)),
            holds=job.duration > 0 and (not job.pausable or (simple and calendar is None and not self.busy[person])),
            exact=not job.pausable or simple,
        )

    def _fact(self, number: int, job: Job) -> Piece:
        spells, start = self.facts[number], job.start or 0
        pause = spells[-1][1] - start - job.duration if spells else 0
        people: dict[int, int] = defaultdict(int)
        for person in job.people or ():
            people[self.group[person]] += 1
        return Piece(
            duration=job.duration,
            pieces=[(start, start, pause)],
            until=max(self.ends, start + job.duration + pause),
            exact=spells is not None,
            paused=spells is None,
            fact=True,
            crews=[],
            people=sorted(people.items()),
        )

    def _limit(self, person: int, begins: Sequence[int], most: int) -> Limit:
        worked = loads(begins, merged(sorted(self.busy[person])))
        fixed = sorted((part, min(slots, most)) for part, slots in worked.items() if slots)
        return Limit(group=self.group[person], most=most, begins=list(begins), fixed=fixed)

    def _supplies(self) -> Iterator[Thing]:
        for number, supply in enumerate(self.project.resources):
            users = [(k, amount) for k, job in enumerate(self.project.jobs) for each, amount in job.uses if each == number]
            free = [(k, amount) for k, amount in users if amount > 0 and not is_fact(self.project.jobs[k])]
            taken = [(self.project.jobs[k].start or 0, self._end(k), amount) for k, amount in users if (k, amount) not in free]
            if free:
                yield from self._parts(supply, free, taken) if supply.used_up else self._tools(supply, free, taken)

    def _end(self, fact: int) -> int:
        job, spells = self.project.jobs[fact], self.facts[fact]
        return spells[-1][1] if spells else (job.start or 0) + job.duration

    def _tools(self, supply: Supply, free: list[tuple[int, int]], taken: list[tuple[int, int, int]]) -> Iterator[Thing]:
        yield Thing(amount=supply.amount, used_up=False, fixed=_capped((*supply.taken, *taken), supply.amount), users=free)

    def _parts(self, supply: Supply, free: list[tuple[int, int]], taken: list[tuple[int, int, int]]) -> Iterator[Thing]:
        """Parts: what is not there yet is taken until it comes. Left out where facts alone take more than there is."""
        gone = [(max(0, begin), self.ends + 1, amount) for begin, _, amount in (*supply.taken, *taken)]
        absent = [(0, slot, amount) for slot, amount in supply.arrives if slot > 0]
        amount = supply.amount + sum(amount for _, amount in supply.arrives)
        fixed = _capped((*gone, *absent), 1 << 40)
        if all(held <= amount for _, _, held in fixed):
            yield Thing(amount=amount, used_up=True, fixed=fixed, users=free)

    def _apart(self) -> Iterator[Thing]:
        for rule in self.project.apart:
            facts = [k for k in sorted(rule.jobs) if is_fact(self.project.jobs[k])]
            fixed = _capped([(self.project.jobs[k].start or 0, self._end(k), 1) for k in facts], rule.most)
            users = [(k, 1) for k in sorted(rule.jobs) if k not in facts]
            yield Thing(amount=rule.most, used_up=False, fixed=fixed, users=users)


def fixed(project: Project, job: Job) -> Spans | None:
    """When a fact is worked on; None if that depends on what else its people do."""
    start = job.start or 0
    whole = ((start, start + job.duration),) if job.duration else ()
    if not job.pausable or not job.duration:
        return whole
    people = job.people or ()
    if limits_of(project, people, job.site):
        return None
    times = [spans for p in people if (spans := project.workers[p].free) is not None]
    times += [] if job.calendar is None else [project.calendars[job.calendar]]
    return as_one(worked(times, start, job.duration)) or whole


def loads(begins: Sequence[int], spans: Iterable[tuple[int, int]]) -> dict[int, int]:
    """How many slots of some spans lie in each part of a calendar."""
    found: dict[int, int] = defaultdict(int)
    for opened, end in spans:
        begin = max(opened, begins[0])
        while begin < end:
            part = bisect_right(begins, begin)
            until = min(end, begins[part]) if part < len(begins) else end
            found[max(0, part - 1)] += until - begin
            begin = until
    return found


def _whole(spans: Iterable[tuple[int, int]], duration: int) -> Pieces:
    return [(begin, end - duration, 0) for begin, end in spans if end - duration >= begin]


def _paused(spans: Spans, duration: int) -> Pieces:
    """By where it starts, how long work pauses that goes on in these spans only."""
    found: Pieces = []
    for k, (begin, end) in enumerate(spans):
        done, first = 0, begin  # slots of later spans that are worked in; the first start that needs more of them
        for opened, closed in ((end, end), *spans[k + 1 :]):
            pause = opened - end - done
            done += closed - opened
            last = min(end - 1, end - duration + done)
            if first <= last:
                found.append((first, last, pause))
                first = last + 1
            if first >= end:
                break
    return found


def _capped(taken: Iterable[tuple[int, int, int]], most: int) -> list[tuple[int, int, int]]:
    """What is taken over time, no more than so much of it."""
    change: dict[int, int] = defaultdict(int)
    for begin, end, amount in taken:
        if begin < end:
            change[begin] += amount
            change[end] -= amount
    found, held, slots = [], 0, sorted(change)
    for slot, after in pairwise(slots):
        held += change[slot]
        if held > 0:
            found.append((slot, after, min(held, most)))
    return found
