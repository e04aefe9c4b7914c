"""Links that say what a test wants, a link to the real shell of this machine, and a clock that only sleeping moves."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runbook_engine.model.attempts import Answer, Attempt
from runbook_engine.model.commands import Command, Procedure, Shell
from runbook_engine.model.events import Outcome
from runbook_engine.model.plan import Package, Target
from runbook_engine.model.text import Text, shell
from runbook_engine.model.words import AttemptId, HostName, Lane, PackageId, Per, PhaseId, Purpose, RunId, StepId, TaskId
from runbook_engine.workers.logs import Logs
from runbook_engine.workers.procedure import carry_out
from runbook_engine.workers.shown import shown

Reply = Answer | Exception | int | str
BOOT_ID = "boot id"
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

    def perform(self, command: Command, sink: Callable[[int, bytes], None], *, attempt: str = "", lane: Lane) -> Answer:
        """Give the next reply: an answer, an exit code, a text on stdout, or an error. Remember the lane."""
        self.lanes[shown(command)] = lane
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
