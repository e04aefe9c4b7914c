"""Every row of the page on security has tests that try it, and every promise of the README names rows that there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = {*range(1, 20), 25, 26, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38}
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
TESTS = "\n".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "tests").rglob("test_*.py")))


def test_the_page_has_every_row_once():
    """The numbers in the first column of its table."""
    numbers = [int(n) for n in re.findall(r"^\| (\d+) \| ", PAGE, re.MULTILINE)]

    assert numbers == sorted(ROWS)


def test_the_readme_promises_every_row_once():
    """The numbers in the last column of its table."""
    section = README.partition("## Security: what is promised")[2].partition("\n## ")[0]
    numbers = [int(n) for cell in re.findall(r"\| ([0-9, ]+) \|$", section, re.MULTILINE) for n in cell.split(",")]

    assert sorted(numbers) == sorted(ROWS)


@pytest.mark.parametrize("row", sorted(ROWS))
def test_every_row_has_a_test_of_its_number(row):
    """A function whose name begins with test_attack_ and the number in two digits."""
    assert re.search(rf"^def test_attack_{row:02}_\w+\(", TESTS, re.MULTILINE)


def test_every_such_test_is_of_a_row():
    """No test names a row that the page does not have."""
    assert {int(n) for n in re.findall(r"^def test_attack_(\d\d)_", TESTS, re.MULTILINE)} == ROWS
