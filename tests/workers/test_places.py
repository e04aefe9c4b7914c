"""Hosts that do not answer hold nobody up, and still no more than `parallel` attempts really run."""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook_engine.model.attempts import Attempt, Ended
from runbook_engine.model.commands import Probe, Procedure, Shell, Wait
from runbook_engine.model.events import Outcome
from runbook_engine.model.plan import Target
from runbook_engine.model.text import shell
from runbook_engine.model.words import AttemptId, HostName, Purpose, Status, TaskId
from runbook_engine.workers import Logs, Pool
from runbook_engine.workers.places import PATIENCE_S, Places
from runbook_engine.workers.reaching import begins_with_its_host
from workers.scripted import ScriptedLink, attempt, package, sh

LIMIT_S = 60.0


class Door(ScriptedLink):
    """A host that is reached, or found to be dead, when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.knocked, self.opened = threading.Event(), threading.Event()
        self.answers = True

    def reach(self) -> bool:
        """Wait for the test."""
        self.knocked.set()
        assert self.opened.wait(LIMIT_S)
        return self.answers

    def open(self, *, answers: bool) -> None:
        """The host answers, or is given up."""
        self.answers = answers
        self.opened.set()


class Night:
    """A pool whose hosts have doors, whose clock is moved by hand, and that counts what runs at the same time."""

    def __init__(self, parallel: int, folder: Path) -> None:
        self.doors: dict[str, Door] = {}
        self.now = 0.0
        self.running: set[str] = set()
        self.most = 0
        self.held = threading.Event()
        self.pool = Pool(parallel, self._link, Logs(folder), clock=lambda: self.now, carry=self._carry)
        self._lock = threading.Lock()
        self._back: deque[Ended] = deque()

    def start(self, *hosts: str, opened: bool = False) -> None:
        """Begin an attempt on each; `opened`: the door is open already."""
        for host in hosts:
            self.doors[host] = Door()
            if opened:
                self.doors[host].open(answers=True)
        self.pool.start([one_on(host) for host in hosts])

    def knocked(self, *hosts: str) -> None:
        """Wait until these are being reached."""
        for host in hosts:
            assert self.doors[host].knocked.wait(LIMIT_S)

    def next(self) -> Ended:
        """The next that comes back."""
        if not self._back:
            self._back.extend(self.pool.outcomes(LIMIT_S))
        return self._back.popleft()

    def _link(self, target: Target | None) -> Door:
        assert target is not None
        return self.doors[target.name]

    def _carry(self, attempt: Attempt, link: Any, _log: object, _clock: object) -> Outcome:
        if not link.answers:
            return Outcome(status=Status.UNREACHABLE)
        with self._lock:
            self.running.add(attempt.id)
            self.most = max(self.most, len(self.running))
        assert self.held.wait(LIMIT_S)
        with self._lock:
            self.running.discard(attempt.id)
        return Outcome(status=Status.OK, exit_code=0)


def one_on(host: str) -> Attempt:
    """An attempt on that host."""
    target = Target(name=HostName(host), address="127.0.0.1")
    return attempt(id=AttemptId(host), task=TaskId(f"firmware/flash@{host}"), target=target)


@pytest.fixture
def night(tmp_path: Path) -> Callable[[int], Night]:
    """Makes a pool of that many places."""
    return lambda parallel: Night(parallel, tmp_path)


def test_dead_hosts_hold_no_places(night: Callable[[int], Night]) -> None:
    """All places wait for dead hosts; after a second others go on, and the dead are told of when they are given up."""
    here = night(2)
    here.held.set()
    here.start("dead1", "dead2")
    here.knocked("dead1", "dead2")
    assert here.pool.room() == 0
    here.now += PATIENCE_S
    assert here.pool.room() == 2
    here.start("good1", "good2", opened=True)
    assert {here.next().attempt, here.next().attempt} == {"good1", "good2"}
    assert not here.pool.idle()
    for host in ("dead1", "dead2"):
        here.doors[host].open(answers=False)
        assert here.next().outcome.status is Status.UNREACHABLE
    assert (here.pool.room(), here.pool.idle()) == (2, True)


def test_a_slow_host_waits_for_a_place_of_its_own(night: Callable[[int], Night]) -> None:
    """It answers after its place was lent: no more attempts run than there are places, and it runs in the end."""
    here = night(1)
    here.start("slow")
    here.knocked("slow")
    here.now += PATIENCE_S
    assert here.pool.room() == 1
    here.start("quick", opened=True)
    here.doors["slow"].open(answers=True)
    here.held.set()
    assert {here.next().attempt, here.next().attempt} == {"slow", "quick"}
    assert here.most == 1
    assert here.pool.room() == 1


def test_who_was_not_reached_says_so_at_once(night: Callable[[int], Night]) -> None:
    """Although every place is taken by what may take hours."""
    here = night(1)
    here.start("dead")
    here.knocked("dead")
    here.now += PATIENCE_S
    assert here.pool.room() == 1
    here.start("long", opened=True)
    here.doors["dead"].open(answers=False)
    assert here.next().attempt == "dead"
    assert here.pool.room() == 0
    here.held.set()
    assert here.next().attempt == "long"


def test_more_than_there_is_room_for_waits_its_turn(night: Callable[[int], Night]) -> None:
    """Also while hosts are slow: nothing waits for ever."""
    here = night(2)
    here.held.set()
    hosts = [f"h{number}" for number in range(12)]
    here.start(*hosts)
    here.knocked("h0", "h1")
    here.now += PATIENCE_S
    assert here.pool.room() == 0
    for host in hosts:
        here.doors[host].open(answers=True)
    assert sorted(here.next().attempt for _ in hosts) == sorted(hosts)
    assert here.most <= 2


def test_so_many_places_are_lent_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for beyond the places is bounded too."""
    monkeypatch.setattr("runbook_engine.workers.places.LENT_AT_MOST", 3)
    now, door, inside = [0.0], threading.Event(), threading.Semaphore(0)
    places = Places(5, lambda: now[0])

    def reach() -> bool:
        inside.release()
        return door.wait(LIMIT_S)

    def work() -> None:
        places.take()
        places.while_reaching(reach)
        places.give()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert all(inside.acquire(timeout=LIMIT_S) for _ in threads)
    assert places.lend() == 0
    now[0] = PATIENCE_S
    assert (places.lend(), places.lend()) == (3, 3)
    door.set()
    for thread in threads:
        thread.join(LIMIT_S)
    assert places.lend() == 0


def test_only_what_begins_with_its_host_reaches_it_first() -> None:
    """What waits for a host to come back, or settles doubt, decides by itself when to ask."""
    assert begins_with_its_host(attempt())
    assert begins_with_its_host(attempt(purpose=Purpose.GREET))
    assert begins_with_its_host(attempt(purpose=Purpose.ROLL_BACK))
    assert not begins_with_its_host(attempt(purpose=Purpose.SETTLE))
    assert not begins_with_its_host(attempt(purpose=Purpose.VERIFY))
    assert not begins_with_its_host(attempt(target=None))
    here = package(procedure=Procedure(guard=(Shell(script=shell("true"), on_controller=True),), apply=(sh("apply"),)))
    assert not begins_with_its_host(attempt(here))
    waits = package(procedure=Procedure(apply=(Wait(probe=Probe(ssh=True), within_s=1), sh("apply"))))
    assert not begins_with_its_host(attempt(waits))
