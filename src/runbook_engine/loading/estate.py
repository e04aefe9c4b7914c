"""An inventory folder → `Estate`, or every mistake of every file at once. Start reading here for the inventory."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path as FilePath

from runbook_engine.loading import estate_parts as parts
from runbook_engine.loading.estate_checks import (
    check_capacity,
    check_duplicates,
    check_logins,
    check_names,
    check_services,
    check_times,
)
from runbook_engine.loading.estate_documents import InventoryDocument
from runbook_engine.loading.estate_files import Found, read_files
from runbook_engine.loading.estate_groups import groups_of, roster
from runbook_engine.loading.estate_hosts import hosts_of
from runbook_engine.loading.estate_mounting import check_mounting
from runbook_engine.loading.estate_pages import Ledger
from runbook_engine.loading.estate_people import check_hours, check_people, check_travel, hours_of_people, leave_of
from runbook_engine.loading.estate_reading import Written
from runbook_engine.loading.estate_references import check_references
from runbook_engine.loading.estate_rotas import check_rotas, with_rotas
from runbook_engine.loading.estate_times import Times
from runbook_engine.loading.nodes import joined
from runbook_engine.loading.parse import collector_paused
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Capacity, Estate, Rates
from runbook_engine.model.places import Mistake, Place
from runbook_engine.model.policy import Policy
from runbook_engine.model.words import PersonId

EXAMPLE = "hosts: {web1: {address: 192.0.2.10, ssh: {user: ops}}}"


def load_estate(folder: FilePath, *, lacking: bool = False) -> Estate:
    """Read every inventory file below `folder`, ours and Ansible's, and join them; one file may be given instead.

    With `lacking` hosts may be mounted where there is no room for them: whoever asks wants to know what else is short.

    Raises NotValid with all mistakes of all files. Paths of `places` begin with the name of the file.
    """
    if not folder.exists():
        raise _nothing(folder, "there is no inventory here")
    with collector_paused():
        found = read_files(folder)
        if not found.files and not found.mistakes:
            raise _nothing(folder, "no file of an inventory is here")
        return _joined(folder, found, lacking=lacking)


def _joined(folder: FilePath, found: Found, *, lacking: bool) -> Estate:
    pages = {source.page.file: source.page for source in found.sources}
    ledger = Ledger(pages)
    documents = [written.document for written in found.own]
    estate = _estate(folder, found, documents, ledger)
    mistakes = [*found.mistakes, *(m for source in found.sources for m in source.mistakes), *ledger.found]
    if any(not (lacking and mistake.lack) for mistake in mistakes):
        raise NotValid(mistakes)
    if not estate.hosts and not estate.people and not estate.resources:  # what is only scheduled needs no hosts
        raise _nothing(folder, "no host is named in these files")
    return estate


def _estate(folder: FilePath, found: Found, documents: Sequence[InventoryDocument], ledger: Ledger) -> Estate:
    check_duplicates(found.own, ledger)
    check_logins(found.own, ledger)
    check_services(found.own, ledger)
    check_times(found.own, ledger)
    check_capacity(found.own, ledger)
    check_rotas(found.own, ledger)
    check_people(found.own, ledger)
    check_hours(found.own, ledger)
    check_travel(found.own, ledger)
    if not found.mistakes:  # what seems unknown may stand in a file that could not be read
        check_references(found.own, ledger)
    joined_hosts = roster(found.sources, ledger, complete=not found.mistakes)
    check_names(joined_hosts, ledger)
    racks = parts.every("racks", documents, parts.rack)
    hosts = hosts_of(joined_hosts, racks)
    check_mounting(hosts.values(), racks, ledger)
    sites = parts.every("sites", documents, parts.site)
    people = {PersonId(name): person for name, person in parts.every("people", documents, parts.person).items()}
    departments = parts.every("departments", documents, parts.department)
    calendars = with_rotas(documents, parts.every("calendars", documents, parts.calendar))
    times = Times(folder=folder if folder.is_dir() else folder.parent, files=found.own, calendars=calendars, ledger=ledger)
    leave = leave_of(times)
    people = {name: replace(person, leave=leave[name]) if name in leave else person for name, person in people.items()}
    return Estate(
        hosts=hosts,
        groups=groups_of(joined_hosts, ledger),
        sites=sites,
        racks=racks,
        services=parts.every("services", documents, parts.service),
        people=people,
        departments=departments,
        roles=parts.roles(parts.every("roles", documents, lambda _name, ids: ids), people, departments),
        calendars={**calendars, **hours_of_people(documents, calendars, sites)},
        windows=times.windows(),
        freezes=times.freezes(),
        resources=parts.every("resources", documents, parts.resource),
        capacity=_capacity(found.own),
        rates=next((parts.rates(document.rates) for document in documents if document.rates), Rates()),
        policy=next((parts.policy(told) for document in documents if (told := document.policy)), Policy()),
        files=tuple(found.files),
        places=joined({file: page.places for file, page in ledger.pages.items()}),
    )


def _capacity(files: Sequence[Written]) -> dict[str, Capacity]:
    """The rules of all files, each with its place: whether its hosts are there is found out in planning."""
    rules: dict[str, Capacity] = {}
    for file in files:
        for name, told in file.document.capacity.items():
            rules.setdefault(name, parts.capacity(name, told, (file.file, "capacity", name)))
    return rules


def _nothing(folder: FilePath, message: str) -> NotValid:
    file = folder / "hosts.yml" if folder.suffix == "" else folder
    hint = f"write {file} with a line such as: {EXAMPLE} — an inventory of Ansible is read as well; runbook init starts one"
    return NotValid([Mistake(Place(str(folder), 1, 1), message, hint)])
