"""The hosts of a lab behave as hosts do: tools, state, reboot, sudo, SFTP, streams, exit codes."""

import subprocess
import time
from pathlib import Path

import paramiko
import pytest

from lab.labs import RunningLab, alive


def client(lab: RunningLab, host: str) -> paramiko.SSHClient:
    """An open connection."""
    made = paramiko.SSHClient()
    made.load_host_keys(lab.told["known_hosts"])
    made.connect("127.0.0.1", lab.port(host), "ops", key_filename=lab.told["key"], allow_agent=False, look_for_keys=False)
    return made


def test_a_host_has_its_own_name_and_boot_id(lab: RunningLab) -> None:
    """Name and boot id differ from host to host and from the machine's."""
    assert lab.output("r12-u01", "hostname; uname -n").split() == ["r12-u01", "r12-u01"]
    ids = {lab.boot_id("r12-u01"), lab.boot_id("web-01"), Path("/proc/sys/kernel/random/boot_id").read_text()}
    assert len(ids) == 3


def test_an_installation_fails_first_then_works_and_each_is_counted(lab: RunningLab) -> None:
    """The fault holds once; the version changes only with success; the effects log counts both attempts."""
    assert lab.output("r12-u01", "fwtool --version") == "2.17.3\n"
    failed = lab.ssh("r12-u01", "fwtool --install 2.19.1")
    assert (failed.returncode, failed.stderr) == (1, "r12-u01: flash write failed: verify error at 0x1f000\n")
    assert lab.output("r12-u01", "fwtool --version") == "2.17.3\n"
    lab.output("r12-u01", "fwtool --install 2.19.1")
    assert lab.output("r12-u01", "fwtool --version") == "2.19.1\n"
    assert lab.effects("r12-u01").count("fwtool --install 2.19.1") == 2
    assert lab.ssh("r12-u01", "fwtool --install ';true'").returncode == 2


def test_a_reboot_drops_the_link_and_gives_a_new_boot_id(lab: RunningLab) -> None:
    """Open connections end, what ran is gone, the disk stays, the boot id is new, and it counts once."""
    before = lab.boot_id("db-01")
    connection = client(lab, "db-01")
    _, _, _ = connection.exec_command("sleep 60")
    lab.output("db-01", "echo kept >~/kept; echo lost >/tmp/lost")
    lab.ssh("db-01", "systemctl reboot || shutdown -r now || reboot")
    assert _ends(connection)
    assert lab.boot_id("db-01") != before
    assert lab.output("db-01", "cat ~/kept; ls /tmp; pgrep sleep || echo none") == "kept\nnone\n"
    assert lab.effects("db-01").count("reboot") == 1
    connection.close()


def _ends(connection: paramiko.SSHClient) -> bool:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        transport = connection.get_transport()
        if transport is None or not transport.is_active():
            return True
        time.sleep(0.02)
    return False


def test_services_are_managed(lab: RunningLab) -> None:
    """Start, stop and the state of services; an unknown one is refused; a failed one degrades the host."""
    assert lab.output("web-01", "systemctl is-system-running; systemctl is-active orders-web") == "running\nactive\n"
    script = "systemctl stop orders-web; orders-web health; systemctl start orders-web && orders-web health"
    result = lab.ssh("web-01", script)
    assert (result.stdout, result.stderr) == ("orders-web 4.1.0 ok\n", "orders-web: not running\n")
    assert lab.ssh("web-01", "systemctl start nonsense").returncode == 5
    assert lab.effects("web-01")[-2:] == ["systemctl stop orders-web", "systemctl start orders-web"]


def test_sudo_makes_root_of_ops_and_can_ask_for_a_password(lab: RunningLab) -> None:
    """The option -n works at once; with a password set, -n is refused and -S reads it."""
    assert lab.output("web-01", "id -un; sudo -n id -un; sudo -n -u root -- sh -c 'id -u'") == "ops\nroot\n0\n"
    lab.output("web-01", "echo horse >/lab/state/sudo-password")
    refused = lab.ssh("web-01", "sudo -n true")
    assert (refused.returncode, refused.stderr) == (1, "sudo: a password is required\n")
    assert lab.ssh("web-01", "sudo -S -p '' true", stdin="cow\n").returncode == 1
    assert lab.output("web-01", "sudo -S -p '' cat", stdin="horse\nrest\n") == "rest\n"
    lab.output("web-01", "rm /lab/state/sudo-password")


