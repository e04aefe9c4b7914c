"""How a verdict says things: several people have a skill, hours of one's own have an owner, and a day ends at 24:00."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scheduling.test_scheduling_rotas import HEAD, INVENTORY, project, said, task

__all__ = ["project"]

Asked = Callable[[str, str, int], Any]


@pytest.fixture
def asked(project: Path, capsys: pytest.CaptureFixture[str]) -> Asked:
    """The first finding of a runbook, with this end and these people."""

    def ask(text: str, inventory: str = INVENTORY, code: int = 4) -> Any:
        (project / "inventory" / "all.yml").write_text(inventory, encoding="utf-8")
        Path("book.yml").write_text(HEAD + text, encoding="utf-8")
        return said(capsys, "feasibility", "book.yml", "--from", "2027-03-15T00:00", code=code)["findings"][0]

    return ask


@pytest.mark.parametrize(("skilled", "words"), [(1, "only Ann Day has it"), (2, "only Ann Day and Ben Ott have it")])
def test_one_has_and_two_have(asked: Asked, skilled: int, words: str) -> None:
    """Three are needed."""
    text = task("zone", "morning", "2027-03-15", "1h", skill="san, count: 3")
    inventory = INVENTORY.replace("ben: {name: Ben Ott, skills: {hands: 1}", "ben: {name: Ben Ott, skills: {san: 1}")
    assert words in asked(f"phases:\n{text}", inventory if skilled == 2 else INVENTORY)["reason"]


def test_hours_of_ones_own_are_those_of_somebody(asked: Asked) -> None:
    """Ann works two hours a day, and the step takes three; or not on Monday, when it has to be over."""
    text = task("zone", "morning", "2027-03-15", "3h", skill="san")
    own = INVENTORY.replace("san: 1}, calendar: team-a}", 'san: 1}, calendar: early, work: {mon-fri: "08:00-10:00"}}')
    assert asked(f"phases:\n{text}", own)["reason"].endswith(
        "takes 3 hours in one go, and whoever can do it works 2 hours in one go at most (hours of Ann Day)."
    )
    short, away = text.replace("3h", "1h"), own.replace("mon-fri", "tue-fri")
    late = asked(f"deadline: 2027-03-15\nphases:\n{short}", away)["reason"]
    assert "What makes it long: the working hours of Ann Day" in late


def test_what_was_wished_for_a_day_was_wished_for_its_end(asked: Asked) -> None:
    """Sunday ends at 24:00, not on Monday."""
    text = task("zone", "morning", "2027-03-15", "3h")
    one = asked(f"deadline: {{by: 2027-03-14, soft: true}}\nphases:\n{text}", INVENTORY, 0)
    assert "later than wished (Sun 14 Mar 2027 24:00 CET)" in one["reason"]
