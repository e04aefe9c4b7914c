"""A text as its author wrote it → literals and outputs. Parsed once; what an output may mention is known without running it.

Texts with nothing but dotted names, which is nearly all of them, are read here; `expressions` reads all others with Jinja,
which takes a while to load.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from runbook_engine.model.values import dataclass
from runbook_engine.planning.findings import BadTemplate
from runbook_engine.planning.quoting import HOLE, REPAIR, Spot, spots

if TYPE_CHECKING:
    from jinja2 import nodes

Path = tuple[str | int, ...]  # a dotted name: ("host", "name"), ("old", "lines", 0)

_MARK = re.compile(r"\{[{%#]")
_SIMPLE = re.compile(r"\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[[0-9]{1,6}\])*)\s*(\|\s*unquoted\s*)?\}\}")
_STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d+)\]")
_WORDS = frozenset({"true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if", "else"})


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """Something to compute. `mentions` are the dotted names in it; two expressions are never equal."""

    node: "nodes.Template"
    mentions: tuple[Path, ...]
    flow: bool = False  # a whole text with {% %}, not one value


@dataclass(frozen=True, slots=True)
class Output:
    """One `{{ }}`: a dotted name, or an expression; `unquoted` if the author opted out of quoting."""

    value: Path | Expression
    unquoted: bool = False

    @property
    def mentions(self) -> tuple[Path, ...]:
        """The dotted names in it."""
        return (self.value,) if isinstance(self.value, tuple) else self.value.mentions


@dataclass(frozen=True, slots=True)
class Template:
    """Literals and outputs in turn."""

    pieces: tuple[str | Output, ...]


def has_template(source: str) -> bool:
    """Whether a text holds anything to fill in."""
    return "{" in source and _MARK.search(source) is not None


@lru_cache(maxsize=100_000)
def parse(source: str, *, shell: bool = False) -> Template:
    """The template in `source`. Raises BadTemplate with what is wrong, as far as that needs no values."""
    template = _parse_simple(source) or _parse_any(source, shell=shell)
    if shell:
        check_quoting(template.pieces)
    return template


def _parse_any(source: str, *, shell: bool) -> Template:
    from runbook_engine.planning.expressions import parse_any

    return parse_any(source, shell=shell)


def _parse_simple(source: str) -> Template | None:
    """The usual case without Jinja's own parser: nothing but dotted names."""
    parts = _SIMPLE.split(source)
    if any(_MARK.search(literal) for literal in parts[::3]):
        return None
    pieces: list[str | Output] = []
    for literal, name, unquoted in zip(parts[::3], [*parts[1::3], ""], [*parts[2::3], ""], strict=True):
        if literal:
            pieces.append(literal)
        if name in _WORDS:
            return None
        if name:
            pieces.append(Output(_simple_path(name), unquoted is not None))
    return Template(tuple(pieces))


@lru_cache(maxsize=10_000)
def _simple_path(name: str) -> Path:
    return tuple(word or int(number) for word, number in _STEP.findall(name))


def check_quoting(pieces: tuple[str | Output, ...]) -> None:
    """Refuse a `{{ }}` where a quoted word would not stay one word. Raises BadTemplate."""
    script = "".join(p if isinstance(p, str) else "x" if p.unquoted else HOLE for p in pieces)
    for spot in spots(script):
        if spot is not Spot.OPEN:
            raise BadTemplate(f"{{{{ }}}} stands {spot.value}", REPAIR[spot])
