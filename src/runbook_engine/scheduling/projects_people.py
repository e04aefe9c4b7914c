"""Who can do what, and when they are free: people of the inventory → workers, `who` → crews."""

from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from zoneinfo import ZoneInfo

from runbook_engine.calendars import first_moment, freeze_spans
from runbook_engine.calendars.local_time import shown
from runbook_engine.calendars.weekly import DaysOff
from runbook_engine.model.estate import Estate, Extra, Freeze, Leave, Person
from runbook_engine.model.jobs import Crew, Spans, Worker
from runbook_engine.model.plan import Package
from runbook_engine.model.runbook import Who
from runbook_engine.model.schedule import Schedule
from runbook_engine.model.times import Span
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PersonId
from runbook_engine.scheduling.projects_clock import Clock
from runbook_engine.scheduling.projects_known import Known
from runbook_engine.scheduling.projects_rates import Hours
from runbook_engine.scheduling.resting import work_of
from runbook_engine.scheduling.spans import joined, minus

_HEAD = "head-of-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """The crews of a package at a site, and the slot by which it has to be over while enough have the certificate."""

    crews: tuple[Crew, ...]
    until: int | None = None


class Staff:
    """The people of an estate as workers, numbered in its order; only those who can do anything are asked for."""

    def __init__(
        self,
        estate: Estate,
        clock: Clock,
        days_off: DaysOff,
        booked: Sequence[Schedule],
        sites: Sequence[str],
        known: Known | None = None,
    ) -> None:
        self._estate, self._clock, self._days_off = estate, clock, days_off
        self._sites = {site: number for number, site in enumerate(sites)}
        self._known: dict[tuple[tuple[Who, ...], str], Needed] = {}
        self._numbers: dict[PersonId, int] = {}
        self._hours = Hours(estate, clock, days_off, known or Known())
        self._booked = work_of(booked)

    def crews(self, package: Package, site: str) -> Needed:
        """The crews of a package."""
        key = (package.who, site)
        if key not in self._known:
            found = [self._crew(who, site) for who in package.who]
            until = min((until for _, until in found if until is not None), default=None)
            self._known[key] = Needed(crews=tuple(crew for crew, _ in found), until=until)
        return self._known[key]

    def _crew(self, who: Who, site: str) -> tuple[Crew, int | None]:
        """A crew, and the slot after which fewer have the certificate than it needs; None: nothing is known after that.

        Who has it for as long as that is bound by it as the job is, and who has it for a shorter time only as far as it goes.
        """
        could = [p for p in able(who, self._estate) if not site or not p.sites or site in p.sites]
        last = {p.id: self._valid_until(p, who.certificate) for p in could}
        chosen = [p for p in could if last[p.id] >= 0]
        longest = sorted((last[p.id] for p in chosen), reverse=True)[: who.count]
        until = min(longest, default=self._clock.horizon)
        numbers = {p.id: self._numbers.setdefault(p.id, len(self._numbers)) for p in chosen}
        short = tuple((number, last[name]) for name, number in numbers.items() if last[name] < until)
        crew = Crew(people=tuple(numbers.values()), count=who.count, words=wanted(who), until=short)
        return crew, until if until < self._clock.horizon else None

    def _valid_until(self, person: Person, certificate: str) -> int:
        """The slot up to which somebody has a certificate, the horizon if longer; -1 if they have none that is valid."""
        if not certificate:
            return self._clock.horizon
        last = person.certificates.get(certificate, date.min) or date.max
        if last < self._clock.origin.astimezone(self._clock.zone).date():
            return -1
        return self._clock.horizon if last > self._clock.end.date() else self._clock.before(self._clock.ends(last))

    def workers(self) -> tuple[Worker, ...]:
        """Everybody whom a crew names, in the order of their numbers."""
        return tuple(self._worker(self._estate.people[person]) for person in self._numbers)

    def _worker(self, person: Person) -> Worker:
        slot_s = self._clock.slot_s
        return Worker(
            id=person.id,
            free=self.free(person),
            site=self._sites.get(person.site) if person.site else None,
            day_most=None if person.day_most_s is None else int(person.day_most_s // slot_s),
            week_most=None if person.week_most_s is None else int(person.week_most_s // slot_s),
            rest=-int(-person.rest_s // slot_s),
            rate=float(person.rate.amount) if person.rate else 0.0,
            dear=self._hours.dear(person) if person.rate else (),
        )

    def free(self, person: Person) -> Spans | None:
        """When somebody is at work, not on leave, and not booked by others; None: always."""
        away = [s for leave in person.leave for s in leave_spans(leave, zone_name(person, self._estate))]
        away += self._booked.get(person.id, [])
        work = self._at_work(person)
        if not away:
            return work
        taken = self._clock.around(sorted((s for s in away if s.end > self._clock.origin), key=attrgetter("start")))
        return minus(((0, self._clock.horizon),) if work is None else work, taken)

    def _at_work(self, person: Person) -> Spans | None:
        """The hours of their calendar and those beside it; None: there is no calendar, so that it is always."""
        work = self._hours.work(person.calendar)
        if work is None or not person.also:
            return work
        beside = [s for extra in person.also for s in extra_spans(extra, zone_name(person, self._estate))]
        return joined(work, self._clock.inside(sorted(beside, key=attrgetter("start"))))


def able(who: Who, estate: Estate) -> list[Person]:
    """Everybody who fits, certificates and sites aside: the person, those in the role, or those with the skill."""
    if who.person:
        named = estate.people.get(PersonId(who.person))
        return [named] if named else []
    if who.role:
        chosen = _in_role(who.role, estate)
        return [p for p in estate.people.values() if p.id in chosen]
    return [p for p in estate.people.values() if p.skills.get(who.skill, 0) >= who.level]


def wanted(who: Who) -> str:
    """What is asked for, in words: 'datacenter-hands of level 2 with the certificate ladder'."""
    level = f" of level {who.level}" if who.skill and who.level > 1 else ""
    paper = f" with the certificate {who.certificate}" if who.certificate else ""
    return f"{who.person or who.role or who.skill}{level}{paper}"


def leave_spans(leave: Leave, zone: str) -> tuple[Span, ...]:
    """When a leave is, in UTC: a date is a whole day in the zone of the person's calendar."""
    return freeze_spans(Freeze(start=leave.start, end=leave.end, why=leave.why), {"": zone})


def extra_spans(extra: Extra, zone: str) -> tuple[Span, ...]:
    """When somebody works beside their calendar, in UTC, as the clock of its zone shows it."""
    start, end = extra.start, extra.end
    if start.tzinfo is None and end.tzinfo is None:
        return shown(start, end, ZoneInfo(zone))
    return (Span(first_moment(start, ZoneInfo(zone)), first_moment(end, ZoneInfo(zone))),)


def zone_name(person: Person, estate: Estate) -> str:
    """The zone of a person's calendar, else of their site, else UTC."""
    calendar, site = estate.calendars.get(person.calendar), estate.sites.get(person.site)
    return calendar.time_zone if calendar else site.time_zone if site else "UTC"


def _in_role(role: str, estate: Estate) -> frozenset[str]:
    if role in estate.roles:
        return frozenset(estate.roles[role])
    if role in estate.departments:
        return frozenset(p.id for p in estate.people.values() if p.department == role)
    head = estate.departments.get(role.removeprefix(_HEAD)) if role.startswith(_HEAD) else None
    return frozenset({head.head}) if head else frozenset()
