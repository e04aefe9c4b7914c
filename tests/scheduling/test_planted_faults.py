"""Twenty faults, planted one by one and in pairs into a project that can be done: each is found and told, none is invented."""

import json
import os
from itertools import combinations
from pathlib import Path

import pytest

from runbook_engine.cli.entry import outcome
from scheduling.planted import AT, FAULTS, Fault, plant

PAIRS = list(combinations(FAULTS, 2))


class Asked:
    """What the command says of the project with some faults in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys

    def __call__(self, *faults: Fault, options: tuple[str, ...] = ("--json",)) -> tuple[int, str]:
        plant(self.folder, faults)
        self.capsys.readouterr()
        wanted = [option for fault in faults for option in fault.options]
        code = outcome(["feasibility", "runbooks/rack12.yml", "--from", AT, *wanted, *options])
        return code, self.capsys.readouterr().out

    def findings(self, *faults: Fault) -> list[dict[str, object]]:
        """The findings, of a plan that cannot be done."""
        code, out = self(*faults)
        assert code == 4
        return json.loads(out)["findings"]


@pytest.fixture
def asked(home, capsys):
    """The command, in a folder and with a home of its own."""
    return Asked(home, capsys)


def tells(finding, fault: Fault) -> bool:
    """Whether a finding is that of a fault."""
    return finding["matter"] == fault.matter and finding["blocks"] and all(word in finding["reason"] for word in fault.words)


def test_there_are_twenty_faults():
    """Each with a name of its own."""
    assert len({fault.name for fault in FAULTS}) == 20


def test_nothing_is_invented_on_the_clean_plan(asked):
    """No finding, no risk."""
    code, out = asked()

    assert code == 0
    assert json.loads(out)["feasible"] == "feasible"
    assert json.loads(out)["findings"] == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_fault_is_found_alone(asked, fault):
    """One finding, of the right matter, with the words that explain it, a place, and a way out."""
    found = asked.findings(fault)

    assert len(found) == 1
    assert tells(found[0], fault), found
    assert found[0]["ways_out"]
    file, line, column = str(found[0]["place"]).rsplit(":", 2)
    assert Path(file).is_file()
    assert int(line) > 0
    assert int(column) > 0


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "+".join(fault.name for fault in pair))
def test_each_pair_of_faults_is_found(asked, pair):
    """Both are told, and nothing else."""
    found = asked.findings(*pair)

    assert all(any(tells(finding, fault) for finding in found) for fault in pair), found
    assert len(found) == 2, found


def test_all_faults_at_once_are_told(asked):
    """However much is wrong, there is an answer, with each kind of matter in it."""
    found = asked.findings(*FAULTS)

    assert {fault.matter for fault in FAULTS} <= {str(finding["matter"]) for finding in found}


def test_the_words_can_be_read_out(asked):
    """The text names the person, the days, what would help, and what cannot all hold."""
    _, text = asked(next(fault for fault in FAULTS if fault.name == "leave"), options=())
    flat = " ".join(text.split())

    assert "NOT FEASIBLE: 1 thing in the way" in flat
    assert "Ben Ott is on leave from Thu 26 Nov 2026 to Sun 13 Dec 2026 (Holiday)" in flat
    assert "→ move Ben Ott's leave" in flat
    assert "one more person with datacenter-hands of level 2 with the certificate lifting on Mon 30 Nov 2026" in flat
    assert "These cannot all hold; without any one of them the others can" in flat
    assert str(os.getcwd()) not in text
