"""The durable lane: a host runs a command at most once under an id, detached from the link, and keeps what becomes of it."""

import os
from collections.abc import Callable
from dataclasses import replace

from runbook_engine.model.attempts import Answer, Found, Greeting, Ticket
from runbook_engine.model.commands import Become, Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Cause, Fate
from runbook_engine.transports import target_requests as requests
from runbook_engine.transports.capture import Capture
from runbook_engine.transports.command_lines import encoded, program, quoted, render
from runbook_engine.transports.exchange import Expired
from runbook_engine.transports.kept import KeptShell
from runbook_engine.transports.kept_shells import KeptShells
from runbook_engine.transports.settings import LinkSettings, Sink
from runbook_engine.transports.target_program import target_program
from runbook_engine.transports.target_requests import Standing, TargetState

PATIENCE_S = 0.4  # so long one shell waits for the end; then another one follows the output as it comes
TOGETHER = 8  # outputs that are deleted at once: each time costs the host a process
GRACE_S = 10.0  # so much later than the host's own limit the engine gives up
LOGOUT = (
    "{name} ends what a user has started when the user logs out (KillUserProcesses in logind.conf): a step does not outlive a "
    "lost connection there. To change that: KillUserProcesses=no in /etc/systemd/logind.conf"
)
NO_SHELL = "{name} gives no shell that can be kept: if its link is lost, nobody knows what became of a step"
NO_BASE = "~/.runbook is not a folder that only this user can write to"


