"""Logs: complete, private, harmless, and cheap."""

import os
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Become, Procedure, Shell
from runbook_engine.model.events import Outcome
from runbook_engine.model.harmless import harmless, readable
from runbook_engine.model.text import SecretRef, Text
from runbook_engine.model.words import Cause, Status, TaskId
from runbook_engine.workers.log_text import BINARY_FROM, lines, printed
from runbook_engine.workers.logs import Logs
from runbook_engine.workers.procedure import carry_out
from workers.scripted import Clock, ScriptedLink, attempt, outcome_of, package

END = Outcome(status=Status.OK, exit_code=0, duration_s=1.5)


def written(folder, *pieces: tuple[int, bytes]) -> list[str]:
    """The lines of a log that was given these pieces of output, without their times."""
    log = Logs(folder, Clock().now).log(attempt())
    log.begin()
    for stream, data in pieces:
        log.output(stream, data)
    log.end(END)
    text = (folder / "firmware" / "flash@r12-u01.log").read_text()
    return [line.partition(" ")[2] for line in text.splitlines()]


def test_a_log_tells_the_attempt_from_begin_to_end(tmp_path) -> None:
    """Time, attempt, command, output by stream, outcome; a second attempt is appended."""
    link = ScriptedLink({"apply": [Answer(exit_code=1, stdout=b"a\n", stderr=b"b\n"), 0]})
    outcome_of(attempt(), link, tmp_path)
    outcome_of(attempt(number=2), link, tmp_path)
    assert (tmp_path / "firmware" / "flash@r12-u01.log").read_text() == (
        "1970-01-01T00:16:40.000Z == attempt 1, to do, a1\n"
        "1970-01-01T00:16:40.000Z $$ apply\n"
        "1970-01-01T00:16:40.000Z out a\n"
        "1970-01-01T00:16:40.000Z err b\n"
        "1970-01-01T00:16:40.000Z == failed after 0.000 s, exit code 1: b\n"
        "1970-01-01T00:16:40.000Z == attempt 2, to do, a2\n"
        "1970-01-01T00:16:40.000Z $$ apply\n"
        "1970-01-01T00:16:40.000Z == ok after 0.000 s, exit code 0\n"
    )


def test_lines_are_whole_however_they_come(tmp_path) -> None:
    """Pieces become lines, streams do not cut each other, and a line that never ended is marked."""
    lines = written(tmp_path, (1, b"on"), (2, b"x\ny"), (1, b"e\n\ntw"), (1, b"o"))
    assert lines[1:-1] == ["err x", "out one", "out ", "out- two", "err- y"]


def test_a_line_without_end_is_not_held_back_for_ever(tmp_path) -> None:
    """More than 64 KiB without a newline is written as it comes."""
    lines = written(tmp_path, (1, b"x" * 70_000), (1, b"y\n"))
    assert [line[:5] for line in lines[1:-1]] == ["out- ", "out y"]


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda t: t.encode("utf-8", "surrogatepass")), st.booleans())
def test_every_byte_can_be_had_back_and_none_can_act(data: bytes, ended: bool) -> None:
    """As it stands in a log it is harmless, and the very bytes can be had back."""
    text = lines(b"1970", 1, data, ended=ended)
    assert b"".join(printed(text.splitlines(keepends=True))) == data + b"\n" * ended
    assert harmless(text.decode()) == text.decode()


TEXT = "Grüße – привет, 世界: alles gelesen.\n".encode() * 300
PIECES = {
    "text": (TEXT, b"out"),
    "a few bytes that are no text": (TEXT + b"\xff\xfe \x1b[31m\x00\n" + TEXT, b"out"),
    "old encoding": (b"Gr\xfc\xdfe aus einer Stadt, in der es regnet.\n" * 300, b"out="),
    "zeros": (bytes(BINARY_FROM), b"out="),
    "noise": (bytes(range(256)) * 300, b"out="),
    "a long line": (b"x" * 10_000_000 + b"\n", b"out-"),
    "no newline at the end": (TEXT + b"end", b"out"),
    "bidi": (TEXT + "a\u202eb\u0085\ufeff\U000e0041\n".encode() + TEXT, b"out"),
    "backslashes": (b"C:\\Temp\\x41 \\\\\n" * 300, b"out"),
}


@pytest.mark.parametrize("name", PIECES)
@pytest.mark.parametrize("size", [1, 999, 32_700])
def test_the_very_bytes_can_be_had_back_from_a_log(tmp_path, name, size) -> None:
    """Whatever it is and however it comes; both streams by themselves, and nothing of it can act."""
    data, mark = PIECES[name]
    data = data[:20_000] if size == 1 else data
    log = Logs(tmp_path, Clock().now).log(attempt())
    log.begin()
    for start in range(0, len(data), size):
        log.output(1, data[start : start + size])
        log.output(2, data[start : start + size][::-1])
    log.end(END)
    file = tmp_path / "firmware" / "flash@r12-u01.log"
    assert b"".join(printed(file.read_bytes().splitlines(keepends=True))) == data
    others = b"".join(data[start : start + size][::-1] for start in range(0, len(data), size))
    assert b"".join(printed(file.read_bytes().splitlines(keepends=True), 2)) == others
    assert harmless(file.read_text()) == file.read_text()
    assert size < BINARY_FROM or b" %b " % mark in file.read_bytes()


