"""Which hosts serve which services, which services need each other, and what things are called for people."""

from collections.abc import Iterable, Iterator, Mapping

from runbook_engine.model.estate import Estate
from runbook_engine.model.impact import Named
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import HostName, PersonId


class Serving:
    """Services and hosts, by the inventory and by what it said when the plan was made: what either says counts."""

    def __init__(self, plan: Plan, estate: Estate) -> None:
        self._plan, self._estate = plan, estate
        self._hosts: dict[str, set[HostName]] = {}
        for name, host in estate.hosts.items():
            self._enter(name, host.serves)
        for name, target in plan.targets.items():
            self._enter(name, target.serves)

    def _enter(self, host: HostName, services: Iterable[str]) -> None:
        for service in services:
            self._hosts.setdefault(service, set()).add(host)

    def hosts_of(self, service: str) -> frozenset[HostName]:
        """Every host that serves it, in the whole estate."""
        return frozenset(self._hosts.get(service, ()))

    def served_by(self, hosts: Iterable[HostName]) -> tuple[str, ...]:
        """The services that any of the hosts serves, in the order of the inventory."""
        chosen = frozenset(hosts)
        return self.in_order(service for service, serving in self._hosts.items() if chosen & serving)

    def with_dependents(self, services: Iterable[str]) -> tuple[str, ...]:
        """The services and all that need them, directly or through others, in the order of the inventory."""
        below = frozenset(services)
        more = (name for name in self._estate.services if not below.isdisjoint(self.needs(name)))
        return self.in_order({*below, *more})

    def needs(self, service: str) -> frozenset[str]:
        """All that a service needs, directly or through others."""
        found: set[str] = set()
        waiting = [service]
        while waiting:
            known = self._estate.services.get(waiting.pop())
            new = [name for name in known.depends_on if name not in found] if known else []
            found.update(new)
            waiting += new
        return frozenset(found - {service})

    def in_order(self, services: Iterable[str]) -> tuple[str, ...]:
        """The same services as the inventory has them; those that it does not have come last, by name."""
        number = {name: n for n, name in enumerate(self._estate.services)}
        return tuple(sorted(set(services), key=lambda name: (number.get(name, len(number)), name)))


def service_named(service: str, estate: Estate) -> Named:
    """A service with its title."""
    known = estate.services.get(service)
    return Named(name=service, title=(known.title if known else "") or service)


def who_named(who: str, estate: Estate) -> Named:
    """A person, a department, the head of one, or a role, as people call it."""
    person, department = estate.people.get(PersonId(who)), estate.departments.get(who)
    headed = estate.departments.get(who.removeprefix("head-of-")) if who.startswith("head-of-") else None
    if person and person.name:
        return Named(name=who, title=person.name)
    if department and department.title:
        return Named(name=who, title=department.title)
    if headed and headed.title:
        return Named(name=who, title=f"the head of {headed.title}")
    return Named(name=who, title=who)


def owners_of(hosts: Iterable[HostName], services: Iterable[str], plan: Plan, estate: Estate) -> Iterator[str]:
    """Who answers for hosts and services, each once, in their order."""
    found: dict[str, None] = {}
    for name in hosts:
        host, target = estate.hosts.get(name), plan.targets.get(name)
        found.update(dict.fromkeys(part.owner for part in (host, target) if part is not None))
    known: Mapping[str, str] = {name: service.owner for name, service in estate.services.items()}
    found.update(dict.fromkeys(known.get(name, "") for name in services))
    yield from (owner for owner in found if owner)
