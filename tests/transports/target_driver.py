"""A kept shell as the engine has one, without SSH: the program of target_program, then one request after the other."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runbook_engine.transports import target_requests as ask_for
from runbook_engine.transports.target_program import target_program
from runbook_engine.transports.target_requests import Standing, TargetState, split_answer

SHELLS = {"dash": "dash", "bash": "bash", "busybox": "busybox"}
WORD = "w0rd5b7e2c9a41d8"
BOOT = "11111111-2222-3333-4444-555555555555"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request."""

    output: bytes
    errors: bytes
    state: TargetState | None

    @property
    def said(self) -> str:
        """The state as words: `exit 3`, `fenced`; empty when the answer was cut."""
        if self.state is None:
            return ""
        return f"{self.state.standing} {self.state.exit_code}" if self.state.standing is Standing.EXIT else self.state.standing


class Host:
    """One base directory, one boot id, one kind of shell, and a file in which scripts leave their effects."""

    def __init__(self, folder: Path, shell: str) -> None:
        found = shutil.which(SHELLS[shell])
        assert found
        self.folder = folder
        self.shell = folder / shell / "sh"  # each of these programs acts as sh under this name
        self.shell.parent.mkdir()
        self.shell.symlink_to(found)
        self.base = folder / "base"
        self.effects = folder / "effects"
        self.effects.touch()
        self.boot_file = folder / "boot"
        self.boot_file.write_text(BOOT + "\n")
        self.replaced: dict[str, str] = {"/bin/sh": str(self.shell)}

    def program(self) -> bytes:
        text = target_program()
        for old, new in self.replaced.items():
            assert old in text
            text = text.replace(old, new)
        return text.encode() + ask_for.open_base(WORD)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "RUNBOOK_BASE": str(self.base), "RUNBOOK_BOOT_FILE": str(self.boot_file)}

    def begin(self, *requests: bytes) -> "subprocess.Popen[bytes]":
        """A kept shell in a group of its own, with these requests on the way; nobody reads its output yet."""
        source = self.folder / f"requests-{time.monotonic_ns()}"
        source.write_bytes(self.program() + b"".join(requests))
        with source.open("rb") as stdin:
            return subprocess.Popen(
                [self.shell],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.environment(),
                start_new_session=True,
                cwd=self.folder,
            )

    def request(self, *requests: bytes) -> Answer:
        """The answer to the last of these, by a new kept shell."""
        done = self.begin(*requests)
        stdout, errors = done.communicate(timeout=120)
        head, opened, rest = stdout.partition(f"\n{WORD} ".encode())
        assert opened
        assert head == b""
        rest = rest.partition(b"\n")[2] if requests else opened + rest
        output, state = split_answer(WORD, rest)
        return Answer(output, errors, state)

    def begin_at(self, base: str, *requests: bytes) -> str:
        """What is said of the last of these when this is the base directory."""
        environment = self.environment() | {"RUNBOOK_BASE": base}
        program = self.program() + b"".join(requests)
        done = subprocess.run([self.shell], input=program, capture_output=True, env=environment, cwd=self.folder, check=False)
        state = split_answer(WORD, done.stdout)[1]
        return state.standing if state else ""

    def open(self) -> Answer:
        return self.request()

    def start(self, attempt: str, script: str | bytes, *, limit_s: float = 0, boot: str = BOOT, after_s: float = 0) -> Answer:
        return self.request(self.start_request(attempt, script, limit_s=limit_s, boot=boot, after_s=after_s))

    def start_request(
        self, attempt: str, script: str | bytes, *, limit_s: float = 0, boot: str = BOOT, after_s: float = 0
    ) -> bytes:
        body = script if isinstance(script, bytes) else script.encode()
        return ask_for.start(WORD, attempt, boot, body, limit_s=limit_s, after_s=after_s)

    def attach(self, attempt: str, out: int = 0, err: int = 0, *, wait: bool = False) -> Answer:
        return self.request(ask_for.attach(WORD, attempt, out, err, wait=wait))

    def ask(self, attempt: str) -> str:
        return self.request(ask_for.ask(WORD, attempt)).said

    def fence(self, attempt: str) -> str:
        return self.request(ask_for.fence(WORD, attempt)).said

    def stop(self, attempt: str, name: str) -> str:
        return self.request(ask_for.stop(WORD, attempt, name)).said

    def ran(self, attempt: str) -> int:
        """How often a script left its effect."""
        return self.effects.read_text().split().count(attempt)

    def effect(self, attempt: str, rest: str = "") -> str:
        """A script that counts itself."""
        return f"echo {attempt} >>'{self.effects}'\n{rest}"

    def settle(self, attempt: str) -> str:
        """What an engine does that has lost its link: attach, and fence what has not begun."""
        said = self.attach(attempt).said
        if said in {"gone", "claimed"}:
            said = self.fence(attempt)
        return self.attach(attempt).said if said == "running" else said

    def processes(self, attempt: str) -> list[int]:
        """The process ids in the record: the script's shell, then its runner."""
        for line in (self.base / attempt).read_text().splitlines():
            if line.startswith("run "):
                return [int(number) for number in line.split()[1:3]]
        return []


def end(shell: "subprocess.Popen[bytes]") -> None:
    """Kill a kept shell and its whole group, as nothing gentler could."""
    with suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGKILL)
    shell.communicate()


def eventually(true: Callable[[], object], patience_s: float = 60) -> None:
    """Wait for something that must come about."""
    until = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)
