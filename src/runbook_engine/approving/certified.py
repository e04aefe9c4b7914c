"""Whether somebody has the certificates that a piece of work asks for, on the day."""

from datetime import date

from runbook_engine.approving.people import people_of
from runbook_engine.model.estate import Estate, Person
from runbook_engine.model.plan import Package
from runbook_engine.model.runbook import Who
from runbook_engine.model.words import PersonId


def uncertified(package: Package, name: str, estate: Estate, today: date) -> str:
    """Why somebody may not do it for want of a certificate; empty when they may.

    Where several kinds of people do it together, it is enough to be fit to be one of them. An inventory without people says
    nothing about anybody.
    """
    if not estate.people or not package.who or any(not who.certificate for who in package.who):
        return ""
    person = estate.people.get(PersonId(name))
    if person is None:
        asked = ", ".join(dict.fromkeys(who.certificate for who in package.who))
        return f"{name} is nobody in the inventory, and it asks for the certificate {asked}"
    meant = [who for who in package.who if _could(person, who, estate)] or package.who
    reasons = [_missing(person, who.certificate, today) for who in meant]
    return "" if "" in reasons else reasons[0]


def _could(person: Person, who: Who, estate: Estate) -> bool:
    if who.skill:
        return person.skills.get(who.skill, 0) >= who.level
    return person.id in people_of(who.person or who.role, estate)


def _missing(person: Person, certificate: str, today: date) -> str:
    if certificate not in person.certificates:
        return f"{person.id} does not have the certificate {certificate}"
    last = person.certificates[certificate]
    return f"the certificate {certificate} of {person.id} was valid until {last}" if last and last < today else ""
