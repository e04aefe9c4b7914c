"""Values of a plan as words, for comparing: what differs by host, what only the run knows and what is secret are named."""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

from runbook_engine.model.commands import Procedure, Shell
from runbook_engine.model.plan import Package
from runbook_engine.model.runbook import Money, Who
from runbook_engine.model.text import Fill, Later, SecretRef, Text
from runbook_engine.model.words import HostName

MOST = 5  # names in a list before the rest is a number


def text(value: Text, package: Package | None = None) -> str:
    """A rendered text; the columns as the first host has them, in ‹ ›."""
    return "".join(_part(part, package) for part in value.parts)


def _part(part: str | Fill | Later | SecretRef, package: Package | None) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Later):
        return f"(known after {part.step}: {'.'.join(map(str, part.path))})"
    if isinstance(part, SecretRef):
        return f"(secret {part.name})"
    return f"‹{package.columns[part.index][0]} …›" if package and package.hosts else "‹by host›"


def value(what: Any, package: Package | None = None) -> str:
    """Any value of a plan in a few words; nothing for nothing."""
    if isinstance(what, Text):
        return text(what, package)
    if isinstance(what, Who):
        return str(what)
    if isinstance(what, Money):
        return f"{what.amount} {what.currency}"
    if isinstance(what, Shell):
        return text(what.script, package) + _besides(what, package)
    if what is None or (isinstance(what, tuple | dict) and not what):
        return ""
    if isinstance(what, bool):
        return "yes" if what else "no"
    if isinstance(what, float):
        return f"{what:g}"
    return _compound(what, package)


def _compound(what: Any, package: Package | None) -> str:
    if isinstance(what, dict):
        return ", ".join(f"{k} {value(v, package)}" for k, v in what.items())
    if isinstance(what, tuple | list | frozenset):
        return ", ".join(value(v, package) for v in what)
    if isinstance(what, Procedure):
        return " ; ".join(value(command, package) for command in what.apply)
    if is_dataclass(what):
        parts = ((f.name, value(getattr(what, f.name), package)) for f in fields(what))
        return f"{type(what).__name__.lower()} " + ", ".join(
            f"{n.removesuffix('_s')} {v}" for n, v in parts if v not in ("", "no")
        )
    return str(what)


def _besides(command: Shell, package: Package | None) -> str:
    """What a command has besides its script."""
    names = (f.name for f in fields(command) if f.name != "script")
    said = [f"{n.removesuffix('_s')} {v}" for n in names if (v := value(getattr(command, n), package)) not in ("", "no")]
    return f" ({', '.join(said)})" if said else ""


def hosts(names: Iterable[HostName]) -> str:
    """Hosts by name, the first few of many."""
    listed = list(names)
    more = len(listed) - MOST
    return ", ".join(listed[:MOST]) + (f" and {more} more" if more > 0 else "")
