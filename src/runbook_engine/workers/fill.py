"""Fill the holes of a command for one attempt: the host's own values, and what earlier steps saved. Pure."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any, TypeVar

from runbook_engine.model.errors import Refused
from runbook_engine.model.plan import Package
from runbook_engine.model.text import Fill, Later, SecretRef, Text
from runbook_engine.model.words import Duty, HostName
from runbook_engine.running.conditions import NotSaved, Saved, saved_value

T = TypeVar("T")
_KEPT = 256  # packages whose positions are remembered, and commands without holes
_PLAIN = frozenset({str, int, float, bool, Duty, SecretRef})
_positions: dict[int, tuple[tuple[HostName, ...], Mapping[HostName, int]]] = {}
_whole: dict[int, object] = {}  # commands that were found to have no holes: the same ones come for every host


def filled(text: Text, package: Package, host: HostName | None, saved: Saved) -> Text:
    """The text with only literals and secrets left. Raises Refused when a value is not there."""
    if all(isinstance(part, str | SecretRef) for part in text.parts):
        return text
    return replace(text, parts=tuple(_part(part, package, host, saved) for part in text.parts))


def filled_command(command: T, package: Package, host: HostName | None, saved: Saved) -> T:
    """The same over a whole command, whatever it consists of. A command without holes comes back as it is."""
    if _whole.get(id(command)) is command:
        return command
    found: T = _filled(command, package, host, saved)
    if found is command:
        if len(_whole) >= _KEPT:
            _whole.clear()
        _whole[id(command)] = command
    return found


def _part(part: str | Fill | Later | SecretRef, package: Package, host: HostName | None, saved: Saved) -> str | SecretRef:
    if isinstance(part, Fill):
        return package.columns[part.index][_position(package, host)]
    if isinstance(part, Later):
        word = _later(part, saved)
        return shlex.quote(word) if part.quoted else word
    return part


def _later(later: Later, saved: Saved) -> str:
    """A saved value as it stands in a command: text and lines as they are, everything else as JSON."""
    try:
        value = saved_value(later, saved)
    except NotSaved as error:
        raise Refused(str(error), why="The step needs this value, and nothing of it was started.") from error
    if later.path == ("lines",):
        value = "\n".join(value)
    return value.rstrip("\n") if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _position(package: Package, host: HostName | None) -> int:
    """Where the host stands in the columns; remembered, because a search would cost more with every host."""
    hosts = package.hosts
    known = _positions.get(id(hosts))
    if known is None or known[0] is not hosts:
        if len(_positions) >= _KEPT:
            _positions.clear()
        known = _positions[id(hosts)] = (hosts, {name: n for n, name in enumerate(hosts)})
    if host is None and not hosts:
        return 0
    if host is None or host not in known[1]:
        raise Refused(f"{package.id} is not planned for {host or 'the control machine'}")
    return known[1][host]


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


def _filled(value: Any, package: Package, host: HostName | None, saved: Saved) -> Any:
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, Text):
        return filled(value, package, host, saved)
    if isinstance(value, tuple):
        parts = tuple(_filled(part, package, host, saved) for part in value)
        return value if all(a is b for a, b in zip(parts, value, strict=True)) else parts
    kind: Any = type(value)
    changed = {}
    for name in _names(kind):
        part = getattr(value, name)
        if (after := _filled(part, package, host, saved)) is not part:
            changed[name] = after
    return replace(value, **changed) if changed else value
