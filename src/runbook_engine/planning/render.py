"""Fill a text in: what is the same for all hosts becomes literal, what differs a column, what only the run knows a hole."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

from runbook_engine.model.text import Fill, Later, Part, SecretRef, Text
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName
from runbook_engine.planning.findings import BadTemplate
from runbook_engine.planning.names import DEEPEST_SCOPE, Names, Saver, check_path, is_hole, later, lookup
from runbook_engine.planning.plain import limited, text_of
from runbook_engine.planning.template import Expression, Output, Path, Template, has_template, parse

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ByHost:
    """A value that differs by host, in the order of the package's hosts."""

    values: Sequence[object]


@dataclass(frozen=True, slots=True)
class Mixed:
    """A text put together from values of several kinds."""

    pieces: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Quoted:
    """The value of an output that becomes one word in a script."""

    value: object


@dataclass(frozen=True, slots=True)
class Bare:
    """The value of an output whose author opted out of quoting."""

    value: object


class Columns:
    """The values by host of one package; equal columns are kept once."""

    def __init__(self) -> None:
        self._index: dict[tuple[str, ...], int] = {}

    def add(self, column: tuple[str, ...]) -> Fill:
        """The hole for a column."""
        return Fill(self._index.setdefault(column, len(self._index)))

    def all(self) -> tuple[tuple[str, ...], ...]:
        """Every column, by index."""
        return tuple(self._index)


class Renderer:
    """Renders the texts of one package. `read` collects the steps whose saved values are mentioned."""

    def __init__(self, names: Names, columns: Columns) -> None:
        self.names = names
        self.columns = columns
        self.read: set[Saver] = set()

    def text(self, text: Text) -> Text:
        """The rendered form of an authored text. Raises BadTemplate."""
        source = text.source
        if not has_template(source):
            return text
        parts = self._parts(Mixed(self.pieces(parse(source, shell=text.shell), self.names.scope)), shell=text.shell)
        return Text(_merged(parts), shell=text.shell)

    def words(self, text: Text) -> str:
        """A text that must be the same for all hosts and known now. Raises BadTemplate."""
        parts = self.text(text).parts
        if any(not isinstance(p, str) for p in parts):
            raise BadTemplate("this must be known when the plan is made, and be the same for all hosts")
        return "".join(str(p) for p in parts)

    def pieces(self, template: Template, scope: int, depth: int = 0) -> tuple[object, ...]:
        """The values of a template's literals and outputs. An output marked unquoted comes as a `Bare`."""
        return tuple(p if isinstance(p, str) else self._output(p, scope, depth) for p in template.pieces)

    def value(self, value: Path | Expression, scope: int, depth: int = 0) -> object:
        """A plain value, a ByHost, a hole or a Mixed. Raises BadTemplate."""
        return self._named(value, scope, depth) if isinstance(value, tuple) else self._computed(value, scope, depth)

    def _output(self, output: Output, scope: int, depth: int) -> object:
        value = self.value(output.value, scope, depth)
        return Bare(value) if output.unquoted else Quoted(value)

    def _named(self, path: Path, scope: int, depth: int) -> object:
        check_path(path, self._in(scope))
        root = path[0]
        if root == "params":
            return self._param(path, scope, depth)
        if root in ("host", "vars"):
            return self._of_host(path)
        if root in self.names.saved:
            return self._saved(path)
        if root not in self.names.fixed:
            raise BadTemplate(f"there is no {root!r} here")
        return lookup(self.names.fixed, path, _said(path))

    def _in(self, scope: int) -> Names:
        return self.names if scope == self.names.scope else replace(self.names, scope=scope)

    def _saved(self, path: Path) -> Later:
        self.read.add(self.names.saved[str(path[0])])
        return later(path, self.names, quoted=False)

    def _of_host(self, path: Path) -> object:
        views = self.names.views
        if views is None:
            raise BadTemplate(
                f"{_said(path)} is not known here: this is done once, not per host", "write per: host, or name a value"
            )
        steps = path[1:] if path[0] == "host" else path
        said = _said(path)
        return _same_secret(self._each(lambda i: lookup(views[i], steps, said)), self.names.hosts)

    def _each(self, work: Callable[[int], T]) -> list[T]:
        """Do something for each host; what is wrong names the first host for which it is."""
        done: list[T] = []
        try:
            for position in range(len(self.names.hosts)):
                done.append(work(position))  # noqa: PERF401 - how far it came says which host it was
        except BadTemplate as error:
            raise BadTemplate(f"host {self.names.hosts[len(done)]}: {error.message}", error.hint) from None
        return done

    def _param(self, path: Path, scope: int, depth: int) -> object:
        params = self.names.scopes[scope]
        if len(path) == 1:
            return {name: self._param(("params", name), scope, depth) for name in params}
        value = params[str(path[1])]
        if isinstance(value, Text):
            value = self._scoped(value, self.names.parents[scope], depth)
        return value if len(path) == 2 else lookup(value, path[2:], _said(path))

    def _scoped(self, text: Text, scope: int, depth: int) -> object:
        if not has_template(text.source):
            return text.source
        if depth > DEEPEST_SCOPE:
            raise BadTemplate("parameters refer to each other in a circle")
        template = parse(text.source)
        pieces = self.pieces(template, scope, depth + 1)
        if len(pieces) == 1 and isinstance(pieces[0], Quoted | Bare):
            return pieces[0].value
        return self._collapsed([p.value if isinstance(p, Quoted | Bare) else p for p in pieces])

    def _collapsed(self, values: Sequence[object]) -> object:
        """One text, or one by host, of several values; a Mixed only where the run has to fill something in."""
        if any(is_hole(v) or isinstance(v, Mixed) for v in values):
            return Mixed(tuple(values))
        if any(isinstance(v, ByHost) for v in values):
            return ByHost(self._each(lambda i: "".join(text_of(v.values[i] if isinstance(v, ByHost) else v) for v in values)))
        return "".join(map(text_of, values))

    def _computed(self, expression: Expression, scope: int, depth: int) -> object:
        from runbook_engine.planning.expressions import evaluate

        names, by_host = self._expression_names(expression, scope, depth)
        if not by_host:
            return evaluate(expression, names)
        return ByHost(self._each(lambda i: evaluate(expression, {**names, **{n: values[i] for n, values in by_host.items()}})))

    def _expression_names(
        self, expression: Expression, scope: int, depth: int
    ) -> tuple[dict[str, Any], dict[str, Sequence[Any]]]:
        """What an expression needs: names that are the same for every host, and those that differ."""
        names: dict[str, Any] = dict(self.names.fixed)
        by_host: dict[str, Sequence[Any]] = {}
        params: dict[str, object] = {}
        for path in expression.mentions:
            check_path(path, self._in(scope))
            if path[0] in self.names.saved:
                raise BadTemplate(f"{_said(path)} is known only in the run; use it as it is", "no filters and no operators")
            if path[0] in ("host", "vars"):
                self._of_host(path[:1])
                views = self.names.views or ()
                by_host[str(path[0])] = views if path[0] == "host" else [v["vars"] for v in views]
            if path[0] == "params":
                wanted = [str(path[1])] if len(path) > 1 else list(self.names.scopes[scope])
                params.update({name: self._param(("params", name), scope, depth) for name in wanted})
        _spread(params, names, by_host, len(self.names.hosts))
        return names, by_host

    def _parts(self, mixed: Mixed, *, shell: bool) -> list[Part]:
        parts: list[Part] = []
        for piece in mixed.pieces:
            if isinstance(piece, str):
                parts.append(piece)
            elif isinstance(piece, Quoted | Bare):
                parts.extend(self._put(piece.value, quoted=shell and isinstance(piece, Quoted)))
        return parts

    def _put(self, value: object, *, quoted: bool) -> list[Part]:
        if isinstance(value, Mixed):
            filled = [part for piece in value.pieces if piece != "" for part in self._put(piece, quoted=quoted)]
            return filled or self._put("", quoted=quoted)
        if isinstance(value, Later | SecretRef):
            return [replace(value, quoted=quoted)]
        if isinstance(value, ByHost):
            return [self._column(value, quoted=quoted)]
        return [_shown(value, quoted=quoted)]

    def _column(self, value: ByHost, *, quoted: bool) -> Part:
        column = tuple(self._each(lambda i: _shown(value.values[i], quoted=quoted)))
        return column[0] if column.count(column[0]) == len(column) else self.columns.add(column)


