"""Nothing that a step does reaches the machine outside its host's folder."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lab.labs import RunningLab

MARK = "written-by-a-lab-step"
OWN = {
    "bin",
    "dev",
    "etc",
    "home",
    "lab",
    "lib",
    "lib32",
    "lib64",
    "libx32",
    "opt",
    "proc",
    "root",
    "run",
    "sbin",
    "srv",
    "tmp",
}
OWN |= {"usr", "var"}  # the folders of a host


@pytest.fixture(params=["ops", "root", "sudo"])
def step(lab: RunningLab, request: pytest.FixtureRequest) -> "Step":
    """A step of each kind of user."""
    return Step(lab, request.param)


class Step:
    """Runs a command on web-01 as that user."""

    def __init__(self, lab: RunningLab, user: str) -> None:
        self.lab, self.user = lab, user

    def __call__(self, command: str) -> subprocess.CompletedProcess:
        """Run it."""
        if self.user == "sudo":
            return self.lab.ssh("web-01", 'sudo -n sh -c "$(cat)"', stdin=command)
        return self.lab.ssh("web-01", command, user=self.user)


def test_writing_does_not_reach_the_machine(step: Step) -> None:
    """Whatever path is written, the machine's own folders stay as they are."""
    state = step.lab.state
    places = ["/etc", "/usr", "/usr/bin", "/bin", "/tmp", "/var/tmp", "/root", "/home", "../../..", "../../../../../../tmp"]
    places += [str(state), f"{state}/..", f"{state}/tools", "/lab/bin", "/proc/1/root/tmp", "/proc/1/cwd"]
    step("; ".join(f"touch {place}/{MARK}" for place in places))
    real = [Path(place, MARK) for place in places if place.startswith("/") and not place.startswith(("/proc", "/lab"))]
    assert not [path for path in real if path.exists()]
    assert not (state / "tools" / MARK).exists()


def test_the_machines_secrets_are_not_seen(step: Step) -> None:
    """Neither the machine's accounts and homes nor the lab's keys can be read."""
    state = step.lab.state
    for path in ("/etc/shadow", f"{state}/id", f"{state}/lab.json", "/root/.ssh", f"/proc/1/root{state}/id", str(Path.cwd())):
        assert step(f"ls -d {path}").returncode != 0, path
    assert os.uname().nodename not in step("cat /etc/hostname; hostname").stdout.split()


def test_the_machines_processes_are_neither_seen_nor_reached(step: Step) -> None:
    """A step sees only its host's processes, and a signal to a process of the machine does not arrive."""
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        step(f"kill -9 {victim.pid}; kill -9 {step.lab.process.pid}; kill -9 -1")
        assert victim.poll() is None
        assert step.lab.process.poll() is None
        numbers = step("ls /proc").stdout.split()
        assert len([n for n in numbers if n.isdigit()]) < 10
    finally:
        victim.kill()
        victim.wait()


def test_the_machines_network_is_not_reached(step: Step) -> None:
    """A step cannot connect to what listens on the machine's loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        arrived: list[bool] = []
        watcher = threading.Thread(target=lambda: arrived.append(_accepted(server)))
        watcher.start()
        code = f"use IO::Socket::INET; exit(IO::Socket::INET->new(PeerAddr=>'127.0.0.1:{port}', Timeout=>1) ? 0 : 9)"
        step(f'bash -c "</dev/tcp/127.0.0.1/{port}"; perl -e "{code}"')
        watcher.join()
    assert arrived == [False]


def _accepted(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except TimeoutError:
        return False
    return True


def test_root_in_a_host_cannot_mount_its_way_out(step: Step) -> None:
    """New namespaces, mounts and device files give a step nothing of the machine."""
    script = (
        "unshare -Urm sh -c 'mkdir -p /tmp/out; mount -t proc proc /tmp/out; mount --bind / /tmp/out; ls /tmp/out';"
        "mknod /tmp/disk b 254 0 && cat /tmp/disk;"
        "unshare -Ur chroot /proc/1/root ls /; cd /; umount -a; ls /"
    )
    seen = set(step(script).stdout.split())
    assert not seen & ({path.name for path in Path("/").iterdir()} - OWN)


def test_a_fork_bomb_stays_in_its_host(lab: RunningLab) -> None:
    """A host has a limit of processes; when it is reached the other hosts go on, and a restart clears it."""
    lab.ssh("r12-u01", "i=0; while [ $i -lt 700 ]; do sleep 60 & i=$((i + 1)); done >/dev/null 2>&1")
    assert 400 < len(lab.processes()) < 560
    assert lab.output("web-01", "echo well") == "well\n"
    lab.ssh("r12-u01", "exec reboot")
    time.sleep(0.2)
    lab.boot_id("r12-u01")
    assert len(lab.processes()) < 20


def test_a_host_does_not_see_its_neighbour(step: Step) -> None:
    """What one host writes, another does not have."""
    step("echo mine >/tmp/mine; echo mine >/var/mine")
    assert step.lab.ssh("db-01", "ls /tmp/mine || ls /var/mine").returncode != 0


def test_a_step_cannot_rewrite_what_the_lab_offers(step: Step) -> None:
    """The tools are read-only, and the boot id cannot be set."""
    before = step.lab.boot_id("web-01")
    step("echo x >/lab/bin/fwtool; rm -f /lab/bin/fwtool; echo x >/proc/sys/kernel/random/boot_id; mv /lab /lab2")
    assert step.lab.boot_id("web-01") == before
    assert step("fwtool --version").stdout == "2.17.3\n"
    assert (step.lab.state / "tools" / "fwtool").read_text().startswith("#!/bin/sh")


def test_the_lab_gives_up_root(lab: RunningLab) -> None:
    """Started as root, the lab and everything below it belongs to an unprivileged user."""
    for pid in lab.processes():
        uids = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Uid:"))
        assert "0" not in uids.split()[1:]
