"""SIGKILL on the host, at any moment of a step: its SSH session, its kept shell, who waits for the step, the step itself."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from runbook_engine.model.plan import Target
from runbook_engine.model.words import Status
from transports.trials import Site, carry_out_all, later, several_sites

pytestmark = pytest.mark.sshd

SOAK = bool(os.environ.get("RUNBOOK_SOAK"))
TRIALS = 5000 if SOAK else 160
PATIENCE_S = 0.3  # so long a step that has not begun yet is waited for


@pytest.fixture
def sites(sshd: Any, target: Target, tmp_path: Path) -> Iterator[list[Site]]:
    """Eight ways to the test server."""
    with several_sites(sshd, target, tmp_path) as made:
        yield made


def kill(pid: int) -> None:
    """As nothing gentler could; a process that has ended already is left in peace."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def the_shell(site: Site, name: str, chance: Random) -> threading.Thread:
    """The kept shell that is given the request."""
    pid, _ = kept_shell(site)
    return later(chance.uniform(0, 0.06), lambda: kill(pid))


def the_session(site: Site, name: str, chance: Random) -> threading.Thread:
    """The server's process for this connection."""
    _, server = kept_shell(site)
    return later(chance.uniform(0, 0.06), lambda: kill(server))


def kept_shell(site: Site) -> tuple[int, int]:
    """The shell that waits for the next request, and the server's process; new ones, if the last were killed a moment ago."""
    while True:
        site.greet()
        shell = site.link._kept.present(None)  # type: ignore[union-attr]
        with suppress(OSError, AttributeError):
            server = int(Path(f"/proc/{shell.pid}/stat").read_text().rpartition(")")[2].split()[1])  # type: ignore[union-attr]
            if b"sshd" in Path(f"/proc/{server}/comm").read_bytes():
                return shell.pid, server  # type: ignore[union-attr]


def who_waits(site: Site, name: str, chance: Random) -> threading.Thread:
    """The process that waits for the step and is to write down how it ended."""
    return later(0, lambda: _killed(site, name, chance, 1))


def the_step(site: Site, name: str, chance: Random) -> threading.Thread:
    """The step's own shell."""
    return later(0, lambda: _killed(site, name, chance, 0))


def _killed(site: Site, name: str, chance: Random, which: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while not site.processes(name) and time.monotonic() < until:
        time.sleep(0.002)
    time.sleep(chance.uniform(0, 0.04))
    for pid in site.processes(name)[which : which + 1]:
        kill(pid)


@pytest.mark.law(2)
@pytest.mark.law(8)
@pytest.mark.timeout(7200 if SOAK else 300)
def test_whoever_is_killed_the_verdict_is_the_truth_or_doubt(sites: list[Site]) -> None:
    """Done means done once, not started means never; where the witness was killed nobody guesses."""
    carry_out_all(sites, (the_shell, the_session, who_waits, the_step), TRIALS)
    assert [words for site in sites for words in site.wrong()] == []
    seen = Counter((site.seeds[name].split(",")[0], str(o.status)) for site in sites for name, o in site.verdicts.items())
    print(f"\n{TRIALS} kills: {dict(sorted(seen.items()))}")
    assert seen["who_waits", Status.UNKNOWN]
    assert seen["the_step", Status.FAILED]
    assert not [key for key in seen if key[0] in ("the_shell", "the_session") and key[1] == Status.UNKNOWN]
