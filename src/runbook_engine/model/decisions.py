"""What people want. A decision is a wish: `running.admit` turns it into a fact or a refusal, once."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Digest, HostName, PhaseId, StepId, TaskId, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The person did the task."""

    id: str
    by: str
    task: TaskId
    evidence: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    started: datetime | None = None
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """The person answers a question with one of its choices."""

    id: str
    by: str
    task: TaskId
    choice: str
    reason: str = ""
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """The person says what became of an attempt in doubt."""

    id: str
    by: str
    task: TaskId
    verdict: Verdict
    reason: str
    without_host: bool = False  # the person answers for a host that keeps what became of it, and was not asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The person says how far a task is, in percent; and when it was begun, if that is known. At 0 it begins now."""

    id: str
    by: str
    task: TaskId
    percent: int
    note: str = ""
    started: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """The task becomes `to`'s."""

    id: str
    by: str
    task: TaskId
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """Agree to do an assigned task."""

    id: str
    by: str
    task: TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """Do not agree to do an assigned task."""

    id: str
    by: str
    task: TaskId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Try again what ended badly."""

    id: str
    by: str
    task: TaskId
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRun:
    """Start nothing new."""

    id: str
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRun:
    """Start things again."""

    id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRun:
    """Let what runs finish, start nothing more, and end the run."""

    id: str
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amend:
    """Go on with another plan, which is stored under `digest`; `carried` was computed by comparing the two."""

    id: str
    by: str
    digest: Digest
    carried: tuple[TaskId, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    """Write something down."""

    id: str
    by: str
    text: str
    task: TaskId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoOn:
    """A phase that asks goes on without those who have failed so far."""

    id: str
    by: str
    phase: PhaseId
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveOut:
    """Skip whatever a host has not done."""

    id: str
    by: str
    host: HostName
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBack:
    """Undo a phase and what was built on it; without a phase, all that has begun. `hosts` empty: all of them."""

    id: str
    by: str
    phase: PhaseId | None = None
    hosts: tuple[HostName, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Do a phase that was rolled back again, and those that were rolled back with it."""

    id: str
    by: str
    phase: PhaseId
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartWith:
    """Skip all that stands before a phase, or a step of it; only while nothing has begun."""

    id: str
    by: str
    phase: PhaseId
    step: StepId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartNow:
    """Start a phase whose start was missed."""

    id: str
    by: str
    phase: PhaseId
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLate:
    """Do tasks although the time has passed by which they had to follow."""

    id: str
    by: str
    tasks: tuple[TaskId, ...]
    reason: str = ""


Decision = (
    Done
    | Decide
    | Resolve
    | Progress
    | Assign
    | Accept
    | Decline
    | Retry
    | PauseRun
    | ResumeRun
    | StopRun
    | Amend
    | AddNote
    | GoOn
    | LeaveOut
    | RollBack
    | Again
    | StartWith
    | StartNow
    | StartLate
)
