"""The gates: format, lint, types, import contracts, house rules. A green run means ready."""

import ast
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "runbook_engine"
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}


def tool(*command: str) -> str:
    """The output of a development tool; empty when it found nothing."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def functions():
    """Every function of the package: file, name, lines without its docstring."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                doc = node.body[0].end_lineno - node.body[0].lineno + 1 if ast.get_docstring(node) else 0
                yield path.relative_to(ROOT), node, node.end_lineno - node.lineno + 1 - doc


def test_the_code_is_formatted():
    """Ruff format has nothing to change."""
    assert tool("ruff", "format", "--check", "src", "tests", "bench") == ""


def test_the_linter_is_silent():
    """Ruff check finds nothing."""
    assert tool("ruff", "check", "src", "tests", "bench") == ""


def test_the_types_hold():
    """mypy, strict, finds nothing."""
    assert tool("mypy") == ""


def test_the_import_contracts_hold():
    """Rooms import only rooms below them, and libraries stay in their rooms."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_every_room_has_a_place_in_the_staircase():
    """A folder that no contract names is a mistake."""
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("layers = [")[2].partition("]")[0]
    named = set(re.findall(r"[a-z]+", contract))

    assert {p.name for p in SOURCE.iterdir() if p.is_dir() and (p / "__init__.py").is_file()} == named


def test_functions_are_small():
    """Median under 9 lines, nine in ten under 26, none over 60."""
    sizes = sorted(lines for _, _, lines in functions())
    over = [f"{path}:{node.lineno} {node.name} {lines}" for path, node, lines in functions() if lines > 60]

    assert over == []
    assert statistics.median(sizes) < 9
    assert sizes[int(len(sizes) * 0.9)] < 26


def test_files_are_small_and_well_named():
    """No file of the package over 300 lines, none with a name that says nothing."""
    files = [p for p in SOURCE.rglob("*.py") if "migrations" not in p.parts]

    assert [str(p) for p in files if p.read_text(encoding="utf-8").count("\n") > 300] == []
    assert [str(p) for p in files if BANNED_NAMES & {p.stem, *p.parent.parts[-2:]}] == []


def test_nothing_is_left_for_later():
    """No stubs, and no notes to come back."""
    words = ("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")
    notes = [
        f"{p}:{number}"
        for p in SOURCE.rglob("*.py")
        for number, line in enumerate(p.read_text(encoding="utf-8").splitlines(), 1)
        if any(re.search(rf"\b{w}\b", line) for w in words)
    ]
    stubs = [f"{path}:{node.lineno}" for path, node, _ in functions() if "NotImplementedError" in ast.dump(node)]

    assert notes == []
    assert stubs == []


@pytest.mark.parametrize("room", ["model", "calendars", "running"])
def test_the_core_needs_no_library(room):
    """The nouns, the calendars and the spine use nothing but the standard library."""
    allowed = {*sys.stdlib_module_names, "runbook_engine"}
    used = set()
    for path in (SOURCE / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            used |= {name.partition(".")[0] for name in names}

    assert used <= allowed


def test_the_clock_and_chance_are_parameters():
    """datetime.now, uuid4 and random are called in the command line and at the outer edges only."""
    forbidden = re.compile(r"datetime\.now\(|uuid4\(|random\.\w+\(|time\.time\(\)")
    inner = ("model", "calendars", "approving", "actions", "loading", "planning", "recording", "running", "reporting")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for room in inner
        for path in (SOURCE / room).rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if forbidden.search(line)
    ]

    assert found == []
