"""Text → YAML nodes by the C parser, without the guesses of YAML 1.1."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from yaml import MarkedYAMLError, Node
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from runbook_engine.model.values import dataclass

STANDARD = "tag:yaml.org,2002:"
TEXT = STANDARD + "str"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a file is read before it is refused."""

    size: int = 64 * 1024 * 1024  # bytes
    depth: int = 64  # lists and mappings inside each other
    expansions: int = 1_000  # entries that aliases repeat


class _Parser(CParser):  # type: ignore[misc, unused-ignore]
    """A word without quotes or tag keeps an empty tag; a quoted one is text.

    The parser goes down by recursion in C, so the depth is counted here: a file of brackets must not exhaust the stack.
    """

    def __init__(self, text: str, depth: int) -> None:
        super().__init__(text)
        self._room = depth + 2

    def resolve(self, _kind: type[Node], value: str | None, implicit: Any) -> str:
        """The tag of a node that has none of its own."""
        return "" if value is None or implicit[0] else TEXT

    def descend_resolver(self, parent: Node | None, _index: object) -> None:
        """One deeper. `parent` is the list or mapping that the node stands in."""
        self._room -= 1
        if self._room < 0:
            raise MarkedYAMLError(problem="exceeded max depth", problem_mark=parent.start_mark if parent else None)

    def ascend_resolver(self) -> None:
        """One up again."""
        self._room += 1


def compose(text: str, depth: int) -> Node | None:
    """The root of the one document in a text; None when it is empty. Raises yaml.YAMLError, UnicodeEncodeError."""
    with collector_paused():
        root: Node | None = _Parser(text, depth).get_single_node()
        return root


@contextmanager
def collector_paused() -> Iterator[None]:
    """Build many objects without the search for garbage among them: three times faster, and nothing is lost."""
    active = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if active:
            gc.enable()


class Tree:
    """The nodes of a text that is known to be good, made again when somebody asks for a place, and kept from then on."""

    __slots__ = ("_depth", "_root", "_text")

    def __init__(self, text: str, depth: int) -> None:
        self._text, self._depth = text, depth
        self._root: tuple[Node | None] | None = None

    @property
    def root(self) -> Node | None:
        """The top of the document."""
        if self._root is None:
            self._root = (compose(self._text, self._depth),)
        return self._root[0]
