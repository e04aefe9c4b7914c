"""A private OpenSSH server on loopback. It answers on all of 127.0.0.0/8, so that many addresses stand for many hosts.

Nothing outside 127.0.0.0/8 can log in. Started as root it makes a user without a shell start-up file and without a
password, and removes it at the end; otherwise it lets the present user in. Two benches at once need different ports:
BENCH_PORT is for that.
"""

import getpass
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from measuring import Group

PORT = int(os.environ.get("BENCH_PORT", "2299"))
USER = "runbook-bench" if PORT == 2299 else f"runbook-bench-{PORT}"
START_S = 10.0

# One key exchange for all: OpenSSH's own default costs its client five times as much, and not every peer has it.
CONFIG = """\
Port {port}
ListenAddress 0.0.0.0
AllowUsers {user}@127.0.0.0/8
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
StrictModes no
X11Forwarding no
MaxStartups 2000
MaxSessions 100
Subsystem sftp internal-sftp
LogLevel ERROR
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that runs."""

    folder: Path
    port: int
    user: str
    key: Path
    known_hosts: Path
    group: Group  # of the server and all that it starts


def hosts(number: int) -> tuple[str, ...]:
    """So many addresses of the server."""
    return tuple(f"127.0.{i // 250 + 1}.{i % 250 + 1}" for i in range(number))


@contextmanager
def server(folder: Path, known: int = 1000, port: int = PORT) -> Iterator[Server]:
    """Start a server whose files are in `folder`; its first `known` addresses are trusted. Stops it at the end."""
    folder.chmod(0o755)  # the server reads the keys as the user who logs in
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a polite kill, too, stops the server
    user, is_new = _user(folder)
    _write(folder, user, port, known)
    daemon = shutil.which("sshd") or "/usr/sbin/sshd"
    Path("/run/sshd").mkdir(exist_ok=True, mode=0o755) if os.getuid() == 0 else None
    group = Group("server")
    process = subprocess.Popen(group.inside([daemon, "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "sshd.log")]))
    try:
        _wait(folder, process)
        files = {"folder": folder, "key": folder / "key", "known_hosts": folder / "known_hosts"}
        yield Server(port=port, user=user, group=group, **files)
    finally:
        _stop(process)
        group.end()  # what steps have left behind: a user with processes cannot be removed
        group.close()
        if is_new:
            subprocess.run(["userdel", "-f", USER], check=False, capture_output=True)


def _user(folder: Path) -> tuple[str, bool]:
    """Who logs in, and whether that user was made here."""
    if os.getuid() != 0:
        return getpass.getuser(), False
    if subprocess.run(["id", USER], check=False, capture_output=True).returncode == 0:
        return USER, False
    subprocess.run(["useradd", "-m", "-d", folder / "home", "-s", "/bin/sh", "-p", "*", USER], check=True)
    return USER, True


def _write(folder: Path, user: str, port: int, known: int) -> None:
    for name in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f", folder / name], check=True)
    (folder / "authorized_keys").write_bytes((folder / "key.pub").read_bytes())
    (folder / "authorized_keys").chmod(0o644)
    key = " ".join((folder / "host_key.pub").read_text().split()[:2])
    (folder / "known_hosts").write_text("".join(f"[{host}]:{port} {key}\n" for host in hosts(known)))
    (folder / "sshd_config").write_text(CONFIG.format(port=port, user=user, folder=folder))


def _wait(folder: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while not (folder / "sshd.pid").exists():
        if process.poll() is not None or time.monotonic() > until:
            log = folder / "sshd.log"
            raise SystemExit(f"sshd did not start: {log.read_text() if log.exists() else 'no log'}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server. A connection has a process of its own; each ends with its client."""
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    if process.poll() is None:
        process.kill()
        process.wait()
