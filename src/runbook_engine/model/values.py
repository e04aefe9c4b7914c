"""Dataclasses that are cheap to define: what the standard library makes for a class, made when it is first used.

`dataclasses.dataclass` compiles about six methods for each class while its module is imported. The engine has some three
hundred such classes and a command uses a few dozen of them, so that a quarter of each start went there. Here methods that need
no compiling are closures, and `__init__` is compiled at the first call. All else (fields, slots, `replace`, `fields`) is the
standard library's own, and type checkers see nothing but that.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass"]

Method = Callable[..., Any]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen=False, eq=True, repr=True, **options):  # noqa: A002 - the standard library's own name
        """`dataclasses.dataclass`, with the same meaning. Of its options, `order` and `unsafe_hash` are missing."""

        def made(cls: type) -> type:
            written = set(vars(cls))
            cls = dataclasses.dataclass(init=False, repr=False, eq=False, **options)(cls)
            for name, method in _methods(cls, frozen=frozen, eq=eq, repr_=repr).items():
                if name not in written:
                    setattr(cls, name, method)
            return cls

        return made


def _methods(cls: type, *, frozen: bool, eq: bool, repr_: bool) -> dict[str, Method | None]:
    methods: dict[str, Method | None] = {"__init__": _init_compiled_at_first(cls, frozen=frozen)}
    if repr_:
        methods["__repr__"] = _repr(cls)
    if eq:
        methods |= _equality(cls, frozen=frozen)
    if frozen:
        methods |= {"__setattr__": _no_setting, "__delattr__": _no_deleting}
    return methods


def _init_compiled_at_first(cls: type, *, frozen: bool) -> Method:
    def compiling(self: Any, /, *args: Any, **kwargs: Any) -> None:
        init = _init(cls, frozen=frozen)
        cls.__init__ = init  # type: ignore[misc]
        init(self, *args, **kwargs)

    return compiling


def _init(cls: type, *, frozen: bool) -> Method:
    """The `__init__` that the standard library would have compiled. A frozen value is written through its slots."""
    fields = sorted(dataclasses.fields(cls), key=lambda field: field.kw_only is True)
    slots = frozen and all(hasattr(getattr(cls, field.name, None), "__set__") for field in fields)
    known: dict[str, Any] = {"_absent": dataclasses.MISSING, "_set": object.__setattr__}
    words, lines = ["self"], [" pass"]
    for field in fields:
        name = field.name
        words += ["*"] if field.kw_only and "*" not in words else []
        words.append(name + _default(field, known))
        value = name if field.default_factory is dataclasses.MISSING else f"_make_{name}() if {name} is _absent else {name}"
        if slots:
            known[f"_set_{name}"] = getattr(cls, name).__set__
        into_frozen = f" _set_{name}(self, {value})" if slots else f" _set(self, {name!r}, {value})"
        lines.append(into_frozen if frozen else f" self.{name} = {value}")
    exec("\n".join([f"def __init__({', '.join(words)}):", *lines]), known)  # noqa: S102 - names of fields and nothing else
    made: Method = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _default(field: "dataclasses.Field[Any]", known: dict[str, Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        known[f"_make_{field.name}"] = field.default_factory
        return "=_absent"
    if field.default is dataclasses.MISSING:
        return ""
    known[f"_default_{field.name}"] = field.default
    return f"=_default_{field.name}"


def _equality(cls: type, *, frozen: bool) -> dict[str, Method | None]:
    fields = dataclasses.fields(cls)
    compared = _getter([field.name for field in fields if field.compare])
    in_hash = _getter([field.name for field in fields if (field.compare if field.hash is None else field.hash)])

    def equal(self: Any, other: object) -> Any:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(in_hash(self))

    return {"__eq__": equal, "__hash__": hashed if frozen else None}


def _getter(names: list[str]) -> Method:
    return attrgetter(*names) if names else _nothing


def _nothing(_value: object) -> tuple[()]:
    return ()


def _repr(cls: type) -> Method:
    def shown(self: Any) -> str:
        pairs = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(cls) if field.repr)
        return f"{self.__class__.__qualname__}({', '.join(pairs)})"

    return shown


def _no_setting(_self: object, name: str, _value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_deleting(_self: object, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
