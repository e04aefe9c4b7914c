"""Links that say what a test wants, a link to the real shell of this machine, and a clock that only sleeping moves."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runbook_engine.model.attempts import Answer, Attempt, Found, Greeting, Ticket
from runbook_engine.model.commands import Command, Procedure, Shell, Upload
from runbook_engine.model.events import Outcome
from runbook_engine.model.plan import Package, Target
from runbook_engine.model.text import Text, shell
from runbook_engine.model.words import AttemptId, Fate, HostName, Lane, PackageId, Per, PhaseId, Purpose, RunId, StepId, TaskId
from runbook_engine.workers.logs import Logs
from runbook_engine.workers.procedure import carry_out
from runbook_engine.workers.shown import shown

Reply = Answer | Exception | int | str
BOOT_ID = "boot id"
GREETING = "a greeting"
HOST = HostName("r12-u01")


def sh(script: str) -> Shell:
    """A command."""
    return Shell(script=shell(script))


def package(**other: Any) -> Package:
    """A package of one host, with whatever a test wants to be different."""
    fields: dict[str, Any] = {
        "id": PackageId("firmware/flash"),
        "phase": PhaseId("firmware"),
        "step": StepId("firmware/flash"),
        "title": Text(("Flash",)),
        "action": "run",
        "action_version": 1,
        "per": Per.HOST,
        "hosts": (HOST,),
        "procedure": Procedure(apply=(sh("apply"),)),
    }
    return Package(**{**fields, **other})


def attempt(of: Package | None = None, *, purpose: Purpose = Purpose.DO, number: int = 1, **other: Any) -> Attempt:
    """An attempt on that host."""
    of = of or package()
    fields: dict[str, Any] = {
        "id": AttemptId(f"a{number}"),
        "run": RunId("run"),
        "task": TaskId(f"{of.id}@{HOST}"),
        "number": number,
        "purpose": purpose,
        "package": of,
        "target": Target(name=HOST, address="10.1.12.1"),
    }
    return Attempt(**{**fields, **other})


class ScriptedLink:
    """Answers commands by their text; several replies to one text are given in turn, and the last one stays."""

    def __init__(self, replies: Mapping[str, Reply | Sequence[Reply]] | None = None) -> None:
        self.replies = {text: list(r) if isinstance(r, list) else [r] for text, r in (replies or {}).items()}
        self.asked: list[str] = []
        self.lanes: dict[str, Lane] = {}
        self.tickets: list[Ticket] = []
        self.in_row = 0
        self.rows: list[list[str]] = []
        self.greeted: str | None = None

    def next_reply(self, text: str) -> Answer | int | str:
        """What comes next for this text."""
        self.asked.append(text)
        replies = self.replies.get(text, [0])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def probe_port(self, address: str | None, port: int) -> bool:
        """Whether the next reply for the port is 0."""
        return self.next_reply(f"port {port} of {address}") == 0

    def probe_ssh(self) -> bool:
        """Whether the next reply for a session is 0."""
        return self.next_reply("a session") == 0

    def boot_id(self) -> str:
        """The next reply for the boot id."""
        return str(self.next_reply(BOOT_ID))

    @property
    def boot(self) -> str | None:
        """What the greeting said last."""
        return self.greeted

    def send_row(self, commands: Sequence[Shell]) -> None:
        """Remember what was sent ahead."""
        self.rows.append([shown(c) for c in commands])
        self.in_row = len(commands)

    def reach(self) -> bool:
        """It is always there."""
        return True

    def greet(self) -> Greeting:
        """The next reply for the greeting is the boot id."""
        self.greeted = str(self.next_reply(GREETING))
        return Greeting(boot=self.greeted)

    def arm(self, command: Shell, ticket: Ticket, after_s: float) -> None:
        """An error, if that is the next reply for `in N s TEXT`."""
        self.tickets.append(ticket)
        self.next_reply(f"in {after_s:g} s {shown(command)}")

    def compare(self, command: Upload, _sink: Callable[[int, bytes], None], limit_s: float) -> Found:
        """The next reply for `is it there: TEXT`: a fate, or an error."""
        assert limit_s > 0
        reply = self.next_reply(f"is it there: {shown(command)}")
        assert isinstance(reply, Fate)
        return Found(fate=reply, answer=Answer(exit_code=0))

    def settle(
        self, command: Shell, ticket: Ticket, sink: Callable[[int, bytes], None], limit_s: float, *, patient: bool = False
    ) -> Found:
        """The next reply for `what became of TEXT` (`what becomes of TEXT`, if patient): an exit code, a fate, or an error."""
        assert limit_s > 0
        self.tickets.append(ticket)
        reply = self.next_reply(f"what {'becomes' if patient else 'became'} of {shown(command)}")
        if isinstance(reply, Fate):
            return Found(fate=reply)
        assert isinstance(reply, int)
        sink(1, b"kept\n")
        return Found(fate=Fate.ENDED, answer=Answer(exit_code=reply, stdout=b"kept\n", output_bytes=5))

    def perform(
        self,
        command: Command,
        sink: Callable[[int, bytes], None],
        *,
        attempt: str = "",
        lane: Lane,
        ticket: Ticket | None = None,
    ) -> Answer:
        """Give the next reply: an answer, an exit code, a text on stdout, or an error. Remember lane and ticket."""
        self.lanes[shown(command)] = lane
        self.in_row = max(0, self.in_row - 1)
        if ticket:
            self.tickets.append(ticket)
        reply = self.next_reply(shown(command))
        if isinstance(reply, int):
            return Answer(exit_code=reply)
        answer = (
            Answer(exit_code=0, stdout=f"{reply}\n".encode(), output_bytes=len(reply) + 1) if isinstance(reply, str) else reply
        )
        sink(1, answer.stdout)
        sink(2, answer.stderr)
        return answer

    @property
    def asked_of_host(self) -> list[str]:
        """What was asked, without the looks at the boot id."""
        return [text for text in self.asked if text != BOOT_ID]


class Clock:
    """Seconds that pass only in sleep."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        """What time it is."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds


def outcome_of(work: Attempt, link: Any, folder: Path, clock: Clock | None = None) -> Outcome:
    """Carry an attempt out, with a real log in `folder`."""
    clock = clock or Clock()
    return carry_out(work, link, Logs(folder, clock.now).log(work), clock.now, clock.sleep)
