"""What Jinja reads and computes: expressions, and texts with control flow, within the bounds of the sandbox."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

from runbook_engine.planning.filters import AUTHOR_FILTERS, BUDGET, Budget
from runbook_engine.planning.findings import BadTemplate, did_you_mean
from runbook_engine.planning.plain import limited
from runbook_engine.planning.sandbox import Missing, sandbox
from runbook_engine.planning.template import Expression, Output, Path, Template, check_quoting, has_template

DEEPEST = 80  # expressions within each other
GLOBALS = frozenset({"range", "namespace", "loop"})
_ALLOWED = (
    nodes.Expr,
    nodes.Helper,
    nodes.Output,
    nodes.If,
    nodes.For,
    nodes.Assign,
    nodes.With,
    nodes.Template,
)
_TROUBLE = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError, MemoryError, SyntaxError)
_AS_IT_IS = "to keep {{ itself in a text, write {% raw %} … {% endraw %} around it"

_environment = sandbox()


def parse_any(source: str, *, shell: bool) -> Template:
    """The template in a text that is more than dotted names. Raises BadTemplate."""
    tree = _guard(lambda: _environment.parse(source), _AS_IT_IS)
    if all(isinstance(node, nodes.Output) for node in tree.body):
        return Template(tuple(_pieces(tree.body)))
    _check_nodes(tree)
    if shell:
        check_quoting(tuple(_pieces(tree.find_all(nodes.Output))))
    safe = _Safe("_word" if shell else "_text").visit(tree)
    return Template((Output(_expression(safe, tuple(mentions_of(tree)), flow=True), unquoted=True),))


def _pieces(outputs: Any) -> Iterator[str | Output]:
    for output in outputs:
        for node in output.nodes:
            yield node.data if isinstance(node, nodes.TemplateData) else _output(node)


def _output(node: nodes.Expr) -> Output:
    unquoted = _is_unquoted(node)
    inner = node.node if isinstance(node, nodes.Filter) and unquoted and node.node is not None else node
    path = dotted(inner)
    return Output(path if path is not None else expression_of(inner), unquoted)


def _is_unquoted(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Filter) and node.name == "unquoted"


def parse_expression(source: str) -> nodes.Expr:
    """The tree of an expression without braces. Raises BadTemplate."""
    if has_template(source):
        raise BadTemplate("an expression is written without {{ }}", "take the braces away")

    def read() -> nodes.Expr:
        parser = Parser(_environment, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            parser.fail(f"{parser.stream.current.value!r} is not expected here")
        return tree

    tree: nodes.Expr = _guard(read)
    tree.set_environment(_environment)
    return tree


def expression_of(node: nodes.Expr) -> Expression:
    """An expression that can be evaluated. Raises BadTemplate for what no template may do."""
    _check_nodes(node)
    mentions = tuple(mentions_of(node))
    body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), _Safe("").visit(node), lineno=1)]
    return _expression(nodes.Template(body, lineno=1), mentions, flow=False)


def _expression(tree: nodes.Template, mentions: tuple[Path, ...], *, flow: bool) -> Expression:
    tree.set_environment(_environment)
    return Expression(tree, mentions, flow)


def evaluate(expression: Expression, names: Mapping[str, object]) -> object:
    """The value of an expression, or the text of one with control flow. Raises BadTemplate."""
    value = _guard(lambda: _compiled(expression)(names))
    return _guard(value.complain) if isinstance(value, Missing) else value


@lru_cache(maxsize=20_000)
def _compiled(expression: Expression) -> Callable[[Mapping[str, object]], object]:
    template = _environment.from_string(expression.node)

    def run(names: Mapping[str, object]) -> object:
        context = template.new_context({**names, BUDGET: Budget()})
        pieces, size = [], 0
        for piece in template.root_render_func(context):
            pieces.append(piece)
            size += len(piece)
            limited(size)
        return "".join(pieces) if expression.flow else context.vars["result"]

    return run


def _guard(work: Callable[[], Any], hint: str = "") -> Any:
    """Do something with Jinja and turn whatever it raises about a template into BadTemplate."""
    try:
        return work()
    except TemplateSyntaxError as error:
        where = f" (line {error.lineno} of the text)" if error.lineno > 1 else ""
        raise BadTemplate(f"the template cannot be read: {error.message}{where}", hint) from None
    except SecurityError as error:
        raise BadTemplate(f"a template may not do this: {error}") from None
    except UndefinedError as error:
        raise BadTemplate(*str(error).split("\n", 1)) from None
    except (TemplateError, *_TROUBLE) as error:
        raise BadTemplate(f"the template cannot be computed: {_said(error)}", hint) from None


def _said(error: BaseException) -> str:
    if isinstance(error, RecursionError | MemoryError | SyntaxError):
        return "it is nested too deeply"
    return str(error)[:200]


def _check_nodes(tree: nodes.Node) -> None:
    """Refuse statements, filters and depths that templates do not have."""
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise BadTemplate("the template is nested too deeply", f"at most {DEEPEST} levels")
        if not isinstance(node, _ALLOWED) or (isinstance(node, nodes.For) and node.recursive):
            raise BadTemplate(
                f"{{% {type(node).__name__.lower()} %}} is not possible here",
                "templates have if, for, set and with, and nothing that loads or defines other templates",
            )
        if isinstance(node, nodes.Filter) and node.name not in AUTHOR_FILTERS:
            raise BadTemplate(f"there is no filter {node.name!r}", did_you_mean(node.name, AUTHOR_FILTERS))
        if isinstance(node, nodes.Test) and node.name not in _environment.tests:
            raise BadTemplate(f"there is no test {node.name!r}", did_you_mean(node.name, _environment.tests))
        waiting.extend((child, depth + 1) for child in node.iter_child_nodes())


def dotted(node: nodes.Node) -> Path | None:
    """The dotted name that a node is, if it is one."""
    names: list[str | int] = []
    while not isinstance(node, nodes.Name):
        if isinstance(node, nodes.Getattr):
            names.append(node.attr)
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and type(node.arg.value) in (str, int):
            names.append(node.arg.value)
        else:
            return None
        node = node.node
    return (node.name, *reversed(names)) if node.ctx == "load" else None


def mentions_of(tree: nodes.Node) -> Iterator[Path]:
    """The dotted names in a tree, but for those that the template itself defines."""
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"} | {r.name for r in tree.find_all(nodes.NSRef)}
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        path = dotted(node)
        if path is None:
            waiting.extend(node.iter_child_nodes())
        elif path[0] not in own and path[0] not in GLOBALS:
            yield path


class _Safe(NodeTransformer):
    """Puts the bounds of the sandbox into a tree: counted loops, measured lists, outputs that are one text or word."""

    def __init__(self, output: str) -> None:
        self._output = output

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - named by Jinja
        parts = [self.visit(n) for n in node.nodes]
        return _filter(parts[0], "_joined", parts[1:])

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        return _filter(self.generic_visit(node), "_built")

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        return _filter(self.generic_visit(node), "_built")

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        whole = self.generic_visit(node)
        return whole if node.ctx == "store" else _filter(whole, "_built")

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.iter = _filter(node.iter, "_counted")
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        node.nodes = [self._put(n) for n in node.nodes]
        return node

    def _put(self, node: nodes.Expr) -> nodes.Expr:
        if isinstance(node, nodes.TemplateData):
            return node
        return _filter(self.visit(node), "_text" if _is_unquoted(node) else self._output)


def _filter(node: Any, name: str, arguments: list[nodes.Expr] | None = None) -> nodes.Filter:
    return nodes.Filter(node, name, arguments or [], [], None, None, lineno=1)
