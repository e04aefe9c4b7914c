"""Attack 3: what a person reads in a file is what is run."""

from pathlib import Path

import pytest

from attacks.told import mistakes_of
from runbook_engine.loading import load_runbook, read_document
from runbook_engine.model.errors import NotValid

RUNBOOK = """format: 1
runbook: r
title: t
kind: maintenance
owner: ana
why: w
impact: i
phases:
  - id: a
    title: A
    hosts: web
    steps:
      - {id: s, title: S, run: 'true'}
"""
WORDS = [
    "no",
    "No",
    "NO",
    "yes",
    "on",
    "off",
    "y",
    "n",
    "012",
    "0644",
    "1:30",
    "22:30:00",
    "2026-11-30",
    "1_000",
    "0b11",
    "=",
    "<<x",
]
PLAIN = {
    "true": True,
    "null": None,
    "~": None,
    "12": 12,
    "0o14": 12,
    "0xff": 255,
    "1e3": 1000.0,
    ".inf": float("inf"),
    "'12'": "12",
}


@pytest.mark.parametrize("word", WORDS)
def test_attack_03_words_that_older_rules_would_change_are_text(word: str) -> None:
    """Country codes, modes, times and dates stay the text that was written."""
    assert read_document(f"a: {word}\n", "f.yml").data == {"a": word}


@pytest.mark.parametrize("word", PLAIN)
def test_attack_03_numbers_and_truths_are_those_of_yaml_1_2(word: str) -> None:
    """The core rules of YAML 1.2, and nothing else."""
    assert read_document(f"a: {word}\n", "f.yml").data == {"a": PLAIN[word]}


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2\n",
        "{a: 1, a: 2}",
        "a: 1\n'a': 2\n",
        'a: 1\n"\\x61": 2\n',
        "a: 1\n!!str a: 2\n",
        "b: {a: 1, c: 2, a: 1}",
        "x: &x a\n? *x\n: 1\na: 2\n",
        "<<: {a: 1}\n<<: {a: 2}\n",
        "- {a: 1, \u0061: 2}",
    ],
)
def test_attack_03_a_key_cannot_be_there_twice(text: str) -> None:
    """However the second one is written, the file is refused and the line of the first is named."""
    told = mistakes_of(text)
    assert told
    assert all("is here twice; the first is in line 1" in line or "must be text" in line for line in told)


@pytest.mark.parametrize("key", ["1", "true", "null", "1.5", "[a]", "{a: b}"])
def test_attack_03_keys_are_text(key: str) -> None:
    """A number or a truth as key could be one thing in the file and another in the program."""
    assert "a key must be text" in mistakes_of(f"? {key}\n: x\n")[0]


def test_attack_03_a_second_run_cannot_hide(tmp_path: Path) -> None:
    """A step with two commands is a mistake with its line; an id of digits stays the text that it is."""
    file = tmp_path / "r.yml"
    file.write_text(RUNBOOK)
    load_runbook(file)
    for wrong, line in ((", run: 'reboot'}", 13), (", 'run': 'reboot'}", 13)):
        file.write_text(RUNBOOK.replace("run: 'true'}", "run: 'true'" + wrong))
        with pytest.raises(NotValid) as caught:
            load_runbook(file)
        assert {m.place.line for m in caught.value.mistakes} == {line}
    file.write_text(RUNBOOK.replace("id: a", "id: 012"))
    assert load_runbook(file).phases[0].id == "012"
