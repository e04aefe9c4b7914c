"""The control machine: the same answers, limits and endings as a host."""

import time
from pathlib import Path

import pytest

from runbook_engine.model.commands import Pause
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import plain
from runbook_engine.model.words import Cause


@pytest.fixture
def link(new_links):
    """The control machine, with short limits."""
    return new_links(ending_s=1.0, linger_s=0.3)(None)


def test_a_local_command(link, sh, log):
    """Exit code, streams, input, environment and directory."""
    setting = {"environment": (("X", plain("a b")),), "directory": plain("/usr")}
    command = sh('cat; echo "$X" >&2; pwd; exit 5', stdin=plain("in\n"), **setting)
    answer = link.perform(command, log)
    assert (answer.exit_code, answer.stdout, answer.stderr) == (5, b"in\n/usr\n", b"a b\n")
    assert (log.text(1), log.text(2)) == (answer.stdout, answer.stderr)


def test_on_controller_needs_no_connection(new_links, target, sh, log):
    """A command for the control machine is done there, also by the link of a host that is down."""
    link = new_links()(target)
    assert link.perform(sh("echo $PPID", on_controller=True), log).exit_code == 0
    assert link._place._connected is None


def test_large_input_and_output_at_once(link, sh, log):
    """5 MB go in while 10 MB come out."""
    text = "0123456789abcde\n" * 300_000
    answer = link.perform(sh("tee /dev/stderr", stdin=plain(text)), log)
    assert log.text(1) == log.text(2) == text.encode()
    assert answer.output_bytes == 2 * len(text)


@pytest.mark.law(8)
@pytest.mark.parametrize("script", ["sleep 60", "trap '' TERM; sleep 60 & sleep 61 & wait; sleep 62", "yes > /dev/null", "yes"])
def test_time_out_ends_the_whole_group(link, sh, tmp_path, script):
    """Timed out, started, and every process of the group is gone."""
    began = time.monotonic()
    with pytest.raises(TransportFault) as caught:
        link.perform(sh(f"echo $$ > {tmp_path}/pid\n{script}", timeout_s=0.5), lambda _stream, _data: None)
    assert (caught.value.cause, caught.value.started) == (Cause.TIMED_OUT, True)
    assert "it was ended" in caught.value.message
    assert time.monotonic() - began < 4
    group = (tmp_path / "pid").read_text().strip()
    until = time.monotonic() + 2  # what was killed may still be on its way out
    while (alive := [p for p in Path("/proc").glob("[0-9]*/stat") if group_of(p) == group]) and time.monotonic() < until:
        time.sleep(0.02)
    assert alive == []


def group_of(path):
    """The process group in a stat file; a dead process has none."""
    try:
        fields = path.read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[2]


def test_signals_and_background_processes(link, sh, log):
    """128 + signal; a background process that holds the output does not hold the step."""
    answer = link.perform(sh("kill -TERM $$"), log)
    assert (answer.exit_code, answer.detail) == (143, "ended by signal TERM")
    began = time.monotonic()
    answer = link.perform(sh("sleep 5 & echo x"), log)
    assert (answer.exit_code, answer.stdout) == (0, b"x\n")
    assert time.monotonic() - began < 3


def test_probes_of_this_machine(link):
    """It is there, and has a boot id."""
    assert link.probe_ssh()
    assert link.boot_id()


def test_what_is_not_for_a_machine(link, log):
    """A pause is no command."""
    with pytest.raises(TypeError):
        link.perform(Pause(for_s=1), log)


def test_links_are_kept_and_dropped(new_links, target):
    """The same link for the same target; a new one when it is reached otherwise."""
    links = new_links()
    assert links(target) is links(target)
    assert links(None) is links(None)
    first = links(target)
    links.drop(target.name)
    assert links(target) is not first


def test_importing_the_room_does_not_import_fabric():
    """Plan, lint and help need not pay for what only a run uses."""
    import subprocess
    import sys

    code = "import sys, runbook_engine.transports; print(sorted({'fabric', 'paramiko', 'invoke'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