@given(st.text(st.characters(), max_size=100))
def test_harmless_text_cannot_act(text: str) -> None:
    """No control but newline and tab, no bidi control, no lone surrogate is left; doing it twice changes nothing."""
    shown = harmless(text)
    assert harmless(shown) == shown
    assert not {unicodedata.category(c) for c in shown if c not in "\n\t"} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(c) for c in shown} & {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"\x1b[1;31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        (b"50%\r100%\r\n", "50%\\x0d100%\n"),
        ("a\u202eb".encode(), "a\\u202eb"),
        (b"\xff\xc3\xa9", "\ufffd\u00e9"),
    ],
)
def test_what_is_shown_of_a_host(data, shown) -> None:
    """Colours go, everything else that acts is shown as its code, invalid UTF-8 is replaced."""
    assert readable(data) == shown


@pytest.mark.law(5)
def test_commands_name_secrets_and_never_hold_them(tmp_path) -> None:
    """What a log says of a command has the secret's name in it."""
    secret = SecretRef("env:BMC")
    command = Shell(script=Text(("ipmi -P ", secret), True), become=Become(password=secret))
    outcome_of(attempt(package(procedure=Procedure(apply=(command,)))), ScriptedLink(), tmp_path)
    assert "$$ as root: ipmi -P {secret env:BMC}\n" in (tmp_path / "firmware" / "flash@r12-u01.log").read_text()


def test_only_its_owner_reads_a_log(tmp_path) -> None:
    """Folders are 0700 and files 0600."""
    folder = tmp_path / "logs"
    written(folder)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}
    assert modes == {"logs": 0o700, "firmware": 0o700, "flash@r12-u01.log": 0o600}


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_no_name_leads_out_of_the_folder(a: str, b: str) -> None:
    """Whatever a phase, step or host is called, its log is inside, and two tasks never share one."""
    logs = Logs(Path("/logs"))
    paths = [logs.path(TaskId(f"phase/{name}")) for name in (a.replace("\ud800", ""), b)]
    assert all(p.parent == Path("/logs/phase") and len(p.name.encode()) < 255 for p in paths)
    assert (paths[0] == paths[1]) is (a.replace("\ud800", "") == b)


def test_a_full_disk_does_not_change_what_the_host_did(tmp_path) -> None:
    """Writing stops, the outcome stays what it is, and says that the log is not complete."""

    class Filling(ScriptedLink):
        def perform(self, command, sink, **how):
            os.dup2(full, log._file)
            return super().perform(command, sink, **how)

    full = os.open("/dev/full", os.O_WRONLY)
    log = Logs(tmp_path).log(attempt())
    outcome = carry_out(attempt(), Filling({"apply": "text"}), log, time.monotonic)
    os.close(full)
    assert (outcome.status, outcome.message) == (Status.OK, "the log is not complete: No space left on device")


@pytest.mark.law(8)
def test_a_log_that_cannot_be_written_refuses_before_anything_starts(tmp_path) -> None:
    """The first lines go to a full disk: no command is sent."""

    class Full(Logs):
        def open(self, task):
            return os.dup(full)

    full = os.open("/dev/full", os.O_WRONLY)
    link = ScriptedLink()
    outcome = carry_out(attempt(), link, Full(tmp_path).log(attempt()), time.monotonic)
    os.close(full)
    assert (outcome.status, outcome.cause, link.asked) == (Status.REFUSED, Cause.LOCAL, [])
    assert "the log cannot be written: No space left on device" in outcome.message


def test_a_log_is_never_written_through_a_link(tmp_path) -> None:
    """A link in the place of a log could lead anywhere: nothing is started."""
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "flash@r12-u01.log").symlink_to(tmp_path / "elsewhere")
    outcome = outcome_of(attempt(), ScriptedLink(), tmp_path)
    assert outcome.status is Status.REFUSED
    assert not (tmp_path / "elsewhere").exists()


def test_a_thousand_logs_cost_little(tmp_path) -> None:
    """100 hosts × 10 steps: at most 0.1 s of our own for the thousand files (best of five; the disk's share is its own)."""
    logs, spent = Logs(tmp_path), []
    for step in range(5):
        works = [attempt(task=TaskId(f"firmware/s{step}@h{host}")) for host in range(200)]
        begin = os.times().user
        for work in works:
            log = logs.log(work)
            log.begin()
            log.command("uptime")
            log.output(1, b" 10:00 up 3 days\n")
            log.end(END)
        spent.append(os.times().user - begin)
    assert 5 * min(spent) <= 0.1
    assert len(list(tmp_path.rglob("*.log"))) == 1000
