"""Params: what is given, by file or command line, becomes a value of the right type, or every mistake is told."""

from pathlib import Path

import pytest

from runbook_engine.loading import load_runbook, missing_params, param_values, read_params_file
from runbook_engine.model.errors import NotValid
from runbook_engine.model.secret_names import IN_WORDS

PARAMS = r"""
  bios: {type: string, default: "2.19.1", pattern: '\d+\.\d+\.\d+', help: BIOS version to install}
  rack: {help: Which rack}
  tries: {type: integer, default: 2, choices: [1, 2, 3]}
  load: {type: number, default: 0.5}
  force: {type: boolean, default: false}
  day: {type: date, default: 2026-11-30}
  wait: {type: duration, default: 5m}
  disks: {type: list, default: [sda, sdb]}
  token: {secret: true, default: "env:TOKEN"}
"""


@pytest.fixture
def runbook(tmp_path, monkeypatch):
    """A runbook with a param of each type; only `rack` has no default."""
    monkeypatch.chdir(tmp_path)
    head = "runbook: a\ntitle: A\nkind: install\nowner: a\nwhy: a\nimpact: a\n"
    steps = "phases: [{id: p, title: P, steps: [{id: s, title: S, run: x}]}]\n"
    Path("try.yml").write_text(f"{head}params:{PARAMS}{steps}")
    return load_runbook(Path("try.yml"))


def mistakes(runbook, given):
    """The mistakes of given values, as 'place message / hint'."""
    with pytest.raises(NotValid) as caught:
        param_values(runbook, given)
    return [f"{m.place} {m.message} / {m.hint}".removesuffix(" / ") for m in caught.value.mistakes]


def test_defaults_have_the_type_of_their_param(runbook):
    """What is not given is the default; dates and durations stay text, lists are tuples, secrets names."""
    assert param_values(runbook, {"rack": "r12"}) == {
        "bios": "2.19.1",
        "rack": "r12",
        "tries": 2,
        "load": 0.5,
        "force": False,
        "day": "2026-11-30",
        "wait": "5m",
        "disks": ("sda", "sdb"),
        "token": "env:TOKEN",
    }


def test_texts_of_the_command_line_become_typed_values(runbook):
    """-p name=value is always text; it is read as the type of its param."""
    given = {
        "rack": "7",
        "tries": "3",
        "load": "1e-1",
        "force": "true",
        "day": "2027-01-01",
        "wait": "1h 30m",
        "disks": "sda, sdb,sdc",
    }
    values = param_values(runbook, given)
    assert [values[name] for name in given] == ["7", 3, 0.1, True, "2027-01-01", "1h 30m", ("sda", "sdb", "sdc")]


def test_every_mistake_of_the_command_line_comes_at_once(runbook):
    """Unknown names, wrong types, choices, patterns and missing values, each with the place in the text that was typed."""
    given = {
        "boos": "1",
        "bios": "2.19",
        "tries": "4",
        "load": "much",
        "force": "yes",
        "day": "2026-13-01",
        "wait": "5",
        "token": "hunter2",
    }
    assert mistakes(runbook, given) == [
        "command line:1:4 there is no param 'boos' / did you mean 'bios'?",
        "command line:1:8 day: expected a date that is in the calendar",
        "command line:1:9 bios: must match the pattern \\d+\\.\\d+\\.\\d+ from end to end",
        "command line:1:9 load: expected a number, found text 'much'",
        "command line:1:9 wait: expected a duration such as 90s, 15m or 1h 30m",
        "command line:1:10 force: expected true or false, found text 'yes'",
        f"command line:1:10 token: expected the name of a secret: {IN_WORDS}",
        "command line:1:10 tries: must be one of 1, 2, 3",
        "try.yml:9:3 the param 'rack' has no value / give it with -p rack=… (Which rack)",
    ]


def test_a_secret_that_was_written_out_is_not_shown_again(runbook):
    """Neither message nor source line repeats it, from the command line or from a file."""
    Path("p.yml").write_text("rack: r12\ntoken: hunter2\n")
    for given in ({"rack": "r12", "token": "hunter2"}, read_params_file(Path("p.yml"))):
        with pytest.raises(NotValid) as caught:
            param_values(runbook, given)
        assert "hunter2" not in repr(caught.value.mistakes)


def test_a_params_file_is_typed_and_placed(runbook):
    """Values of a file keep the types of YAML, and their mistakes point into it; the command line goes before it."""
    Path("p.yml").write_text("rack: 12\ntries: 3\nload: .inf\ndisks: [a, [b]]\nracks: 2\n")
    given = read_params_file(Path("p.yml"))
    assert mistakes(runbook, given) == [
        "p.yml:1:7 rack: expected text (put quotes around it), found number 12",
        "p.yml:3:7 load: expected a number, found number inf",
        "p.yml:4:8 disks: expected a list of texts and numbers, found a list",
        "p.yml:5:1 there is no param 'racks' / did you mean 'rack'?",
    ]
    Path("p.yml").write_text("rack: r12\ntries: 3\n")
    values = param_values(runbook, {**read_params_file(Path("p.yml")), "tries": "1"})
    assert (values["rack"], values["tries"]) == ("r12", 1)


def test_what_must_be_asked_for_is_what_has_no_value(runbook):
    """Only a param without default that was not given is missing."""
    assert [p.name for p in missing_params(runbook, {})] == ["rack"]
    assert missing_params(runbook, {"rack": "r12"}) == ()


def test_a_params_file_that_is_no_mapping_is_refused(tmp_path):
    """A list of values is told to be names and values; an empty file gives nothing."""
    file = tmp_path / "p.yml"
    file.write_text("- a\n")
    with pytest.raises(NotValid) as caught:
        read_params_file(file)
    assert caught.value.mistakes[0].message == "a params file is names and values"
    file.write_text("")
    assert read_params_file(file) == {}
