"""Attempts on real hosts that go wrong on the way: what is said of each, and what the hosts' own files say."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from runbook_engine.model.attempts import Attempt
from runbook_engine.model.commands import Procedure
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.events import Outcome
from runbook_engine.model.plan import Target
from runbook_engine.model.words import AttemptId, HostName, Status
from runbook_engine.transports import Link, Links, LinkSettings
from runbook_engine.workers import Logs
from runbook_engine.workers.procedure import carry_out
from transports.proxies import Cut, Proxy
from workers.scripted import attempt, package, sh

NEVER = frozenset({Status.NOT_STARTED, Status.UNREACHABLE, Status.REFUSED})  # nothing was done, and never will be
AGAIN_S = 0.05  # before a host that did not answer is asked again; two seconds in earnest


@dataclass
class Site:
    """A host behind a proxy, and the file in which what is done there is counted."""

    name: str
    target: Target
    proxy: Proxy
    folder: Path
    home: Path  # on the host
    links: Links = field(init=False)
    logs: Logs = field(init=False)
    verdicts: dict[str, Outcome] = field(default_factory=dict)
    seeds: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.links = Links(LinkSettings(run_folder=self.folder / "run", ssh_config=(), use_agent=False))
        self.logs = Logs(self.folder / "logs")

    @classmethod
    def new(cls, number: int, server: Any, target: Target, folder: Path) -> "Site":
        """A way of its own to the server, whose key is known there too."""
        proxy = Proxy((server.host, server.port))
        known = folder / f"known{number}"
        public = " ".join(Path(f"{server.host_key}.pub").read_text().split()[:2])
        known.write_text(f"[127.0.0.1]:{proxy.port} {public}\n")
        name = f"h{number}"
        there = replace(target, name=HostName(name), ssh=replace(target.ssh, port=proxy.port, known_hosts=str(known)))
        return cls(name, there, proxy, folder / name, server.config.parent)

    def processes(self, name: str) -> list[int]:
        """Of an attempt that runs: its shell, and the one that waits for that. Empty while it has not begun."""
        record = self.home / ".runbook" / f"{name}.1"
        lines = record.read_text().splitlines() if record.exists() else []
        return next(
            ([int(n) for n in line.split()[1:3]] for line in lines if line.startswith("run ") and line.endswith(" .")), []
        )

    @property
    def link(self) -> Link:
        """To the host, through the proxy."""
        return self.links(self.target)

    def close(self) -> None:
        """End the links, then the proxy."""
        self.links.close()
        self.proxy.close()

    def greet(self) -> str:
        """The boot id under which the host keeps attempts, over a connection that lives; tried until it is known."""
        self.proxy.cut, until = Cut(), time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(TransportFault):
                if self.link.greet().boot == self.link.boot_id():
                    return self.link.boot or ""
        raise AssertionError(f"{self.name} cannot be greeted")

    def attempt(self, name: str, chance: Random) -> Attempt:
        """A step that may be done only once and says on its host when it begins and when it ends."""
        effects = self.folder / "effects"
        pause = chance.choice((0, 0, 0, 0.01, 0.01, 0.03, 0.03, 0.06, 0.06, 0.5))
        script = f"echo begin-{name} >>{effects}; sleep {pause}; echo done; echo end-{name} >>{effects}"
        step = package(procedure=Procedure(apply=(sh(script),)), timeout_s=60.0)
        return attempt(step, id=AttemptId(name), boot=self.greet(), target=self.target)

    def carry_out(self, name: str, seed: int, trouble: "Trouble") -> None:
        """One attempt with trouble on the way, and what the engine says of it."""
        chance = Random(seed)
        one = self.attempt(name, chance)
        told = trouble(self, name, chance)
        outcome = carry_out(one, self.link, self.logs.log(one), time.monotonic, lambda _s: time.sleep(AGAIN_S))
        if told:
            told.join()
        self.verdicts[name] = outcome
        self.seeds[name] = f"{trouble.__name__}, seed {seed}"

    def wrong(self) -> list[str]:
        """The verdicts that are not the truth, with the seeds that bring them about again."""
        file = self.folder / "effects"
        done = Counter(file.read_text().split()) if file.exists() else Counter[str]()
        found = []
        for name, outcome in self.verdicts.items():
            begun, ended = done[f"begin-{name}"], done[f"end-{name}"]
            if not true(outcome, begun, ended):
                said = f"{outcome.status} ({outcome.message})"
                found.append(f"{self.seeds[name]}: {name} is called {said}, began {begun} and ended {ended} times")
        return found


Trouble = Callable[[Site, str, Random], "threading.Thread | None"]


@contextmanager
def several_sites(server: Any, target: Target, folder: Path, count: int = 8) -> Iterator[list[Site]]:
    """Ways of their own to one server, so that as many links can fail at once."""
    made = [Site.new(number, server, target, folder) for number in range(count)]
    try:
        yield made
    finally:
        for site in made:
            site.close()


def carry_out_all(sites: Sequence[Site], troubles: Sequence[Trouble], trials: int) -> None:
    """So many attempts, each with the next kind of trouble, on all sites at once; what came late has come afterwards."""

    def work(number: int) -> None:
        for seed in range(number, trials, len(sites)):
            trouble = troubles[seed // len(sites) % len(troubles)]
            sites[number].carry_out(f"try{os.getpid()}.{time.monotonic_ns()}", seed, trouble)

    with ThreadPoolExecutor(len(sites)) as pool:
        list(pool.map(work, range(len(sites))))
    time.sleep(1)


def true(outcome: Outcome, begun: int, ended: int) -> bool:
    """Whether a verdict is what the host's files say. Nothing may ever happen twice."""
    if max(begun, ended) > 1:
        return False
    if outcome.status is Status.OK:
        return (begun, ended) == (1, 1)
    if outcome.status in NEVER:
        return (begun, ended) == (0, 0)
    if outcome.status is Status.FAILED:  # its own shell was killed, and the host says so
        return outcome.exit_code == 137
    return outcome.status is Status.UNKNOWN


def later(delay_s: float, what: Callable[[], object]) -> threading.Thread:
    """Let it happen in a while."""
    thread = threading.Timer(delay_s, what)
    thread.start()
    return thread
