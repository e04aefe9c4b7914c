"""Whether a condition holds, and what a saved value is: pure look-ups over what earlier steps saved."""

import json
from collections.abc import Mapping
from typing import Any

from runbook_engine.model.conditions import AllOf, AnyOf, Compare, Condition, Constant, Not, Operand
from runbook_engine.model.text import Later
from runbook_engine.model.words import StepId

Saved = Mapping[StepId, Mapping[str, str]]


class NotSaved(LookupError):
    """An earlier step did not save what is asked for."""


def holds(condition: Condition, saved: Saved) -> bool:
    """Whether the condition is true. A value that was not saved makes it false, as a skipped step saves nothing."""
    match condition:
        case AllOf(parts=parts):
            return all(holds(part, saved) for part in parts)
        case AnyOf(parts=parts):
            return any(holds(part, saved) for part in parts)
        case Not(part=part):
            return not holds(part, saved)
        case Compare():
            return _compare(condition, saved)
        case _:
            return bool(_known(condition, saved))


def saved_value(later: Later, saved: Saved) -> Any:
    """The value that a placeholder stands for; `.stdout` has lost its trailing newlines. Raises NotSaved."""
    kept = saved.get(later.step)
    if not kept:
        raise NotSaved(f"{later.step} saved nothing")
    name, *rest = later.path
    value = _base(str(name), kept, later)
    for key in rest:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            raise NotSaved(f"{later.step} saved no {'.'.join(map(str, later.path))}") from None
    return value


def _base(name: str, kept: Mapping[str, str], later: Later) -> Any:
    stdout = kept.get("stdout", "").rstrip("\n")
    match name:
        case "stdout":
            return stdout
        case "lines":
            return stdout.splitlines()
        case "exit_code":
            return int(kept.get("exit_code", "0"))
        case "json":
            try:
                return json.loads(stdout)
            except ValueError as error:
                raise NotSaved(f"{later.step} printed no JSON: {error}") from None
        case _:
            return kept.get(name, "")


def _known(operand: Operand, saved: Saved) -> Any:
    if isinstance(operand, Constant):
        return operand.value
    try:
        return saved_value(operand, saved)
    except NotSaved:
        return None


def _compare(condition: Compare, saved: Saved) -> bool:
    left, right = _known(condition.left, saved), _known(condition.right, saved)
    match condition.operator:
        case "==":
            return bool(left == right)
        case "!=":
            return bool(left != right)
        case "in":
            return _contains(right, left)
        case "not-in":
            return not _contains(right, left)
        case _:
            return _ordered(condition.operator, left, right)


def _contains(container: Any, item: Any) -> bool:
    try:
        return item in container
    except TypeError:
        return False


def _ordered(operator: str, left: Any, right: Any) -> bool:
    """Less and greater; text that reads as numbers on both sides is compared as numbers."""
    try:
        left, right = float(left), float(right)
    except (TypeError, ValueError):
        left, right = str(left), str(right)
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])