def _shown(value: object, *, quoted: bool) -> str:
    text = text_of(value)
    limited(len(text))
    return shlex.quote(text) if quoted else text


@lru_cache(maxsize=10_000)
def _said(path: Path) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)[1:]


def _merged(parts: Sequence[Part]) -> tuple[Part, ...]:
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    limited(sum(len(p) for p in merged if isinstance(p, str)))
    return tuple(merged)


def _same_secret(values: Sequence[object], hosts: Sequence[HostName]) -> object:
    """Values by host; a secret only if it is the same one for all, because a plan names it once."""
    secrets = {v for v in values if isinstance(v, SecretRef)}
    if not secrets:
        return ByHost(values)
    other = next((i for i, v in enumerate(values) if v != values[0]), None)
    if other is not None:
        raise BadTemplate(
            f"the secret is not the same for all hosts: it differs between {hosts[0]} and {hosts[other]}",
            "give the hosts of one step the same secret, or write one step for each",
        )
    return values[0]


def _spread(params: dict[str, object], names: dict[str, Any], by_host: dict[str, Sequence[Any]], count: int) -> None:
    """Put the parameters among the names; when one differs by host, they all come by host."""
    closed = {n: _closed(v) for n, v in params.items() if not isinstance(v, ByHost)}
    differing = {n: v.values for n, v in params.items() if isinstance(v, ByHost)}
    if differing:
        by_host["params"] = [{**closed, **{n: values[i] for n, values in differing.items()}} for i in range(count)]
    else:
        names["params"] = closed


def _closed(value: object) -> object:
    if isinstance(value, Mixed):
        raise BadTemplate("a parameter holds what is known only in the run; use it as it is", "no filters and no operators")
    return value