def test_streams_exit_codes_and_signals_are_those_of_a_host(lab: RunningLab) -> None:
    """Large input and output arrive whole, exit codes are kept, a killed command has no exit code."""
    data = "x" * 300_000
    assert lab.output("web-01", "cat; echo end >&2", stdin=data) == data
    assert lab.ssh("web-01", "exit 42").returncode == 42
    connection = client(lab, "web-01")
    channels = [connection.get_transport().open_session() for _ in range(8)]
    for number, channel in enumerate(channels):
        channel.exec_command(f"sleep 0.1; exit {number}")
    assert [channel.recv_exit_status() for channel in channels] == list(range(8))
    killed = connection.get_transport().open_session()
    killed.exec_command("kill -9 $$")
    assert killed.recv_exit_status() == -1
    connection.close()


def test_a_shell_without_command_reads_its_input(lab: RunningLab) -> None:
    """A shell channel runs what is typed."""
    connection = client(lab, "web-01")
    channel = connection.invoke_shell()
    channel.sendall(b"echo $((40 + 2)); exit 3\n")
    said = b""
    while piece := channel.recv(1000):
        said += piece
    assert b"42\r\n" in said
    assert channel.recv_exit_status() == 3
    connection.close()


def test_what_was_started_goes_on_when_the_link_is_lost(lab: RunningLab) -> None:
    """A command outlives its connection, as on any host; so a client that dies leaves doubt."""
    connection = client(lab, "web-01")
    connection.exec_command("sleep 0.4; echo went on >~/went-on")
    time.sleep(0.1)
    connection.get_transport().sock.close()
    connection.close()
    time.sleep(0.7)
    assert lab.output("web-01", "cat ~/went-on") == "went on\n"


def test_sftp_shows_the_host_and_nothing_else(lab: RunningLab, tmp_path: Path) -> None:
    """Files come and go, renames replace, and a link to the machine's files leads into the host."""
    (tmp_path / "sent").write_text("content")
    lab.output("db-01", "ln -sf /etc/shadow ~/link; ln -sf ../../../../../../etc/passwd ~/up")
    put = lab.sftp(
        "db-01",
        f"put {tmp_path}/sent sent.new\nrename sent.new sent\nput -p {tmp_path}/sent other\nls -l\nget up {tmp_path}/up\n",
    )
    assert put.returncode == 0, put.stderr
    assert lab.output("db-01", "cat ~/sent ~/other; stat -c %a ~/sent") == "contentcontent644\n"
    assert "Operations" in (tmp_path / "up").read_text()
    for path in ("link", "/etc/shadow", "../../../../../etc/shadow", str(lab.state / "id")):
        assert lab.sftp("db-01", f"get {path} {tmp_path}/stolen\n").returncode != 0
    assert not (tmp_path / "stolen").exists()


@pytest.mark.parametrize("user", ["eve", "nobody", "admin"])
def test_only_the_users_of_the_lab_come_in(lab: RunningLab, user: str) -> None:
    """A user that the hosts do not have is refused."""
    assert "Permission denied" in lab.ssh("web-01", "true", user=user).stderr


def test_another_key_does_not_open(lab: RunningLab, tmp_path: Path) -> None:
    """Only the lab's own key comes in."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    assert "Permission denied" in lab.ssh("web-01", "true", key=str(tmp_path / "key")).stderr


def test_a_host_has_its_own_host_key(lab: RunningLab) -> None:
    """known_hosts names one key for each host, and no two are equal."""
    lines = Path(lab.told["known_hosts"]).read_text().splitlines()
    assert len({line.split()[2] for line in lines}) == 3
    assert {line.split()[0] for line in lines} == {f"[127.0.0.1]:{lab.port(host)}" for host in lab.told["hosts"]}


def test_the_first_process_of_a_host_is_nobodys_to_kill(lab: RunningLab) -> None:
    """A step cannot end its host, and not the lab."""
    assert lab.output("web-01", "kill -9 1; kill -9 -1; true").strip() == ""
    assert not alive([], 0.1)
    assert lab.output("web-01", "echo well") == "well\n"
