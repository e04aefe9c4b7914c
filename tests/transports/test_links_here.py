"""Commands of the control machine in the durable lane: kept in the run's folder, at most once, and asked for after a death."""

import os
import subprocess
import sys
import threading
import time

import pytest

from runbook_engine.model.attempts import Ticket
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import Text, plain, shell
from runbook_engine.model.words import Cause, Fate, Lane

pytestmark = pytest.mark.law(2)

ENGINE = """
import sys
from pathlib import Path
from runbook_engine.model.attempts import Ticket
from runbook_engine.model.commands import Shell
from runbook_engine.model.text import shell
from runbook_engine.model.words import Lane
from runbook_engine.transports import Links, LinkSettings
links = Links(LinkSettings(run_folder=Path(sys.argv[1]) / "run", ssh_config=(), use_agent=False))
here = links(None)
command = Shell(script=shell(sys.argv[2]), on_controller=True)
here.perform(command, lambda *_: None, lane=Lane.DURABLE, ticket=Ticket(id="a1.1", boot=here.boot))
"""


def here(script, **other):
    """A command of this machine."""
    return Shell(script=shell(script), on_controller=True, **other)


@pytest.fixture
def link(new_links):
    """The control machine."""
    return new_links()(None)


@pytest.fixture
def perform(link, log):
    """Carry a command out in the durable lane, as the attempt of that name."""

    def carry(name, command):
        return link.perform(command, log, lane=Lane.DURABLE, ticket=Ticket(id=name, boot=link.boot))

    return carry


def test_output_and_exit_code_as_ever(perform, log, tmp_path, monkeypatch):
    """Environment, folder, input, both streams and the exit code; nothing is told of where commands are kept."""
    monkeypatch.setenv("FROM_OUTSIDE", "seen")
    script = 'cat; pwd; echo "$FROM_OUTSIDE $OWN ${RUNBOOK_BASE-none}"; echo err >&2; exit 3'
    command = here(script, stdin=plain("in\n"), directory=plain(str(tmp_path)), environment=(("OWN", Text(("own",))),))
    answer = perform("a1.1", command)
    assert (answer.exit_code, answer.stderr) == (3, b"err\n")
    assert answer.stdout.decode() == f"in\n{tmp_path}\nseen own none\n"
    assert log.text(1) == answer.stdout


def test_it_runs_once_whatever_is_asked(perform, tmp_path):
    """The same ticket again gives the same answer, and no second effect."""
    for _ in range(2):
        assert perform("a1.1", here(f"echo x >>{tmp_path}/effects; echo done")).stdout == b"done\n"
    assert (tmp_path / "effects").read_text() == "x\n"


def test_its_time_limit_ends_it(perform, tmp_path):
    """And what it has started."""
    with pytest.raises(TransportFault) as caught:
        perform("a1.1", here(f"(sleep 3; touch {tmp_path}/late) & sleep 30", timeout_s=1))
    assert (caught.value.cause, caught.value.started) == (Cause.TIMED_OUT, True)


def test_many_at_once_do_not_meet(link, log, tmp_path):
    """Threads share the control machine; each gets its own answer."""
    said = {}

    def one(number):
        ticket = Ticket(id=f"a{number}.1", boot=link.boot)
        said[number] = link.perform(here(f"sleep 0.1; echo {number}"), log, lane=Lane.DURABLE, ticket=ticket).stdout

    threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {number: b"%d\n" % number for number in range(12)}


@pytest.mark.parametrize("asked", ["while it runs", "when it has ended"])
def test_what_a_dead_engine_has_begun_is_heard_to_its_end(link, log, tmp_path, asked):
    """SIGKILL of the whole process: the command goes on, and the next engine learns its output and exit code."""
    script = (
        f"echo begun; touch {tmp_path}/begun; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; echo x >>{tmp_path}/n; exit 4"
    )
    engine = subprocess.Popen([sys.executable, "-c", ENGINE, str(tmp_path), script])
    while not (tmp_path / "begun").exists():
        time.sleep(0.02)
    engine.kill()
    engine.wait()
    if asked == "when it has ended":
        (tmp_path / "go").touch()
        while not (tmp_path / "n").exists():
            time.sleep(0.02)
    else:
        threading.Timer(0.3, (tmp_path / "go").touch).start()
    found = link.settle(here(script), Ticket(id="a1.1", boot=link.boot), log, 30)
    assert (found.fate, found.answer.exit_code, log.text(1)) == (Fate.ENDED, 4, b"begun\n")
    assert (tmp_path / "n").read_text() == "x\n"


def test_what_never_began_never_does(link, perform, log, tmp_path):
    """It was not heard of here: fenced, and a late start is refused."""
    command = here(f"touch {tmp_path}/effect")
    assert link.settle(command, Ticket(id="a1.1", boot=link.boot), log, 30).fate is Fate.NOT_BEGUN
    with pytest.raises(TransportFault) as caught:
        perform("a1.1", command)
    assert (caught.value.cause, caught.value.started) == (Cause.NOT_BEGUN, False)
    assert not (tmp_path / "effect").exists()


def test_another_machine_knows_nothing_of_it(link, log):
    """The run was begun elsewhere, or before a restart: that is doubt, never 'not begun'."""
    ticket = Ticket(id="a1.1", boot="of-another-machine")
    assert link.settle(here("true"), ticket, log, 30).fate is Fate.RESTARTED


def test_what_is_kept_is_private_and_tidied_away(new_links, log, tmp_path):
    """A folder of the run that only its user can read; once all is recorded, no output is left in it."""
    links = new_links()
    ticket = Ticket(id="a1.1", boot=links(None).boot)
    links(None).perform(here("echo output"), log, lane=Lane.DURABLE, ticket=ticket)
    kept = tmp_path / "run" / "kept"
    assert kept.stat().st_mode & 0o777 == 0o700
    assert (kept / "a1.1+out").read_text() == "output\n"
    links.close()
    assert sorted(os.listdir(kept)) == ["+swept", "a1.1"]
