"""A bounded number of threads that carry attempts out. One caller starts them and takes what comes back."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue

from runbook_engine.model.attempts import Answer, Attempt, Ended, Found, Greeting, Ticket
from runbook_engine.model.commands import Command, Shell, Upload
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.events import Outcome
from runbook_engine.model.plan import Target
from runbook_engine.model.words import SETTLED_WELL, Cause, HostName, Lane, Status
from runbook_engine.running.following import next_of
from runbook_engine.workers.controllers import Controller
from runbook_engine.workers.logs import Log, Logs, incomplete
from runbook_engine.workers.places import Places
from runbook_engine.workers.procedure import carry_out
from runbook_engine.workers.reaching import begins_with_its_host
from runbook_engine.workers.rows import send_ahead
from runbook_engine.workers.work import Link, Sink

Carry = Callable[[Attempt, Link, Log, Callable[[], float]], Outcome]


class Pool:
    """Workers on this machine: at most `parallel` attempts run at a time, threads begun when they are first needed.

    A host that does not answer is waited for beyond that number: see `Places`.

    `links` gives the link to a target, or to the control machine for None; connections live and are reused there. It
    may raise TransportFault. The caller hands over at most one attempt per host at a time. All methods are for one
    thread. A thread ends only by `close`, and none of them keeps the process alive.
    """

    def __init__(
        self,
        parallel: int,
        links: Callable[[Target | None], Link],
        logs: Logs,
        clock: Callable[[], float] = time.monotonic,
        carry: Carry = carry_out,
    ) -> None:
        self._parallel = max(1, parallel)
        self._links = links
        self._logs = logs
        self._clock = clock
        self._carry = carry
        self._places = Places(self._parallel, clock)
        self._waiting: SimpleQueue[Attempt | None] = SimpleQueue()
        self._ended: SimpleQueue[Ended] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._open = 0
        self._held = False
        self._met: dict[HostName, Link] = {}  # the hosts that were worked on

    def room(self) -> int:
        """How many more attempts can begin at once."""
        return max(0, self._parallel + self._places.lend() - self._open)

    def lent(self) -> int:
        """How many places are lent while others wait for their hosts to answer."""
        return self._places.lend()

    def boot(self, host: HostName | None) -> str | None:
        """Under which boot id a host keeps what becomes of an attempt; None: greet it first; '': it keeps nothing.

        No host is the control machine, which needs no greeting.
        """
        if host is None:
            return self._links(None).boot
        link = self._met.get(host)
        return link.boot if link else None

    def hold(self, *, on: bool) -> None:
        """While on, nothing begins that follows an attempt of itself."""
        self._held = on

    def start(self, attempts: Sequence[Attempt]) -> None:
        """Begin them; what exceeds the room waits its turn. Never blocks, never raises."""
        self._open += len(attempts)
        while len(self._threads) < min(self._parallel + self._places.lend(), self._open):
            thread = threading.Thread(target=self._work, name=f"worker-{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()
        for attempt in attempts:
            self._waiting.put(attempt)

    def outcomes(self, wait_s: float) -> Sequence[Ended]:
        """Everything that has come back; waits up to `wait_s` seconds for the first, and not at all if nothing is open."""
        if not self._open:
            return ()
        found: list[Ended] = []
        try:
            found.append(self._ended.get(timeout=max(0.0, wait_s)))
            while True:
                found.append(self._ended.get_nowait())
        except Empty:
            self._open -= sum(ended.went_on is None for ended in found)
        faults = self._logs.write_out()
        return [_said(ended, faults.get(ended.attempt, "")) for ended in found] if faults else found

    def idle(self) -> bool:
        """Whether nothing is being carried out and nothing has come back untaken."""
        return self._open == 0

    def close(self, wait_s: float = 0.0) -> bool:
        """Let threads end after what they do now, and wait up to `wait_s` seconds for that. Whether all have ended."""
        for _ in self._threads:
            self._waiting.put(None)
        until = time.monotonic() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._logs.write_out()
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (attempt := self._waiting.get()) is not None:
            self._places.take()
            while attempt is not None:
                attempt = self._carried(attempt)
            self._places.give()

    def _carried(self, attempt: Attempt) -> Attempt | None:
        """Carry one attempt out; what follows at once, if anything does."""
        link = self._link(attempt.target)
        outcome = self._outcome(attempt, link)
        goes_on = outcome.status in SETTLED_WELL and (link.in_row or not self._held)  # what was sent is heard
        following = next_of(attempt, outcome.saved) if goes_on else None
        ended = Ended(task=attempt.task, attempt=attempt.id, outcome=outcome, purpose=attempt.purpose, went_on=following)
        self._ended.put(ended)
        return following

    def _outcome(self, attempt: Attempt, link: Link) -> Outcome:
        try:
            if begins_with_its_host(attempt):
                self._places.while_reaching(link.reach)
            if not self._held:
                send_ahead(link, attempt)
            return self._carry(attempt, link, self._logs.log(attempt), self._clock)
        except BaseException as error:  # noqa: BLE001 - a thread must outlive whatever ends an attempt
            message = f"a mistake in the engine itself: {type(error).__name__}: {error}"
            return Outcome(status=Status.UNKNOWN, message=message)

    def _link(self, target: Target | None) -> Link:
        try:
            link = self._links(target)
        except TransportFault as fault:
            link = _NoLink(fault)
        except Exception as error:  # noqa: BLE001 - a thread must outlive it
            message = f"a mistake in the engine itself: {type(error).__name__}: {error}"
            link = _NoLink(TransportFault(Cause.LOCAL, message, started=False))
        if target is not None:
            self._met[target.name] = link
        return link


def _said(ended: Ended, fault: str) -> Ended:
    """An end whose log could not be written says so."""
    if not fault:
        return ended
    outcome = replace(ended.outcome, message=incomplete(ended.outcome.message, fault), log="")
    return replace(ended, outcome=outcome)


class _NoLink:
    """The link to a host that has none: whatever is asked of it has not started, for that reason."""

    def __init__(self, fault: TransportFault) -> None:
        self._fault = fault

    @property
    def boot(self) -> str | None:
        """It was not greeted."""
        return None

    def perform(
        self,
        command: Command,  # noqa: ARG002 - the shape of a link, here and below
        sink: Sink,  # noqa: ARG002
        *,
        attempt: str = "",  # noqa: ARG002
        lane: Lane = Lane.CHANNEL,  # noqa: ARG002
        ticket: Ticket | None = None,  # noqa: ARG002
    ) -> Answer:
        raise self._fault

    def reach(self) -> bool:
        """There is none."""
        return False

    def greet(self) -> Greeting:
        raise self._fault

    def arm(self, command: Shell, ticket: Ticket, after_s: float) -> None:  # noqa: ARG002
        raise self._fault

    def settle(self, command: Shell, ticket: Ticket, sink: Sink, limit_s: float, *, patient: bool = False) -> Found:  # noqa: ARG002
        raise self._fault

    def compare(self, command: Upload, sink: Sink, limit_s: float) -> Found:  # noqa: ARG002
        raise self._fault

    @property
    def controller(self) -> Controller:
        """There is no way there."""
        raise self._fault

    def send_row(self, commands: Sequence[Shell]) -> None:
        """Nothing can be sent there."""

    @property
    def in_row(self) -> int:
        """Nothing was."""
        return 0

    def probe_port(self, address: str | None, port: int) -> bool:  # noqa: ARG002 - the same
        raise self._fault

    def probe_ssh(self) -> bool:
        raise self._fault

    def boot_id(self) -> str:
        raise self._fault