class Keeper:
    """The commands that one host keeps. Used by one thread at a time; `boot` may be read by any."""

    def __init__(
        self, name: str, kept: KeptShells, settings: LinkSettings, *, base: str = "", together: int = TOGETHER
    ) -> None:
        self._name = name
        self._base = base  # where they are kept; empty: ~/.runbook
        self._together = together  # outputs that a start deletes at once
        self._kept = kept
        self._settings = settings
        self._told: KeptShell | None = None  # the shell that knows the program
        self._boot: str | None = None
        self._remark = ""
        self._ended: dict[Become | None, list[str]] = {}  # whose output can go once that is recorded
        self._heard: dict[str, tuple[int, int]] = {}  # bytes of each stream that were handed on already

    @property
    def boot(self) -> str | None:
        """The boot id that the host gave; None before it was greeted, and when it has been restarted since."""
        shell = self._kept.present(None)
        return None if shell and shell.boot and shell.boot != self._boot else self._boot

    def greet(self) -> Greeting:
        """Connect, and see whether the host keeps commands: then there is a boot id. Raises TransportFault."""
        shell = self._kept.shell(None)
        if shell is None:
            self._boot = ""
            return Greeting(
                boot="", remark=f"{self._name} gives no shell: if the link is lost, nobody knows what became of a step"
            )
        self._load(shell)
        return Greeting(boot=self._boot or "", remark=self._remark)

    def start(self, command: Shell, ticket: Ticket, sink: Sink) -> Answer:
        """Run it to its end. Raises TransportFault; when it was started, `settle` knows more."""
        secrets = self._settings.secrets
        script = encoded(_with_input(program(command, secrets), command, self._settings))
        shell = self._shell(command.become, started=False)
        limit_s = command.timeout_s if command.timeout_s is not None else self._settings.command_s
        capture = self._capture(ticket, sink)

        def asked(word: str) -> bytes:
            return requests.start(word, ticket.id, ticket.boot, script, limit_s=limit_s or 0)

        try:
            state = self._tell(shell, self._tidying(command.become, self._together), asked, capture, PATIENCE_S)
        except Expired:
            return self._followed(command, ticket, sink, limit_s)
        return self._answer(state, capture, command, ticket, limit_s)

    def arm(self, command: Shell, ticket: Ticket, after_s: float) -> None:
        """Let it begin by itself so many seconds from now, unless `settle` fences it before. Raises TransportFault.

        Not started then: it is not armed, and is fenced as far as the host can be reached.
        """
        secrets = self._settings.secrets
        script = encoded(_with_input(program(command, secrets), command, self._settings))
        shell = self._shell(command.become, started=False)
        capture = self._capture(ticket, lambda _stream, _data: None)

        def asked(word: str) -> bytes:
            return requests.start(word, ticket.id, ticket.boot, script, limit_s=command.timeout_s or 0, after_s=after_s)

        state = self._asked(shell, asked, capture, self._settings.channel_s)
        if state.standing is not Standing.ARMED:
            self._asked(shell, lambda word: requests.fence(word, ticket.id), capture, self._settings.channel_s)
            _, what = _NOT_STARTED.get(state.standing, (Cause.LOST, f"it says of the way back: {state.standing}"))
            raise TransportFault(Cause.CONFIGURATION, f"{self._name}: {what}", started=False)

    def settle(self, command: Shell, ticket: Ticket, sink: Sink, limit_s: float, *, patient: bool = False) -> Found:
        """What became of it; heard to its end while it runs, fenced when it has not begun. Raises TransportFault.

        `patient`: one that is armed is waited for, and not fenced.
        """
        shell = self._shell(command.become, started=True)
        program(command, self._settings.secrets)  # another engine began it: its secrets must be known here to be masked
        capture = self._capture(ticket, sink)
        end = self._settings.clock() + limit_s
        state = self._attached(shell, ticket, capture, limit_s, wait=patient)
        while patient and state.standing is Standing.CLAIMED and self._settings.clock() < end:
            state = self._attached(shell, ticket, capture, max(1.0, end - self._settings.clock()), wait=True)
        if state.standing in (Standing.GONE, Standing.CLAIMED) and not patient:
            state = self._asked(shell, lambda word: requests.fence(word, ticket.id), capture, self._settings.channel_s)
        if state.standing in (Standing.EXIT, Standing.TIMEOUT, Standing.RUNNING):
            state = self._attached(shell, ticket, capture, limit_s) if state.standing is Standing.RUNNING else state
            capture.finish()
            self._ended.setdefault(command.become, []).append(ticket.id)
        return Found(fate=_fate(state, ticket), answer=capture.answer(state.exit_code))

    def tidy(self) -> None:
        """Let the hosts forget the output of what has ended and was recorded. Nothing is waited for."""
        for become in list(self._ended):
            if shell := self._kept.present(become):
                shell.say(self._tidying(become))

    def _followed(self, command: Shell, ticket: Ticket, sink: Sink, limit_s: float | None) -> Answer:
        """It takes longer: another shell hands its output over as it comes, to the end."""
        shell = self._shell(command.become, started=True)
        capture = self._capture(ticket, sink)
        state = self._attached(shell, ticket, capture, None if limit_s is None else limit_s + GRACE_S)
        return self._answer(state, capture, command, ticket, limit_s)

    def _attached(
        self, shell: KeptShell, ticket: Ticket, capture: Capture, limit_s: float | None, *, wait: bool = False
    ) -> TargetState:
        return self._asked(shell, lambda word: requests.attach(word, ticket.id, wait=wait), capture, limit_s)

    def _asked(self, shell: KeptShell, asked: Callable[[str], bytes], capture: Capture, limit_s: float | None) -> TargetState:
        try:
            return self._tell(shell, b"", asked, capture, limit_s)
        except Expired as error:
            raise TransportFault(Cause.TIMED_OUT, f"The command {error}; it may still be running", started=True) from None

    def _answer(self, state: TargetState, capture: Capture, command: Shell, ticket: Ticket, limit_s: float | None) -> Answer:
        if state.standing is Standing.EXIT:
            capture.finish()
            self._heard.pop(ticket.id, None)
            self._ended.setdefault(command.become, []).append(ticket.id)
            return capture.answer(state.exit_code)
        if state.standing is Standing.TIMEOUT:
            capture.finish()
            message = f"The command did not end within {limit_s or 0:g} s; it was ended"
            raise TransportFault(Cause.TIMED_OUT, message, started=True)
        if state.standing is Standing.OTHER_BOOT:
            self._boot = None
        raise self._fault(state)

    def _fault(self, state: TargetState) -> TransportFault:
        """What it means that there is no result."""
        cause, what = _NOT_STARTED.get(state.standing, (Cause.LOST, ""))
        if what:
            return TransportFault(cause, f"{self._name}: {what}", started=False)
        return TransportFault(Cause.LOST, f"{self._name} says of the command: {state.standing}", started=True)

    def _shell(self, become: Become | None, *, started: bool) -> KeptShell:
        """A shell of that user that knows the program. Raises TransportFault, which says `started` as it was before."""
        try:
            shell = self._kept.shell(become)
            if shell is None:
                if started:
                    self._kept.start_anew()
                raise TransportFault(Cause.CHANNEL, f"{self._name} gives no shell any more", started=started)
            self._load(shell)
        except TransportFault as fault:
            if fault.started or not started:
                raise
            raise TransportFault(fault.cause, fault.message, started=True, next_command=fault.next_command) from fault
        return shell

    def _load(self, shell: KeptShell) -> None:
        """Send the program, once for each shell. Raises TransportFault; nothing of a step was started."""
        if shell.knows_program:
            return
        try:
            base = b"RUNBOOK_BASE=%b\n" % quoted(os.fsencode(self._base)) if self._base else b""
            told = base + target_program().encode()
            word = shell.tell(told, requests.open_base, lambda _s, _d: None, self._settings.channel_s)
        except (Expired, TransportFault) as error:
            cause = error.cause if isinstance(error, TransportFault) else Cause.TIMED_OUT
            raise TransportFault(cause, f"The shell of {self._name} is not ready: {error}", started=False) from None
        state = requests.parse_state(word.decode("ascii", "replace"))
        if state is None or state.standing is not Standing.READY:
            raise self._not_ready(state)
        shell.knows_program = True
        self._boot = "" if state.boot == "-" else state.boot
        self._remark = LOGOUT.format(name=self._name) if state.ended_at_logout else ""

    def _not_ready(self, state: TargetState | None) -> TransportFault:
        no_base = NO_BASE.replace("~/.runbook", self._base or "~/.runbook")
        what = no_base if state and state.standing is Standing.BAD_BASE else "its shell does not say what was expected"
        return TransportFault(
            Cause.CONFIGURATION,
            f"{self._name}: {what}",
            started=False,
            why="What becomes of steps is kept there, and another user could interfere. Nothing was started. A host that can "
            "keep nothing says `ssh: {keep: false}` in the inventory; then every lost link is doubt.",
            next_command=f"ls -ld {self._base}" if self._base else f"ssh {self._name} ls -ld .runbook",
        )

    def _tell(
        self, shell: KeptShell, first: bytes, asked: Callable[[str], bytes], capture: Capture, limit_s: float | None
    ) -> TargetState:
        word = shell.tell(first, asked, capture.add, limit_s)
        state = requests.parse_state(word.decode("ascii", "replace"))
        if state is None:
            shell.close()
            raise TransportFault(Cause.LOST, f"{self._name} gave an answer that says nothing", started=True)
        return state

    def _tidying(self, become: Become | None, at_least: int = 1) -> bytes:
        """What makes the host forget the output of former commands, whose end is recorded by now."""
        if len(self._ended.get(become, ())) < at_least:
            return b""
        return b"{ %b } >/dev/null\n" % requests.clean("tidying0", *self._ended.pop(become)).strip()[1:-1].strip()

    def _capture(self, ticket: Ticket, sink: Sink) -> Capture:
        """Everything from the beginning is kept again, and only what was not heard yet is handed on."""
        before = dict(zip((1, 2), self._heard.get(ticket.id, (0, 0)), strict=True))
        counted = {1: 0, 2: 0}

        def hand_on(stream: int, data: bytes) -> None:
            known = max(0, before[stream] - counted[stream])
            counted[stream] += len(data)
            self._heard[ticket.id] = (max(before[1], counted[1]), max(before[2], counted[2]))
            if data[known:]:
                sink(stream, data[known:])

        return Capture(hand_on, self._settings.secrets.masks)


