"""A small, closed Jinja: names, operators and filters that reach nothing outside, run briefly and stay small."""

from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from runbook_engine.model.text import Later, SecretRef
from runbook_engine.planning.filters import (
    AUTHOR_FILTERS,
    BUDGET,
    LOOP_COST,
    weight,
    word_of,
)
from runbook_engine.planning.findings import BadTemplate, did_you_mean
from runbook_engine.planning.plain import Absent, limited, no_text, text_of

LONGEST_RANGE = 10_000
BITS = 4096  # of a whole number
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        {"lower", "upper", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith"}
        | {"removeprefix", "removesuffix", "title", "capitalize", "isdigit", "isalpha", "isalnum", "find", "count"}
    ),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"index", "count"}),
    tuple: frozenset({"index", "count"}),
}
_LOOP = frozenset(["index", "index0", "first", "last", "length", "revindex", "revindex0", "previtem", "nextitem", "cycle"])


class Missing(StrictUndefined, Absent):
    """A name that is not there; any use of it says so, with the likely repair on a second line."""

    @property
    def _undefined_message(self) -> str:
        name, holder = self._undefined_name, self._undefined_obj
        if isinstance(holder, Mapping):
            return f"there is no {name!r} here\n{did_you_mean(str(name), map(str, holder))}"
        if isinstance(holder, list | tuple):
            return f"there is no element {name!r}: the list has {len(holder)}\n"
        if isinstance(holder, str | int | float):
            return f"{holder!r:.60} has no {name!r} that a template may use\n"
        return f"there is no {name!r}\n"

    def complain(self) -> None:
        """Raise what any use of the name would."""
        self._fail_with_undefined_error()


class Sandbox(ImmutableSandboxedEnvironment):
    """Nothing but plain values: no attributes of objects, a few methods of texts and tables, bounded operators."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`: a part of a table, then one of the few methods that are allowed."""
        if isinstance(obj, Mapping) and attribute in obj:
            return _open(obj[attribute])
        allowed = _LOOP if isinstance(obj, LoopContext) else _METHODS.get(type(obj), frozenset())
        if attribute in allowed:
            return getattr(obj, attribute)
        if isinstance(obj, Namespace):
            return super().getitem(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`: a part of a table, an element or a slice."""
        if isinstance(obj, list | tuple | str) and isinstance(argument, int | slice):
            try:
                return _open(obj[argument])
            except IndexError:
                return self.undefined(obj=obj, name=str(argument))
        if isinstance(obj, Mapping) and isinstance(argument, str | int) and argument in obj:
            return _open(obj[argument])
        return self.getattr(obj, argument) if isinstance(argument, str) else self.undefined(obj=obj, name=argument)

    def is_safe_callable(self, obj: Any) -> bool:
        """Only `range`, `namespace`, `loop.cycle` and the allowed methods are called."""
        if obj is _range or obj is Namespace:
            return True
        owner = getattr(obj, "__self__", None)
        allowed = _LOOP if isinstance(owner, LoopContext) else _METHODS.get(type(owner), frozenset())
        return getattr(obj, "__name__", "") in allowed

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - Jinja's own signature
        """Call what may be called, and charge for the size of what it works on."""
        if isinstance(__obj, Missing):
            __obj.complain()
        owner = getattr(__obj, "__self__", None)
        __context.parent[BUDGET].charge(10 + (len(owner) if isinstance(owner, str | dict | list | tuple) else 0))
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """An operator whose result could be large."""
        {"+": _check_plus, "*": _check_times, "**": _check_power, "%": _check_rest}[operator](left, right)
        result = self.binop_table[operator](left, right)
        context.parent[BUDGET].charge(weight(result))
        return result


def _open(value: Any) -> Any:
    """A value that an expression may look into; secrets and what only the run knows stay closed."""
    if isinstance(value, SecretRef | Later):
        raise BadTemplate(*no_text(value))
    return value


def _check_plus(left: Any, right: Any) -> None:
    if isinstance(left, str) and isinstance(right, str):
        limited(len(left) + len(right))


def _check_times(left: Any, right: Any) -> None:
    if isinstance(left, list | tuple) or isinstance(right, list | tuple):
        raise BadTemplate("a list cannot be multiplied in a template")
    text, times = (left, right) if isinstance(left, str) else (right, left)
    if isinstance(text, str) and isinstance(times, int):
        limited(len(text) * times)
    elif isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())


def _check_power(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(max(1, left.bit_length()) * abs(right))


def _check_bits(bits: int) -> None:
    if bits > BITS:
        raise BadTemplate(f"the number becomes larger than {BITS} bits")


def _check_rest(left: Any, right: Any) -> None:  # noqa: ARG001 - one signature for every operator
    if isinstance(left, str):
        raise BadTemplate("% formats no texts here", "put values side by side with ~")


def _range(*bounds: int) -> range:
    """Python's range, of at most 10,000 elements."""
    numbers = range(*bounds)
    if numbers and (numbers[-1] - numbers[0]) // numbers.step >= LONGEST_RANGE:
        raise BadTemplate(f"a range has at most {LONGEST_RANGE:,} elements")
    return numbers


@pass_context
def _counted(context: Context, values: Iterable[Any]) -> list[Any]:
    """What a loop goes over, paid for before the loop begins."""
    budget, items = context.parent[BUDGET], []
    for value in values:
        budget.charge(LOOP_COST)
        items.append(value)
    return items


@pass_context
def _built(context: Context, value: Any) -> Any:
    """A list or table written in a template, paid for with all that it holds."""
    context.parent[BUDGET].charge(weight(value))
    return value


@pass_context
def _joined(context: Context, first: Any, *others: Any) -> str:
    """Values side by side (`~`)."""
    parts = [text_of(v) for v in (first, *others)]
    size = sum(map(len, parts))
    limited(size)
    context.parent[BUDGET].charge(size)
    return "".join(parts)


@pass_context
def _text(context: Context, value: Any) -> str:
    """What `{{ }}` puts into a text with control flow."""
    text = text_of(value)
    context.parent[BUDGET].charge(len(text))
    return text


@pass_context
def _word(context: Context, value: Any) -> str:
    """What `{{ }}` puts into a script with control flow: one quoted word."""
    word = word_of(value)
    context.parent[BUDGET].charge(len(word))
    return word


def sandbox() -> Sandbox:
    """A fresh environment. Filters that begin with an underscore are put in by the engine, never by an author."""
    environment = Sandbox(undefined=Missing, keep_trailing_newline=True, optimized=False, autoescape=False)
    environment.globals = {"range": _range, "namespace": Namespace}
    own = {"_counted": _counted, "_built": _built, "_joined": _joined, "_text": _text, "_word": _word}
    environment.filters = {**AUTHOR_FILTERS, **own}
    return environment
