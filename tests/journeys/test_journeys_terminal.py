"""A person at a terminal: a live picture, questions that are asked at once, values that are missing."""

from journeys.command_line import Person, Terminal, plain
from journeys.machines import HEAD, step, steps

ASKING = steps(
    step("first", "sleep 0.5"),
    "id: look, title: Look at it, manual: Look at the lamp, evidence: {colour: text}",
    "id: go, title: Go or not, decide: {question: Shall it go on?, choices: [go, no-go]}",
    step("last", "echo the end"),
)
PARAMS = "params:\n  release: {type: string, help: Which release}\n"


def test_a_terminal_shows_a_live_picture_and_asks(engineer: Person) -> None:
    """Confirmed, watched, answered, done: in one call, and what was answered is in the journal."""
    engineer.writes("runbooks/quick.yml", ASKING)
    terminal = Terminal(engineer, "run", "runbooks/quick.yml")
    assert "1 host: box" in plain(terminal.waits_for(r"Start\?"))
    terminal.types("y\n")
    shown = terminal.waits_for(r"Done\?")
    assert "\x1b[" in shown
    assert "Two steps on one machine" in plain(shown)
    assert "Look at the lamp" in plain(shown)
    terminal.types("y\n")
    terminal.waits_for("colour")
    terminal.types("green\n")
    asked = plain(terminal.waits_for("Your choice"))
    assert "Shall it go on?" in asked
    terminal.types("go\n")

    said = plain(terminal.ends(0))

    assert "DONE" in said
    journal = engineer.types("log", "last", code=0).out
    assert "colour=green" in journal
    assert "answered go by ana.duarte" in journal


def test_no_is_the_answer_that_starts_nothing(engineer: Person) -> None:
    """Return alone is no: exit 4, and there is no run."""
    engineer.writes("runbooks/quick.yml", ASKING)
    terminal = Terminal(engineer, "run", "runbooks/quick.yml")
    terminal.waits_for(r"Start\?")
    terminal.types("\n")

    assert "Nothing was started" in plain(terminal.ends(4))
    assert "quick-1" not in engineer.types("runs", code=0).out


def test_a_parameter_without_a_value_is_asked_for(engineer: Person) -> None:
    """With its help; without a terminal it is a mistake that names it, and how to give it."""
    text = steps(step("first", "echo {{ params.release }}"), name="quick").replace(
        HEAD.format(name="quick"), HEAD.format(name="quick") + PARAMS
    )
    engineer.writes("runbooks/quick.yml", text)
    terminal = Terminal(engineer, "plan", "runbooks/quick.yml", "-v")
    assert "Which release" in plain(terminal.waits_for("release" + r".*: "))
    terminal.types("4.2.0\n")
    assert "echo 4.2.0" in plain(terminal.ends(0))

    refused = engineer.types("plan", "runbooks/quick.yml", code=3)
    assert "release" in refused.err
    assert "-p release=" in refused.err
