"""A real OpenSSH server on loopback, for all tests that need one; and the order of the tests."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pace import clear, moved_to_memory, place_of

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
CRASH = Path(__file__).parent / "recording" / "crash.c"

IN_MEMORY = pytest.StashKey[Path | None]()


def pytest_configure(config: pytest.Config) -> None:
    """Files begin in the order of `pace`; temporary folders are in memory, but for a soak, which has time."""
    config.option.loadscopereorder = False  # xdist would keep the files of one long test for the end
    if "PYTEST_XDIST_WORKER" not in os.environ and not os.environ.get("RUNBOOK_SOAK"):
        config.stash[IN_MEMORY] = moved_to_memory()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no processor is idle at the end."""
    items.sort(key=lambda item: place_of(str(item.path)))


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Iterator[None]:
    """When all workers have ended memory is given back; what a failure has left behind stays to be looked at."""
    yield
    folder = session.config.stash.get(IN_MEMORY, None)
    if folder and exitstatus != pytest.ExitCode.TESTS_FAILED:
        clear([folder])


@dataclass(frozen=True)
class Sshd:
    """A server that lets the present user in by `key`."""

    host: str
    port: int
    user: str
    key: Path
    host_key: Path  # its public part is beside it, with .pub
    known_hosts: Path
    config: Path
    log: Path
    pid: int


def free_port() -> int:
    """A TCP port of loopback that nobody uses now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def new_key(path: Path) -> Path:
    """A new pair of keys without a passphrase."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", path], check=True)
    return path


def _start_sshd(folder: Path, **options: str) -> Sshd:
    """Start a server in a folder of its own; `options` go to its configuration."""
    host_key, key, port = new_key(folder / "host_key"), new_key(folder / "id"), free_port()
    shutil.copy(f"{key}.pub", folder / "authorized_keys")
    public = " ".join(Path(f"{host_key}.pub").read_text().split()[:2])
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n")
    settings = {
        "Port": str(port),
        "ListenAddress": "127.0.0.1",
        "HostKey": str(host_key),
        "PidFile": str(folder / "sshd.pid"),
        "AuthorizedKeysFile": str(folder / "authorized_keys"),
        "PermitRootLogin": "yes",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "UsePAM": "no",
        "UseDNS": "no",
        "PrintMotd": "no",
        "StrictModes": "no",
        "MaxStartups": "1000:100:2000",
        "MaxSessions": "100",
        "Subsystem": "sftp internal-sftp",
        "LogLevel": "ERROR",
        "SetEnv": f"HOME={folder}",  # so that no start-up file of the present user's shell is read
    } | options
    config = folder / "sshd_config"
    config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd of Debian locks itself in
    subprocess.run([SSHD, "-f", config, "-E", folder / "sshd.log"], check=True)
    pid_file = folder / "sshd.pid"
    end = time.monotonic() + 20
    while not (pid_file.exists() and pid_file.read_text().strip()):
        assert time.monotonic() < end, (folder / "sshd.log").read_text()
        time.sleep(0.01)
    return Sshd(
        "127.0.0.1",
        port,
        getpass.getuser(),
        key,
        host_key,
        folder / "known_hosts",
        config,
        folder / "sshd.log",
        int(pid_file.read_text()),
    )


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """The server that most tests share."""
    if not Path(SSHD).exists():
        pytest.skip("sshd is not installed (Debian: apt-get install openssh-server)")
    server = _start_sshd(tmp_path_factory.mktemp("sshd"))
    yield server
    os.kill(server.pid, 15)


@pytest.fixture(scope="session", name="start_sshd")
def _start_sshd_fixture() -> Callable[..., Sshd]:
    """Starts another server, in a folder and with options of its own. Whoever starts it ends it."""
    return _start_sshd


@pytest.fixture(scope="session")
def crash_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that kills a process, or lets its disk fail, at one change of a file; compiled here."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs Linux and a C compiler (apt-get install gcc)")
    library = tmp_path_factory.mktemp("crash") / "crash.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, CRASH, "-ldl"], check=True)
    return library
