"""Links that are cut at any moment and at any byte: what the host says afterwards is what happened, every time."""

import os
import threading
import time
from pathlib import Path
from random import Random

import pytest

from runbook_engine.model.attempts import Ticket
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Fate, Lane

pytestmark = [pytest.mark.sshd, pytest.mark.skipif(not os.environ.get("RUNBOOK_SOAK"), reason="a longer sweep: make soak")]

CUTS = 5000 if os.environ.get("RUNBOOK_SOAK") else 100  # of each kind


def nowhere(_stream, _data):
    """A sink that keeps nothing."""


class Cutting:
    """A socket that is gone after so many bytes."""

    def __init__(self, inner, left: int) -> None:
        self._inner, self._left = inner, left

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def send(self, data) -> int:
        """Some of them go; then it is over."""
        if self._left <= 0:
            self._inner.close()
            raise OSError("cut")
        sent = self._inner.send(bytes(data)[: self._left])
        self._left -= sent
        return sent


def at_a_moment(link, chance: Random) -> None:
    """Cut it in a while."""
    wire = link._place._connected.wire
    threading.Timer(chance.uniform(0.0, 0.06), wire.close).start()


def at_a_byte(link, chance: Random) -> None:
    """Cut it after so many more bytes have gone to the host."""
    wire = link._place._connected.wire
    wire._inner = Cutting(wire._inner, chance.randrange(0, 2500))


def settled(link, command, ticket) -> Fate:
    """Ask until the host says."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            return link.settle(command, ticket, nowhere, 20).fate
        except TransportFault:
            time.sleep(0.02)
    raise AssertionError("the host does not say")


@pytest.mark.law(2)
@pytest.mark.timeout(3600 if os.environ.get("RUNBOOK_SOAK") else 300)
@pytest.mark.parametrize("cut", [at_a_moment, at_a_byte])
def test_after_every_cut_the_host_tells_the_truth(link, sh, tmp_path, cut) -> None:
    """What ended ran once, what never begins has not run; and what was never heard of does not run later either."""
    chance = Random(1)
    effects, fates = tmp_path / "effects", {}
    for number in range(CUTS):
        boot = link.greet().boot
        ticket = Ticket(id=f"cut{os.getpid()}-{time.monotonic_ns()}", boot=boot)
        command = sh(f"echo {ticket.id} >>{effects}; sleep 0.0{chance.randrange(4)}; echo done; exit 3")
        cut(link, chance)
        try:
            answer = link.perform(command, nowhere, lane=Lane.DURABLE, ticket=ticket)
            fates[ticket.id] = Fate.ENDED
            assert (answer.exit_code, answer.stdout) == (3, b"done\n"), number
        except TransportFault as fault:
            fates[ticket.id] = settled(link, command, ticket) if fault.started else Fate.NOT_BEGUN
        link.reset()
    time.sleep(1)
    assert_true(effects, fates)
    assert Fate.ENDED in fates.values()
    assert cut is at_a_moment or Fate.NOT_BEGUN in fates.values()  # some were cut before the request had gone


def assert_true(effects: Path, fates: dict[str, Fate]) -> None:
    """Compare with what is on disk."""
    ran = effects.read_text().split()
    for name, fate in fates.items():
        assert ran.count(name) == (1 if fate is Fate.ENDED else 0), (name, fate)
