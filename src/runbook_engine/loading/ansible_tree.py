"""Ansible's YAML inventory → what it says about hosts and groups: a tree of groups with hosts, children and vars."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from runbook_engine.loading.ansible_settings import group_layer, layer
from runbook_engine.loading.ansible_words import hosts_and_port
from runbook_engine.loading.document import Document
from runbook_engine.loading.estate_entries import GroupEntry, HostEntry, Mention, Source
from runbook_engine.loading.estate_names import name as checked_name
from runbook_engine.loading.estate_pages import Notes, Page
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.model.places import Path
from runbook_engine.model.values import dataclass

KEYS = ("hosts", "children", "vars")
TEXT_TAGS = frozenset({"!vault", "!vault-encrypted", "!unsafe"})  # an encrypted text is refused by what it begins with

_SIMPLE = frozenset({int, float, bool, type(None)})
_YES = {word: word.lower() in {"yes", "on"} for low in ("yes", "no", "on", "off") for word in (low, low.title(), low.upper())}


def looks_like_ansible(data: object) -> bool:
    """Whether a YAML file is an inventory of Ansible: groups at the top, each with hosts, children or vars."""
    if not isinstance(data, Mapping) or not data:
        return False
    return all(value is None or (isinstance(value, Mapping) and value.keys() <= set(KEYS)) for value in data.values()) and (
        "all" in data or any(data.values())
    )


def read_tree(page: Document) -> Source:
    """Read a YAML inventory; its mistakes are in the result."""
    notes = Notes(page)
    reader = _Reader(page.file, notes)
    for name, body in page.data.items():
        reader.group(name, body, (name,))
    return reader.source()


@dataclass(slots=True)
class _Reader:
    """Walks down the groups of a tree."""

    file: str
    notes: Notes
    groups: list[GroupEntry] = field(default_factory=list)
    hosts: list[HostEntry] = field(default_factory=list)

    def source(self) -> Source:
        found = tuple(self.notes.found)
        return Source(page=self.notes.page, groups=tuple(self.groups), hosts=tuple(self.hosts), mistakes=found, ansible=True)

    def group(self, name: str, body: object, path: Path) -> None:
        """A group and all that is inside it. The reader of YAML allows a nesting of 64, so this ends."""
        try:
            checked_name(name)
        except ValueError as error:
            self.notes.at_key(path, str(error))
        body = self._mapping(body, path, "a group")
        for key in body.keys() - set(KEYS):
            self.notes.at_key((*path, key), f"unknown key '{key}' in a group of Ansible", did_you_mean(key, KEYS))
        values = ansible_values(self._mapping(body.get("vars"), (*path, "vars"), "vars"), (*path, "vars"), self.notes.page)
        children = self._mapping(body.get("children"), (*path, "children"), "children")
        said, rank = group_layer(values, (*path, "vars"), self.notes)
        self.groups.append(
            GroupEntry(
                name=name,
                path=(self.file, *path),
                hosts=tuple(self._hosts(body.get("hosts"), (*path, "hosts"))),
                children=tuple(Mention((child,), (self.file, *path, "children", child)) for child in children),
                layer=said,
                rank=rank,
            )
        )
        for child, inner in children.items():
            self.group(child, inner, (*path, "children", child))

    def _hosts(self, hosts: object, path: Path) -> Iterator[Mention]:
        for word, values in self._mapping(hosts, path, "hosts").items():
            try:
                names, port = hosts_and_port(word)
            except ValueError as error:
                self.notes.at_key((*path, word), str(error))
                continue
            told = self._mapping(values, (*path, word), "the variables of a host")
            told = told if port is None else {"ansible_port": port, **told}
            where = (self.file, *path, word)
            if told:
                kept = ansible_values(told, (*path, word), self.notes.page)
                self.hosts.append(HostEntry(names=names, path=where, layer=layer(kept, (*path, word), self.notes)))
            yield Mention(names, where)

    def _mapping(self, value: object, path: Path, what: str) -> Mapping[str, Any]:
        """A mapping; nothing is an empty one, and a single name stands for itself."""
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        if isinstance(value, str) and path[-1] in {"hosts", "children"}:
            return {value: None}
        self.notes(path, f"{what} must be keys and values", "write 'name:' for each, one under the other")
        return {}


def ansible_values(values: Mapping[str, Any], path: Path, page: Page) -> Mapping[str, Any]:
    """The variables with yes, no, on and off as Ansible means them, where they stand without quotes."""
    if all(value.__class__ in _SIMPLE or (value.__class__ is str and value not in _YES) for value in values.values()):
        return values
    return {key: _meant(value, (*path, key), page) for key, value in values.items()}


def _meant(value: Any, path: Path, page: Page) -> Any:
    if isinstance(value, Mapping):
        return ansible_values(value, path, page)
    if isinstance(value, list):
        return [_meant(item, (*path, index), page) for index, item in enumerate(value)]
    if not isinstance(value, str) or value not in _YES:
        return value
    mark = page.mistake(path, "")
    return _YES[value] if mark.source[mark.place.column - 1 :].startswith(value) else value
