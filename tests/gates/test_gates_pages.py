"""The examples on the pages: each YAML block is loaded, whole runbooks and fragments are planned, each command is parsed.

A block says what it is behind the word `yaml`: nothing (a whole runbook or inventory), `fragment` (phases, steps or some
keys of a runbook), `included` (a file that runbooks include), `ansible` (a file of an Ansible inventory), `comment`.
"""

import itertools
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest

from runbook_engine.cli.entry import runbook as program
from runbook_engine.loading import check, load_estate, load_runbook, param_values, read_document, settled
from runbook_engine.loading.estate_documents import SECTIONS
from runbook_engine.model.estate import Estate
from runbook_engine.model.plan import Plan
from runbook_engine.planning import make_plan

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ESTATE = load_estate(ROOT / "inventory")
BOOK = {
    "runbook": "example",
    "title": "Example",
    "kind": "maintenance",
    "owner": "ana.duarte",
    "why": "To show it.",
    "impact": "None.",
}
STEPS = [{"id": "example", "title": "Example", "manual": "Look."}]
FENCE = re.compile(r"^```([a-z]+)(?: ([a-z]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A code block of a page."""

    page: str
    line: int
    language: str
    mark: str
    text: str

    def __str__(self) -> str:
        """For the name of the test."""
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> Iterator[Block]:
    """The code blocks of all pages in these languages."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in FENCE.finditer(text):
            if found[1] in languages:
                yield Block(page.name, text.count("\n", 0, found.start()) + 2, found[1], found[2] or "", found[3])


EXAMPLES = list(blocks("yaml", "ini"))
COMMANDS = [
    pytest.param(line[2:], id=f"{block}:{number}")
    for block in blocks("console")
    for number, line in enumerate(block.text.splitlines())
    if line.startswith("$ runbook ")
]


def planned(file: Path, estate: Estate) -> Plan:
    """The plan of a runbook, whose files need not be there."""
    runbook = load_runbook(file)
    assert check(runbook, estate) == []

    def read(name: str) -> bytes:
        beside = ROOT / "runbooks" / name
        return beside.read_bytes() if beside.is_file() else b"#!/bin/sh\n"

    return make_plan(settled(runbook, estate), estate, param_values(runbook, {}), read)


def written(data: Any, folder: Path) -> Path:
    """A runbook in a project of its own, beside the shared files of this one. JSON is YAML."""
    shutil.copytree(ROOT / "runbooks" / "shared", folder / "runbooks" / "shared", dirs_exist_ok=True)
    file = folder / "runbooks" / "example.yml"
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def completed(data: Any, text: str) -> dict[str, Any]:
    """A whole runbook around a fragment: phases, steps, or some of its keys."""
    book: dict[str, Any] = {**BOOK, **(data if isinstance(data, dict) else {})}
    if isinstance(data, list):
        book["phases"] = data if are_phases(data) else [phase(data)]
    book.setdefault("phases", [phase(STEPS)])
    names = set(re.findall(r"\bparams\.(\w+)", text)) - book.get("params", {}).keys()
    if names:
        book["params"] = {**book.get("params", {}), **{name: param(name) for name in sorted(names)}}
    return book


def are_phases(entries: list[Any]) -> bool:
    """Whether a list is one of phases rather than steps; an include is what its file holds."""
    first = entries[0]
    return "phases" in (ROOT / "runbooks" / first["include"]).read_text() if "include" in first else "steps" in first


def phase(steps: list[Any]) -> dict[str, Any]:
    """A phase that holds these steps."""
    return {"id": "example", "title": "Example", "hosts": "rack12", "steps": steps}


def param(name: str) -> dict[str, Any]:
    """A parameter as the name promises."""
    return {"secret": True, "default": f"env:{name.upper()}"} if re.search("token|password", name) else {"default": "1.0"}


def is_inventory(data: Any) -> bool:
    """Whether a mapping has keys of an inventory only."""
    return isinstance(data, dict) and data.keys() <= {*SECTIONS, "format", "rates"}


@pytest.mark.parametrize("block", EXAMPLES, ids=str)
def test_every_example_is_valid(block, tmp_path):
    """Runbooks and fragments of them are planned on the shipped inventory; inventories are loaded."""
    if block.mark == "comment":
        assert all(line.startswith("#") for line in block.text.splitlines())
        return
    data = read_document(block.text, "example.yml").data if block.language == "yaml" else None
    if block.mark == "ansible" or (block.mark != "included" and is_inventory(data)):
        (tmp_path / ("hosts" if block.language == "ini" else "hosts.yml")).write_text(block.text, encoding="utf-8")
        (tmp_path / "more.yml").write_text("hosts: {example: {}}\n", encoding="utf-8")  # a fragment may be without any
        assert load_estate(tmp_path).hosts
        return
    assert block.mark in ("", "fragment", "included")
    if block.mark == "included":
        kind = "steps" if "steps" in data else "phases"
        given = {name: "x" for name, said in data["params"].items() if "default" not in said}
        entry = {"include": "shared/example.yml", "with": given}
        file = written({**BOOK, "phases": [phase([entry]) if kind == "steps" else entry]}, tmp_path)
        (file.parent / "shared" / "example.yml").write_text(block.text, encoding="utf-8")
    elif block.mark == "fragment":
        file = written(completed(data, block.text), tmp_path)
    else:
        file = written(data, tmp_path)
        file.write_text(block.text, encoding="utf-8")
    assert planned(file, ESTATE).packages


def first_command(line: str) -> list[str]:
    """The words of a command line up to a pipe, a redirection or a comment."""
    words = shlex.shlex(line, posix=True, punctuation_chars="|>&")
    words.whitespace_split = True
    return list(itertools.takewhile(lambda word: not set(word) <= set("|>&"), words))


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_line_is_one_that_the_program_takes(line):
    """The command exists, and so does each option and its value."""
    words = first_command(line)[1:]
    command: click.Command = program
    context = click.Context(program, info_name="runbook")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        found = command.get_command(context, name)
        assert found is not None, f"there is no {name}"
        command, context = found, click.Context(found, info_name=name, parent=context)
    values, rest, _ = command.make_parser(context).parse_args(words)
    for option in command.params:
        if isinstance(option, click.Option) and option.name in values:
            option.type_cast_value(context, option.consume_value(context, values)[0])
    assert not rest, f"{rest} is too much"
