"""Mistakes: place, line, caret, hint; all of them, and nothing that a file can do to the terminal."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from reporting.made_texts import Golden
from runbook_engine.model.errors import NotValid, Refused
from runbook_engine.model.places import Mistake, Place
from runbook_engine.reporting.mistakes import error_data, error_text, mistakes_text


def mistake(source: str, column: int, width: int = 1, hint: str = "", message: str = "wrong", line: int = 41) -> Mistake:
    """A mistake in rack12.yml."""
    return Mistake(Place("rack12.yml", line, column), message, hint, source, width)


def test_mistakes_read_as_in_the_guide(golden: Golden) -> None:
    """Tabs, wide characters, control characters and long lines: the caret stands under what is meant."""
    found = [
        mistake("        comand: systemctl", 9, 6, "did you mean 'command'?", "unknown key 'comand'"),
        mistake("needs: [power-onn]", 9, 9, "did you mean 'power-on'?", "phase 'power-onn' does not exist", 52),
        mistake("\ttitle: x", 2, 5, message="tabs do not indent"),
        mistake("title: 日本語 {{ who }}", 12, 9, "write it in quotes", "'who' is not known", 7),
        mistake("title: \x1b[2Jgone\u202e", 8, 4, message="a control\x07 character"),
        mistake("x" * 300 + "HERE" + "y" * 300, 301, 4, message="too long", line=12345),
        mistake("", 1, message="the file is empty", hint="begin with 'runbook:'", line=1),
    ]

    golden.check("mistakes.txt", mistakes_text(found))


def test_at_most_twenty_are_shown_and_the_rest_counted() -> None:
    """A file with a thousand mistakes does not fill the screen; the last line counts them all."""
    text = mistakes_text([mistake("a: b", 1, line=n) for n in range(1, 1001)])

    assert text.count("error:") == 20
    assert text.splitlines()[-2:] == ["and 980 more", "1,000 mistakes in rack12.yml. Nothing was changed."]


def test_mistakes_of_several_files_name_them() -> None:
    """The last line says in how many files."""
    found = [Mistake(Place(f"{name}.yml", 1, 1), "wrong") for name in "abcde"]

    assert (
        mistakes_text(found).splitlines()[-1] == "5 mistakes in 5 files (a.yml, b.yml, c.yml and 2 more). Nothing was changed."
    )


@given(st.text(max_size=400), st.integers(1, 420), st.integers(0, 50))
def test_the_caret_stands_under_the_line(source: str, column: int, width: int) -> None:
    """For any line, the caret begins within what is shown and the shown line holds nothing that acts."""
    lines = mistakes_text([mistake(source, column, width)]).splitlines()

    assert len(lines) in (2, 4)
    if len(lines) == 4:
        shown, caret = lines[1].partition("| ")[2], lines[2].partition("| ")[2]
        assert set(caret) <= {" ", "^"}
        assert caret.index("^") <= cell_len(shown) + 4
        assert shown.isprintable() or not shown.isascii()


def test_the_caret_is_as_wide_as_what_it_underlines() -> None:
    """A wide character takes two cells, before the caret and above it."""
    lines = mistakes_text([mistake("a: 日本x", 4, 2)]).splitlines()

    assert lines[2].partition("| ")[2] == "   ^^^^"


def test_an_error_tells_what_why_and_what_next() -> None:
    """Three lines: what happened, why, and the command that helps."""
    error = Refused("Not started: another run works on r12-u01.", why="Run a-1 holds it.", next_command="runbook status a-1")

    assert error_text(error).splitlines() == [
        "error: Not started: another run works on r12-u01.",
        "Run a-1 holds it.",
        "Next: runbook status a-1",
    ]
    assert error_text(NotValid([mistake("a", 1)])) == mistakes_text([mistake("a", 1)])


def test_an_error_cannot_carry_control_characters() -> None:
    """Text of hosts inside an error is shown, not obeyed."""
    assert "\x1b" not in error_text(Refused("\x1b[2Jgone\x07", why="\x9b1m", next_command="x\ny"))


def test_an_error_as_data_carries_everything() -> None:
    """Programs get the exit code, the reason, the next command, and every mistake with its place."""
    data = error_data(NotValid([mistake("a: b", 1, hint="mend it")]))

    assert (data["format"], data["kind"], data["exit_code"], data["message"]) == (1, "error", 3, "1 mistake")
    assert data["mistakes"] == [
        {"file": "rack12.yml", "line": 41, "column": 1, "message": "wrong", "hint": "mend it", "source": "a: b"}
    ]
    assert error_data(Refused("no", why="because"))["why"] == "because"
