"""The process of a lab: start, faults, several at once, end, start again, and what is refused."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lab.labs import RunningLab, alive
from runbook_engine.lab import overlay
from runbook_engine.lab.settings import read_settings, read_speed
from runbook_engine.model.errors import Refused, Usage
from runbook_engine.model.estate import Estate, Host
from runbook_engine.model.words import HostName


def test_two_labs_run_side_by_side_and_leave_nothing_behind(lab: RunningLab, lab_folder: Path) -> None:
    """Two labs have their own hosts and keys; SIGTERM ends one with all its processes and frees its ports."""
    other = RunningLab(lab_folder / "other", "r12-u01")
    assert other.boot_id("r12-u01") != lab.boot_id("r12-u01")
    assert other.ssh("r12-u01", "true", key=lab.told["key"]).returncode == 255
    sleeper = other.ssh("r12-u01", "sleep 300 >/dev/null 2>&1 </dev/null & echo started")
    assert sleeper.stdout == "started\n"
    processes, port = other.processes(), other.port("r12-u01")
    assert len(processes) >= 4
    assert other.stop() == 0
    assert alive(processes) == []
    assert not (other.state / "lab.json").exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert lab.output("web-01", "echo well") == "well\n"


def test_a_state_folder_is_used_again(lab_folder: Path) -> None:
    """After a kill, the next lab on the folder has the same disks, keys and ports, and a new boot id."""
    first = RunningLab(lab_folder / "again", "r12-u01")
    first.output("r12-u01", "fwtool --install 3.0.0; ln -sfn /etc ~/etc; rm -rf /etc/passwd; ln -s /nowhere /etc/passwd")
    boot, port, processes = first.boot_id("r12-u01"), first.port("r12-u01"), first.processes()
    first.process.kill()
    first.process.wait()
    first.process.stdout.close()
    assert alive(processes) == []
    second = RunningLab(first.state, "r12-u01", "r12-u02")
    assert second.output("r12-u01", "fwtool --version") == "3.0.0\n"
    assert second.port("r12-u01") == port
    assert second.boot_id("r12-u01") != boot
    assert second.effects("r12-u01") == ["fwtool --install 3.0.0"]
    assert second.stop() == 0


def test_links_can_be_down_mute_or_slow(lab_folder: Path) -> None:
    """A host that is down refuses, a mute one accepts and says nothing, a slow one answers late."""
    faults = ("--fault", "a:down", "--fault", "b:mute", "--fault", "c:slow")
    bad = RunningLab(lab_folder / "bad", "a", "b", "c", arguments=faults)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", bad.port("a"))) != 0
    with socket.create_connection(("127.0.0.1", bad.port("b"))) as quiet:
        quiet.settimeout(0.3)
        with pytest.raises(TimeoutError):
            quiet.recv(1)
    assert bad.output("c", "echo late") == "late\n"
    assert bad.stop() == 0


def test_a_folder_holds_one_lab_at_a_time(lab: RunningLab) -> None:
    """A second lab on the same folder is refused with the way out."""
    command = [sys.executable, "-m", "runbook_engine.lab", "--state", str(lab.state), "--hosts", "r12-u01"]
    second = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 4
    assert "runs in" in second.stderr
    assert "next: runbook lab" in second.stderr
    assert "Traceback" not in second.stderr
    assert lab.output("web-01", "fwtool --version") == "2.17.3\n"


def test_a_folder_that_cannot_be_used_is_a_clear_refusal(tmp_path: Path) -> None:
    """A file in the place of the folder is refused in words."""
    (tmp_path / "file").write_text("in the way")
    command = [sys.executable, "-m", "runbook_engine.lab", "--state", str(tmp_path / "file"), "r12-u01"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode == 4
    assert "cannot hold a lab" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_interrupting_ends_the_lab_well(lab_folder: Path, number: signal.Signals) -> None:
    """Ctrl-C and a closed terminal end the lab as SIGTERM does."""
    running = RunningLab(lab_folder / "interrupted", "h1")
    processes = running.processes()
    os.kill(running.process.pid, number)
    assert running.process.wait(timeout=20) == 0
    running.process.stdout.close()
    assert alive(processes) == []


def test_landlock_alone_keeps_steps_inside(lab_folder: Path) -> None:
    """Where namespaces are forbidden the hosts still work, and still nothing outside can be written, read or killed."""
    fenced = RunningLab(lab_folder / "fenced", "r12-u01", arguments=("--walls", "landlock"))
    assert fenced.ready["isolation"] == "landlock"
    before = fenced.boot_id("r12-u01")
    assert fenced.output("r12-u01", "hostname; fwtool --install 2.19.1 >/dev/null; fwtool --version") == "r12-u01\n2.19.1\n"
    tries = (
        f"touch /tmp/out {fenced.state}/out {fenced.state}/tools/out;"
        f"cat {fenced.state}/id /etc/shadow; kill -9 {fenced.process.pid}"
    )
    assert "PRIVATE" not in fenced.ssh("r12-u01", tries).stdout
    assert not any(Path(path).exists() for path in ("/tmp/out", f"{fenced.state}/out", f"{fenced.state}/tools/out"))
    assert fenced.process.poll() is None
    fenced.ssh("r12-u01", "sleep 300 >/dev/null 2>&1 & reboot")
    assert fenced.boot_id("r12-u01") != before
    processes = fenced.processes()
    assert fenced.stop() == 0
    assert alive(processes) == []


def test_an_estate_is_pointed_at_the_lab(lab: RunningLab) -> None:
    """Hosts that the lab serves are reached there with its keys; the others keep their own address."""
    estate = Estate(
        hosts={HostName(n): Host(name=HostName(n), address="10.0.0.1", rack="r12") for n in ("web-01", "elsewhere")}
    )
    moved = overlay(estate, lab.state / "lab.json")
    web = moved.hosts[HostName("web-01")]
    assert (web.address, web.ssh.port, web.ssh.user, web.rack) == ("127.0.0.1", lab.port("web-01"), "ops", "r12")
    assert (web.ssh.key, web.ssh.known_hosts) == (str(lab.state / "id"), str(lab.state / "known_hosts"))
    assert moved.hosts[HostName("elsewhere")] == estate.hosts[HostName("elsewhere")]


@pytest.mark.parametrize("content", [None, "", "[]", '{"format": 2}', '{"format": 1, "pid": 999999999, "hosts": {}}'])
def test_no_lab_is_a_clear_refusal(tmp_path: Path, content: str | None) -> None:
    """A missing, damaged or left-over description is refused in words."""
    if content is not None:
        (tmp_path / "lab.json").write_text(content)
    with pytest.raises(Refused) as refused:
        overlay(Estate(), tmp_path / "lab.json")
    assert "lab" in refused.value.message


@pytest.mark.parametrize(
    ("names", "faults"),
    [
        ((), ()),
        (("a", "a"), ()),
        (("a/b",), ()),
        (("..",), ()),
        (("a",), ("b:down",)),
        (("a",), ("a:odd",)),
        (("a",), ("a:x/y=fail-first",)),
    ],
)
def test_wrong_wishes_are_refused(names: tuple[str, ...], faults: tuple[str, ...]) -> None:
    """Names that are no host names, and faults that nobody knows, never start a lab."""
    with pytest.raises(Usage):
        read_settings(names, faults)


@pytest.mark.parametrize("text", ["", "fast", "0", "-1", "nan", "inf"])
def test_a_speed_is_a_number_above_zero(text: str) -> None:
    """RUNBOOK_LAB_SPEED that makes no sense is refused."""
    with pytest.raises(Usage):
        read_speed({"RUNBOOK_LAB_SPEED": text})


def test_an_ordinary_user_can_run_a_lab(lab_folder: Path) -> None:
    """Nothing of a lab needs root: another user starts one, and its hosts work."""
    if os.getuid() == 0 and not _readable_by_others(Path(sys.executable).resolve()):
        pytest.skip("another user cannot read this Python; run the tests as an ordinary user to see this one")
    state = lab_folder / "ordinary"
    state.mkdir()
    user = 4711 if os.getuid() == 0 else os.getuid()
    if os.getuid() == 0:
        os.chown(state, user, user)
    running = RunningLab(state, "h1", user=user)
    assert running.output("h1", "id -un; sudo -n id -un") == "ops\nroot\n"
    assert running.stop() == 0


def _readable_by_others(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in (path, *path.parents))
