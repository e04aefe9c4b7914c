"""Every way in which a host can fail has its own word, comes within its limit, and says truly whether anything ran."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.estate import SshSettings
from runbook_engine.model.plan import Target
from runbook_engine.model.words import Cause
from runbook_engine.transports import record_host_key, scan_host_key

pytestmark = [pytest.mark.sshd, pytest.mark.law(8)]


def nowhere(_stream, _data):
    """A sink that keeps nothing."""


def fault_of(link, command):
    """What a command that must not succeed raises, and how many seconds it took."""
    began = time.monotonic()
    with pytest.raises(TransportFault) as caught:
        link.perform(command, nowhere)
    return caught.value, time.monotonic() - began


@contextmanager
def peer(talk):
    """A TCP server that does `talk` with each connection; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                kept.append(connection)
                talk(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    for connection in kept:
        connection.close()


def at(target, **ssh):
    """The same host, reached otherwise."""
    return replace(target, name="bad", ssh=replace(target.ssh, **ssh))


def test_closed_port(new_links, target, sh):
    """Nothing listens: refused."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    fault, took = fault_of(new_links()(at(target, port=port)), sh("true"))
    assert (fault.cause, fault.started) == (Cause.REFUSED, False)
    assert str(port) in fault.message
    assert took < 2


def test_unknown_name(new_links, sh):
    """A name that cannot be a host's is not found."""
    fault, _ = fault_of(new_links()(Target(name="x", address="no-such-host.invalid")), sh("true"))
    assert (fault.cause, fault.started) == (Cause.NAME, False)


def test_no_answer_to_tcp(new_links, target, sh):
    """A full backlog drops our SYN, as a firewall would: timed out, within the limit."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        fill = [socket.socket() for _ in range(4)]
        for sock in fill:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        time.sleep(0.1)
        fault, took = fault_of(new_links(connect_s=0.7)(at(target, port=port)), sh("true"))
        for sock in fill:
            sock.close()
    assert (fault.cause, fault.started) == (Cause.TIMED_OUT, False)
    assert took < 2


@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (lambda _c: None, "says nothing"),
        (lambda c: c.close(), "before it said anything"),
        (lambda c: c.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 101), "not in SSH"),
        (lambda c: [c.sendall(b"x") for _ in range(3)], "says nothing"),
    ],
)
def test_what_answers_is_no_ssh_server(new_links, target, sh, talk, words):
    """A mute peer, one that hangs up, one that speaks HTTP, one that never ends its first line: no SSH answer."""
    with peer(talk) as port:
        fault, took = fault_of(new_links(banner_s=0.8)(at(target, port=port)), sh("true"))
    assert (fault.cause, fault.started) == (Cause.NO_BANNER, False)
    assert words in fault.message
    assert took < 3


def test_silence_after_the_banner(new_links, target, sh):
    """A server that says its name and then nothing: timed out."""
    with peer(lambda c: c.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")) as port:
        fault, took = fault_of(new_links(banner_s=0.8)(at(target, port=port)), sh("true"))
    assert (fault.cause, fault.started) == (Cause.TIMED_OUT, False)
    assert took < 3


def test_wrong_key_and_wrong_user(new_links, target, sh, tmp_path):
    """Not let in: authentication failed, with the keys that were tried."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    for wrong in (at(target, key=str(tmp_path / "other")), at(target, user="nobody-of-that-name")):
        fault, _ = fault_of(new_links()(wrong), sh("true"))
        assert (fault.cause, fault.started) == (Cause.AUTHENTICATION, False)
        assert wrong.ssh.user in fault.message
        assert wrong.ssh.key in fault.why


def test_a_key_with_a_passphrase_needs_the_agent(new_links, target, sh, tmp_path):
    """A protected key is not asked for here: the message says what to do."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "open sesame", "-f", tmp_path / "locked"], check=True)
    fault, _ = fault_of(new_links()(at(target, key=str(tmp_path / "locked"))), sh("true"))
    assert fault.cause is Cause.AUTHENTICATION
    assert "passphrase" in fault.why
    assert "ssh-add" in fault.why


@pytest.mark.skipif(not shutil.which("ssh-agent"), reason="ssh-agent is not installed")
def test_the_agent_signs(new_links, target, sshd, sh, tmp_path, monkeypatch):
    """A key that only the agent holds lets us in when it is named, by its own file or by its public part; else it does not."""
    agent = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", agent], stdout=subprocess.DEVNULL)
    try:
        while not agent.exists():
            time.sleep(0.01)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        subprocess.run(["ssh-add", "-q", sshd.key], check=True, capture_output=True)
        shutil.copy(f"{sshd.key}.pub", tmp_path / "id.pub")  # the private part is not there
        links = new_links(use_agent=True, default_keys=False)
        for key in ("id", "id.pub"):
            assert links(at(target, key=str(tmp_path / key))).perform(sh("true"), nowhere).exit_code == 0
        fault, _ = fault_of(links(at(target, key="")), sh("true"))
        assert fault.cause is Cause.AUTHENTICATION
        assert "There is no key to try" in fault.why
        assert "nothing names it" in fault.why
    finally:
        process.kill()
        process.wait()


def test_unknown_host_key(new_links, target, sh, tmp_path):
    """A key that nobody has confirmed is refused before any login; `trust` records it, and then it is accepted."""
    stranger = at(target, known_hosts=str(tmp_path / "none"))
    links = new_links()
    fault, _ = fault_of(links(stranger), sh("true"))
    assert (fault.cause, fault.started) == (Cause.HOST_KEY_UNKNOWN, False)
    assert fault.next_command == "runbook inventory trust bad"
    kind, fingerprint, line = scan_host_key(stranger, links.settings)
    assert kind == "ssh-ed25519"
    assert fingerprint in fault.message
    record_host_key(tmp_path / "none", line)
    assert links(stranger).perform(sh("true"), nowhere).exit_code == 0


def test_changed_and_revoked_host_keys(new_links, target, sshd, sh, tmp_path):
    """Another key than before is refused, with both fingerprints; so is a key that was revoked."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{sshd.port} {other}\n")
    fault, _ = fault_of(new_links()(at(target, known_hosts=str(known))), sh("true"))
    assert (fault.cause, fault.started) == (Cause.HOST_KEY_CHANGED, False)
    for public in (f"{sshd.host_key}.pub", tmp_path / "other.pub"):
        printed = subprocess.run(["ssh-keygen", "-l", "-f", public], check=True, capture_output=True, text=True).stdout
        assert printed.split()[1] in fault.message
    known.write_text(f"@revoked * {Path(f'{sshd.host_key}.pub').read_text()}" + sshd.known_hosts.read_text())
    fault, _ = fault_of(new_links()(at(target, known_hosts=str(known))), sh("true"))
    assert fault.cause is Cause.HOST_KEY_CHANGED
    assert "revoked" in fault.message


