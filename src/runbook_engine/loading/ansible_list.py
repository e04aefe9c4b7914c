"""The JSON that `ansible-inventory --list` prints → what it says about hosts and groups; so any dynamic source works."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import Any

from runbook_engine.loading.ansible_settings import group_layer, layer
from runbook_engine.loading.document import read_document
from runbook_engine.loading.estate_entries import GroupEntry, HostEntry, Mention, Source
from runbook_engine.loading.estate_names import host_name
from runbook_engine.loading.estate_names import name as checked_name
from runbook_engine.loading.estate_pages import Notes, Page, PlainPage
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake, Path, Place, Places
from runbook_engine.model.values import dataclass

META = "_meta"
KEYS = ("hosts", "children", "vars")

_AGAIN = "make it again: ansible-inventory --list > FILE"


def read_list(text: str, file: str) -> Source:
    """Read the list; its mistakes are in the result."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        return _unreadable(error, text, file)
    notes = Notes(_JsonPage(file, text))
    reader = _Reader(file, notes)
    if isinstance(data, Mapping):
        reader.read(data)
    else:
        notes((), "expected a mapping of groups", _AGAIN)
    return Source(
        page=notes.page, groups=tuple(reader.groups), hosts=tuple(reader.hosts), mistakes=tuple(notes.found), ansible=True
    )


def _unreadable(error: Exception, text: str, file: str) -> Source:
    place = Place(file, getattr(error, "lineno", 1), getattr(error, "colno", 1))
    page = PlainPage(file, Places({(): place}, {}, {file: tuple(text.splitlines())}))
    words = getattr(error, "msg", "nested too deep, or a number too long")
    return Source(page=page, mistakes=(page.mistake((), f"not valid JSON: {words}", _AGAIN),), ansible=True)


@dataclass(slots=True)
class _Reader:
    """Goes through the groups of the list."""

    file: str
    notes: Notes
    groups: list[GroupEntry] = field(default_factory=list)
    hosts: list[HostEntry] = field(default_factory=list)

    def read(self, data: Mapping[str, Any]) -> None:
        """All of it; `_meta` holds the variables of the hosts."""
        meta = self._mapping(data.get(META), (META,))
        for name, values in self._mapping(meta.get("hostvars"), (META, "hostvars")).items():
            self._host(name, values, (META, "hostvars", name))
        for name, body in data.items():
            if name != META:
                self._group(name, {"hosts": body} if isinstance(body, list) else body, (name,))

    def _host(self, name: str, values: object, path: Path) -> None:
        told = self._mapping(values, path)
        if self._named(name, path, host=True) and told:
            self.hosts.append(HostEntry(names=(name,), path=(self.file, *path), layer=layer(told, path, self.notes)))

    def _group(self, name: str, body: object, path: Path) -> None:
        told = self._mapping(body, path)
        for key in told.keys() - set(KEYS):
            self.notes.at_key((*path, key), f"unknown key '{key[:60]}' in a group", did_you_mean(key, KEYS))
        self._named(name, path, host=False)
        values = self._mapping(told.get("vars"), (*path, "vars"))
        children = tuple(self._mentions(told.get("children"), (*path, "children"), host=False))
        self.groups.extend(GroupEntry(name=child.names[0], path=child.path) for child in children)
        said, rank = group_layer(values, (*path, "vars"), self.notes)
        self.groups.append(
            GroupEntry(
                name=name,
                path=(self.file, *path),
                hosts=tuple(self._mentions(told.get("hosts"), (*path, "hosts"), host=True)),
                children=children,
                layer=said,
                rank=rank,
            )
        )

    def _mentions(self, names: object, path: Path, *, host: bool) -> Iterator[Mention]:
        if names is not None and not isinstance(names, list):
            self.notes(path, "expected a list of names", _AGAIN)
            return
        for index, name in enumerate(names or ()):
            if self._named(name, (*path, index), host=host):
                yield Mention((name,), (self.file, *path, index))

    def _named(self, name: object, path: Path, *, host: bool) -> bool:
        if not isinstance(name, str):
            self.notes(path, "expected a name", "put quotes around it")
            return False
        try:
            (host_name if host else checked_name)(name)
        except ValueError as error:
            self.notes(path, str(error))
        return True

    def _mapping(self, value: object, path: Path) -> Mapping[str, Any]:
        if value is not None and not isinstance(value, Mapping):
            self.notes(path, "expected keys and values", _AGAIN)
        return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True)
class _JsonPage:
    """A JSON text. Where its parts stand is found out when somebody asks: JSON is YAML."""

    file: str
    text: str = field(repr=False)

    @cached_property
    def _page(self) -> Page:
        try:
            return read_document(self.text, self.file)
        except NotValid:
            return PlainPage(self.file, Places({}, {}, {self.file: tuple(self.text.splitlines())}))

    @property
    def places(self) -> Places:
        """Where its parts stand."""
        return self._page.places

    def mistake(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> Mistake:
        """A mistake at a part."""
        return self._page.mistake(path, message, hint, key=key)
