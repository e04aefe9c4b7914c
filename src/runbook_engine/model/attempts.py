"""What a worker is handed, and what it hands back."""

from collections.abc import Mapping
from dataclasses import field

from runbook_engine.model.events import Outcome
from runbook_engine.model.plan import Package, Target
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import AttemptId, Fate, Purpose, RunId, StepId, TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One execution of a task. `saved` holds, by step (phase/step), what the package reads of earlier steps."""

    id: AttemptId
    run: RunId
    task: TaskId
    number: int  # 1 for the first attempt of the task
    purpose: Purpose
    package: Package
    target: Target | None  # None: it is done on the control machine
    position: int = 0  # of the host in the package's hosts, and so in its columns
    saved: Mapping[StepId, Mapping[str, str]] = field(default_factory=dict)
    then: tuple[
        "Attempt", ...
    ] = ()  # repeatable steps of the same host that may follow at once, each if the one before ended well
    boot: str = ""  # of the host, as the journal has it; empty: the host keeps nothing of the attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An attempt came back."""

    task: TaskId
    attempt: AttemptId
    outcome: Outcome
    purpose: Purpose = Purpose.DO
    went_on: Attempt | None = None  # what the worker has begun after it, of its own accord


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Under which name a host keeps what becomes of a command. No id is ever used twice."""

    id: str
    boot: str  # a host that has been restarted since does not begin it


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command gave back. `exit_code` is None when nothing can be said: no status was sent.

    `stdout` and `stderr` are bounded: when `truncated`, each is its beginning and its end. Secrets are already masked.
    `detail` says in words what the numbers do not (an HTTP status, why a probe says no).
    """

    exit_code: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    output_bytes: int = 0  # all that came, kept or not
    truncated: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What a host says when it is met: the boot id under which it keeps commands, empty if it keeps none."""

    boot: str
    remark: str = ""  # what the person who drives should know of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a host says about a command that it keeps; `answer` holds the output, and the exit code if it ended."""

    fate: Fate
    answer: Answer = Answer()
