"""Links to the test server, and what they are told."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from emulators import Emulator
from runbook_engine.model.commands import Shell
from runbook_engine.model.estate import SshSettings
from runbook_engine.model.plan import Target
from runbook_engine.model.text import shell
from runbook_engine.transports import Link, Links, LinkSettings


class Log:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, bytes]] = []

    def __call__(self, stream: int, data: bytes) -> None:
        """Take a piece."""
        self.seen.append((stream, data))

    def text(self, stream: int) -> bytes:
        """All of one stream."""
        return b"".join(data for s, data in self.seen if s == stream)


@pytest.fixture
def log() -> Log:
    """A new sink."""
    return Log()


def target_of(server: Any, **ssh: Any) -> Target:
    """A server as a host of a plan."""
    usual = {"user": server.user, "port": server.port, "key": str(server.key), "known_hosts": str(server.known_hosts)}
    return Target(name="r12-u01", address=server.host, ssh=SshSettings(**usual | ssh))


@pytest.fixture
def target(sshd: Any) -> Target:
    """The test server as a host of a plan."""
    return target_of(sshd)


@pytest.fixture
def new_server(sshd: Any, start_sshd: Any, tmp_path: Path) -> Iterator[Callable[..., Target]]:
    """Starts a server of its own, with other settings, and gives it as a host."""
    started: list[int] = []

    def start(**options: str) -> Target:
        folder = tmp_path / f"sshd{len(started)}"
        folder.mkdir()
        server = start_sshd(folder, **options)
        started.append(server.pid)
        return target_of(server)

    yield start
    for pid in started:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


@pytest.fixture
def new_links(tmp_path: Path) -> Iterator[Callable[..., Links]]:
    """Makes links that follow no settings of the person who runs the tests; closes them afterwards."""
    made: list[Links] = []

    def make(**settings: Any) -> Links:
        links = Links(LinkSettings(**{"run_folder": tmp_path / "run", "ssh_config": (), "use_agent": False} | settings))
        made.append(links)
        return links

    yield make
    for links in made:
        links.close()


@pytest.fixture
def link(new_links: Callable[..., Links], target: Target) -> Link:
    """The link to the test server, with short limits."""
    return new_links(ending_s=1.0, linger_s=0.5)(target)


def sh(script: str, **other: Any) -> Shell:
    """A shell command."""
    return Shell(script=shell(script), **other)


@pytest.fixture(name="sh")
def _sh() -> Callable[..., Shell]:
    """Makes shell commands."""
    return sh


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """sushy-emulator over https, with hosts for all tests of a file."""
    made = Emulator(tmp_path_factory.mktemp("controllers") / "emulator", 70)
    yield made
    made.close()
