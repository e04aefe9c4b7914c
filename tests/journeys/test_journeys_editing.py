"""A runbook that is edited while its run is open: what was planned is what runs, until a person takes the change up."""

import pytest

from journeys.command_line import Person
from journeys.machines import step, steps

ASK = "id: look, title: Look, manual: Look at the machine"


@pytest.mark.law(1)
def test_the_stored_plan_goes_on_until_it_is_amended(engineer: Person) -> None:
    """Resume notes the edit and does what was planned; run refuses with the comparison; amend takes it up."""
    trace = engineer.folder / "trace"
    engineer.writes("runbooks/quick.yml", steps(step("first", f"echo one >>{trace}"), ASK, step("last", f"echo old >>{trace}")))
    engineer.types("run", "runbooks/quick.yml", code=5)
    engineer.writes("runbooks/quick.yml", steps(step("first", f"echo one >>{trace}"), ASK, step("last", f"echo new >>{trace}")))

    noted = engineer.types("resume", "last", code=5)
    assert "would now give another plan; the run goes on with its stored plan" in noted.err

    refused = engineer.types("run", "runbooks/quick.yml", code=4)
    assert "quick-1 is open with another plan" in refused.err
    assert "echo old" in refused.err
    assert "echo new" in refused.err
    assert "runbook amend quick-1" in refused.err

    amended = engineer.types("amend", "quick-1", "runbooks/quick.yml", "--reason", "a typo", code=0)
    assert "1 finished tasks are kept" in amended.err
    engineer.types("resume", "last", code=5)
    engineer.types("done", "last", "look", code=0)
    engineer.types("resume", "last", code=0)
    assert trace.read_text().split() == ["one", "new"]


@pytest.mark.law(1)
def test_without_amend_the_old_plan_is_done_to_its_end(engineer: Person) -> None:
    """Even when the file on disk cannot be read any more."""
    trace = engineer.folder / "trace"
    engineer.writes("runbooks/quick.yml", steps(ASK, step("last", f"echo old >>{trace}")))
    engineer.types("run", "runbooks/quick.yml", code=5)
    engineer.writes("runbooks/quick.yml", "phases: [")
    engineer.types("done", "last", "look", code=0)

    said = engineer.types("resume", "last", code=0)

    assert "the run goes on with its stored plan" in said.err
    assert trace.read_text().split() == ["old"]
    engineer.types("resume", "last", code=0)
    assert trace.read_text().split() == ["old"]
