"""YAML text → plain data with the place of every part, or every mistake of the file. Start reading here for the reader."""

from dataclasses import field
from pathlib import Path as FilePath
from typing import Any

from yaml import Node, YAMLError

from runbook_engine.loading.characters import decoded, lines_of, unwanted_characters
from runbook_engine.loading.nodes import Spots, find, place_of, width_of
from runbook_engine.loading.parse import Limits, Tree, collector_paused, compose
from runbook_engine.loading.syntax import syntax_mistake
from runbook_engine.loading.walk import Walk
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake, Path, Place, Places
from runbook_engine.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file holds: plain dicts, lists and scalars, and where each part of them was written."""

    data: Any
    places: Places
    file: str
    tree: Tree = field(repr=False, compare=False)

    def mistake(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> Mistake:
        """A mistake at the value (or the key) at `path`, its whole word underlined; the nearest holder's, if there is none."""
        found = find(self.tree.root, path)
        while found is None and path:
            path, key = path[:-1], False
            found = find(self.tree.root, path)
        if found is None:
            return Mistake(Place(self.file, 1, 1), message, hint, self.places.source(Place(self.file, 1, 1)))
        node = (found[0] if key else None) or found[1]
        place = place_of(node, self.file)
        return Mistake(place, message, hint, self.places.source(place), width_of(node))


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
    mistakes = list(unwanted_characters(content, lines, file))
    root = _composed(content, lines, file, limits, mistakes)
    walk = Walk(file, lines, limits, text_tags, aliases="*" in content and "&" in content)
    with collector_paused():
        data = walk.data(root)
    mistakes.extend(walk.mistakes)
    if mistakes:
        raise NotValid(mistakes)
    tree = Tree(content, limits.depth)
    places = Places(Spots(tree, file), Spots(tree, file, of_keys=True), {file: lines})
    return Document(data=data, places=places, file=file, tree=tree)


def _composed(content: str, lines: tuple[str, ...], file: str, limits: Limits, found: list[Mistake]) -> Node | None:
    try:
        return compose(content, limits.depth)
    except YAMLError as error:
        if not found:  # a character that is not allowed has been reported already, with its place
            found.append(syntax_mistake(error, lines, file))
    except UnicodeEncodeError:
        pass  # a lone surrogate, reported among the characters
    raise NotValid(found)
