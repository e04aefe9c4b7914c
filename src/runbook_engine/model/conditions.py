"""What must hold for a task to be done, where only the run can know: a small closed expression, as data."""

from runbook_engine.model.text import Later
from runbook_engine.model.values import dataclass

Literal = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Constant:
    """A value known since planning; a tuple for the right side of `in`."""

    value: Literal | tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values and an operator: == != < <= > >= in not-in."""

    operator: str
    left: "Operand"
    right: "Operand"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Operand = Constant | Later
Condition = Compare | AllOf | AnyOf | Not | Constant | Later
