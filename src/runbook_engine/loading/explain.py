"""What pydantic found, as mistakes at their places and in plain words."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import UnionType
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runbook_engine.loading.document import Document
from runbook_engine.loading.nearest import did_you_mean
from runbook_engine.loading.scalars import in_words
from runbook_engine.model.places import Mistake, Path

M = TypeVar("M", bound=BaseModel)

# pydantic's kind of error, as far as it decides → what a person should have written
_EXPECTED: tuple[tuple[str, str], ...] = (
    ("string_type", "expected text"),
    ("string_sub_type", "expected text"),
    ("int_", "expected a whole number"),
    ("float_", "expected a number"),
    ("finite_number", "expected a number"),
    ("decimal_", "expected a number"),
    ("bool_", "expected true or false"),
    ("list_type", "expected a list"),
    ("tuple_type", "expected a list"),
    ("set_type", "expected a list"),
    ("frozen_set_type", "expected a list"),
    ("iterable_type", "expected a list"),
    ("dict_type", "expected keys and values"),
    ("mapping_type", "expected keys and values"),
    ("model_", "expected keys and values"),
    ("none_required", "expected nothing"),
)
_BOUNDS = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length} entries",
    "string_pattern_mismatch": "must have the form {pattern}",
}
_HIDDEN = frozenset({"secret", "password"})  # keys below which somebody may have written what nobody should read
_EMPTY = {"string_too_short": "characters", "too_short": "entries"}


def validated(model: type[M], document: Document, at: Path, mistakes: list[Mistake], data: Any = ...) -> M | None:
    """The part of a document at `at` as a model; None when it is not valid, its mistakes added to the list.

    `data` is that part, for callers who have it (or a changed copy of it) at hand.
    """
    given = part_at(document.data, at)[1] if data is ... else data
    try:
        return model.model_validate(given)
    except ValidationError as error:
        mistakes.extend(explain(error, document, at, model=model))
        return None


def explain(error: ValidationError, document: Document, at: Path = (), *, model: Any = None) -> list[Mistake]:
    """A mistake for each thing that pydantic found in the part of the document at `at`.

    `model` is the class (or type) that was asked for; with it, unknown keys get the nearest allowed one as hint.
    """
    errors = error.errors(include_url=False)
    deeper = {e["loc"][:size] for e in errors for size in range(len(e["loc"]))}
    found = (_mistake(e, document, at, model) for e in errors if e["type"] != "too_short" or e["loc"] not in deeper)
    return list({(m.place, m.message): m for m in found}.values())


def _mistake(details: ErrorDetails, document: Document, at: Path, model: Any) -> Mistake:
    path, value = part_at(document.data, (*at, *details["loc"]))
    if _HIDDEN.isdisjoint(path):
        return _shown(details, document, at, model, path, value)
    mistake = _shown(details, document, at, model, path, ...)
    return replace(mistake, source="", width=1)


def _shown(details: ErrorDetails, document: Document, at: Path, model: Any, path: Path, value: object) -> Mistake:
    loc = details["loc"]
    if details["type"] == "extra_forbidden":
        hint = did_you_mean(str(loc[-1]), allowed_keys(model, loc[:-1]), "the keys here are")
        return document.mistake(path, f"unknown key {loc[-1]!r:.60}", hint, key=True)
    if details["type"] == "missing":
        return document.mistake(path, f"the key {loc[-1]!r} is missing")
    if loc and loc[-1] == "[key]":
        return document.mistake(part_at(document.data, (*at, *loc[:-1]))[0], _said(details, loc[-2]), key=True)
    return document.mistake(path, _said(details, value), _hint(details, value))


def _said(details: ErrorDetails, value: object) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**context)
    if kind in _EMPTY:
        least = context["min_length"]
        return "must not be empty" if least == 1 else f"must have at least {least} {_EMPTY[kind]}"
    return _with_found(_expectation(details), value)


def _expectation(details: ErrorDetails) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind in ("enum", "literal_error"):
        return f"expected {'one of ' if ' or ' in context['expected'] else ''}{context['expected'].replace(chr(39), '')}"
    if kind == "value_error":
        return str(context["error"])
    known = next((words for start, words in _EXPECTED if kind.startswith(start)), "")
    return known or re.sub(r"^Input should be", "expected", details["msg"]).removeprefix("Value error, ")


def _with_found(message: str, value: object) -> str:
    if value is ... or not message.startswith("expected ") or ", found" in message:
        return message
    return f"{message}, found {in_words(value)}"


def _hint(details: ErrorDetails, value: object) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind in ("enum", "literal_error") and isinstance(value, str):
        words = re.findall(r"'([^']*)'", context["expected"])
        hint = did_you_mean(value, words)
        return hint if hint.startswith("did") else ""
    if kind == "string_type" and isinstance(value, bool | int | float):
        return "put quotes around it"
    return ""


def part_at(data: Any, loc: Iterable[str | int]) -> tuple[Path, Any]:
    """The part of plain data that pydantic's `loc` means, and the path to it as it was written.

    What the models accept in a short form has no such inner part: then it is the short form that is meant. A single
    entry that stands for a list of one is its own entry 0.
    """
    path: Path = ()
    for part in loc:
        if isinstance(data, Mapping) and part in data:
            data, path = data[str(part)], (*path, part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data, path = data[part], (*path, part)
        elif part != 0 or isinstance(data, list):
            break
    return path, data


def allowed_keys(model: Any, loc: Iterable[str | int]) -> list[str]:
    """The keys that may stand at `loc` inside a model (or a type made of models); none when there are no closed keys."""
    for part in loc:
        model = _inside(model, part)
    return [field.alias or name for choice in _models(model) for name, field in choice.model_fields.items()]


def _inside(kind: Any, part: str | int) -> Any:
    """The type of the part of a type: a field of a model, an entry of a list, a value of a mapping."""
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return next((f.annotation for name, f in kind.model_fields.items() if part in (f.alias, name)), None)
    origin, inner = get_origin(kind), get_args(kind)
    if not isinstance(origin, type) or origin is UnionType:
        return next((found for choice in inner if (found := _inside(choice, part)) is not None), None)
    return inner[1] if issubclass(origin, Mapping) else inner[0]


def _models(kind: Any) -> list[type[BaseModel]]:
    """The models that a type offers, such as M of M | None."""
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    origin = get_origin(kind)
    chosen = get_args(kind) if not isinstance(origin, type) or origin is UnionType else ()
    return [model for choice in chosen for model in _models(choice)]


def _bare(kind: Any) -> Any:
    return _bare(get_args(kind)[0]) if get_origin(kind) is Annotated else kind
