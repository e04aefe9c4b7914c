"""Variables of hosts and groups: plain JSON values, and secrets by name. Nothing in them is a template."""

import math
import re
from collections.abc import Mapping

from runbook_engine.loading.estate_entries import Values
from runbook_engine.loading.estate_pages import Note
from runbook_engine.loading.step_parts import nearest_source
from runbook_engine.model.places import Path
from runbook_engine.model.secret_names import IN_WORDS, PATTERN
from runbook_engine.model.text import SecretRef

VAULT = "$ANSIBLE_VAULT;"
MAX_DEPTH = 64  # mappings and lists inside each other

_SECRET = re.compile(rf"(?=[^\x00-\x1f\x7f]+\Z){PATTERN}")
_SIMPLE = frozenset({str, int, bool, type(None)})


def checked(values: Values, path: Path, note: Note) -> Values:
    """The same variables with `{secret: "env:NAME"}` as SecretRef; what cannot be kept is noted and left out."""
    if all(value.__class__ in _SIMPLE for value in values.values()) and not _encrypted(values):
        return values
    return {key: _value(value, (*path, key), note, 1) for key, value in values.items()}


def _encrypted(values: Values) -> bool:
    return any(value.__class__ is str and value.startswith(VAULT) for value in values.values())


def _value(value: object, path: Path, note: Note, depth: int) -> object:
    if depth > MAX_DEPTH:
        note(path, f"nested more than {MAX_DEPTH} deep", "make it flatter")
    elif isinstance(value, str):
        return _text(value, path, note)
    elif isinstance(value, Mapping):
        return _mapping(value, path, note, depth)
    elif isinstance(value, list):
        return [_value(item, (*path, index), note, depth + 1) for index, item in enumerate(value)]
    elif isinstance(value, float) and not math.isfinite(value):
        note(path, "infinite and undefined numbers cannot be kept", "write it as text, in quotes")
    else:
        return value
    return None


def _text(value: str, path: Path, note: Note) -> str:
    if value.startswith(VAULT):
        name = path[-1] if path else "this"
        hint = f'keep it as a secret by name: {name}: {{secret: "env:NAME"}}; the names are {IN_WORDS}'
        note(path, f"'{name}' is encrypted by Ansible Vault, which is not opened here", hint)
    return value


def _mapping(value: Mapping[str, object], path: Path, note: Note, depth: int) -> object:
    if set(value) == {"secret"}:
        return secret(value["secret"], (*path, "secret"), note)
    if "__ansible_vault" in value:
        return _text(VAULT, path, note)
    if set(value) == {"__ansible_unsafe"}:
        return _value(value["__ansible_unsafe"], path, note, depth + 1)
    return {key: _value(item, (*path, key), note, depth + 1) for key, item in value.items()}


def secret(name: object, path: Path, note: Note) -> SecretRef | None:
    """A secret by name. The text of a wrong one is not repeated: it may be the secret itself."""
    if isinstance(name, str) and _SECRET.fullmatch(name):
        return SecretRef(name)
    hint = (isinstance(name, str) and nearest_source(name)) or f'write {{secret: "NAME"}}, where NAME is {IN_WORDS}'
    note(path, "a secret is given by name, never by its value", hint, hide=True)
    return None
