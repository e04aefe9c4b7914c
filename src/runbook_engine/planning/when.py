"""`when`: what planning knows decides at once and for each host; what only the run knows stays a condition, as data."""

from collections.abc import Iterator
from dataclasses import replace

from jinja2 import nodes

from runbook_engine.model.conditions import AllOf, AnyOf, Compare, Condition, Constant, Literal, Not, Operand
from runbook_engine.model.text import Later
from runbook_engine.model.values import dataclass
from runbook_engine.planning.expressions import dotted, expression_of, mentions_of, parse_expression
from runbook_engine.planning.findings import BadTemplate
from runbook_engine.planning.names import check_path, is_hole
from runbook_engine.planning.render import ByHost, Mixed, Renderer
from runbook_engine.planning.template import Expression, Path

_OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not-in"}


@dataclass(frozen=True, slots=True)
class Decided:
    """For which hosts `when` may hold (by position; one entry for what is done once), and what the run must find out."""

    holds: tuple[bool, ...]
    later: Condition | None


def decide(source: str, renderer: Renderer) -> Decided:
    """Split `when` at its top-level `and` into what is known now and what is not. Raises BadTemplate."""
    count = len(renderer.names.hosts) or 1
    holds, conditions = [True] * count, []
    for part in _conjuncts(parse_expression(source)):
        if _reads(part, renderer):
            conditions.append(_condition(part, renderer))
        else:
            holds = [known and truth for known, truth in zip(holds, _truths(part, renderer, count), strict=True)]
    if not conditions:
        return Decided(tuple(holds), None)
    return Decided(tuple(holds), conditions[0] if len(conditions) == 1 else AllOf(tuple(conditions)))


def check_when(source: str, renderer: Renderer) -> None:
    """What can be said about a `when` without hosts and values. Raises BadTemplate."""
    for part in _conjuncts(parse_expression(source)):
        for path in expression_of(part).mentions:
            check_path(path, renderer.names)


def _conjuncts(tree: nodes.Expr) -> Iterator[nodes.Expr]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.And):
            waiting += [node.right, node.left]
        else:
            yield node


def _value(node: nodes.Expr) -> Path | Expression:
    path = dotted(node)
    return path if path is not None else expression_of(node)


def _value_of(node: nodes.Expr, renderer: Renderer) -> object:
    return renderer.value(_value(node), renderer.names.scope)


def _reads(node: nodes.Expr, renderer: Renderer) -> bool:
    """Whether what an earlier step saves decides about this part, by itself or through a parameter."""
    for path in mentions_of(node):
        if path[0] in renderer.names.saved:
            return True
        if path[0] == "params" and len(path) > 1 and isinstance(renderer.value(path[:2], renderer.names.scope), Later | Mixed):
            return True
    return False


def _truths(node: nodes.Expr, renderer: Renderer, count: int) -> list[bool]:
    value = _value_of(node, renderer)
    if is_hole(value):
        raise BadTemplate("a secret cannot decide anything")
    return [bool(v) for v in value.values] if isinstance(value, ByHost) else [bool(value)] * count


def _condition(node: nodes.Expr, renderer: Renderer) -> Condition:
    if isinstance(node, nodes.And):
        return AllOf((_condition(node.left, renderer), _condition(node.right, renderer)))
    if isinstance(node, nodes.Or):
        return AnyOf((_condition(node.left, renderer), _condition(node.right, renderer)))
    if isinstance(node, nodes.Not):
        return Not(_condition(node.node, renderer))
    if isinstance(node, nodes.Compare):
        return _comparison(node, renderer)
    return _operand(node, renderer)


def _comparison(node: nodes.Compare, renderer: Renderer) -> Condition:
    left, parts = _operand(node.expr, renderer), []
    for operand in node.ops:
        right = _operand(operand.expr, renderer)
        parts.append(Compare(_OPERATORS[operand.op], left, right))
        left = right
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _operand(node: nodes.Expr, renderer: Renderer) -> Operand:
    value = _value_of(node, renderer)
    if isinstance(value, Later):
        return replace(value, quoted=False)
    if isinstance(value, ByHost):
        if any(v != value.values[0] for v in value.values):
            hint = "compare with a value that is the same for all hosts, or write one step for each"
            raise BadTemplate("a value that differs by host cannot be compared with what only the run knows", hint)
        value = value.values[0]
    return Constant(_literal(value))


def _literal(value: object) -> Literal | tuple[Literal, ...]:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple) and all(v is None or isinstance(v, str | int | float | bool) for v in value):
        return tuple(value)
    raise BadTemplate("what only the run knows is compared with texts, numbers and lists of them")
