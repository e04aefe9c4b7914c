"""The filters of templates: a short list of harmless ones, each charged for what it does."""

import json
import posixpath
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from jinja2 import pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import Context, Undefined

from runbook_engine.planning.findings import BadTemplate
from runbook_engine.planning.plain import limited, no_text, text_of

EFFORT = 5_000_000  # units of work that one rendering may cost
LOOP_COST = 250  # of each turn of a loop
ITEM_COST = 25  # of each value in a list or table that a template builds
BUDGET = " budget"  # under this name, which no author can write, the budget stands among the names
_TAKEN = frozenset(
    {"abs", "capitalize", "count", "dictsort", "first", "float", "int", "items", "last", "length", "list", "lower", "map"}
    | {"max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "title", "trim", "unique", "upper"}
    | {"urlencode"}
)


class Budget:
    """What one rendering may still cost."""

    __slots__ = ("left",)

    def __init__(self, effort: int = EFFORT) -> None:
        self.left = effort

    def charge(self, cost: int) -> None:
        """Take `cost` units. Raises BadTemplate when there are not so many left."""
        self.left -= cost
        if self.left < 0:
            raise BadTemplate(
                "the template does more work than it may", "compute it beforehand and put the result into a variable"
            )


def word_of(value: object) -> str:
    """A value as one word of a shell's command line."""
    return shlex.quote(text_of(value))


def weight(value: object) -> int:
    """What a value costs, the values within it included. Stops counting where a budget would be spent."""
    total, waiting = 0, [value]
    while waiting and total <= EFFORT:
        item = waiting.pop()
        total += ITEM_COST + (len(item) if isinstance(item, str) else 0)
        if isinstance(item, Mapping):
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item)
    return total


def charged(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that pays for the size of what it is given."""
    wants = getattr(getattr(function, "jinja_pass_arg", None), "name", "")

    @pass_context
    def filtered(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        context.parent[BUDGET].charge(10 + (len(value) if isinstance(value, Sequence | Mapping) else 0))
        if not wants:
            return function(value, *args, **kwargs)
        first = {"context": context, "eval_context": context.eval_ctx, "environment": context.environment}[wants]
        return function(first, value, *args, **kwargs)

    return filtered


def _default(value: object, otherwise: object = "", boolean: bool = False) -> object:  # noqa: FBT001, FBT002 - as in Jinja
    missing = value is None or isinstance(value, Undefined) or (boolean and not value)
    return otherwise if missing else value


def _replace(value: object, old: object, new: object) -> str:
    text, before, after = text_of(value), text_of(old), text_of(new)
    limited(len(text) + text.count(before) * max(0, len(after) - len(before)))
    return text.replace(before, after)


def _join(values: Iterable[object], between: object = "", attribute: str | None = None) -> str:
    parts = [text_of(v if attribute is None else _attribute(v, attribute)) for v in values]
    limited(sum(len(p) for p in parts) + len(parts) * len(text_of(between)))
    return text_of(between).join(parts)


def _attribute(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


def _round(value: float, digits: int = 0) -> float:
    if abs(digits) > 15:
        raise BadTemplate("round takes at most 15 digits")
    return round(value, digits)


def _sum(values: Iterable[object], attribute: str | None = None) -> int | float:
    numbers = [v if attribute is None else _attribute(v, attribute) for v in values]
    if not all(isinstance(n, int | float) for n in numbers):
        raise BadTemplate("sum adds numbers only")
    return sum(n for n in numbers if isinstance(n, int | float))


def _indent(value: object, width: int = 4, first: bool = False) -> str:  # noqa: FBT001, FBT002 - as in Jinja
    text = text_of(value)
    if not 0 <= width <= 100:
        raise BadTemplate("indent takes 0 to 100 spaces")
    limited(len(text) + (text.count("\n") + 1) * width)
    return (" " * width if first else "") + text.replace("\n", "\n" + " " * width)


def _tojson(value: object, indent: int | None = None) -> str:
    pieces, size = [], 0
    encoder = json.JSONEncoder(
        sort_keys=True, ensure_ascii=False, indent=None if indent is None else min(indent, 8), default=_refuse
    )
    for piece in encoder.iterencode(value):
        pieces.append(piece)
        size += len(piece)
        limited(size)
    return "".join(pieces)


def _refuse(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise BadTemplate(*no_text(value))


def _unquoted(value: object) -> object:
    return value


AUTHOR_FILTERS: dict[str, Callable[..., Any]] = {
    **{name: charged(FILTERS[name]) for name in _TAKEN},
    "basename": charged(lambda value: posixpath.basename(text_of(value))),
    "d": charged(_default),
    "default": charged(_default),
    "dirname": charged(lambda value: posixpath.dirname(text_of(value))),
    "indent": charged(_indent),
    "join": charged(_join),
    "replace": charged(_replace),
    "round": charged(_round),
    "string": charged(text_of),
    "sum": charged(_sum),
    "tojson": charged(_tojson),
    "unquoted": charged(_unquoted),
}