_NOT_STARTED = {
    Standing.OTHER_BOOT: (Cause.NOT_BEGUN, "it was restarted since it was greeted; nothing was begun"),
    Standing.FENCED: (Cause.NOT_BEGUN, "it has promised that the command never begins"),
    Standing.FULL: (Cause.CONFIGURATION, "its disk is full: what becomes of a command cannot be kept; nothing was begun"),
    Standing.BAD_BASE: (Cause.CONFIGURATION, f"{NO_BASE}; nothing was begun"),
    Standing.BAD_ID: (Cause.CONFIGURATION, "it does not take the id of the attempt; nothing was begun"),
}
_FATES = {Standing.EXIT: Fate.ENDED, Standing.TIMEOUT: Fate.TIMED_OUT, Standing.REBOOTED: Fate.RESTARTED}


def _fate(state: TargetState, ticket: Ticket) -> Fate:
    """What an answer proves. After a restart nothing proves that an attempt had not begun."""
    if state.never_starts(ticket.boot):
        return Fate.NOT_BEGUN
    if state.standing not in _FATES and state.boot != ticket.boot:
        return Fate.RESTARTED
    return _FATES.get(state.standing, Fate.LOST)


def _with_input(text: str, command: Shell, settings: LinkSettings) -> str:
    """The program with what it reads: in its own text, for nothing is connected to a detached command."""
    if command.stdin is None:
        return text
    content = render(replace(command.stdin, shell=False), settings.secrets).encode("utf-8", "surrogateescape")
    given = quoted(content).decode("utf-8", "surrogateescape")
    return f"printf %s {given} |(\n{text}\n)"
