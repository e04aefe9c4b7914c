"""What every peer is asked to do: the same steps, one after the other, on the same hosts. Standard library only.

Each step prints words of its own on stdout and on stderr and ends with an exit code, so that whoever loses, mixes up or
makes up one of the three is found out. A peer's drivers run in environments of their own and import this file.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

Said = tuple[int | None, str, str]  # exit code (None: only that it was not 0), stdout, stderr
Answers = Mapping[str, Sequence[Said]]  # by host, in the order of the steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Hosts × steps, and how to get there. `parallel`: how many hosts at once, where a peer can be told."""

    hosts: tuple[str, ...]
    steps: int
    port: int
    user: str
    key: str
    known_hosts: str
    exit_code: int = 0
    parallel: int = 20
    first: str = ""  # what each step does before it answers; ends with a semicolon

    def command(self, step: int) -> str:
        """The command of a step, counted from 0. It only reads and prints."""
        end = f"; exit {self.exit_code}" if self.exit_code else ""
        return f"{self.first}uname -r; echo heard-{step} >&2{end}"

    def right(self, step: int, release: str) -> Said:
        """What a step must have said."""
        return self.exit_code, release, f"heard-{step}"


def mistakes(work: Work, answers: Answers, release: str) -> str:
    """What is wrong with a peer's answers, in a few words; empty when all is right."""
    wrong, lost = [], 0
    for host in work.hosts:
        said = answers.get(host, ())
        lost += work.steps - len(said)
        for step, (code, out, err) in enumerate(said):
            found = (code, out.strip(), err.strip())
            if found != work.right(step, release):
                wrong.append(f"{host} step {step}: {found}")
    if not wrong and not lost:
        return ""
    return "; ".join(filter(None, [f"{lost} answers lost" if lost else "", f"{len(wrong)} wrong, {wrong[0]}" if wrong else ""]))


def write(work: Work, folder: Path) -> None:
    """For a driver that runs in another environment."""
    (folder / "work.json").write_text(json.dumps(asdict(work)), encoding="utf-8")


def read(folder: Path) -> Work:
    """What `write` wrote."""
    told = json.loads((folder / "work.json").read_text(encoding="utf-8"))
    return Work(**{**told, "hosts": tuple(told["hosts"])})


def answer(folder: Path, answers: Answers) -> None:
    """Hand a driver's answers over."""
    (folder / "answers.json").write_text(json.dumps(answers), encoding="utf-8")


def answered(folder: Path) -> Answers:
    """What a driver handed over; nothing when it did not come so far."""
    file = folder / "answers.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def folder_told() -> Path:
    """The folder that a driver is started with."""
    return Path(sys.argv[1])