def server_process(link, sh):
    """The sshd process that serves the link's connection."""
    pid = int(link.perform(sh("echo $PPID"), nowhere).stdout)
    while b"sshd" not in Path(f"/proc/{pid}/comm").read_bytes():
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid


def test_a_frozen_host_is_noticed(new_links, target, sh):
    """A host that stops answering while a command runs: connection lost, started, within its limits."""
    link = new_links(quiet_s=0.5, answer_s=1.0)(target)
    pid = server_process(link, sh)
    threading.Timer(0.3, os.kill, (pid, signal.SIGSTOP)).start()
    try:
        fault, took = fault_of(link, sh("sleep 30"))
    finally:
        os.kill(pid, signal.SIGCONT)
    assert (fault.cause, fault.started) == (Cause.LOST, True)
    assert "stopped answering" in fault.message
    assert 1.4 < took < 4


def test_a_quiet_command_on_a_live_host_goes_on(new_links, target, sh):
    """Silence alone is no fault: the host answers when asked."""
    link = new_links(quiet_s=0.2, answer_s=1.0)(target)
    assert link.perform(sh("sleep 1.5; echo done"), nowhere).stdout == b"done\n"


def test_a_connection_killed_in_the_middle(link, sh):
    """The server's process dies: lost at once, started; the next command opens a new connection."""
    pid = server_process(link, sh)
    threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
    fault, took = fault_of(link, sh("sleep 30"))
    assert (fault.cause, fault.started) == (Cause.LOST, True)
    assert took < 3
    assert link.perform(sh("echo again"), nowhere).stdout == b"again\n"


def test_a_connection_that_died_while_idle_leaves_no_doubt(new_links, target, sh):
    """Before a command is sent over a connection that was long unused, the host is asked; a dead one is replaced."""
    link = new_links(check_idle_s=0.0, answer_s=0.5)(target)
    pid = server_process(link, sh)
    os.kill(pid, signal.SIGSTOP)
    try:
        assert link.perform(sh("echo again"), nowhere).stdout == b"again\n"
    finally:
        os.kill(pid, signal.SIGKILL)


ENDLESS = ["sleep 60", "while :; do :; done", "trap '' TERM; while :; do sleep 0.1; done", "sleep 60 & sleep 61 & wait"]


@pytest.mark.parametrize("script", ENDLESS)
def test_time_out_ends_the_command_on_the_host(link, sh, script):
    """A command that takes too long is timed out, started, and its processes are gone from the host."""
    check_time_out(link, sh, script)


@pytest.mark.parametrize("script", ENDLESS)
def test_time_out_ends_the_command_where_the_login_shell_is_sh(link_by, sh, script):
    """The same where the script runs in the login shell itself."""
    check_time_out(link_by("sh"), sh, script)


