"""One inventory file of our own format → its checked document, and what it says about hosts and groups."""

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

from pydantic import ValidationError

from runbook_engine.loading.document import Document
from runbook_engine.loading.estate_documents import GroupDocument, HostDocument, InventoryDocument
from runbook_engine.loading.estate_entries import NOTHING, GroupEntry, HostEntry, Layer, Mention, Source, Values
from runbook_engine.loading.estate_pages import Notes
from runbook_engine.loading.estate_ranges import host_names
from runbook_engine.loading.estate_variables import checked, secret
from runbook_engine.loading.explain import explain
from runbook_engine.model.places import Mistake, Path
from runbook_engine.model.values import dataclass

_NO_FREEZE = {"from": "0001-01-01", "to": "0001-01-01", "why": "keeps the place of one that is not valid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of our own format, as far as it is valid."""

    file: str
    document: InventoryDocument
    source: Source
    names: Mapping[str, tuple[str, ...]]  # by section, what is defined there, valid or not


def read_inventory(page: Document) -> Written:
    """Read a file of our own format; its mistakes are in the result, and what is right beside them is kept."""
    data = {} if page.data is None else page.data
    document, mistakes = _valid_part(page, data)
    notes = Notes(page, mistakes)
    groups = tuple(_group(page.file, name, group, notes) for name, group in document.groups.items())
    hosts = tuple(_host(page.file, pattern, host, notes) for pattern, host in document.hosts.items())
    order = list(data) if isinstance(data, dict) else []
    first = "hosts" in order and ("groups" not in order or order.index("hosts") < order.index("groups"))
    source = Source(page=page, groups=groups, hosts=hosts, mistakes=tuple(notes.found), hosts_first=first)
    return Written(file=page.file, document=document, source=source, names=_defined(data))


def _defined(data: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(data, Mapping):
        return {}
    return {section: tuple(entries) for section, entries in data.items() if isinstance(entries, Mapping)}


def _valid_part(page: Document, data: Any) -> tuple[InventoryDocument, list[Mistake]]:
    """The document without the entries that have mistakes, so that the others are checked in the same go."""
    try:
        return InventoryDocument.model_validate(data), []
    except ValidationError as error:
        mistakes = explain(error, page, model=InventoryDocument)
        bad = {details["loc"][:2] for details in error.errors(include_url=False, include_context=False, include_input=False)}
    try:
        return InventoryDocument.model_validate(_without(data, bad)), mistakes
    except ValidationError:  # two entries that are only together wrong
        return InventoryDocument.model_validate({}), mistakes


def _without(data: Any, bad: Iterable[tuple[int | str, ...]]) -> Any:
    if not isinstance(data, Mapping) or () in bad:
        return {}
    rest = {section: copy(entries) for section, entries in data.items() if (section,) not in bad}
    for section, entry in (loc for loc in bad if len(loc) == 2 and loc[0] in rest):
        entries = rest[str(section)]
        if isinstance(entries, dict):
            entries.pop(str(entry), None)
        elif isinstance(entries, list) and isinstance(entry, int):
            entries[entry] = _NO_FREEZE
    return rest


def _group(file: str, name: str, group: GroupDocument, notes: Notes) -> GroupEntry:
    at: Path = ("groups", name)
    hosts = (_mention(file, pattern, (*at, "hosts", index), notes) for index, pattern in enumerate(group.hosts))
    children = (Mention((child,), (file, *at, "children", index)) for index, child in enumerate(group.children))
    return GroupEntry(
        name=name,
        path=(file, *at),
        hosts=tuple(mention for mention in hosts if mention.names),
        children=tuple(children),
        layer=_layer(group, at, notes),
    )


def _mention(file: str, pattern: str, at: Path, notes: Notes) -> Mention:
    try:
        return Mention(host_names(pattern), (file, *at))
    except ValueError as error:
        notes(at, str(error))
        return Mention((), (file, *at))


def _host(file: str, pattern: str, host: HostDocument, notes: Notes) -> HostEntry:
    at: Path = ("hosts", pattern)
    try:
        names = host_names(pattern)
    except ValueError as error:
        notes.at_key(at, str(error))
        names = ()
    return HostEntry(names=names, path=(file, *at), layer=_layer(host, at, notes))


def _layer(told: GroupDocument | HostDocument, at: Path, notes: Notes) -> Layer:
    if not told.model_fields_set:
        return NOTHING
    host = told if isinstance(told, HostDocument) else None
    return Layer(
        address=host.address if host else "",
        unit=host.unit if host else None,
        height=told.height,
        watts=told.power,
        feeds=told.feeds,
        ports=told.ports,
        site=told.site,
        rack=told.rack,
        owner=told.owner,
        serves=told.serves,
        tags=told.tags,
        ssh=_ssh(told),
        bmc=_bmc(told, (*at, "bmc"), notes),
        vars=checked(told.vars, (*at, "vars"), notes) if told.vars else told.vars,
    )


def _ssh(told: GroupDocument | HostDocument) -> Values:
    return {name: getattr(told.ssh, name) for name in told.ssh.model_fields_set} if told.ssh else {}


def _bmc(told: GroupDocument | HostDocument, at: Path, notes: Notes) -> Values:
    """What is said of the management controller; a password that is not a secret by name is noted, and never shown."""
    if told.bmc is None:
        return {}
    values: dict[str, object] = {name: getattr(told.bmc, name) for name in told.bmc.model_fields_set}
    if "password" in values:
        written = values["password"]
        name = written["secret"] if isinstance(written, Mapping) and set(written) == {"secret"} else None
        values["password"] = secret(name, (*at, "password"), notes)
    return values
