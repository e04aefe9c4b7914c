"""Links that are cut at any moment and at any byte: what is said of the step is what happened, or an admitted doubt."""

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from runbook_engine.model.attempts import Ticket
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.model.words import Fate, Lane, Status
from transports.proxies import Cut
from transports.trials import Site, carry_out_all, later, several_sites

pytestmark = pytest.mark.sshd

SOAK = bool(os.environ.get("RUNBOOK_SOAK"))
TRIALS = 20_000 if SOAK else 640
CUTS = 10_000 if SOAK else 300  # at least; some steps are over before their cut comes


@pytest.fixture
def sites(sshd: Any, target: Target, tmp_path: Path) -> Iterator[list[Site]]:
    """Eight ways to the test server."""
    with several_sites(sshd, target, tmp_path) as made:
        yield made


def on_the_way_there(site: Site, name: str, chance: Random) -> None:
    """Cut after so many bytes to the host: within the request, or behind it."""
    site.proxy.cut = Cut(to_server=chance.randrange(1, 1400), reset=chance.random() < 0.5)


def on_the_way_back(site: Site, name: str, chance: Random) -> None:
    """Cut after so many bytes from the host: within its answer."""
    site.proxy.cut = Cut(from_server=chance.randrange(1, 300), reset=chance.random() < 0.5)


def at_a_moment(site: Site, name: str, chance: Random) -> threading.Thread:
    """Cut in a while, whatever is on its way."""
    reset = chance.random() < 0.5

    def cut() -> None:
        site.proxy.cuts += 1
        site.proxy.end(reset=reset)

    return later(chance.uniform(0, 0.08), cut)


def twice(site: Site, name: str, chance: Random) -> threading.Thread:
    """Cut the answer, and the connection over which the host is asked what became of it."""
    on_the_way_back(site, name, chance)
    return later(chance.uniform(0.05, 0.2), lambda: site.proxy.end(reset=True))


TROUBLES = (on_the_way_there, on_the_way_back, at_a_moment, twice)


@pytest.mark.law(2)
@pytest.mark.law(8)
@pytest.mark.timeout(7200 if SOAK else 300)
def test_after_every_cut_the_verdict_is_the_truth(sites: list[Site]) -> None:
    """What is called done ran once, what is called not started never ran nor will; nothing ran twice."""
    carry_out_all(sites, TROUBLES, TRIALS)
    assert [words for site in sites for words in site.wrong()] == []
    cuts = sum(site.proxy.cuts for site in sites)
    seen = Counter(outcome.status for site in sites for outcome in site.verdicts.values())
    asked = sum(outcome.host_asked for site in sites for outcome in site.verdicts.values())
    print(f"\n{cuts} cuts, {dict(seen)}, {asked} of them told by the host afterwards")
    assert cuts >= CUTS
    assert seen[Status.OK] > CUTS / 5
    assert seen[Status.NOT_STARTED] > CUTS / 50  # the cuts were spread over both sides of the start


@pytest.mark.law(8)
@pytest.mark.parametrize("through", [100, 500, 1000, 2000, 4000])
def test_a_cut_while_a_longer_step_is_followed_leaves_doubt(sites: list[Site], sh: Any, through: int) -> None:
    """A second shell is opened for a step that takes longer. When that fails, the step has begun all the same."""
    site, begun = sites[0], sites[0].folder / "begun"
    ticket = Ticket(id=f"long{os.getpid()}.{time.monotonic_ns()}", boot=site.greet())
    command = sh(f"echo x >>{begun}; sleep 0.7; echo done")

    def cut_the_second() -> None:
        while not begun.exists():
            time.sleep(0.01)
        site.proxy.cut = Cut(to_server=through)

    threading.Thread(target=cut_the_second).start()
    faults = []
    try:
        site.link.perform(command, lambda _stream, _data: None, lane=Lane.DURABLE, ticket=ticket)
    except TransportFault as fault:
        faults.append(fault)
    assert all(fault.started for fault in faults)
    found = site.link.settle(command, ticket, lambda _stream, _data: None, 20)
    assert (found.fate, found.answer.stdout, begun.read_text()) == (Fate.ENDED, b"done\n", "x\n")
