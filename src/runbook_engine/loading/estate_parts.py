"""Checked documents → what is not a host or a group: sites, racks, services, people, calendars, resources."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time
from typing import Any, TypeVar

from runbook_engine.loading import estate_documents as documents
from runbook_engine.loading.estate_people_documents import DepartmentDocument, ExtraDocument, PersonDocument, RatesDocument
from runbook_engine.model.estate import Calendar, Capacity, Department, Extra, Person, Rack, Rates, Resource, Service, Site
from runbook_engine.model.places import Path
from runbook_engine.model.policy import Policy
from runbook_engine.model.words import PersonId

T = TypeVar("T")


def site(name: str, told: documents.SiteDocument) -> Site:
    """A building or a region."""
    return Site(name=name, title=told.title, time_zone=told.time_zone, travel_s=told.travel)


def rack(name: str, told: documents.RackDocument) -> Rack:
    """Where hosts are mounted."""
    return Rack(name=name, site=told.site, units=told.units, power_w=told.power, cooling_w=told.cooling, ports=told.ports)


def service(name: str, told: documents.ServiceDocument) -> Service:
    """What users notice."""
    return Service(name=name, title=told.title, owner=told.owner, depends_on=told.depends_on)


def person(name: str, told: PersonDocument) -> Person:
    """Somebody who does, decides or is told."""
    return Person(
        id=PersonId(name),
        name=told.name,
        email=told.email,
        department=told.department,
        skills=told.skills,
        site=told.site,
        calendar=own_hours(name) if told.work else told.calendar,
        rate=told.rate,
        also=tuple(extra(each) for each in told.also),
        certificates=told.certificates,
        sites=told.sites,
        day_most_s=told.limits.day if told.limits else None,
        week_most_s=told.limits.week if told.limits else None,
        rest_s=(told.limits.rest if told.limits else None) or 0.0,
        ssh_keys=told.ssh_keys,
        logins=told.logins,
    )


def extra(told: ExtraDocument) -> Extra:
    """When somebody works beside their calendar; a date alone, which is a mistake, is its midnight."""
    start, end = (each if isinstance(each, datetime) else datetime.combine(each, time()) for each in (told.start, told.end))
    return Extra(start=start, end=end, why=told.why)


def own_hours(person_name: str) -> str:
    """The name of the calendar of somebody with hours of their own; nothing in a file can have it."""
    return f"hours of {person_name}"


def department(name: str, told: DepartmentDocument) -> Department:
    """A part of the organisation."""
    return Department(name=name, title=told.title, head=told.head)


def calendar(name: str, told: documents.CalendarDocument) -> Calendar:
    """Working time."""
    return Calendar(name=name, time_zone=told.time_zone, work=told.work, holidays=told.holidays)


def resource(name: str, told: documents.ResourceDocument) -> Resource:
    """A tool with a capacity, or parts with a stock."""
    return Resource(
        name=name,
        capacity=told.capacity,
        stock=told.stock,
        site=told.site,
        calendar=told.calendar,
        arrives=tuple(sorted(told.arrives.items())),
    )


def rates(told: RatesDocument) -> Rates:
    """What hours cost that are not usual ones."""
    return Rates(night=told.night, weekend=told.weekend, holiday=told.holiday, night_hours=told.night_hours[0])


def capacity(name: str, told: documents.CapacityDocument, path: Path = ()) -> Capacity:
    """How many of some hosts must stay in service."""
    return Capacity(
        name=name,
        hosts=told.hosts,
        service=told.service,
        at_least=told.at_least,
        at_most_out=told.at_most_out,
        each=told.each,
        why=told.why,
        path=path,
    )


def policy(told: documents.PolicyDocument) -> Policy:
    """Who may do what, and what counts as an approval."""
    return Policy(
        plan=told.plan,
        approve=told.approve,
        execute=told.execute,
        resolve=told.resolve,
        break_glass=told.break_glass,
        unsigned=told.unsigned,
        touch=told.touch,
        longest_s=told.longest,
        owners=told.owners,
        self_approval=told.self_approval,
        rehearsed=told.rehearsed,
    )


def roles(
    written: Mapping[str, tuple[str, ...]], people: Mapping[PersonId, Person], departments: Mapping[str, Department]
) -> dict[str, tuple[PersonId, ...]]:
    """The roles as written, and two for each department: its name for all its people, head-of-NAME for who heads it."""
    built_in: dict[str, tuple[PersonId, ...]] = {}
    for name, told in departments.items():
        built_in[name] = tuple(p.id for p in people.values() if p.department == name)
        if told.head:
            built_in[head_of(name)] = (PersonId(told.head),)
    return {**built_in, **{name: tuple(map(PersonId, dict.fromkeys(ids))) for name, ids in written.items()}}


def head_of(department_name: str) -> str:
    """The role of who heads a department."""
    return f"head-of-{department_name}"


def every(section: str, files: Iterable[documents.InventoryDocument], make: Callable[[str, Any], T]) -> dict[str, T]:
    """The entries of one section of all files; of a name defined twice the first counts."""
    made: dict[str, T] = {}
    for file in files:
        for name, told in getattr(file, section).items():
            if name not in made:
                made[name] = make(name, told)
    return made
