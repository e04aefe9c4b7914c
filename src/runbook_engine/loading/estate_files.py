"""Which files of an inventory folder are read, and as what: our own YAML, or an Ansible inventory of one of its forms."""

import os
import re
from collections.abc import Callable
from dataclasses import field
from functools import partial
from itertools import islice
from pathlib import Path as FilePath

from runbook_engine.loading.ansible_ini import read_ini
from runbook_engine.loading.ansible_list import read_list
from runbook_engine.loading.ansible_tree import TEXT_TAGS, looks_like_ansible, read_tree
from runbook_engine.loading.ansible_vars import FOLDERS, VarsFile, read_vars, vars_files
from runbook_engine.loading.characters import decoded, lines_of, unwanted_characters
from runbook_engine.loading.document import read_file
from runbook_engine.loading.estate_documents import InventoryDocument
from runbook_engine.loading.estate_entries import Source
from runbook_engine.loading.estate_pages import PlainPage
from runbook_engine.loading.estate_reading import Written, read_inventory
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake, Place
from runbook_engine.model.values import dataclass

MAX_FILES = 10_000
MAX_BYTES = 64 * 1024 * 1024  # of one file that is not YAML

INVENTORY_NAMES = frozenset({"hosts", "inventory"})  # read whatever they look like

_SECTION = re.compile(r"\[[^\]\s]+\]\s*(#.*)?")
_TREE = re.compile(r"---\s*(#.*)?|[\w.-]+:(\s.*)?")
_SCRIPT = "#!"
_LIST = "ansible-inventory -i {} --list > {}.json"


@dataclass(slots=True)
class Found:
    """What the files of an inventory say, each by itself."""

    own: list[Written] = field(default_factory=list)
    ansible: list[Source] = field(default_factory=list)
    variables: list[Source] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)  # of files that could not be read at all
    files: list[str] = field(default_factory=list)

    @property
    def sources(self) -> list[Source]:
        """All that is said about hosts and groups; what comes later counts more."""
        return [*self.ansible, *(written.source for written in self.own), *self.variables]


def read_files(place: FilePath) -> Found:
    """Read a folder with all below it, or one file and the group_vars and host_vars beside it."""
    found = Found()
    if place.is_dir():
        paths, folders = _walked(place, found)
    else:
        paths, folders = [place], [place.parent / name for name in FOLDERS if (place.parent / name).is_dir()]
    if len(paths) > MAX_FILES:
        raise NotValid([Mistake(Place(str(place), 1, 1), f"more than {MAX_FILES:,} files", "keep only the inventory here")])
    for path in paths:
        _into(found, path, _read)
    for folder in folders:
        for told in _listed(folder, found):
            _into(found, told.path, partial(read_vars, told))
    return found


def _walked(top: FilePath, found: Found) -> tuple[list[FilePath], list[FilePath]]:
    paths: list[FilePath] = []
    folders: list[FilePath] = []
    for folder, inner, files in os.walk(top, onerror=lambda error: _unreadable(found, error)):
        folders.extend(FilePath(folder, name) for name in sorted(inner) if name in FOLDERS)
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in FOLDERS)
        paths.extend(FilePath(folder, name) for name in sorted(files) if not name.startswith("."))
        if len(paths) > MAX_FILES:
            break
    return paths, folders


def _listed(folder: FilePath, found: Found) -> list[VarsFile]:
    try:
        return list(islice(vars_files(folder), MAX_FILES))
    except OSError as error:
        _unreadable(found, error)
        return []


def _unreadable(found: Found, error: OSError) -> None:
    place = Place(os.fsdecode(error.filename or "?"), 1, 1)
    found.mistakes.append(Mistake(place, f"cannot read it: {error.strerror or error}", "check its permissions"))


def _into(found: Found, path: FilePath, read: Callable[[str], Written | Source | None]) -> None:
    file = str(path)
    if path.exists() and not path.is_file():  # a pipe or a device would be waited for
        return
    try:
        said = read(file)
    except NotValid as error:
        found.mistakes.extend(error.mistakes)
        return
    except OSError as error:
        _unreadable(found, error)
        return
    if said is None:
        return
    found.files.append(file)
    if isinstance(said, Written):
        found.own.append(said)
    else:
        (found.ansible if said.exists else found.variables).append(said)


def _read(file: str) -> Written | Source | None:
    """A file by what it is called and what it looks like; None when it is no part of an inventory."""
    path = FilePath(file)
    if path.suffix in {".yml", ".yaml"}:
        return _yaml(path)
    if path.suffix == ".json":
        return read_list(_text(path), file)
    if path.suffix == ".ini":
        return read_ini(_text(path), file)
    return None if path.suffix else _without_ending(path)


def _yaml(path: FilePath) -> Written | Source:
    page = read_file(path, str(path), text_tags=TEXT_TAGS)
    if isinstance(page.data, dict) and isinstance(page.data.get("plugin"), str):
        hint = f"run {_LIST.format(path.name, path.stem)} there, and move this file out of the inventory"
        raise NotValid([page.mistake(("plugin",), "this sets up a plugin of Ansible, which is not run here", hint, key=True)])
    ours = isinstance(page.data, dict) and not page.data.keys().isdisjoint(InventoryDocument.model_fields)
    return read_tree(page) if not ours and looks_like_ansible(page.data) else read_inventory(page)


def _without_ending(path: FilePath) -> Written | Source | None:
    file, named = str(path), path.name in INVENTORY_NAMES
    with path.open("rb") as opened:
        start = opened.read(64 * 1024).decode("utf-8", "replace")
    if start.startswith(_SCRIPT):
        hint = f"run {_LIST.format(path.name, path.name)} there, and move the script out of the inventory"
        raise NotValid([PlainPage(file).mistake((), "a script is not run to find hosts", hint)])
    lines = (line.strip() for line in start.splitlines())
    first = next((line for line in lines if line and line[0] not in "#;"), "")
    if _TREE.fullmatch(first):
        page = read_file(path, file, text_tags=TEXT_TAGS) if named or "hosts:" in start else None
        return read_tree(page) if page and looks_like_ansible(page.data) else None
    return read_ini(_text(path), file) if named or _SECTION.fullmatch(first) or " ansible_" in first else None


def _text(path: FilePath) -> str:
    """The text of a file that is not YAML. Raises NotValid, OSError."""
    file = str(path)
    with path.open("rb") as opened:
        data = opened.read(MAX_BYTES + 1)
    text = decoded(data, file) if len(data) <= MAX_BYTES else Mistake(Place(file, 1, 1), f"larger than {MAX_BYTES:,} bytes")
    unwanted = [text] if isinstance(text, Mistake) else list(unwanted_characters(text, lines_of(text), file))
    if unwanted or isinstance(text, Mistake):
        raise NotValid(unwanted)
    return text
