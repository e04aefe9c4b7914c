"""Links that fall silent without an end: dropped packets, a frozen server. Both are found out within the limits."""

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runbook_engine.model.attempts import Ticket
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.model.words import Cause, Fate, Lane
from runbook_engine.transports import LinkSettings
from transports.trials import Site, several_sites

pytestmark = [pytest.mark.sshd, pytest.mark.law(8)]

ROUNDS = 20 if os.environ.get("RUNBOOK_SOAK") else 1
LIMIT_S = 15.0  # the promise: silence is noticed within this
SLACK_S = 5.0  # for a machine that has other things to do


@pytest.fixture
def sites(sshd: Any, target: Target, tmp_path: Path) -> Iterator[list[Site]]:
    """Five ways to the test server."""
    with several_sites(sshd, target, tmp_path, 5) as made:
        yield made


def silence(site: Site) -> Callable[[], None]:
    """Let nothing pass, in either direction; how to end that."""
    site.proxy.silent = True
    return lambda: setattr(site.proxy, "silent", False)


def freeze(site: Site) -> Callable[[], None]:
    """Stop the server's process of this connection, so that the system still takes bytes for it; how to wake it up."""
    shell = site.link._kept.present(None)  # type: ignore[union-attr]
    assert shell
    server = int(Path(f"/proc/{shell.pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(server, signal.SIGSTOP)
    return lambda: os.kill(server, signal.SIGCONT)


KINDS = (  # what goes wrong, in which lane, after how many seconds of a step that takes three, and in which words it is told
    (silence, Lane.DURABLE, 0.2, "did not open a session|gives no shell any more"),  # the second shell, to follow a longer step
    (silence, Lane.DURABLE, 1.0, "has stopped answering"),
    (silence, Lane.QUICK, 0.2, "has stopped answering"),
    (freeze, Lane.DURABLE, 1.0, "has stopped answering"),
    (freeze, Lane.QUICK, 0.2, "has stopped answering"),
)


def told(site: Site, command: Shell, ticket: Ticket) -> Fate:
    """What the host says of a step; asked until it says something, as the engine does."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(TransportFault):
            return site.link.settle(command, ticket, lambda _stream, _data: None, 20).fate
    raise AssertionError("the host does not say")


def silenced(site: Site, sh: Any, fail: Callable[[Site], Callable[[], None]], lane: Lane, after_s: float, words: str) -> float:
    """Let a link fall silent under a step; after how many seconds that is noticed. Then the host is asked what became of it."""
    effects = site.folder / f"effects{time.monotonic_ns()}"
    command = sh(f"echo begin >>{effects}; sleep 3; echo end >>{effects}; echo done")
    ticket = Ticket(id=f"silent{os.getpid()}.{time.monotonic_ns()}", boot=site.greet())
    undo: list[Callable[[], None]] = []
    silent_since = time.monotonic() + after_s
    threading.Timer(after_s, lambda: undo.append(fail(site))).start()
    with pytest.raises(TransportFault) as found:
        site.link.perform(command, lambda _stream, _data: None, lane=lane, ticket=ticket)
    took = time.monotonic() - silent_since
    undo[0]()
    assert re.search(words, found.value.message)
    assert found.value.cause in (Cause.LOST, Cause.TIMED_OUT, Cause.CHANNEL)
    assert found.value.started
    if lane is Lane.DURABLE:
        assert told(site, command, ticket) is Fate.ENDED
        assert effects.read_text().split() == ["begin", "end"]
    return took


def test_the_limits_add_up_to_the_promise(tmp_path: Path) -> None:
    """What is the default: so long silence is borne, and so long an answer is waited for."""
    settings = LinkSettings(run_folder=tmp_path)
    assert settings.quiet_s + settings.answer_s <= LIMIT_S


@pytest.mark.timeout(3600)
def test_silence_is_noticed_within_fifteen_seconds(sites: list[Site], sh: Any) -> None:
    """With the limits as they are by default, all kinds side by side; the step has happened once all the same."""
    for _ in range(ROUNDS):
        with ThreadPoolExecutor(len(sites)) as pool:
            trials = [pool.submit(silenced, site, sh, *kind) for site, kind in zip(sites, KINDS, strict=True)]
            took = [trial.result() for trial in trials]
        print("\nnoticed after", ", ".join(f"{seconds:.1f} s" for seconds in took))
        assert max(took) < LIMIT_S + SLACK_S


def test_a_gateway_that_falls_silent_is_noticed_too(
    sites: list[Site], new_links: Any, sshd: Any, target: Target, sh: Any
) -> None:
    """The same for a host behind another one, with shorter limits."""
    gate = replace(sites[0].target, name="gate")
    known = Path(target.ssh.known_hosts).read_text() + Path(gate.ssh.known_hosts).read_text()
    Path(gate.ssh.known_hosts).write_text(known)
    links = new_links(targets={"gate": gate}, quiet_s=0.5, answer_s=1.0)
    behind = links(replace(target, name="behind", ssh=replace(target.ssh, jump="gate", known_hosts=gate.ssh.known_hosts)))
    threading.Timer(0.5, lambda: silence(sites[0])).start()
    with pytest.raises(TransportFault) as found:
        behind.perform(sh("sleep 60"), lambda _stream, _data: None)
    assert (found.value.cause, found.value.started) == (Cause.LOST, True)
