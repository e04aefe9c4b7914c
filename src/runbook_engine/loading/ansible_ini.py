"""Ansible's INI inventory → what it says about hosts and groups: sections, children, vars, ranges, typed values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import field

from runbook_engine.loading.ansible_settings import group_layer, layer
from runbook_engine.loading.ansible_words import hosts_and_port, typed, words_of
from runbook_engine.loading.estate_entries import GroupEntry, HostEntry, Mention, Source
from runbook_engine.loading.estate_names import name as checked_name
from runbook_engine.loading.estate_pages import Notes, PlainPage
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.model.places import Path, Place, Places
from runbook_engine.model.values import dataclass

UNGROUPED = "ungrouped"
KINDS = ("hosts", "children", "vars")

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?")
_CHILD = re.compile(r"([^:\]\s]+)\s*(?:#.*)?")


def read_ini(text: str, file: str) -> Source:
    """Read an INI inventory; its mistakes are in the result, each with its line and column.

    A path within it is (line,) or (line, word): the line, or a word of it.
    """
    lines = tuple(text.splitlines())
    page = PlainPage(file, Places(_Spots(lines, file), {}, {file: lines}))
    return _Reader(file, Notes(page)).source(lines)


@dataclass(frozen=True, slots=True)
class _Spots(Mapping[Path, Place]):
    """Where lines and words stand; looked for when somebody asks."""

    lines: tuple[str, ...]
    file: str

    def __getitem__(self, path: Path) -> Place:
        if not path or not isinstance(path[0], int) or not 0 < path[0] <= len(self.lines):
            raise KeyError(path)
        line = self.lines[path[0] - 1]
        at = line.find(str(path[1])) if len(path) > 1 else -1
        return Place(self.file, path[0], (at if at >= 0 else len(line) - len(line.lstrip())) + 1)

    def __iter__(self) -> Iterator[Path]:
        return ((number,) for number in range(1, len(self.lines) + 1))

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(slots=True)
class _Group:
    """A group while its sections are read."""

    path: Path
    hosts: list[Mention] = field(default_factory=list)
    children: list[Mention] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)
    spots: dict[str, Path] = field(default_factory=dict)  # of the variables
    declared: bool = False  # by [name] or [name:children]; [name:vars] alone is not enough


@dataclass(slots=True)
class _Reader:
    """One pass over the lines of a file."""

    file: str
    notes: Notes
    groups: dict[str, _Group] = field(default_factory=lambda: {UNGROUPED: _Group((1,), declared=True)})
    hosts: list[HostEntry] = field(default_factory=list)

    def source(self, lines: tuple[str, ...]) -> Source:
        kind, group = "hosts", self.groups[UNGROUPED]
        for number, raw in enumerate(lines, 1):
            line = raw.strip()
            if not line or line[0] in "#;":
                continue
            section = _SECTION.fullmatch(line)
            if section:
                kind = section[2] or "hosts"
                group = self._open(section[1], kind, number)
            elif line.startswith("[") and line.endswith("]"):
                self.notes((number,), f"{line[:60]!r} is not a section", "write [group], [group:children] or [group:vars]")
            else:
                self._line(kind, group, line, number)
        return self._result()

    def _open(self, name: str, kind: str, number: int) -> _Group:
        if kind not in KINDS:
            self.notes((number, kind), f"'{kind}' is not a kind of section", did_you_mean(kind, KINDS))
        try:
            checked_name(name)
        except ValueError as error:
            self.notes((number, name), str(error))
        group = self.groups.setdefault(name, _Group((number, name), declared=name == "all"))
        group.declared = group.declared or kind != "vars"
        return group

    def _line(self, kind: str, group: _Group, line: str, number: int) -> None:
        try:
            if kind == "hosts":
                self._host(group, line, number)
            elif kind == "children":
                group.children.append(_child(line, number))
            elif kind == "vars":
                self._variable(group, line, number)
        except ValueError as error:
            self.notes((number,), str(error))

    def _host(self, group: _Group, line: str, number: int) -> None:
        first, *rest = words_of(line)
        names, port = hosts_and_port(first)
        values: dict[str, object] = {} if port is None else {"ansible_port": port}
        for word in rest:
            key, equals, value = word.partition("=")
            if not equals or not key:
                self.notes((number, word), f"{word[:60]!r} is not a variable", "write key=value, with quotes around spaces")
            else:
                values[key] = typed(value)
        group.hosts.append(Mention(names, (self.file, number)))
        if values:
            self.hosts.append(HostEntry(names=names, path=(self.file, number), layer=layer(values, (number,), self.notes)))

    def _variable(self, group: _Group, line: str, number: int) -> None:
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise ValueError(f"{line[:60]!r} is not a variable: write key=value")
        group.values[key.strip()] = typed(value.strip())
        group.spots[key.strip()] = (number, key.strip())

    def _result(self) -> Source:
        for name, group in self.groups.items():
            if not group.declared:
                hint = did_you_mean(name, (other for other, g in self.groups.items() if g.declared and other != UNGROUPED))
                self.notes(group.path, f"[{name}:vars] is for a group that is not in this file", hint)
        entries = tuple(self._entry(name, g) for name, g in self.groups.items() if name != UNGROUPED or g.hosts or g.values)
        page = self.notes.page
        return Source(page=page, groups=entries, hosts=tuple(self.hosts), mistakes=tuple(self.notes.found), ansible=True)

    def _entry(self, name: str, group: _Group) -> GroupEntry:
        def note(path: Path, message: str, hint: str = "", *, hide: bool = False) -> None:
            self.notes(group.spots.get(str(path[0]), group.path) if path else group.path, message, hint, hide=hide)

        said, rank = group_layer(group.values, (), note)
        return GroupEntry(
            name=name,
            path=(self.file, *group.path),
            hosts=tuple(group.hosts),
            children=tuple(Mention(child.names, (self.file, *child.path)) for child in group.children),
            layer=said,
            rank=rank,
        )


def _child(line: str, number: int) -> Mention:
    match = _CHILD.fullmatch(line)
    if match is None:
        raise ValueError(f"{line[:60]!r} is not the name of a group")
    return Mention((match[1],), (number, match[1]))
