"""Ctrl-C once and twice, and a terminal that is closed, on a real terminal."""

import os
import sqlite3
import time
from contextlib import closing

import pytest

from journeys.command_line import Person, Terminal, plain, wait_for
from journeys.machines import step, steps

SLOW = "touch {folder}/begun; while [ ! -e {folder}/go ]; do sleep 0.05; done; echo x >>{folder}/count"
RUN = ("run", "runbooks/quick.yml", "--yes")


@pytest.fixture
def terminal(engineer: Person) -> Terminal:
    """A run on a terminal that is in the middle of its first step."""
    slow = SLOW.replace("{folder}", str(engineer.folder))
    more = steps(step("first", slow), step("second", f"echo x >>{engineer.folder}/count"))
    engineer.writes("runbooks/quick.yml", more)
    found = Terminal(engineer, *RUN)
    wait_for(engineer.folder / "begun")
    return found


def count(engineer: Person) -> int:
    """How many steps have had their effect."""
    file = engineer.folder / "count"
    return len(file.read_text().split()) if file.exists() else 0


def recorded(engineer: Person, word: str) -> bool:
    """Whether the journal has an event with this word in it."""
    with closing(sqlite3.connect(engineer.state / "journal.db")) as database:
        return bool(database.execute("SELECT 1 FROM events WHERE instr(body, ?)", (word,)).fetchall())


@pytest.mark.law(9)
def test_ctrl_c_once_finishes_what_runs_and_resume_goes_on(engineer: Person, terminal: Terminal) -> None:
    """It says what it does, lets the step end, starts nothing more, exits 130; resume does only what is left."""
    terminal.types("\x03")
    terminal.waits_for("what runs is finished first")
    (engineer.folder / "go").touch()

    said = plain(terminal.ends(130))

    assert "Next: runbook resume quick-1" in said
    assert count(engineer) == 1
    engineer.types("resume", "last", code=0)
    assert count(engineer) == 2


@pytest.mark.law(2)
@pytest.mark.law(9)
def test_ctrl_c_twice_gives_up_and_calls_it_unknown(engineer: Person, terminal: Terminal) -> None:
    """What runs is UNKNOWN, and its host keeps what becomes of it: the run goes on as if nothing had happened."""
    terminal.types("\x03")
    terminal.waits_for("what runs is finished first")
    terminal.types("\x03")

    said = plain(terminal.ends(130))
    assert "UNKNOWN" in said
    assert "runbook resume quick-1" in said
    assert "asked" in engineer.types("status", "last", code=6).out
    assert count(engineer) == 0  # it still waits on the host

    (engineer.folder / "go").touch()
    wait_for(engineer.folder / "count")
    engineer.types("resume", "last", code=0)
    assert count(engineer) == 2  # the first was not started again


@pytest.mark.law(9)
def test_a_closed_terminal_finishes_what_runs(engineer: Person, terminal: Terminal) -> None:
    """As Ctrl-C once, but silently: the outcome is recorded, nothing is unknown, resume goes on."""
    terminal.hangs_up()
    time.sleep(0.3)
    os.kill(terminal.pid, 0)  # it still works
    (engineer.folder / "go").touch()

    terminal.ends(130)

    assert count(engineer) == 1
    assert not recorded(engineer, '"unknown"')
    engineer.types("resume", "last", code=0)
    assert count(engineer) == 2


def test_ctrl_c_at_a_question_leaves_it_open(engineer: Person) -> None:
    """A question is not work: Ctrl-C leaves it, and the run waits for its answer."""
    engineer.writes("runbooks/quick.yml", steps("id: look, title: Look, manual: Look at the machine", step("after", "true")))
    terminal = Terminal(engineer, *RUN)
    terminal.waits_for(r"Done\?")
    time.sleep(0.5)  # a signal between the question and the reading of its answer is heard at the next key only

    terminal.types("\x03")

    terminal.ends(130)
    assert "work/look" in engineer.types("tasks", "last", code=0).out
