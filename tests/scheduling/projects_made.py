"""Small random projects, and schedules of them that are right by a plain count of slots: an oracle beside the checker."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations, product
from random import Random
from typing import Any

from runbook_engine.model.jobs import Apart, Crew, Job, Link, LinkKind, Placed, Project, Solution, Spans, Supply, Worker
from runbook_engine.model.words import PackageId, PersonId

DAY, HORIZON = 24, 24 * 30
OFFICE = tuple((24 * day + 8, 24 * day + 17) for day in range(30) if day % 7 < 5)
NIGHT = tuple((24 * day + 20, 24 * day + 28) for day in range(29))


def job(name: str, duration: int, *links: Link | int, **more: Any) -> Job:
    """A job that follows others."""
    made = tuple(link if isinstance(link, Link) else Link(before=link) for link in links)
    return Job(id=name, duration=duration, links=made, package=PackageId(name), **more)


def worker(name: str, free: Spans | None = None, **more: Any) -> Worker:
    """Somebody."""
    return Worker(id=PersonId(name), free=free, **more)


def project(*jobs: Job, **more: Any) -> Project:
    """A project in hours, of thirty days."""
    days = {
        "horizon": HORIZON,
        "slot_s": 3600,
        "days": tuple(range(0, HORIZON, DAY)),
        "weeks": tuple(range(0, HORIZON, 7 * DAY)),
    }
    return Project(jobs=jobs, **{**days, **more})


def solved(placed: Iterable[Placed]) -> Solution:
    """A solution that promises nothing."""
    made = tuple(placed)
    return Solution(placed=made, finish=max((p.finish for p in made), default=0), bound=0)


def plain_project(seed: int, count: int) -> Project:
    """Jobs that wait for each other by links of finish and start alone, as many libraries know them."""
    chance = Random(seed)
    made = []
    for number in range(count):
        before = chance.sample(range(number), min(number, chance.randint(0, 3)))
        made.append(job(f"j{number}", chance.randint(1, 9), *(Link(before=b, lag=chance.choice((0, 0, 2))) for b in before)))
    return Project(jobs=tuple(made))


def mixed_project(seed: int, count: int = 12) -> Project:
    """Jobs with all kinds of links, calendars, pauses, people with hours, a tool, parts, and jobs to keep apart."""
    chance = Random(seed)
    people = (
        worker("ana", OFFICE, day_most=6),
        worker("ben", OFFICE, rest=12),
        worker("eva", None, week_most=30),
        worker("tom", NIGHT),
    )
    jobs = [_mixed_job(chance, number) for number in range(count)]
    pinned = chance.randrange(count)
    jobs[pinned] = replace(jobs[pinned], release=chance.randint(0, 30))
    lift = Supply(name="lift", amount=2, taken=((30, 40, 1),))
    disk = Supply(name="disk", amount=2, used_up=True, arrives=((50, 20),))
    return project(
        *jobs,
        workers=people,
        calendars=(OFFICE, NIGHT),
        resources=(lift, disk),
        apart=(Apart(jobs=frozenset(range(0, count, 3)), most=1, words="web servers"),),
    )


def _mixed_job(chance: Random, number: int) -> Job:
    before = chance.sample(range(number), min(number, chance.randint(0, 2)))
    kinds = [*LinkKind]
    links = [Link(before=b, kind=chance.choice(kinds), lag=chance.choice((-1, 0, 0, 3))) for b in before]
    crews = chance.choice(((), (Crew(people=(0, 1, 2)),), (Crew(people=(2, 3)),), (Crew(people=(0, 1)), Crew(people=(1, 2)))))
    uses = chance.choice(((), ((0, 1),), ((0, 2),), ((1, 1),), ((0, 1), (1, 1))))
    more: dict[str, Any] = {"crews": crews, "uses": uses, "pausable": chance.random() < 0.3}
    if crews == () or chance.random() < 0.2:
        more["calendar"] = chance.choice((None, 0, 1))
    return job(f"j{number}", chance.choice((0, 1, 2, 3, 5)), *links, **more)


class Placer:
    """Places job after job at the first slot that a count of slots allows. Slow and plain, and not what is checked."""

    def __init__(self, made: Project) -> None:
        self.project, self.placed = made, list[Placed]()
        self.busy: set[tuple[int, int]] = set()  # person and slot
        self.held = [[0] * (made.horizon + 1) for _ in made.resources]
        self.apart = [[0] * (made.horizon + 1) for _ in made.apart]

    def solution(self) -> Solution | None:
        """A schedule; None where this simple way finds none."""
        for number, each in enumerate(self.project.jobs):
            found = self._first(number, each)
            if found is None:
                return None
            self._take(number, each, found)
        return solved(self.placed)

    def _first(self, number: int, each: Job) -> Placed | None:
        for start in range(each.release, self.project.horizon):
            for people in self._crews(each):
                placed = self._at(each, start, people)
                if placed and self._linked(each, placed) and self._there(number, each, placed):
                    return placed
        return None

    def _crews(self, each: Job) -> Iterable[tuple[int, ...]]:
        for chosen in product(*(combinations(crew.people, crew.count) for crew in each.crews)):
            flat = tuple(p for part in chosen for p in part)
            if len(set(flat)) == len(flat):
                yield flat

    def _open(self, each: Job, people: tuple[int, ...], slot: int) -> bool:
        spans = [self.project.workers[p].free for p in people]
        spans += [] if each.calendar is None else [self.project.calendars[each.calendar]]
        return all(s is None or any(a <= slot < b for a, b in s) for s in spans)

    def _at(self, each: Job, start: int, people: tuple[int, ...]) -> Placed | None:
        slots = [start] if each.duration else []
        if each.duration and not self._open(each, people, start):
            return None
        while len(slots) < each.duration:
            after = slots[-1] + 1
            while each.pausable and after < self.project.horizon and not self._open(each, people, after):
                after += 1
            if after >= self.project.horizon or not self._open(each, people, after):
                return None
            slots.append(after)
        finish = slots[-1] + 1 if slots else start
        return Placed(start=start, finish=finish, people=people, spells=_spells(slots))

    def _linked(self, each: Job, here: Placed) -> bool:
        for link in each.links:
            there = self.placed[link.before]
            end = there.finish if link.kind in ("finish-start", "finish-finish") else there.start
            own = here.start if link.kind in ("finish-start", "start-start") else here.finish
            if own < end + link.lag:
                return False
        return True

    def _there(self, number: int, each: Job, here: Placed) -> bool:
        slots = [s for a, b in here.spells for s in range(a, b)]
        if any((p, s) in self.busy for p in here.people for s in slots):
            return False
        if not all(self._rested(p, slots) for p in here.people):
            return False
        for resource, amount in each.uses:
            supply = self.project.resources[resource]
            if supply.used_up:
                there = supply.amount + sum(a for slot, a in supply.arrives if slot <= here.start)
                if max(self.held[resource]) + amount > there:
                    return False
            elif any(self._tools(resource, s) + amount > supply.amount for s in range(here.start, here.finish)):
                return False
        rules = [n for n, rule in enumerate(self.project.apart) if number in rule.jobs]
        return not any(self.apart[n][s] for n in rules for s in range(here.start, here.finish))

    def _tools(self, resource: int, slot: int) -> int:
        taken = sum(a for b, e, a in self.project.resources[resource].taken if b <= slot < e)
        return self.held[resource][slot] + taken

    def _rested(self, person: int, slots: list[int]) -> bool:
        """The limits of days and weeks; hours in an office leave rest enough."""
        who = self.project.workers[person]
        every = sorted({s for p, s in self.busy if p == person} | set(slots))
        by_day = [sum(1 for s in every if s // DAY == day) for day in {s // DAY for s in every}]
        by_week = [sum(1 for s in every if s // (7 * DAY) == week) for week in {s // (7 * DAY) for s in every}]
        if who.day_most is not None and max(by_day, default=0) > who.day_most:
            return False
        return who.week_most is None or max(by_week, default=0) <= who.week_most

    def _take(self, number: int, each: Job, here: Placed) -> None:
        self.placed.append(here)
        self.busy.update((p, s) for a, b in here.spells for s in range(a, b) for p in here.people)
        for resource, amount in each.uses:
            last = self.project.horizon + 1 if self.project.resources[resource].used_up else here.finish
            for slot in range(here.start, last):
                self.held[resource][slot] += amount
        for n, rule in enumerate(self.project.apart):
            for slot in range(here.start, here.finish) if number in rule.jobs else ():
                self.apart[n][slot] += 1


def _spells(slots: list[int]) -> Spans:
    made: list[tuple[int, int]] = []
    for slot in slots:
        if made and made[-1][1] == slot:
            made[-1] = (made[-1][0], slot + 1)
        else:
            made.append((slot, slot + 1))
    return tuple(made)
