"""Scripts by the real /bin/sh: whole or not at all, arguments byte for byte, nothing left behind."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook_engine.actions.contract import Setting
from runbook_engine.actions.script import ScriptParams, procedure
from runbook_engine.model.commands import Shell


def command(**params: object) -> Shell:
    """The command of a script."""
    (found,) = procedure(ScriptParams.model_validate(params), Setting(), None).apply
    return found


def carried_out(script: Shell, folder: Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """What /bin/sh makes of it, with `folder` for temporary files."""
    text = script.stdin.source.encode() if stdin is None else stdin
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(folder)}
    done = subprocess.run(
        ["/bin/sh", "-c", script.script.source], input=text, capture_output=True, env=environment, timeout=20, check=False
    )
    assert list(folder.iterdir()) == [], "nothing is left behind"
    return done


def test_a_script_runs_and_its_exit_code_is_the_answer(tmp_path) -> None:
    """Output and exit code are the script's own, with or without a newline at its end."""
    for text in ("echo out; echo err >&2; exit 3", "echo out; echo err >&2; exit 3\n"):
        done = carried_out(command(text=text), tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", b"err\n")


@pytest.mark.parametrize(
    ("params", "printed"),
    [
        ({"text": "#!/usr/bin/env python3\nimport sys; print(sys.argv[1:])", "args": ["a b", "-x"]}, b"['a b', '-x']\n"),
        ({"text": "import sys; print(sys.argv[1:])", "interpreter": "python3 -I"}, b"[]\n"),
        ({"text": "#!/bin/sh -e\r\nfalse\necho no"}, b""),
    ],
)
def test_the_interpreter_is_the_one_that_is_named(tmp_path, params, printed) -> None:
    """By the step, else by the script's first line."""
    environment_python = carried_out(command(**params), tmp_path)
    assert environment_python.stdout == printed


def test_a_script_cannot_swallow_itself(tmp_path) -> None:
    """A command that reads standard input finds it empty, so that every line of the script is run."""
    assert carried_out(command(text="cat\necho last"), tmp_path).stdout == b"last\n"


def test_half_a_script_is_not_run(tmp_path) -> None:
    """Whatever is cut off on the way, nothing of the script is run."""
    script = command(text="echo one\necho two\n")
    whole = script.stdin.source.encode()
    for length in range(len(whole) - 1):
        done = carried_out(script, tmp_path, whole[:length])
        assert (done.returncode, done.stdout) == (70, b""), length
        assert b"did not arrive whole" in done.stderr


@given(st.lists(st.text(st.characters(exclude_characters="\x00{", exclude_categories=["Cs"]), max_size=20), max_size=4))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_argument_arrives_as_it_was_written(tmp_path, args) -> None:
    """Spaces, quotes, dollars, newlines: each argument is one word, byte for byte."""
    done = carried_out(command(text='for a in "$@"; do printf "%s\\0" "$a"; done', args=args), tmp_path)
    assert done.stdout == b"".join(a.encode() + b"\0" for a in args)
