"""Documentation cannot lie: commands exist, laws have tests, links lead somewhere."""

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from runbook_engine import __version__
from runbook_engine.cli.entry import COMMANDS, runbook

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TESTS = "\n".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "tests").rglob("test_*.py")))
LAWS_LATER = {10}  # of later work: reports


def commands(text: str) -> set[str]:
    """The sub-commands that a text names."""
    return set(re.findall(r"(?:`|^\$ (?:\S*/)?|^ +)runbook ([a-z]+(?:-[a-z]+)*)\b(?!:)", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_command_that_is_named_exists(page):
    """A command in the documentation is a command of the program."""
    assert commands(page.read_text(encoding="utf-8")) - set(COMMANDS) == set()


def test_every_command_is_in_the_readme():
    """Each sub-command is named in the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [name for name in COMMANDS if f"runbook {name}" not in text] == []


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_explains_itself(name):
    """--help answers, begins with what the command does and shows an example."""
    answer = CliRunner().invoke(runbook, [name, "--help"])

    assert answer.exit_code == 0
    assert f"runbook {name}" in answer.output.partition("\n")[2]
    command = runbook.get_command(click.Context(runbook), name)
    assert command is not None
    assert command.help


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    """Every relative link and picture in the documentation exists."""
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_law_is_in_the_readme_and_has_a_test():
    """Each numbered promise stands in the README; those that this version keeps have a test of that number."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tested = {int(number) for number in re.findall(r"mark\.law\((\d+)\)", TESTS)}

    assert [n for n in range(1, 14) if not re.search(rf"\bL{n}\b", readme)] == []
    assert set(range(1, 14)) - LAWS_LATER - tested == set()


def test_the_changelog_is_of_this_version():
    """The newest heading of the changelog is the version of the package."""
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert headings[0] == __version__
