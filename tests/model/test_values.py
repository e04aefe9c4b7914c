"""Our dataclasses mean what the standard library's mean."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_engine.model.values import dataclass

OPTIONS = [
    {"frozen": frozen, "slots": slots, "kw_only": kw_only}
    for frozen in (False, True)
    for slots in (False, True)
    for kw_only in (False, True)
]


def both(**options: bool) -> tuple[Any, Any]:
    """The same class, made by us and by the standard library."""

    def made(dataclass_of: Callable[..., Any]) -> Any:
        @dataclass_of(**options)
        class Step:
            """A class with every kind of field that the engine has."""

            name: str
            size: int = 1
            tags: list[str] = dataclasses.field(default_factory=list)
            hidden: int = dataclasses.field(default=0, repr=False, compare=False)

            @property
            def loud(self) -> str:
                """A method, to see that the class keeps its own."""
                return self.name.upper()

        return Step

    return made(dataclass), made(dataclasses.dataclass)


def outcome(act: Callable[[], Any]) -> Any:
    """What comes of it: a value, or the kind and words of the error."""
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - compared
        return type(error), str(error)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@given(name=st.text(), size=st.integers(), other=st.integers())
def test_values_are_made_compared_shown_and_replaced_alike(options: dict[str, bool], name: str, size: int, other: int) -> None:
    """Construction, equality, hash, repr, replace, fields: the same outcome, the same words of an error."""
    ours, theirs = both(**options)

    def seen(cls: Any) -> list[Any]:
        one, two = cls(name=name, size=size), cls(name=name, size=other, hidden=3)
        return [
            repr(one),
            one == two,
            one == cls(name=name, size=size, hidden=9),
            one == name,
            outcome(lambda: hash(one) == hash(cls(name=name, size=size))),
            repr(dataclasses.replace(one, size=other)),
            outcome(cls).__class__,
            outcome(lambda: cls(name, size, ["a"]).tags),
            outcome(lambda: cls(name=name, wrong=1)).__class__,
            outcome(lambda: setattr(one, "name", "x")),
            outcome(lambda: setattr(one, "nothing", "x")).__class__,
            outcome(lambda: delattr(one, "size")),
            one.loud,
            [(f.name, f.kw_only, f.repr) for f in dataclasses.fields(cls)],
            cls(name=name).tags is not cls(name=name).tags,
            cls.__match_args__,
        ]

    assert [str(x).replace("Step", "") for x in seen(ours)] == [str(x).replace("Step", "") for x in seen(theirs)]


def test_methods_that_a_class_writes_itself_stay() -> None:
    """The same rule as in the standard library."""

    @dataclass(frozen=True, slots=True)
    class Shown:
        """With a way of its own to be shown and compared."""

        name: str

        def __repr__(self) -> str:
            return "mine"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    assert (repr(Shown("a")), Shown("a") == Shown("b"), hash(Shown("a"))) == ("mine", True, 7)


@pytest.mark.parametrize("dataclass_of", [dataclass, dataclasses.dataclass])
def test_a_field_may_be_left_out_of_the_hash(dataclass_of: Callable[..., Any]) -> None:
    """What cannot be hashed is compared all the same; and the other way round."""

    @dataclass_of(frozen=True)
    class Turn:
        """A name with hours."""

        name: str
        hours: list[int] = dataclasses.field(default_factory=list, hash=False)

    assert hash(Turn("a", [1])) == hash(Turn("a", [2]))
    assert Turn("a", [1]) != Turn("a", [2])
    assert len({Turn("a", [1]), Turn("a", [2]), Turn("a", [1])}) == 2


def test_a_class_below_another_has_the_fields_of_both() -> None:
    """Each with its own `__init__`, whichever is used first."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Above:
        """The first fields."""

        a: int = 1

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Below(Above):
        """And one more."""

        b: int

    assert repr(Below(b=2)).endswith("Below(a=1, b=2)")
    assert repr(Above(a=3)).endswith("Above(a=3)")
    assert Below(b=2) != Above()


def test_what_is_not_supported_is_refused() -> None:
    """Nothing is left out silently."""
    with pytest.raises(ValueError, match="eq must be true if order is true"):

        @dataclass(order=True)
        class _Ordered:
            a: int
