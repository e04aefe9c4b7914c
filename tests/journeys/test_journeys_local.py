"""A step on the control machine when the engine is killed under it: this machine is asked, and nobody else."""

import signal
import time

import pytest

from journeys.command_line import Person, plain, wait_for
from journeys.machines import steps

RUN = ("run", "runbooks/quick.yml", "--yes")
SLOW = "touch {folder}/begun; while [ ! -e {folder}/go ]; do sleep 0.05; done; echo x >>{folder}/count; echo heard"


@pytest.mark.sshd
@pytest.mark.law(2)
@pytest.mark.parametrize("per", ["phase", "host"])
@pytest.mark.parametrize("ends", ["before", "after"])
def test_what_a_killed_engine_has_begun_here_is_heard_to_its_end(engineer: Person, per: str, ends: str) -> None:
    """SIGKILL in the middle: the command goes on; the next engine hears it to its end and never starts it again."""
    slow = SLOW.replace("{folder}", str(engineer.folder))
    engineer.writes("runbooks/quick.yml", steps(f"id: here, title: Work here, per: {per}, local: '{slow}'"))
    engine = engineer.starts(*RUN)
    wait_for(engineer.folder / "begun")
    engine.send_signal(signal.SIGKILL)
    engine.communicate()
    assert "asked" in plain(engineer.types("status", "last", code=6).out)
    if ends == "before":
        (engineer.folder / "go").touch()
        wait_for(engineer.folder / "count")
        engineer.types("resume", "last", code=0)
    else:
        resumed = engineer.starts("resume", "last")
        time.sleep(0.5)
        (engineer.folder / "go").touch()
        engineer.hears(resumed, 0)
    assert (engineer.folder / "count").read_text() == "x\n"
    assert " out heard\n" in next((engineer.state / "runs").rglob("*here*.log")).read_text()
    assert not list((engineer.state / "runs").rglob("kept"))  # nobody asks any more
