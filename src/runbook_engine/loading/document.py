"""YAML text → plain data with the place of every part, or every mistake of the file. Start reading here for the reader."""

from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from yaml import MarkedYAMLError, Node, YAMLError
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from runbook_engine.loading.characters import decoded, lines_of, unwanted_characters
from runbook_engine.loading.nodes import Spots, find, place_of, width_of
from runbook_engine.loading.syntax import syntax_mistake
from runbook_engine.loading.walk import TEXT, Limits, Walk
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake, Path, Place, Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file holds: plain dicts, lists and scalars, and where each part of them was written."""

    data: Any
    places: Places
    file: str
    root: Node | None = field(default=None, repr=False, compare=False)

    def mistake(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> Mistake:
        """A mistake at the value (or the key) at `path`, its whole word underlined; the nearest holder's, if there is none."""
        found = find(self.root, path)
        while found is None and path:
            path, key = path[:-1], False
            found = find(self.root, path)
        if found is None:
            return Mistake(Place(self.file, 1, 1), message, hint, self.places.source(Place(self.file, 1, 1)))
        node = (found[0] if key else None) or found[1]
        place = place_of(node, self.file)
        return Mistake(place, message, hint, self.places.source(place), width_of(node))


class _Parser(CParser):  # type: ignore[misc]
    """The C parser without the resolver of YAML 1.1: a word without quotes or tag keeps the tag None.

    It goes down by recursion in C, so the depth is counted here: a file of brackets must not exhaust the stack.
    """

    def __init__(self, text: str, limits: Limits) -> None:
        super().__init__(text)
        self._room = limits.depth + 2

    def resolve(self, _kind: type[Node], value: str | None, implicit: Any) -> str | None:
        """The tag of a node that has none: text when it is quoted, left open otherwise."""
        return None if value is None or implicit[0] else TEXT

    def descend_resolver(self, parent: Node | None, _index: object) -> None:
        """One deeper. `parent` is the list or mapping that the node stands in."""
        self._room -= 1
        if self._room < 0:
            raise MarkedYAMLError(problem="exceeded max depth", problem_mark=parent.start_mark if parent else None)

    def ascend_resolver(self) -> None:
        """One up again."""
        self._room += 1


def read_file(
    path: FilePath, file: str = "", *, limits: Limits = Limits(), text_tags: frozenset[str] = frozenset()
) -> Document:
    """Read a file from disk; `file` is its name in messages (the path, if not given). Raises NotValid."""
    name = file or str(path)
    try:
        with path.open("rb") as opened:
            data = opened.read(limits.size + 1)
    except OSError as error:
        raise NotValid([Mistake(Place(name, 1, 1), f"cannot read the file: {error.strerror or error}")]) from error
    return read_document(data, name, limits=limits, text_tags=text_tags)


def read_document(
    text: str | bytes, file: str, *, limits: Limits = Limits(), text_tags: frozenset[str] = frozenset()
) -> Document:
    """Read one YAML document by the core rules of YAML 1.2. An empty file has the data None.

    `text_tags` are explicit tags (such as '!vault') whose words are taken as text; every other tag that is not of the
    standard is a mistake. Raises NotValid with all mistakes of the file.
    """
    if len(text) > limits.size:
        raise NotValid([Mistake(Place(file, 1, 1), f"the file is larger than {limits.size:,} bytes", "split it")])
    content = decoded(text, file) if isinstance(text, bytes) else text.removeprefix("\ufeff")
    if isinstance(content, Mistake):
        raise NotValid([content])
    lines = lines_of(content)
    mistakes = list(unwanted_characters(content, file))
    root = _composed(content, lines, file, limits, mistakes)
    walk = Walk(file, lines, limits, text_tags, aliases="*" in content and "&" in content)
    data = walk.data(root)
    mistakes.extend(walk.mistakes)
    if mistakes:
        raise NotValid(mistakes)
    places = Places(Spots(root, file), Spots(root, file, of_keys=True), {file: lines})
    return Document(data=data, places=places, file=file, root=root)


def _composed(content: str, lines: tuple[str, ...], file: str, limits: Limits, found: list[Mistake]) -> Node | None:
    try:
        return _Parser(content, limits).get_single_node()
    except YAMLError as error:
        if not found:  # a character that is not allowed has been reported already, with its place
            found.append(syntax_mistake(error, lines, file))
    except UnicodeEncodeError:
        pass  # a lone surrogate, reported among the characters
    raise NotValid(found)
