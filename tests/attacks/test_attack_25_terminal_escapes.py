"""Attack 25: what hosts print and people write cannot act on a terminal; the very bytes are kept in the log."""

import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.command_line import Person, Terminal
from journeys.machines import box_inventory, step, steps
from runbook_engine.model.harmless import harmless, readable
from runbook_engine.reporting.harmless import harmless as shown
from runbook_engine.reporting.harmless import one_line
from runbook_engine.workers.log_text import lines, printed

OFTEN = settings(max_examples=20_000 if os.environ.get("RUNBOOK_SOAK") else 1_000, deadline=None)
SEQUENCES = [
    *(
        "\x1b[2J",
        "\x1b[H",
        "\x1b]0;owned\x07",
        "\x1b]52;c;ZXZpbA==\x07",
        "\x1bP+q\x1b\\",
        "\x1b[31m",
        "\x1b[8m",
        "\x1b[?25l",
        "\x1bc",
    ),
    *(
        "\x1b]8;;http://x\x1b\\",
        "\x1b[6n",
        "\x1b[21t",
        "\x1b_x\x1b\\",
        "\x9b2J",
        "\x9d0;x\x9c",
        "\x90q\x9c",
        "\x8d",
        "\x07",
        "\x08",
    ),
    *(
        "\r",
        "\x0b",
        "\x0c",
        "\x0e",
        "\x7f",
        "\x00",
        "\u202e",
        "\u2066",
        "\u200b",
        "\u2028",
        "\ufeff",
        "\U000e0041",
        "\x1b[38;5;1m",
        "\x1b",
    ),
    *(
        "\x1b[",
        "\x1b]",
        "\x1b%G",
        "\x1b(0",
        "\x1b#8",
        "\x1b[3J",
        "\x1b[?1049h",
        "\x1b[200~",
        "\x1b[c",
        "\x85",
        "\udc9b",
        "\u061c",
    ),
]
TEXTS = st.lists(st.sampled_from(SEQUENCES) | st.text(max_size=5), max_size=8).map("".join)
BYTES = (
    st.binary(max_size=80)
    | TEXTS.map(lambda t: t.encode("utf-8", "surrogatepass"))
    | TEXTS.map(lambda t: t.encode("latin-1", "replace"))
)
ACTING = {"Cc", "Cs", "Zl", "Zp"}
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def acts(text: str, but: str = "\n\t") -> list[str]:
    """The characters of a text that a terminal would obey, or that change the order in which it is read."""
    return [c for c in text if c not in but and (unicodedata.category(c) in ACTING or unicodedata.bidirectional(c) in TURNING)]


@OFTEN
@given(text=TEXTS)
def test_attack_25_no_text_that_is_shown_acts(text: str) -> None:
    """For screens, reports and single lines; done twice it is the same."""
    assert acts(harmless(text)) == []
    assert acts(shown(text), "\n") == []
    assert acts(one_line(text), "") == []
    assert harmless(harmless(text)) == harmless(text)


@OFTEN
@given(data=BYTES)
def test_attack_25_no_output_that_is_shown_acts_and_none_is_lost(data: bytes) -> None:
    """Whatever bytes a host sends: what is shown does not act, what is logged does not either and gives the bytes back."""
    assert acts(readable(data)) == []
    log = lines(b"T", 1, data, ended=True)
    assert acts(log.decode()) == []
    assert b"".join(printed(log.splitlines(keepends=True))) == data + b"\n"


@OFTEN
@given(pieces=st.lists(BYTES, min_size=2, max_size=4))
def test_attack_25_a_sequence_that_is_cut_in_two_does_not_come_together(pieces: list[bytes]) -> None:
    """What is made harmless piece by piece stays so when the pieces are put together."""
    assert acts("".join(readable(piece) for piece in pieces)) == []
    log = b"".join(lines(b"T", 1, piece, ended=False) for piece in pieces)
    assert acts(log.decode()) == []
    assert b"".join(printed(log.splitlines(keepends=True))) == b"".join(pieces)


@pytest.mark.sshd
def test_attack_25_a_whole_run_shows_only_colours_of_our_own(engineer: Person, sshd: Any, tmp_path: Path) -> None:
    """A host prints all of them and fails: no answer of any command holds one; the log gives the bytes back."""
    nasty = "".join(s for s in SEQUENCES if s not in ("\udc9b", "\x00"))
    (tmp_path / "said").write_text(nasty + "\n")
    engineer.writes("inventory/hosts.yml", box_inventory(sshd))
    once = step("one", f"cat {tmp_path}/said; cat {tmp_path}/said >&2; exit 3")
    engineer.writes("runbooks/quick.yml", steps(once))
    engineer.types("run", "runbooks/quick.yml", "-vv", code=1)
    for words in (
        ("status", "last"),
        ("why", "last", "one@box"),
        ("log", "last"),
        ("log", "last", "--step", "*"),
        ("status", "--json"),
    ):
        engineer.types(*words)
    assert "owned" in "".join(engineer.said)
    assert [said for said in engineer.said if acts(said)] == []
    terminal = Terminal(engineer, "log", "last", "--step", "*")
    told = terminal.ends()
    assert "owned" in told
    assert acts(told, "\n\t\r") == []
    (log,) = (engineer.state / "runs").rglob("one@box.log")
    assert b"".join(printed(log.read_bytes().splitlines(keepends=True))) == nasty.encode() + b"\n"


def test_attack_25_what_people_write_does_not_act_either(person: Person) -> None:
    """Reasons, evidence and names come from people, and are shown to other people."""
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    person.writes("runbooks/quick.yml", steps("id: go, title: Go?, decide: {question: Go?, choices: [go, no-go]}"))
    person.types("run", "runbooks/quick.yml", code=5)
    nasty = "".join(s for s in SEQUENCES if s not in ("\udc9b", "\x00"))
    person.types("decide", "last", "work/go@box", "--choice", f"x{nasty}")
    person.types("decide", "last", "work/go@box", "--choice", "no-go", "--reason", f"because{nasty}", RUNBOOK_AS=f"eve{nasty}")
    for words in (
        ("resume", "last"),
        ("status", "last"),
        ("log", "last"),
        ("tasks", "last"),
        ("runs",),
        ("status", f"x{nasty}"),
    ):
        person.types(*words)
    assert [said for said in person.said if acts(said)] == []
