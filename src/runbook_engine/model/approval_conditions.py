"""Under which conditions an approval is needed: `if:` of an approval, a small closed expression.

    budget > 20000 EUR and kind in ['install', 'upgrade'] or risk == 'irreversible' or not (hosts < 10)

Names: budget, kind, hosts, risk, batches. Each comparison has one name and one value. Nothing is ever called or looked up.
What cannot be known (no budget, another currency) is neither true nor false: the approval is then needed.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne

from runbook_engine.model.runbook import Money
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Kind

RISKS = ("irreversible", "reversible")
WORDS = {"kind": tuple(kind.value for kind in Kind), "risk": RISKS}
NUMBERS = ("budget", "hosts", "batches")
LONGEST = 1_000  # characters
DEEPEST = 20  # brackets and nots inside each other

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]{1,15}(?:\.[0-9]{1,6})?)(?: ?(?P<currency>[A-Z]{3}))?(?![0-9A-Za-z_.])"
    r"|(?P<text>'[^'\"\\]*'|\"[^'\"\\]*\")|(?P<sign>==|!=|<=|>=|<|>|[()\[\],])|(?P<word>[A-Za-z_][A-Za-z0-9_]*))",
    re.ASCII,
)
_COMPARISONS = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

Value = str | Decimal | Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a condition can ask about, for one phase of a plan."""

    budget: Money | None
    kind: Kind
    hosts: int
    risk: str
    batches: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A name, an operator and a value; a tuple of values for in."""

    name: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts of which all (`and`), one (`or`) or none (`not`) must hold."""

    word: str
    parts: tuple["Expression", ...]


Expression = Comparison | Joined


class _Wrong(ValueError):
    pass


def check_condition(text: str) -> str:
    """What is wrong with a condition, in words; empty when nothing is."""
    try:
        _parsed(text)
    except _Wrong as error:
        return str(error)
    return ""


def holds(text: str, facts: Facts) -> bool | None:
    """Whether a condition holds; None when that cannot be known. Raises ValueError for one with a mistake."""
    return _value(_parsed(text), facts)


def _parsed(text: str) -> Expression:
    parser = _Parser(_tokens(text))
    expression = parser.any_of(0)
    parser.end()
    return expression


