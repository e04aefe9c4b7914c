"""Facts, in the past tense. The journal is a sequence of these and nothing else; a run is their fold.

Times are aware and in UTC. Order comes from the journal's sequence numbers, never from `at`.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from runbook_engine.model.gates import HostsReleased as HostsReleased  # noqa: PLC0414 - it is one of these events
from runbook_engine.model.gates import HostsTaken as HostsTaken  # noqa: PLC0414 - the same
from runbook_engine.model.gates import LateAgreed, PhaseCleared, PhaseHeld, Sharing, StartAgreed, StartMissed
from runbook_engine.model.turns import FailuresAccepted, HostLeftOut, PhasesReopened, RollBackBegan
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import AttemptId, Cause, Digest, Purpose, RunId, Status, TaskId, Verdict

_NOTHING: Mapping[str, str] = {}


def nothing() -> Mapping[str, str]:
    """What is saved of most tasks: the same for all of them, for there are many."""
    return _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended. `message` is the host's own error text, bounded and harmless to show.

    `saved` holds what `save_as` keeps: stdout, stderr, exit_code (and lines and json are read from stdout).
    """

    status: Status  # ok, skipped, failed, refused, unreachable, unknown; or not started, when the host promises that
    exit_code: int | None = None
    cause: Cause | None = None
    message: str = ""
    saved: Mapping[str, str] = field(default_factory=nothing)
    duration_s: float = 0.0
    output_bytes: int = 0
    host_asked: bool = False  # the host, which keeps the attempt, has said all that it knows; nothing of it runs any more
    log: str = ""  # SHA-256 of what the log has of the attempt; empty: nobody was left to say, or it could not be written


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCreated:
    """A plan was adopted. The plan itself is stored beside the journal under its digest."""

    at: datetime
    run: RunId
    digest: Digest
    runbook: str
    title: str
    by: str
    version: str  # of the engine
    accepted_unenforced: tuple[str, ...] = ()
    demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerTookOver:
    """A process drives the run from here on. `epoch` grows by one each time; an older one may write no more."""

    at: datetime
    epoch: int
    by: str
    machine: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted:
    """Intent: from here on the attempt may have happened."""

    at: datetime
    task: TaskId
    attempt: AttemptId
    purpose: Purpose = Purpose.DO
    boot: str = ""  # the host refuses the attempt when it has been restarted since; empty: the host keeps nothing of it


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    """What is known of an attempt. `retry_at` says that it will be tried again, and when."""

    at: datetime
    task: TaskId
    attempt: AttemptId
    outcome: Outcome
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResolved:
    """A person said what became of an attempt in doubt."""

    at: datetime
    task: TaskId
    verdict: Verdict
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOpened:
    """A task waits for a person (prompt set) or for a time (`until` set)."""

    at: datetime
    task: TaskId
    prompt: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswered:
    """A person did the task, or chose. `goes_on` False: the run stays here."""

    at: datetime
    task: TaskId
    by: str
    choice: str = ""
    goes_on: bool = True
    reason: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)
    started: datetime | None = None
    automatic: bool = False  # answered by the demo or a rehearsal


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProgressed:
    """A person says how far a task is. `started`: when they began, if they say so."""

    at: datetime
    task: TaskId
    by: str
    percent: int
    note: str = ""
    started: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerEnded:
    """The time that a task waited for has come."""

    at: datetime
    task: TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSkipped:
    """What the run found out says that the task is not needed (`when`)."""

    at: datetime
    task: TaskId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReopened:
    """A person wants a task that ended badly, or was answered with no, to be tried again."""

    at: datetime
    task: TaskId
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAssigned:
    """The task is somebody's."""

    at: datetime
    task: TaskId
    to: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAccepted:
    """The person to whom it was assigned agrees."""

    at: datetime
    task: TaskId
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDeclined:
    """The person to whom it was assigned does not do it."""

    at: datetime
    task: TaskId
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPaused:
    """Nothing new starts until the run is resumed."""

    at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResumed:
    """Work may start again."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStopped:
    """The run is over by a person's will; what had not started is cancelled."""

    at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAmended:
    """The run goes on with another plan. `carried` tasks keep what they are; all others begin anew."""

    at: datetime
    digest: Digest
    carried: tuple[TaskId, ...]
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRefused:
    """What a person wanted could not be done."""

    at: datetime
    decision: str  # its id
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """Something worth knowing."""

    at: datetime
    by: str
    text: str
    task: TaskId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """Every phase has ended."""

    at: datetime


Event = (
    RunCreated
    | ControllerTookOver
    | HostsTaken
    | HostsReleased
    | AttemptStarted
    | AttemptEnded
    | AttemptResolved
    | TaskOpened
    | TaskAnswered
    | TaskProgressed
    | TimerEnded
    | TaskSkipped
    | TaskReopened
    | TaskAssigned
    | TaskAccepted
    | TaskDeclined
    | RunPaused
    | RunResumed
    | RunStopped
    | PlanAmended
    | DecisionRefused
    | NoteAdded
    | FailuresAccepted
    | HostLeftOut
    | RollBackBegan
    | PhasesReopened
    | RunEnded
    | PhaseCleared
    | PhaseHeld
    | StartMissed
    | StartAgreed
    | LateAgreed
    | Sharing
)
