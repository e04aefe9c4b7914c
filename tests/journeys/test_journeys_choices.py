"""Parts of a run, the exit codes, the keys that are not enforced, pausing and stopping, and a first project."""

import re

import pytest

from journeys.command_line import Person, wait_for
from journeys.machines import HEAD, step, steps
from runbook_engine.loading import UNENFORCED

NOT_YET = (
    "runbook.budget",
    "runbook.costs",
    "runbook.stakeholders",
)
PART = "  - {{id: {name}, title: Part {name}, needs: [], hosts: r12-u0*, steps: [{{{step}}}]}}\n"
TWO_PHASES = HEAD.format(name="two") + "phases:\n"
TWO_PHASES += "".join(PART.format(name=name, step=step("mark", f"touch {name}")) for name in ("one", "two"))


def test_the_keys_without_effect_only_become_fewer() -> None:
    """The list of what is accepted but NOT ENFORCED yet, word for word: whoever changes it changes this test."""
    assert UNENFORCED == NOT_YET


def test_a_new_project_validates_plans_and_is_never_overwritten(person: Person) -> None:
    """Init writes files with which the next commands work; a second time it refuses."""
    person.folder.mkdir(exist_ok=True)
    said = person.types("init", code=0)
    assert "runbook plan runbooks/first.yml" in said.err
    assert "runbooks/first.yml: valid" in person.types("validate", code=0).out
    assert "Look at each server" in person.types("plan", "runbooks/first.yml", code=0).out

    assert "exists already" in person.types("init", code=4).err


@pytest.mark.law(6)
def test_only_the_named_phase_and_hosts_are_worked_on(planner: Person) -> None:
    """--phase and --limit narrow what is started; a name that is not there stops everything, with what is near."""
    file = planner.folder / "runbooks" / "two.yml"
    file.write_text(TWO_PHASES, encoding="utf-8")
    try:
        wrong = planner.types("run", str(file), "--phase", "onne", code=2)
        assert "Did you mean one?" in wrong.err
        assert "No host of the plan" in planner.types("run", str(file), "--limit", "r12-u09", code=2).err

        part = planner.types("run", str(file), "--phase", "one", "--limit", "r12-u01", code=0)
        assert "1 host: r12-u01" in part.err
        told = planner.types("status", "--json").json()
        assert [phase["tasks"]["ok"] for phase in told["phases"]] == [1, 0]

        planner.types("run", str(file), "--phase", "two", code=0)
        planner.types("resume", "last", code=0)
    finally:
        file.unlink()


@pytest.mark.law(8)
def test_every_exit_code_has_its_meaning(engineer: Person) -> None:
    """0 done, 1 failed, 2 usage, 3 not valid, 4 refused, 5 waiting, 6 unknown, 7 different (130: see the interruptions)."""

    def made(name: str, *lines: str) -> tuple[str, ...]:
        engineer.writes(f"runbooks/{name}.yml", steps(*lines, name=name))
        return ("run", f"runbooks/{name}.yml")

    engineer.types(*made("well", step("a", "true")), code=0)
    engineer.types("run", "nothing.yml", code=2)
    engineer.types("fly", code=2)
    engineer.types(*made("wrong", step("a", "true", "retires: 3")), code=3)
    engineer.types("plan", "--compare", "runbooks/well.yml", made("other", step("a", "false"))[1], code=7)

    unknown = engineer.types(*made("lost", step("a", "kill -9 $PPID; sleep 9")), code=6)
    assert "UNKNOWN" in unknown.err
    engineer.types(*made("held", step("a", "true")), code=4)
    settled = engineer.types("resolve", "lost-1", "a@box", "--as", "not-done", "--reason", "it was killed", code=0).out
    assert "work/a@box: Do a\n  UNKNOWN" in settled
    assert "The end of its log" in settled
    assert "$$ kill -9 $PPID; sleep 9" in settled
    engineer.types("stop", "lost-1", "--yes", code=0)
    engineer.types(*made("bad", step("a", "false")), code=1)
    engineer.types("stop", "bad-1", "--yes", code=0)
    engineer.types(*made("wait", "id: a, title: Look, manual: Look"), code=5)


def test_output_that_is_piped_has_a_line_with_its_time_for_each_change(engineer: Person) -> None:
    """No colours, no moving picture; every change is one line that begins with the time; data goes to stdout alone."""
    engineer.writes("runbooks/quick.yml", steps(step("first", "true"), step("second", "true")))

    said = engineer.types("run", "runbooks/quick.yml", code=0)

    assert said.out == ""
    assert "\x1b" not in said.err
    changes = [line for line in said.err.splitlines() if re.match(r"\d\d:\d\d:\d\d ", line)]
    assert [line.split()[1] for line in changes if " ok" in line][:2] == ["work/first@box", "work/second@box"]
    told = engineer.types("resume", "last", "--json", code=0)
    assert told.out == ""


def test_json_of_a_run_is_its_status_and_nothing_else(engineer: Person) -> None:
    """Run --json prints one object on stdout when the call ends."""
    engineer.writes("runbooks/quick.yml", steps(step("first", "true")))

    told = engineer.types("run", "runbooks/quick.yml", "--json", code=0).json()

    assert (told["format"], told["kind"], told["result"]) == (1, "status", "DONE")


def test_pause_and_stop_from_elsewhere(engineer: Person) -> None:
    """A run that works takes both from another process: what runs finishes, nothing more starts."""
    trace = engineer.folder / "trace"
    slow = f"echo x >>{trace}; while [ ! -e {engineer.folder}/go ]; do sleep 0.05; done"
    engineer.writes("runbooks/quick.yml", steps(step("first", slow), step("second", f"echo x >>{trace}")))
    process = engineer.starts("run", "runbooks/quick.yml")
    wait_for(trace)
    paused = engineer.types("pause", "--reason", "the site calls", code=0).out
    assert "paused. Nothing new starts. It rests when this has ended: work/first on box" in paused
    (engineer.folder / "go").touch()
    engineer.hears(process, 5)
    assert "the site calls" in engineer.types("why", "last", "second@box", code=0).out
    assert trace.read_text().split() == ["x"]

    assert "Nothing runs." in engineer.types("stop", "last", "--yes", "--reason", "another day", code=0).out
    assert "was stopped" in engineer.types("resume", "last", code=4).err
    assert trace.read_text().split() == ["x"]
