"""Change every text inside a value: params of any action, procedures, commands."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

from runbook_engine.actions.contract import Params
from runbook_engine.model.text import Text

Key = tuple[str | int, ...]
Change = Callable[[Text, Key], Text]


def changed(value: Any, change: Change, path: Key = ()) -> Any:
    """The same value with each text replaced by `change(text, its path)`; what does not change stays the same object."""
    if isinstance(value, Text):
        return change(value, path)
    if isinstance(value, tuple | list):
        items = [changed(v, change, (*path, i)) for i, v in enumerate(value)]
        return value if all(a is b for a, b in zip(items, value, strict=True)) else type(value)(items)
    if isinstance(value, Mapping):
        return _changed_parts(value, dict(value), change, path, lambda new: {**value, **new})
    parts = _parts(value)
    if parts is None:
        return value
    if is_dataclass(value):
        return _changed_parts(value, parts, change, path, lambda new: replace(value, **new))  # type: ignore[type-var]
    return _changed_parts(value, parts, change, path, lambda new: value.model_copy(update=new))


def _changed_parts(
    value: Any, parts: Mapping[str, Any], change: Change, path: Key, build: Callable[[dict[str, Any]], Any]
) -> Any:
    new = {name: changed(part, change, (*path, name)) for name, part in parts.items()}
    new = {name: part for name, part in new.items() if part is not parts[name]}
    return build(new) if new else value


def texts(value: Any, path: Key = ()) -> Iterator[tuple[Text, Key]]:
    """Every text inside a value, with the path that leads to it."""
    if isinstance(value, Text):
        yield value, path
    elif isinstance(value, tuple | list):
        for number, item in enumerate(value):
            yield from texts(item, (*path, number))
    else:
        for name, part in (_parts(value) or {}).items():
            if part is not None and not isinstance(part, str | int | float):
                yield from texts(part, (*path, name))


def _parts(value: Any) -> Mapping[str, Any] | None:
    """The named parts of a table, a dataclass or a params object; None for a plain value."""
    if isinstance(value, Mapping):
        return value
    kind: Any = type(value)
    names = _names(kind)
    return None if names is None else {name: getattr(value, name) for name in names}


@cache
def _names(kind: Any) -> tuple[str, ...] | None:
    """The fields of a class, looked up once: asking a params class whether it has an attribute is slow."""
    if is_dataclass(kind):
        return tuple(f.name for f in fields(kind))
    return tuple(kind.model_fields) if issubclass(kind, Params) else None
