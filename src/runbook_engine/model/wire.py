"""How values look as JSON: one rule for every frozen value, led by its type hints.

Dataclasses become objects (fields at their default are left out), members of a union carry their class name under `is`,
enums their value, times ISO 8601, decimals text. `from_data` is the inverse and refuses what does not fit.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

TAG = "is"
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class WireError(ValueError):
    """Data that is not what was written by `to_data`."""


def canonical(data: object) -> bytes:
    """The one byte form of JSON data: sorted keys, no spaces, UTF-8."""
    return _ENCODER.encode(data).encode("utf-8", "surrogatepass")


def to_data(value: object) -> Any:
    """Plain JSON data for any value of the model."""
    kind: Any = type(value)
    return encoder(kind)(value)


def from_data(kind: Any, data: object) -> Any:
    """The value of type `kind` that `to_data` turned into `data`. Raises WireError."""
    try:
        return decoder(kind)(data)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise WireError(f"not a {getattr(kind, '__name__', kind)}: {error}") from error


def _same(value: Any) -> Any:
    return value


@cache
def encoder(kind: Any) -> Callable[[Any], Any]:
    """What turns values of a class into JSON data."""
    if kind in (str, int, float, bool, NoneType):
        return _same
    if issubclass(kind, Enum):
        return lambda v: v.value
    if issubclass(kind, datetime | date):
        return lambda v: v.isoformat()
    if issubclass(kind, Decimal):
        return str
    if is_dataclass(kind):
        return _object_encoder(kind)
    if issubclass(kind, Mapping):
        return lambda v: {str(k): to_data(x) for k, x in v.items()}
    if issubclass(kind, frozenset | set):
        return lambda v: sorted(to_data(x) for x in v)
    if issubclass(kind, tuple | list):
        return lambda v: [to_data(x) for x in v]
    if issubclass(kind, str | int):
        return _expect_type(kind.__mro__[1])
    raise WireError(f"{kind.__name__} has no JSON form")


def _expect_type(kind: Any) -> Callable[[Any], Any]:
    return kind  # type: ignore[no-any-return]


def _object_encoder(kind: Any) -> Callable[[Any], Any]:
    parts = tuple((f.name, _default(f)) for f in fields(kind) if f.compare)
    name = kind.__name__

    def encode(value: Any) -> dict[str, Any]:
        data: dict[str, Any] = {TAG: name}
        for key, default in parts:
            part = getattr(value, key)
            if part is not default and (part != default or type(part) is not type(default)):
                what: Any = type(part)
                data[key] = encoder(what)(part)
        return data

    return encode


def _default(field: "Field[Any]") -> Any:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else MISSING


@cache
def decoder(kind: Any) -> Callable[[Any], Any]:
    """What turns JSON data back into a value of a type."""
    origin = get_origin(kind)
    if hasattr(kind, "__supertype__"):
        return decoder(kind.__supertype__)
    if origin in (Union, UnionType):
        return _union_decoder(get_args(kind))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_decoder(*get_args(kind))
    if origin is not None:
        return _sequence_decoder(origin, get_args(kind))
    if kind is object or kind is Any:
        return _same
    if is_dataclass(kind):
        return _object_decoder(kind)
    return _scalar_decoder(kind)


def _scalar_decoder(kind: Any) -> Callable[[Any], Any]:
    if issubclass(kind, Enum):
        return _expect_type(kind)
    if issubclass(kind, datetime):
        return _moment
    if issubclass(kind, date):
        return _expect_type(kind.fromisoformat)
    if issubclass(kind, Decimal):
        return lambda data: Decimal(_expect(data, str))
    if kind is float:
        return lambda data: _expect(data, float, int)  # a whole number stays one: its bytes are in a digest
    return lambda data: _expect(data, kind)


def _moment(data: Any) -> datetime:
    """A date alone is not a moment: as a deadline it lasts to the end of its day."""
    moment = datetime.fromisoformat(data)
    if len(data) <= len("2026-11-30"):
        raise WireError(f"expected a date and a time, found {data!r:.60}")
    return moment


def _expect(data: Any, *kinds: type) -> Any:
    if type(data) not in kinds:
        raise WireError(f"expected {kinds[0].__name__}, found {data!r:.60}")
    return data


def _union_decoder(members: tuple[Any, ...]) -> Callable[[Any], Any]:
    tagged: dict[str, Any] = {m.__name__: m for m in _flatten(members) if isinstance(m, type) and is_dataclass(m)}
    others = tuple(m for m in _flatten(members) if not is_dataclass(m))

    def decode(data: Any) -> Any:
        if isinstance(data, dict) and data.get(TAG) in tagged:
            return decoder(tagged[data[TAG]])(data)
        for member in others:
            try:
                return decoder(member)(data)
            except (TypeError, ValueError, AttributeError):
                continue
        raise WireError(f"{data!r:.60} fits none of {', '.join(getattr(m, '__name__', str(m)) for m in members)}")

    return decode


def _flatten(members: tuple[Any, ...]) -> tuple[Any, ...]:
    flat: list[Any] = []
    for member in members:
        flat.extend(_flatten(get_args(member)) if get_origin(member) in (Union, UnionType) else (member,))
    return tuple(sorted(flat, key=lambda m: m is date))  # a datetime is tried before a date


def _mapping_decoder(key: Any, value: Any) -> Callable[[Any], Any]:
    decode_key, decode = decoder(key), decoder(value)
    return lambda data: {decode_key(k): decode(v) for k, v in _expect(data, dict).items()}


def _sequence_decoder(origin: Any, arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if origin is tuple and arguments[-1] is not Ellipsis:
        decoders = tuple(decoder(a) for a in arguments)
        return lambda data: tuple(d(x) for d, x in zip(decoders, _expect(data, list), strict=True))
    decode = decoder(arguments[0])
    return lambda data: origin(decode(x) for x in _expect(data, list))


def _object_decoder(kind: Any) -> Callable[[Any], Any]:
    hints, name = get_type_hints(kind), kind.__name__
    types = {f.name: hints[f.name] for f in fields(kind) if f.compare}
    readers: dict[str, Callable[[Any], Any]] = {}  # found at first use, because classes may contain themselves

    def reader(key: str) -> Callable[[Any], Any]:
        if key not in types:
            raise WireError(f"{name} has no {key}")
        return readers.setdefault(key, decoder(types[key]))

    def decode(data: Any) -> Any:
        if _expect(data, dict).get(TAG) != name:
            raise WireError(f"expected {name}, found {data.get(TAG)!r}")
        return kind(**{key: (readers.get(key) or reader(key))(part) for key, part in data.items() if key != TAG})

    return decode
