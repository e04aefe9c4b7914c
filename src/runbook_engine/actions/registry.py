"""Find every action, once."""

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from runbook_engine.actions.contract import Action

GROUP = "runbook_engine.actions"


@cache
def all_actions() -> Mapping[str, Action]:
    """Every action by name: those of this folder, then those of entry points. Raises ValueError on a name used twice."""
    found: dict[str, Action] = {}
    for action in (*_own(), *_foreign()):
        if action.name in found:
            raise ValueError(f"two actions are called {action.name!r}")
        found[action.name] = action
    return found


def _own() -> Iterator[Action]:
    for module in sorted(m.name for m in pkgutil.iter_modules(__import__(__package__, fromlist=["_"]).__path__)):
        action = getattr(importlib.import_module(f"{__package__}.{module}"), "ACTION", None)
        if action is not None:
            yield action


def _foreign() -> Iterator[Action]:
    if not _is_named():
        return
    from importlib.metadata import entry_points  # takes longer to load than all our own actions

    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        yield point.load()


def _is_named() -> bool:
    """Whether any installed distribution names our group; what is no folder, such as an archive, might."""
    folders = [Path(entry or ".") for entry in sys.path]
    if any(folder.is_file() and not folder.name.startswith("python") for folder in folders):
        return True
    files = (file for folder in folders if folder.is_dir() for file in folder.glob("*-info/entry_points.txt"))
    return any(f"[{GROUP}]" in file.read_text(encoding="utf-8", errors="replace") for file in files)
