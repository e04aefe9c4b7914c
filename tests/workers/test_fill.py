"""Holes become values: by host, from earlier steps, quoted; secrets stay holes."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_engine.model.commands import Become, Http, Probe, Shell, Upload, Wait
from runbook_engine.model.errors import Refused
from runbook_engine.model.text import Fill, Later, SecretRef, Text, plain, shell
from runbook_engine.model.words import HostName, StepId
from runbook_engine.workers.fill import filled, filled_command
from workers.scripted import package

BEFORE = StepId("firmware/before")
HOSTS = (HostName("a"), HostName("b"))
PACKAGE = package(hosts=HOSTS, columns=(("one", "two"), ("'x y'", "z")))


def saved(stdout: str = "", stderr: str = "", exit_code: str = "0") -> dict:
    """What the step before has saved."""
    return {BEFORE: {"stdout": stdout, "stderr": stderr, "exit_code": exit_code}}


def test_columns_are_those_of_the_host() -> None:
    """Each host gets its own values, as they were quoted when the plan was made."""
    text = Text(("go ", Fill(0), " ", Fill(1)), True)
    assert [filled(text, PACKAGE, host, {}).parts for host in HOSTS] == [("go ", "one", " ", "'x y'"), ("go ", "two", " ", "z")]
    with pytest.raises(Refused, match="not planned for c"):
        filled(text, PACKAGE, HostName("c"), {})


@pytest.mark.parametrize(
    ("path", "kept", "word"),
    [
        (("stdout",), saved("2.19\n\n"), "2.19"),
        (("stdout",), saved("a b\n"), "'a b'"),
        (("stderr",), saved(stderr="w\n"), "w"),
        (("exit_code",), saved(exit_code="7"), "7"),
        (("lines", 1), saved("a\nb\n"), "b"),
        (("lines",), saved("a\nb\n"), "'a\nb'"),
        (("json", "disks", 0, "size"), saved('{"disks": [{"size": 5}]}'), "5"),
        (("json", "up"), saved('{"up": true}'), "true"),
        (("json", "disks"), saved('{"disks": ["sda"]}'), """'["sda"]'"""),
        (("json", "name"), saved('{"name": "é $x"}'), "'é $x'"),
    ],
)
def test_saved_values_become_one_word(path, kept, word) -> None:
    """Output, lines, JSON and the exit code, each as one quoted word."""
    assert filled(Text((Later(BEFORE, path),), True), PACKAGE, None, kept).parts == (word,)


@pytest.mark.parametrize(
    ("path", "kept"),
    [(("stdout",), {}), (("lines", 5), saved("a")), (("json", "no"), saved("{}")), (("json", "x"), saved("not json"))],
)
def test_a_value_that_is_not_there_is_said_clearly(path, kept) -> None:
    """A missing value stops the step; it never becomes an empty word."""
    with pytest.raises(Refused, match="firmware/before") as refusal:
        filled(Text((Later(BEFORE, path),), True), PACKAGE, None, kept)
    assert "nothing of it was started" in refusal.value.why


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30))
def test_every_value_arrives_in_a_shell_as_it_was(value: str) -> None:
    """Whatever a host printed is one word of the next command, byte for byte, up to its trailing newlines."""
    text = filled(Text(("printf %s ", Later(BEFORE, ("stdout",))), True), PACKAGE, None, saved(value))
    printed = subprocess.run(["/bin/sh", "-c", text.source], capture_output=True, check=True).stdout
    assert printed == value.rstrip("\n").encode()


def test_secrets_stay_holes_and_whole_texts_stay_the_same_object() -> None:
    """A secret has no value outside a transport; what has no holes costs nothing."""
    secret = SecretRef("env:PW")
    text = Text((Fill(0), secret), True)
    assert filled(text, PACKAGE, HOSTS[0], {}).parts == ("one", secret)
    command = Shell(script=shell("true"), become=Become(password=secret), environment=(("A", plain("b")),))
    assert filled_command(command, PACKAGE, HOSTS[0], {}) is command


def test_every_text_of_a_command_is_filled() -> None:
    """Nested or not: scripts, environments, standard input, headers, probes."""
    hole, value = Text((Fill(0),)), Text(("two",))
    inner = Shell(script=hole, environment=(("A", hole),), stdin=hole)
    wait = Wait(probe=Probe(shell=inner, http=Http(url=hole, headers=(("H", hole),))), within_s=1.0)
    done = Shell(script=value, environment=(("A", value),), stdin=value)
    expected = Wait(probe=Probe(shell=done, http=Http(url=value, headers=(("H", value),))), within_s=1.0)
    assert filled_command(wait, PACKAGE, HOSTS[1], {}) == expected
    upload = Upload(target=hole, content=hole)
    assert filled_command(upload, PACKAGE, HOSTS[1], {}) == Upload(target=value, content=value)
