"""The durable lane on a real sshd: a command runs at most once, outlives its link, and the host says what became of it."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from runbook_engine.model.attempts import Ticket
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import SecretRef, Text, plain
from runbook_engine.model.words import Cause, Fate, Lane
from runbook_engine.transports import Secrets
from runbook_engine.transports.durable import TOGETHER

pytestmark = pytest.mark.sshd


def nowhere(_stream, _data):
    """A sink that keeps nothing."""


class Host:
    """A link that was greeted, and tickets of its boot."""

    def __init__(self, link, folder: Path) -> None:
        self.link, self.folder, self.number = link, folder, 0
        self.boot = link.greet().boot

    def ticket(self, boot: str = "") -> Ticket:
        """A new one."""
        self.number += 1
        return Ticket(id=f"t{os.getpid()}-{time.monotonic_ns()}.{self.number}", boot=boot or self.boot)

    def do(self, command, ticket=None, sink=nowhere):
        """Have it done in the durable lane."""
        return self.link.perform(command, sink, lane=Lane.DURABLE, ticket=ticket or self.ticket())

    def lose(self) -> None:
        """End the connection under the feet of whoever uses it."""
        self.link._place._connected.wire.close()


def base(host) -> Path:
    """The folder on the host where steps are kept."""
    home = host.link.perform(Shell(script=plain("echo $HOME")), nowhere).stdout.decode().strip()
    return Path(home) / ".runbook"


@pytest.fixture
def host(link, tmp_path):
    """The test server, greeted."""
    return Host(link, tmp_path)


def lost(host, command, ticket, after: Path) -> TransportFault:
    """Have it done, and cut the link as soon as the file is there; the fault that comes of it."""

    def cut() -> None:
        while not after.exists():
            time.sleep(0.01)
        host.lose()

    threading.Thread(target=cut).start()
    with pytest.raises(TransportFault) as found:
        host.do(command, ticket)
    return found.value


def test_a_command_answers_as_on_a_channel(host, sh, log):
    """Exit code, both streams as bytes, no input, no arguments, its own directory and environment."""
    command = sh(
        "printf 'a\\0b\\377'; pwd; echo $X >&2; cat; exit 7", directory=plain("/tmp"), environment=(("X", plain("a b")),)
    )
    answer = host.do(command, sink=log)
    assert (answer.exit_code, answer.stdout, answer.stderr) == (7, b"a\0b\xff/tmp\n", b"a b\n")
    assert (log.text(1), log.text(2)) == (answer.stdout, answer.stderr)
    assert host.do(sh("true")).exit_code == 0


def test_output_comes_while_a_long_step_runs(host, sh, tmp_path):
    """What is printed is seen before the step has ended."""
    seen = []
    go = tmp_path / "go"

    def sink(_stream, data):
        seen.append(data)
        go.touch()

    answer = host.do(sh(f"echo first; while [ ! -e {go} ]; do sleep 0.05; done; echo second"), sink=sink)
    assert b"".join(seen) == answer.stdout == b"first\nsecond\n"
    assert seen[0] == b"first"  # the end of the line may belong to the answer


def test_a_command_has_its_input(host, sh):
    """Input goes along in the request, byte for byte."""
    content = Text(("it's\n'quoted' $HOME \\ `x`\nno newline at the end",))
    assert host.do(sh("cat", stdin=content)).stdout.decode() == content.parts[0]


@pytest.mark.law(2)
def test_a_lost_link_loses_no_result(host, sh, tmp_path, log):
    """The step goes on without its link, runs once, and is heard to its end over a new connection."""
    begun, effects = tmp_path / "begun", tmp_path / "effects"
    command = sh(f"echo x >>{effects}; echo one; sleep 0.6; touch {begun}; sleep 1; echo two; exit 3")
    ticket = host.ticket()
    fault = lost(host, command, ticket, begun)
    assert (fault.started, fault.cause) == (True, Cause.LOST)
    found = host.link.settle(command, ticket, log, 30)
    assert (found.fate, found.answer.exit_code, found.answer.stdout) == (Fate.ENDED, 3, b"one\ntwo\n")
    assert effects.read_text() == "x\n"


@pytest.mark.law(2)
def test_what_had_not_begun_never_does(host, sh, tmp_path):
    """A fence stands before an id that the host has never heard of: a request that comes late starts nothing."""
    ticket, effect = host.ticket(), tmp_path / "effect"
    assert host.link.settle(sh("true"), ticket, nowhere, 10).fate is Fate.NOT_BEGUN
    with pytest.raises(TransportFault) as late:
        host.do(sh(f"touch {effect}"), ticket)
    assert (late.value.cause, late.value.started) == (Cause.NOT_BEGUN, False)
    assert not effect.exists()


@pytest.mark.law(2)
def test_an_id_starts_once(host, sh, tmp_path):
    """The same ticket a second time gives the first result."""
    ticket, effects = host.ticket(), tmp_path / "effects"
    answers = [host.do(sh(f"echo x >>{effects}; echo ran; exit 4"), ticket) for _ in range(2)]
    assert [a.exit_code for a in answers] == [4, 4]
    assert effects.read_text() == "x\n"


def test_another_boot_begins_nothing(host, sh, tmp_path):
    """A host that was restarted since it was greeted refuses, and must be greeted again."""
    with pytest.raises(TransportFault) as late:
        host.do(sh(f"touch {tmp_path}/effect"), host.ticket("of-another-start"))
    assert (late.value.cause, late.value.started) == (Cause.NOT_BEGUN, False)
    assert host.link.boot is None
    assert host.link.settle(sh("true"), host.ticket("of-another-start"), nowhere, 10).fate is Fate.RESTARTED
    assert not (tmp_path / "effect").exists()


def test_a_killed_step_is_lost(host, sh, tmp_path):
    """Something ends the runner on the host: nobody knows how far it was."""
    ticket = host.ticket()
    pid = tmp_path / "pid"
    command = sh(f"echo $$ $PPID >{pid}.new; mv {pid}.new {pid}; sleep 30")

    def kill() -> None:
        while not pid.exists():
            time.sleep(0.01)
        for number in reversed(pid.read_text().split()):
            os.kill(int(number), signal.SIGKILL)

    threading.Thread(target=kill).start()
    with pytest.raises(TransportFault) as fault:
        host.do(command, ticket)
    assert (fault.value.cause, fault.value.started) == (Cause.LOST, True)
    assert host.link.settle(command, ticket, nowhere, 10).fate is Fate.LOST


def test_its_time_is_kept_by_the_host(host, sh, tmp_path):
    """The limit holds although nobody listens any more, and the whole group ends."""
    ticket, begun, effect = host.ticket(), tmp_path / "begun", tmp_path / "effect"
    command = sh(f"touch {begun}; (sleep 3; touch {effect}) & sleep 30", timeout_s=1.0)
    lost(host, command, ticket, begun)
    assert host.link.settle(command, ticket, nowhere, 20).fate is Fate.TIMED_OUT
    time.sleep(2.5)
    assert not effect.exists()


def test_a_time_limit_is_told(host, sh):
    """The words are those of every other lane."""
    with pytest.raises(TransportFault, match="did not end within 1 s") as fault:
        host.do(sh("sleep 30", timeout_s=1.0))
    assert (fault.value.cause, fault.value.started) == (Cause.TIMED_OUT, True)


def test_a_large_output_is_whole(host, sh, log):
    """Two megabytes on each stream, with the shortest possible wait and with a follower."""
    for wait in ("", "sleep 0.7;"):
        command = sh(f"{wait} head -c 2000000 /dev/zero | tr '\\0' x; head -c 2000000 /dev/zero >&2")
        assert host.do(command, sink=log).exit_code == 0
    assert log.text(1) == b"x" * 4_000_000
    assert log.text(2) == b"\0" * 4_000_000


def test_what_ended_is_tidied_away(host, sh):
    """Output goes with a later step, several at once, or with the end of the link; that it ran is remembered."""
    folder = base(host)
    tickets = [host.ticket() for _ in range(TOGETHER + 2)]
    for ticket in tickets:
        host.do(sh("echo out"), ticket)
    left = [(folder / f"{ticket.id}+out").exists() for ticket in tickets]
    assert left == [False] * TOGETHER + [True] * 2
    assert all((folder / t.id).exists() for t in tickets)
    host.link.reset()
    until = time.monotonic() + 10
    while (folder / f"{tickets[-1].id}+out").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not any((folder / f"{ticket.id}+{stream}").exists() for ticket in tickets for stream in ("out", "err"))


@pytest.mark.law(5)
def test_a_secret_goes_to_the_step_alone(new_links, target, tmp_path):
    """It is in no argument, no environment and no file of the host, and masked in what comes back."""
    link = new_links(secrets=Secrets({"TEST_SECRET": "c4nary-0123456789"}))(target)
    host = Host(link, tmp_path)
    look = "; echo $v; all=$(cat /proc/*/cmdline /proc/*/environ); case $all in *$v*) echo 1;; *) echo 0;; esac"
    answer = host.do(Shell(script=Text(("v=", SecretRef("env:TEST_SECRET"), look), shell=True)))
    assert answer.stdout.splitlines() == [b"[secret env:TEST_SECRET]", b"0"]
    kept = [p for p in base(host).iterdir() if p.is_file() and "+out" not in p.name]
    assert not any(b"c4nary" in p.read_bytes() for p in kept)


@pytest.mark.law(5)
def test_an_engine_that_did_not_begin_it_masks_its_secrets_too(new_links, target, tmp_path, log):
    """Whoever settles what another engine began looks its secrets up again; without them the output stays unread."""
    begun = tmp_path / "begun"
    command = Shell(script=Text(("echo it is ", SecretRef("env:TEST_SECRET"), f"; touch {begun}; sleep 0.5"), shell=True))
    first = Host(new_links(secrets=Secrets({"TEST_SECRET": "c4nary-0123456789"}))(target), tmp_path)
    ticket = first.ticket()
    lost(first, command, ticket, begun)
    with pytest.raises(TransportFault) as blind:
        new_links(secrets=Secrets({}))(target).settle(command, ticket, log, 20)
    assert (blind.value.cause, log.seen) == (Cause.SECRET, [])
    found = new_links(secrets=Secrets({"TEST_SECRET": "c4nary-0123456789"}))(target).settle(command, ticket, log, 20)
    assert (found.fate, found.answer.exit_code) == (Fate.ENDED, 0)
    assert found.answer.stdout == log.text(1) == b"it is [secret env:TEST_SECRET]\n"


def test_a_planted_folder_is_refused(new_links, new_server, sh, tmp_path):
    """A base directory that others can write to keeps nothing of ours."""
    base = tmp_path / "base"
    base.mkdir(mode=0o777)
    base.chmod(0o777)
    target = new_server(SetEnv=f"RUNBOOK_BASE={base}")
    with pytest.raises(TransportFault, match="only this user can write to") as fault:
        new_links()(target).greet()
    assert (fault.value.cause, fault.value.started) == (Cause.CONFIGURATION, False)
    assert fault.value.next_command


def test_a_host_without_a_kept_shell_keeps_nothing(new_links, new_server, sh):
    """Then a step goes over a channel of its own, and the greeting says what that means."""
    link = new_links()(new_server(ForceCommand="/bin/cat"))
    greeting = link.greet()
    assert greeting.boot == ""
    assert "nobody knows" in greeting.remark
    assert link.boot == ""


def test_what_is_armed_begins_by_itself_even_without_a_link(host, sh, tmp_path):
    """The engine is gone, and the host goes back; afterwards it says so."""
    undo, ticket = sh(f"echo undone; echo x >>{tmp_path}/undone"), host.ticket()
    host.link.arm(undo, ticket, 1.0)
    assert not (tmp_path / "undone").exists()
    host.lose()
    assert host.link.probe_ssh()
    found = host.link.settle(undo, ticket, nowhere, 20.0, patient=True)
    assert (found.fate, found.answer.exit_code, found.answer.stdout) == (Fate.ENDED, 0, b"undone\n")
    assert (tmp_path / "undone").read_text() == "x\n"


def test_what_is_armed_and_fenced_never_begins(host, sh, tmp_path):
    """That is the confirmation, and it holds after the delay."""
    undo, ticket = sh(f"touch {tmp_path}/undone"), host.ticket()
    host.link.arm(undo, ticket, 1.0)
    assert host.link.settle(undo, ticket, nowhere, 20.0).fate is Fate.NOT_BEGUN
    time.sleep(1.5)
    assert host.link.settle(undo, ticket, nowhere, 20.0, patient=True).fate is Fate.NOT_BEGUN
    assert not (tmp_path / "undone").exists()


def test_arming_twice_or_for_another_boot_promises_nothing(host, sh, tmp_path):
    """The second request finds the first; a host that was restarted since is not armed."""
    undo, ticket = sh(f"echo x >>{tmp_path}/undone"), host.ticket()
    host.link.arm(undo, ticket, 1.0)
    with pytest.raises(TransportFault):
        host.link.arm(undo, ticket, 1.0)
    with pytest.raises(TransportFault) as found:
        host.link.arm(undo, host.ticket(boot="another"), 1.0)
    assert not found.value.started


def test_a_host_that_keeps_nothing_is_worked_on_all_the_same(new_links, target, sh, tmp_path):
    """`keep: false` in the inventory: no folder is made, no boot id is promised, and so every loss is doubt."""
    link = new_links()(replace(target, ssh=replace(target.ssh, keep=False)))
    assert (link.greet().boot, link.boot) == ("", "")
    answer = link.perform(sh("echo done"), nowhere, lane=Lane.DURABLE, ticket=None)
    assert (answer.exit_code, answer.stdout) == (0, b"done\n")
