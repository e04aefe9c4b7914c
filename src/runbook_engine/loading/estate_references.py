"""Which names in an inventory stand for what, and a mistake for each that nothing has."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from runbook_engine.calendars.rotas import FREE
from runbook_engine.loading.estate_documents import SECTIONS, InventoryDocument
from runbook_engine.loading.estate_pages import Ledger
from runbook_engine.loading.estate_parts import head_of
from runbook_engine.loading.estate_reading import Written
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.model.places import Path
from runbook_engine.model.values import dataclass

ONE = {
    "sites": "site",
    "racks": "rack",
    "services": "service",
    "people": "person",
    "departments": "department",
    "calendars": "calendar",
    "rota": "calendar",
}
SECTION = {"rota": "calendars"}  # where that is defined which is not a section itself
RIGHTS = ("plan", "approve", "execute", "resolve", "break_glass")  # what a policy gives to some
WHO = "who"  # a person, a role or a department


@dataclass(frozen=True, slots=True)
class Reference:
    """A name at `path` that must be defined in `section`."""

    path: Path
    name: str
    section: str


def references(document: InventoryDocument) -> Iterator[Reference]:
    """Every name in a file that stands for something else."""
    yield from _in_hosts(document)
    for name, rack in document.racks.items():
        yield Reference(("racks", name, "site"), rack.site, "sites")
    for name, service in document.services.items():
        yield from _each(("services", name, "depends_on"), service.depends_on, "services")
    yield from _in_people(document)
    yield from _in_calendars(document)
    for name, resource in document.resources.items():
        yield Reference(("resources", name, "site"), resource.site, "sites")
        yield Reference(("resources", name, "calendar"), resource.calendar, "calendars")
    for name, site in document.sites.items():
        for other in site.travel:
            yield Reference(("sites", name, "travel", other), other, "sites")
    for name, rule in document.capacity.items():
        yield Reference(("capacity", name, "service"), rule.service, "services")
    for key in RIGHTS if document.policy else ():
        yield from _each(("policy", key), getattr(document.policy, key), WHO)


def _in_hosts(document: InventoryDocument) -> Iterator[Reference]:
    for section in ("groups", "hosts"):
        for name, entry in getattr(document, section).items():
            if entry.site:
                yield Reference((section, name, "site"), entry.site, "sites")
            if entry.rack:
                yield Reference((section, name, "rack"), entry.rack, "racks")
            if entry.serves:
                yield from _each((section, name, "serves"), entry.serves, "services")


def _in_calendars(document: InventoryDocument) -> Iterator[Reference]:
    for name, calendar in document.calendars.items():
        yield from _each(("calendars", name, "rota"), calendar.rota, "rota")
    for name, window in document.windows.items():
        yield Reference(("windows", name, "calendar"), window.calendar, "calendars")
    for index, freeze in enumerate(document.freezes):
        yield from _each(("freezes", index, "sites"), freeze.sites, "sites")
        yield from _each(("freezes", index, "services"), freeze.services, "services")
        yield from _each(("freezes", index, "lift"), freeze.lift, WHO)


def _in_people(document: InventoryDocument) -> Iterator[Reference]:
    for name, person in document.people.items():
        yield Reference(("people", name, "department"), person.department, "departments")
        yield Reference(("people", name, "site"), person.site, "sites")
        yield from _each(("people", name, "sites"), person.sites, "sites")
        yield Reference(("people", name, "calendar"), person.calendar, "calendars")
    for name, department in document.departments.items():
        yield Reference(("departments", name, "head"), department.head, "people")
    for name, people in document.roles.items():
        yield from _each(("roles", name), people, "people")


def _each(path: Path, names: Iterable[str], section: str) -> Iterator[Reference]:
    for index, name in enumerate(names):
        yield Reference((*path, index), name, section)


def known_names(files: Sequence[Written]) -> dict[str, dict[str, None]]:
    """The defined names by section, those of entries with mistakes included: one mistake does not bring others."""
    known: dict[str, dict[str, None]] = {section: {} for section in SECTIONS}
    for file in files:
        for section in known.keys() & file.names.keys():
            known[section].update(dict.fromkeys(file.names[section]))
    heads = map(head_of, known["departments"])
    known[WHO] = dict.fromkeys((*known["people"], *known["roles"], *known["departments"], *heads))
    known["rota"] = {**known["calendars"], FREE: None}
    return known


def check_references(files: Sequence[Written], ledger: Ledger) -> None:
    """Note every name that nothing has."""
    known = known_names(files)
    for file in files:
        for reference in references(file.document):
            if reference.name and reference.name not in known[reference.section]:
                _unknown(reference, known, file.file, ledger)


def _unknown(reference: Reference, known: Mapping[str, Mapping[str, None]], file: str, ledger: Ledger) -> None:
    names, section = known[reference.section], reference.section
    what = ONE.get(section, "person, role or department")
    where = SECTION.get(section, section) if section != WHO else "people, roles and departments"
    hint = did_you_mean(reference.name, names, f"the {where} are") or f"define it under '{where}:'"
    ledger.note((file, *reference.path), f"there is no {what} '{reference.name[:60]}'", hint)
