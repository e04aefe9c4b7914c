"""Find every action, once."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points

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
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        yield point.load()
