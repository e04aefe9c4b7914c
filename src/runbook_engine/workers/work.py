"""One attempt while it is carried out: its link, its log, how far it has come, and whether anything may have begun."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Protocol, TypeVar

from runbook_engine.model.attempts import Answer, Attempt, Found, Greeting, Ticket
from runbook_engine.model.commands import Command, Shell, Upload
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Lane, Repeat
from runbook_engine.workers.controllers import Controller
from runbook_engine.workers.fill import filled_command
from runbook_engine.workers.logs import Log
from runbook_engine.workers.shown import shown

Sink = Callable[[int, bytes], None]
C = TypeVar("C", bound=Command)


class Link(Protocol):
    """The way to one host, or to the control machine. Used by one thread at a time; connects when it has to."""

    def perform(
        self, command: Command, sink: Sink, *, attempt: str = "", lane: Lane = Lane.CHANNEL, ticket: Ticket | None = None
    ) -> Answer:
        """Carry out one Shell, Upload, Download or Http, whose texts hold only literals and secrets.

        `sink` is given output as it comes (1 stdout, 2 stderr), with the values of all known secrets already masked; it
        never raises. The answer's `stdout` and `stderr` are whole up to 64 KiB each, masked too. `Shell.on_controller`
        and `Http` are carried out on the control machine by every link. Exit code 0 is success also for what has none
        of its own (a file that arrived, a right HTTP answer); 1 is its failure, which `detail` explains. `attempt` names
        what a backup is for; `lane` is the way that a Shell takes; in the durable one the host keeps it under `ticket`.
        Raises TransportFault; `started=False` promises that nothing ran.
        """
        ...

    @property
    def boot(self) -> str | None:
        """Under which boot id the host keeps commands; None: it must be greeted first; empty: it keeps none."""
        ...

    def reach(self) -> bool:
        """Connect, if there is no connection; whether there is one now. What is done next tells of a fault."""
        ...

    def greet(self) -> Greeting:
        """Connect, and learn whether the host keeps commands. Raises TransportFault."""
        ...

    def arm(self, command: Shell, ticket: Ticket, after_s: float) -> None:
        """Have the host begin a command by itself so many seconds from now, unless it is settled before.

        Raises TransportFault (not started) when the host did not promise that.
        """
        ...

    def settle(self, command: Shell, ticket: Ticket, sink: Sink, limit_s: float, *, patient: bool = False) -> Found:
        """What became of a command that the host keeps: heard to its end while it runs, fenced if it has not begun.

        `sink` is given what it printed and was not yet heard here. `patient`: what is armed is waited for, and not fenced.
        Raises TransportFault when the host does not say within `limit_s` seconds.
        """
        ...

    def compare(self, command: Upload, sink: Sink, limit_s: float) -> Found:
        """Whether a file is there as an upload was to put it (ENDED), or not (NOT_BEGUN): then no earlier try can do it.

        Raises TransportFault when the host does not say within `limit_s` seconds.
        """
        ...

    @property
    def controller(self) -> Controller:
        """The management controller of the host. Raises TransportFault when there is none."""
        ...

    def send_row(self, commands: Sequence[Shell]) -> None:
        """Send quick commands ahead, each to run only if the one before ended with 0; `perform` comes for them in order."""
        ...

    @property
    def in_row(self) -> int:
        """How many commands were sent ahead and not yet performed."""
        ...

    def probe_port(self, address: str | None, port: int) -> bool:
        """Whether a TCP port accepts: of `address`, or of the host. Raises TransportFault for what time does not mend."""
        ...

    def probe_ssh(self) -> bool:
        """Whether a new session can be opened. Raises TransportFault for what time does not mend."""
        ...

    def boot_id(self) -> str:
        """What is new after each start of the host. Raises TransportFault when the host does not say."""
        ...


class Part(StrEnum):
    """How far an attempt has come."""

    GUARD = "guard"
    SKIP_IF = "skip_if"
    BEFORE = "verify before"
    APPLY = "apply"
    AFTER = "verify after"
    VERIFY = "verify alone"
    SETTLE = "what became of it"


@dataclass(slots=True, kw_only=True)
class Work:
    """What the parts of an attempt share. `begun` turns true before anything that changes something is sent."""

    attempt: Attempt
    link: Link
    log: Log
    now: Callable[[], float]  # seconds, never going back
    sleep: Callable[[float], None]
    part: Part = Part.GUARD
    begun: bool = False
    output_bytes: int = 0
    host_asked: bool = False  # it has said what became of a command whose end was not heard
    tickets: int = 0  # commands that were given one

    def ask(self, command: Command, *, quietly: bool = False) -> Answer:
        """Carry out what changes nothing. `quietly`: what is asked many times is not logged each time."""
        sink = _nowhere if quietly else self.log.output
        return self._perform(self.ready(command), sink, Lane.QUICK, quietly=quietly)

    def change(self, command: Command, ticket: Ticket | None = None) -> Answer:
        """Carry out what may change something, and remember that it may have."""
        command = self.ready(command)
        earlier, self.begun = self.begun, True
        try:
            return self._perform(command, self.log.output, self._changing_lane, ticket)
        except TransportFault as fault:
            self.begun = earlier or fault.started
            raise

    def ticket(self, command: Command) -> Ticket | None:
        """The name under which the host is to keep a command; the same one each time that the attempt is gone through."""
        if not self.attempt.boot or not isinstance(command, Shell):
            return None
        if command.on_controller is not self.attempt.package.kept_here:
            return None
        self.tickets += 1
        return Ticket(id=f"{self.attempt.id}.{self.tickets}", boot=self.attempt.boot)

    def ready(self, command: C) -> C:
        """The command with its holes filled. Raises Refused when an earlier step did not save what is needed."""
        target = self.attempt.target
        return filled_command(command, self.attempt.package, target.name if target else None, self.attempt.saved)

    @property
    def _changing_lane(self) -> Lane:
        return Lane.QUICK if self.attempt.package.repeat is Repeat.SAFE else Lane.DURABLE

    def _perform(
        self, command: Command, sink: Sink, lane: Lane, ticket: Ticket | None = None, *, quietly: bool = False
    ) -> Answer:
        if not quietly:
            self.log.command(shown(command))
        answer = self.link.perform(command, sink, attempt=self.attempt.id, lane=lane, ticket=ticket)
        self.output_bytes += answer.output_bytes
        return answer if answer.exit_code is None or answer.exit_code >= 0 else replace(answer, exit_code=None)


def _nowhere(stream: int, data: bytes) -> None:
    """Take output that is not kept."""
