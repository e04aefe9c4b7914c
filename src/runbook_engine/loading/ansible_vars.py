"""The folders group_vars/ and host_vars/ beside an inventory: which files hold for which name, and what they say."""

from collections.abc import Iterator
from pathlib import Path as FilePath

from runbook_engine.loading.ansible_settings import layer
from runbook_engine.loading.ansible_tree import TEXT_TAGS, ansible_values
from runbook_engine.loading.document import read_file
from runbook_engine.loading.estate_entries import GroupEntry, HostEntry, Source
from runbook_engine.loading.estate_pages import Notes
from runbook_engine.loading.estate_variables import VAULT, checked
from runbook_engine.model.values import dataclass

FOLDERS = ("group_vars", "host_vars")
ENDINGS = ("", ".yml", ".yaml", ".json")
MAX_DEPTH = 16  # folders inside each other


@dataclass(frozen=True, slots=True)
class VarsFile:
    """A file of variables for one group or host."""

    path: FilePath
    name: str
    of_group: bool


def vars_files(folder: FilePath) -> Iterator[VarsFile]:
    """The files of a group_vars or host_vars folder, in the order in which they count.

    As with Ansible, a name is looked for without an ending first, then as .yml, .yaml, .json; the first that is there
    holds, and a folder stands for all files in it, sorted by name.
    """
    entries = {entry.name: entry for entry in sorted(folder.iterdir()) if _counts(entry)}
    names = dict.fromkeys(name if entry.is_dir() else _bare(name) for name, entry in entries.items())
    for name in names:
        found = next(entries[name + ending] for ending in ENDINGS if name + ending in entries)
        for path in _within(found, 1):
            yield VarsFile(path, name, folder.name == FOLDERS[0])


def _bare(name: str) -> str:
    return next((name.removesuffix(ending) for ending in ENDINGS[1:] if name.endswith(ending)), name)


def _counts(entry: FilePath) -> bool:
    if entry.name.startswith(".") or entry.name.endswith("~"):
        return False
    return entry.is_dir() or _bare(entry.name) != entry.name or "." not in entry.name or not _known_other(entry.suffix)


def _known_other(suffix: str) -> bool:
    return suffix.lower() in {".md", ".txt", ".rst", ".bak", ".orig", ".swp", ".retry", ".cfg", ".ini", ".j2", ".py", ".sh"}


def _within(entry: FilePath, depth: int) -> Iterator[FilePath]:
    if not entry.is_dir():
        yield entry
    elif depth <= MAX_DEPTH:
        for inner in sorted(entry.iterdir()):
            if inner.is_dir() or inner.suffix in ENDINGS:
                yield from _within(inner, depth + 1) if _counts(inner) else ()


def read_vars(told: VarsFile, file: str) -> Source:
    """What a file of variables says; its mistakes are in the result. Raises NotValid when it is no YAML."""
    page = read_file(told.path, file, text_tags=TEXT_TAGS)
    notes = Notes(page)
    data = {} if page.data is None else page.data
    if isinstance(data, str) and data.startswith(VAULT):
        checked({told.name: data}, (), notes)
    elif not isinstance(data, dict):
        notes((), "a file of variables must be keys and values", "write 'name: value' for each variable")
    values = ansible_values(data, (), page) if isinstance(data, dict) else {}
    said = layer(values, (), notes)
    if told.of_group:
        entry = GroupEntry(name=told.name, path=(file,), layer=said, exists=False)
        return Source(page=page, groups=(entry,), mistakes=tuple(notes.found), exists=False)
    host = HostEntry(names=(told.name,), path=(file,), layer=said, exists=False)
    return Source(page=page, hosts=(host,), mistakes=tuple(notes.found), exists=False)
