"""`runbook rehearse` as a person gives it: on the shipped runbooks, in a state folder of its own."""

import json
import shutil

import pytest

from runbook_engine.cli.entry import outcome
from runbook_engine.planning import write_plan
from runbook_engine.recording import open_store
from runbook_engine.simulating import rehearsal_of
from simulating.small_plans import ROOT, shipped


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of the shipped project; what is kept goes into a folder of the test."""
    for name in ("runbooks", "inventory"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNBOOK_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("RUNBOOK_AS", "ana.duarte")
    return tmp_path


def test_it_plays_all_standard_nights_and_keeps_them(project, capsys):
    """The report on standard output, the result beside the plan's digest, exit code 0."""
    assert outcome(["rehearse", "runbooks/rack12-install.yml"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("REHEARSAL ")
    assert lines[-1].startswith("REHEARSAL ")
    plan = shipped("rack12-install")
    with open_store(f"sqlite:///{project / 'state' / 'journal.db'}") as store:
        (record,) = store.rehearsals(plan.digest)
        assert store.runs() == []
    assert (record.seed, record.by) == (1, "ana.duarte")
    assert rehearsal_of(record.body).plan == plan.digest


def test_with_calendars_it_waits_for_the_windows(project, capsys):
    """Cabling in working hours, firmware at night: nothing starts outside, and what does not fit waits for the next opening."""
    words = ["rehearse", "runbooks/rack12-install.yml", "--calendars", "--fault", "slow@firmware=2", "--log", "--json"]

    assert outcome(words) == 0

    (night,) = json.loads(capsys.readouterr().out)["scenarios"]

    def first(words: str) -> str:
        return next(event["at"] for event in night["events"] if words in event["text"])

    assert first("cabling/delivery waiting") >= "2026-11-30T08:00"
    assert first("firmware/before@r12-u01 started")[11:13] in ("21", "22", "23", "00", "01", "02")
    assert first("phase firmware is HELD") < first("firmware/go waiting")


def test_it_plays_a_saved_plan_with_one_fault(project, capsys):
    """One night; the log stands before the report, every line marked."""
    (project / "web.plan").write_bytes(write_plan(shipped("web-upgrade")))

    assert outcome(["rehearse", "web.plan", "--fault", "unreachable@web-02", "--seed", "4", "--log"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "REHEARSAL night 1: web-02 cannot be reached from the start"
    assert all(line.startswith("REHEARSAL ") for line in lines[:150])


def test_json_is_one_object(project, capsys):
    """With the standard nights and the given one."""
    words = ["rehearse", "runbooks/site-maintenance.yml", "--scenarios", "--fault", "late@generator/go=2", "--json"]

    assert outcome(words) == 0

    data = json.loads(capsys.readouterr().out)
    assert data["kind"] == "rehearsal"
    assert data["scenarios"][-1]["words"] == ["people come 2 hours late to generator/go"]
    assert data["scenarios"][0]["name"] == "1 quiet night"


def test_the_nights_begin_when_the_plan_does_unless_something_else_is_said(project, capsys):
    """--start, in the zone of this machine unless it says another."""
    assert outcome(["rehearse", "runbooks/web-upgrade.yml", "--fault", "slow", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["start"] == "2026-12-01T00:00:00+00:00"

    words = ["rehearse", "runbooks/web-upgrade.yml", "--fault", "slow", "--json", "--start", "2026-12-02T22:00+01:00"]
    assert outcome(words) == 0
    assert json.loads(capsys.readouterr().out)["start"] == "2026-12-02T21:00:00+00:00"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fault", "earthquake"], "There is no fault 'earthquake'"),
        (["--fault", "slow@nowhere"], "The plan has no nowhere"),
        (["--start", "soon"], "is no date or time"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused(project, capsys, words, said):
    """Wrong usage, before anything is played or kept."""
    assert outcome(["rehearse", "runbooks/web-upgrade.yml", *words]) == 2

    assert said in capsys.readouterr().err
    assert not (project / "state" / "journal.db").exists()


def test_a_night_that_no_command_ends_is_exit_code_1(project, capsys):
    """Thirteen steps that all fail once: after a dozen commands nobody goes on. A script that looks at the code is told."""
    steps = "".join(f"      - {{id: s{n}, title: Step {n}, run: do {n}}}\n" for n in range(13))
    head = "runbook: many\ntitle: Many\nkind: upgrade\nowner: ana.duarte\nwhy: To see.\nimpact: None.\nphases:\n"
    (project / "runbooks" / "many.yml").write_text(f"{head}  - id: p\n    title: P\n    hosts: web-01\n    steps:\n{steps}")
    faults = [word for n in range(13) for word in ("--fault", f"fails-once@p/s{n}")]

    assert outcome(["rehearse", "runbooks/many.yml", *faults]) == 1

    out = capsys.readouterr().out
    assert "NOT AS PLANNED: still not over after all commands that were tried" in out
    assert out.splitlines()[-1].startswith("REHEARSAL  1 of 1 night ended where nobody can go on")
