"""One walk over the nodes of a document: plain data, and a mistake for all that could be read in two ways."""

from collections.abc import Sequence
from dataclasses import field
from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from runbook_engine.loading.characters import deceptive
from runbook_engine.loading.nodes import is_merge, merged_nodes, place_of, width_of
from runbook_engine.loading.parse import STANDARD, TEXT, Limits
from runbook_engine.loading.scalars import in_words, plain_scalar
from runbook_engine.loading.syntax import BRACES, QUOTE_BRACES
from runbook_engine.model.places import Mistake
from runbook_engine.model.values import dataclass

_MOST = 10_000  # mistakes that are reported in one file
_SCALAR_KINDS = {"null": type(None), "bool": bool, "int": int, "float": float}


class _TooMuch(Exception):
    """A limit was passed; the mistake has been noted and the walk ends."""


@dataclass(slots=True)
class Walk:
    """Builds the data of one document and collects its mistakes."""

    file: str
    lines: Sequence[str]
    limits: Limits
    text_tags: frozenset[str]
    aliases: bool  # whether there can be any
    mistakes: list[Mistake] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)  # nodes that were walked before
    _expanded: int = 0

    def data(self, root: Node | None) -> Any:
        """The plain data of a document, as far as it can be read; see `mistakes`."""
        try:
            return None if root is None else self._value(root, 0)
        except _TooMuch:
            return None

    def _value(self, node: Node, depth: int) -> Any:
        if isinstance(node, ScalarNode):
            if self.aliases:
                self._count(node, 1)
            tag = node.tag
            if not tag:
                return plain_scalar(node.value)
            return self._tagged_scalar(node) if tag != TEXT or node.style == '"' else node.value
        if depth >= self.limits.depth:
            self._stop(node, f"nested more than {self.limits.depth} deep", "make it flatter")
        if self.aliases:
            self._count(node, len(node.value))
        if node.tag and node.tag != STANDARD + ("seq" if isinstance(node, SequenceNode) else "map"):
            self._note(node, f"the tag {_shown(node.tag)} is not known here", "remove it")
        if isinstance(node, SequenceNode):
            return [self._value(child, depth + 1) for child in node.value]
        return self._mapping(node, depth + 1) if isinstance(node, MappingNode) else None

    def _count(self, node: Node, entries: int) -> None:
        """Entries that were walked before are there again because of an alias."""
        if id(node) in self._seen:
            self._expanded += max(1, entries)
            if self._expanded > self.limits.expansions:
                self._stop(node, f"aliases repeat more than {self.limits.expansions:,} entries", "write fewer aliases")
        self._seen.add(id(node))

    def _mapping(self, node: MappingNode, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        first: dict[str, Node] = {}
        merges = False
        for key_node, child in node.value:
            key = self._key(node, key_node)
            if key is None:
                self._value(child, depth)  # for its mistakes
                continue
            if key in first:
                self._duplicate(key, key_node, first[key])
            first[key] = key_node
            if key == "<<" and is_merge(key_node):
                merges = True
            else:
                data[key] = self._value(child, depth)
        return self._with_merged(node, data, depth) if merges else data

    def _with_merged(self, node: MappingNode, data: dict[str, Any], depth: int) -> dict[str, Any]:
        for source in merged_nodes(node):
            if isinstance(source, MappingNode):
                data = {**self._value(source, depth), **data}
            else:
                self._note(source, "'<<' needs a mapping, or a list of mappings", "name an anchor: <<: *anchor")
        return data

    def _key(self, node: MappingNode, key: Node) -> str | None:
        if isinstance(key, ScalarNode):
            value = self._value(key, 0) if key.tag or self.aliases else plain_scalar(key.value)
            if isinstance(value, str):
                return value
            self._note(key, f"a key must be text, found {in_words(value)}", "put quotes around the key")
        elif isinstance(key, MappingNode) and key.flow_style and node.flow_style:
            self._note(node, BRACES, QUOTE_BRACES)
        else:
            self._note(key, f"a key must be text, found {'a list' if isinstance(key, SequenceNode) else 'a mapping'}")
        return None

    def _tagged_scalar(self, node: ScalarNode) -> Any:
        hidden = deceptive(node.value) if node.style == '"' else ""
        if hidden:
            self._note(node, f"{hidden} is not allowed in a value", "remove it")
        if node.tag == TEXT or node.tag in self.text_tags:
            return node.value
        name = node.tag.removeprefix(STANDARD)
        if not node.tag.startswith(STANDARD) or name not in _SCALAR_KINDS:
            self._note(node, f"the tag {_shown(node.tag)} is not known here", "remove it")
            return node.value
        value = plain_scalar(node.value)
        if name == "float" and type(value) is int:
            return float(value)
        if type(value) is not _SCALAR_KINDS[name]:
            self._note(node, f"{node.value!r:.60} is not a {name}", "remove the tag")
        return value

    def _duplicate(self, key: str, node: Node, first: Node) -> None:
        line = first.start_mark.line + 1
        self._note(node, f"the key {key!r:.60} is here twice; the first is in line {line}", "keep one of them")

    def _stop(self, node: Node, message: str, hint: str) -> None:
        self._note(node, message, hint)
        raise _TooMuch

    def _note(self, node: Node, message: str, hint: str = "") -> None:
        place = place_of(node, self.file)
        source = self.lines[place.line - 1][:500] if place.line <= len(self.lines) else ""
        width = 2 if message == BRACES else width_of(node)
        if len(self.mistakes) >= _MOST:
            raise _TooMuch
        self.mistakes.append(Mistake(place, message, hint, source, width))


def _shown(tag: str) -> str:
    return "!!" + tag.removeprefix(STANDARD) if tag.startswith(STANDARD) else tag
