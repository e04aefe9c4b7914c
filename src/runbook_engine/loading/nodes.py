"""Finds where a part of a document was written, by walking down its YAML nodes when, and only when, somebody asks."""

from collections.abc import Iterator, Mapping

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from runbook_engine.loading.parse import Tree
from runbook_engine.model.places import Path, Place, Places
from runbook_engine.model.values import dataclass

MERGE = "<<"


@dataclass(frozen=True, slots=True)
class Spots(Mapping[Path, Place]):
    """The place of each value of a document, or of each key; nothing is stored beside the tree."""

    tree: Tree
    file: str
    of_keys: bool = False

    def __getitem__(self, path: Path) -> Place:
        found = find(self.tree.root, path)
        node = (found[0] if self.of_keys else found[1]) if found else None
        if node is None:
            raise KeyError(path)
        return place_of(node, self.file)

    def __iter__(self) -> Iterator[Path]:
        paths = _paths(self.tree.root, (), frozenset())
        return (p for p in paths if p in self) if self.of_keys else paths

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True)
class Joined(Mapping[Path, Place]):
    """The places of several documents under one roof: the first part of a path names the document.

    A path that names none is looked up in the document called "".
    """

    parts: Mapping[str | int, Mapping[Path, Place]]

    def __getitem__(self, path: Path) -> Place:
        if path and path[0] in self.parts:
            return self.parts[path[0]][path[1:]]
        return self.parts[""][path]

    def __iter__(self) -> Iterator[Path]:
        for name, part in self.parts.items():
            yield from ((name, *path) if name != "" else path for path in part)

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts.values())


def joined(parts: Mapping[str | int, Places]) -> Places:
    """The places of several documents as one; a path begins with the name of its document, except for that called ""."""
    return Places(
        Joined({name: places.values for name, places in parts.items()}),
        Joined({name: places.keys for name, places in parts.items()}),
        {file: lines for places in parts.values() for file, lines in places.lines.items()},
    )


def place_of(node: Node, file: str) -> Place:
    """Where a node begins."""
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1)


def width_of(node: Node | None) -> int:
    """How many characters of its line a word takes; 1 for what spans lines or holds other things."""
    if not isinstance(node, ScalarNode) or node.start_mark.line != node.end_mark.line:
        return 1
    return max(1, node.end_mark.column - node.start_mark.column)


def find(node: Node | None, path: Path) -> tuple[Node | None, Node] | None:
    """The key's and the value's node at `path`; None when there is no such part."""
    key: Node | None = None
    for part in path:
        found = _child(node, part)
        if found is None:
            return None
        key, node = found
    return (key, node) if node is not None else None


def _child(node: Node | None, part: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, SequenceNode):
        return (None, node.value[part]) if isinstance(part, int) and 0 <= part < len(node.value) else None
    if not isinstance(node, MappingNode):
        return None
    if entry := _by_key(node).get(part):
        return entry
    return next((found for merged in merged_nodes(node) if (found := _child(merged, part))), None)


def _by_key(node: MappingNode) -> dict[str | int, tuple[Node, Node]]:
    """The entries by key, the first of two equal ones; kept at the node, for files with thousands of mistakes."""
    known: dict[str | int, tuple[Node, Node]] | None = vars(node).get("by_key")
    if known is None:
        known = {key.value: (key, value) for key, value in reversed(node.value) if isinstance(key, ScalarNode)}
        vars(node)["by_key"] = known
    return known


def merged_nodes(node: MappingNode) -> Iterator[Node]:
    """What the `<<` keys of a mapping bring in, in order of precedence."""
    for key, value in node.value:
        if isinstance(key, ScalarNode) and is_merge(key):
            yield from value.value if isinstance(value, SequenceNode) else (value,)


def is_merge(key: ScalarNode) -> bool:
    """Whether a key is the merge key, written without quotes or tag."""
    return bool(key.value == MERGE and not key.tag)


def _paths(node: Node | None, path: Path, above: frozenset[int]) -> Iterator[Path]:
    if node is None or id(node) in above:
        return
    yield path
    above = above | {id(node)}
    if isinstance(node, SequenceNode):
        for index, child in enumerate(node.value):
            yield from _paths(child, (*path, index), above)
    elif isinstance(node, MappingNode):
        for key, child in node.value:
            if isinstance(key, ScalarNode) and not is_merge(key):
                yield from _paths(child, (*path, key.value), above)