def _tokens(text: str) -> list[tuple[str, Value]]:
    if len(text) > LONGEST:
        raise _Wrong(f"the condition is longer than {LONGEST:,} characters")
    found: list[tuple[str, Value]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise _Wrong(f"cannot read {text[at:].strip()[:20]!r}: write for example budget > 20000 EUR and kind == 'install'")
        found.append(_token(match))
        at = match.end()
    return found


def _token(match: re.Match[str]) -> tuple[str, Value]:
    if match["number"]:
        amount = Decimal(match["number"])
        return "value", Money(amount=amount, currency=match["currency"]) if match["currency"] else amount
    if match["text"]:
        return "value", match["text"][1:-1]
    return ("sign", match["sign"]) if match["sign"] else ("word", match["word"])


class _Parser:
    def __init__(self, tokens: Sequence[tuple[str, Value]]) -> None:
        self._tokens = tokens
        self._at = 0

    def _next(self) -> tuple[str, Value]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self, *wanted: str) -> str:
        """The sign or word that stands here, if it is one of those; else nothing is taken."""
        kind, value = self._next()
        if kind in ("sign", "word") and value in wanted:
            self._at += 1
            return str(value)
        return ""

    def _must(self, wanted: str) -> None:
        if not self._take(wanted):
            raise _Wrong(f"expected {wanted} {self._where()}")

    def _where(self) -> str:
        kind, value = self._next()
        return "at the end" if kind == "end" else f"before {_shown(value)}"

    def end(self) -> None:
        if self._next()[0] != "end":
            raise _Wrong(f"expected and, or, or the end {self._where()}")

    def any_of(self, depth: int) -> Expression:
        parts = [self._all_of(depth)]
        while self._take("or"):
            parts.append(self._all_of(depth))
        return Joined("or", tuple(parts)) if len(parts) > 1 else parts[0]

    def _all_of(self, depth: int) -> Expression:
        parts = [self._one(depth)]
        while self._take("and"):
            parts.append(self._one(depth))
        return Joined("and", tuple(parts)) if len(parts) > 1 else parts[0]

    def _one(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise _Wrong(f"more than {DEEPEST} brackets inside each other")
        if self._take("not"):
            return Joined("not", (self._one(depth + 1),))
        if self._take("("):
            inner = self.any_of(depth + 1)
            self._must(")")
            return inner
        return self._test()

    def _test(self) -> Comparison:
        left = self._operand()
        operator = self._take(*_COMPARISONS, "in", "not")
        if not operator:
            raise _Wrong(f"expected a comparison such as >= {self._where()}")
        if operator in ("in", "not"):
            if operator == "not":
                self._must("in")
            return _sound(left, "not in" if operator == "not" else "in", self._list())
        right = self._operand()
        if left[0] == "value":
            left, right, operator = right, left, _TURNED[operator]
        if right[0] != "value":
            raise _Wrong(f"compare {_shown(left[1])} with a value, not with {_shown(right[1])}")
        return _sound(left, operator, (right[1],))

    def _operand(self) -> tuple[str, Value]:
        kind, value = self._next()
        if kind not in ("word", "value") or value in ("and", "or", "not", "in"):
            raise _Wrong(f"expected a name or a value {self._where()}")
        if kind == "word" and value not in NUMBERS and value not in WORDS:
            raise _Wrong(f"there is no {value}: the names are {', '.join((*NUMBERS, *WORDS))}; texts stand in quotes")
        self._at += 1
        return kind, value

    def _list(self) -> tuple[Value, ...]:
        close = ")" if self._take("(") else "]"
        if close == "]":
            self._must("[")
        values = [self._listed()]
        while self._take(","):
            values.append(self._listed())
        self._must(close)
        return tuple(values)

    def _listed(self) -> Value:
        kind, value = self._operand()
        if kind != "value":
            raise _Wrong(f"a list has values only, not {_shown(value)}")
        return value


def _shown(value: Value) -> str:
    return f"{value.amount} {value.currency}" if isinstance(value, Money) else str(value)


def _sound(name: tuple[str, Value], operator: str, values: tuple[Value, ...]) -> Comparison:
    """The comparison, if its two sides can be compared at all."""
    if name[0] != "word":
        raise _Wrong(f"one side must be a name: {', '.join((*NUMBERS, *WORDS))}")
    what = str(name[1])
    if what in WORDS:
        wrong = next((v for v in values if v not in WORDS[what]), None)
        if wrong is not None:
            raise _Wrong(f"{what} is one of {', '.join(WORDS[what])}, never {_shown(wrong)}")
        if operator in ("<", "<=", ">", ">="):
            raise _Wrong(f"{what} has no order: use ==, != or in")
    elif not all(isinstance(v, Decimal) or (isinstance(v, Money) and what == "budget") for v in values):
        raise _Wrong(f"{what} is compared with a number" + (", such as 20000 EUR" if what == "budget" else ""))
    return Comparison(what, operator, values)


def _value(expression: Expression, facts: Facts) -> bool | None:
    if isinstance(expression, Comparison):
        return _tested(expression, facts)
    found = [_value(part, facts) for part in expression.parts]
    if expression.word == "not":
        return None if found[0] is None else not found[0]
    decisive = expression.word == "or"  # one True decides an or, one False an and
    if decisive in found:
        return decisive
    return None if None in found else not decisive


def _tested(test: Comparison, facts: Facts) -> bool | None:
    fact = getattr(facts, test.name)
    if fact is None:
        return None
    if isinstance(fact, Money):
        if any(isinstance(v, Money) and v.currency != fact.currency for v in test.values):
            return None
        fact = fact.amount
    values = [v.amount if isinstance(v, Money) else v for v in test.values]
    if test.operator in ("in", "not in"):
        return (fact in values) == (test.operator == "in")
    return bool(_COMPARISONS[test.operator](fact, values[0]))
