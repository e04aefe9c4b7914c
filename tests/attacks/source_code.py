"""The program's own source, for tests that look for what must not be in it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "runbook_engine"


@cache
def modules() -> list[tuple[str, ast.Module]]:
    """Every module of the program: its path in the package, and its syntax tree."""
    files = sorted(SOURCE.rglob("*.py"))
    return [(str(path.relative_to(SOURCE)), ast.parse(path.read_text(encoding="utf-8"))) for path in files]


def imported() -> Iterator[tuple[str, str]]:
    """Every import: the module that does it, and the whole dotted name that it imports."""
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from ((name, f"{node.module}.{alias.name}") for alias in node.names)


def called() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call: the module, the last name of what is called, and the call."""
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                function = node.func
                last = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                yield name, last, node