@pytest.fixture
def link_by(new_links, new_server):
    """Makes a link to a host with another login shell."""

    def make(shell):
        target = new_server(ForceCommand=f'exec {shell} -c "$SSH_ORIGINAL_COMMAND"')
        return new_links(ending_s=1.0)(target)

    return make


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "zsh", "ksh", "busybox sh"])
def test_login_shells(link_by, sh, shell):
    """Whatever the login shell is, the script means the same, has no arguments, and reads its own input."""
    if not shutil.which(shell.split()[0]):
        pytest.skip(f"{shell} is not installed")
    link = link_by(shell)
    script = "printf '%s|' \"it's\" $#; x='a  b'; echo $x \\\\; cat"
    assert link.perform(sh(script), nowhere).stdout == b"it's|0|a b \\\n"
    assert link.perform(sh(script, stdin=sh("input").script), nowhere).stdout == b"it's|0|a b \\\ninput"
    assert link.perform(sh("if"), nowhere).exit_code == 2
    assert link.perform(sh("exit 7"), nowhere).exit_code == 7


def check_time_out(link, sh, script):
    """Run a script with a limit that it does not keep."""
    mark = f"runbook_test_{time.monotonic_ns()}"
    fault, took = fault_of(link, sh(f"export {mark}=1\n{script}", timeout_s=0.6))
    assert (fault.cause, fault.started) == (Cause.TIMED_OUT, True)
    assert "ended" in fault.message
    assert took < 5
    time.sleep(0.2)
    assert with_mark(mark) == []
    assert link.perform(sh("echo next"), nowhere).stdout == b"next\n"


def with_mark(mark):
    """Processes that hold a word in their environment."""
    found = []
    for path in (p for name in ("environ", "cmdline") for p in Path("/proc").glob(f"[0-9]*/{name}")):
        try:
            if mark.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def test_a_time_limit_holds_for_a_command_that_never_stops_talking(link, sh):
    """Endless output does not outrun the limit."""
    fault, took = fault_of(link, sh("yes", timeout_s=0.5))
    assert (fault.cause, fault.started) == (Cause.TIMED_OUT, True)
    assert took < 5


def test_a_sink_that_cannot_write(link, sh):
    """A full disk here is a fault of the control machine, and the command may have run."""

    def full(_stream, _data):
        raise OSError(28, "No space left on device")

    with pytest.raises(TransportFault) as caught:
        link.perform(sh("echo x"), full)
    assert (caught.value.cause, caught.value.started) == (Cause.LOCAL, True)
    assert "No space left" in caught.value.message


def test_nul_and_bad_names_are_refused_before_anything_is_sent(link, sh):
    """What no shell can be told is a mistake, and nothing has started."""
    for command in (sh("echo \0"), sh("true", environment=(("A-B", sh("").script),))):
        fault, _ = fault_of(link, command)
        assert (fault.cause, fault.started) == (Cause.CONFIGURATION, False)


def test_gateways(new_links, target, new_server, sshd, sh):
    """A host behind two gateways: keys are checked on each hop, and what a gateway cannot reach has its cause."""
    first = new_server()
    host_keys = Path(first.ssh.known_hosts).read_text() + sshd.known_hosts.read_text()
    Path(first.ssh.known_hosts).write_text(host_keys)
    gate = replace(first, name="gate")
    links = new_links(targets={"gate": gate, "middle": replace(target, name="middle", ssh=replace(target.ssh, jump="gate"))})
    behind = links(at(target, jump="middle"))
    assert behind.perform(sh("echo through"), nowhere).stdout == b"through\n"
    assert behind.probe_port(None, sshd.port)
    assert not behind.probe_port("127.0.0.1", 1)
    fault, _ = fault_of(links(replace(at(target, jump="gate", port=1), name="far")), sh("true"))
    assert (fault.cause, fault.started) == (Cause.NO_ROUTE, False)
    assert "gate" in fault.message
    closed = new_links(targets={"gate": replace(gate, ssh=replace(gate.ssh, known_hosts="/dev/null"))})
    fault, _ = fault_of(closed(at(target, jump="gate")), sh("true"))
    assert fault.cause is Cause.HOST_KEY_UNKNOWN
    assert "gate" in fault.message


def test_probes(new_links, target, sshd):
    """Ports and sessions are answered by yes or no; a wrong host key is neither."""
    links = new_links()
    link = links(target)
    assert link.probe_port(None, sshd.port)
    assert link.probe_port("127.0.0.1", sshd.port)
    assert link.probe_ssh()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not link.probe_port(None, port)
    assert not links(at(target, port=port)).probe_ssh()
    with pytest.raises(TransportFault):
        links(at(target, known_hosts="/dev/null")).probe_ssh()


def test_the_persons_own_settings_reach_the_host(new_links, sshd, sh, tmp_path):
    """With an empty inventory entry, ~/.ssh/config says address, port, user, key and known_hosts."""
    config = tmp_path / "config"
    config.write_text(
        f"Host web1\n HostName 127.0.0.1\n Port {sshd.port}\n User {sshd.user}\n"
        f" IdentityFile {sshd.key}\n UserKnownHostsFile {sshd.known_hosts}\n"
    )
    link = new_links(ssh_config=(config,))(Target(name="web1", address="web1", ssh=SshSettings()))
    assert link.perform(sh("echo in"), nowhere).stdout == b"in\n"
