"""What has been done: the fold of a run's events. `running.replay` builds it and `running.evolve` alone changes it.

The values here are updated in place by `evolve`, because a copy per event would make the cost of an event grow with the
plan; everybody else only reads them.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from runbook_engine.model.events import Outcome, nothing
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import (
    AttemptId,
    Digest,
    HostName,
    PackageId,
    PhaseId,
    Purpose,
    RunId,
    RunStatus,
    Status,
    TaskId,
)
from runbook_engine.model.world import Grounds


@dataclass(slots=True, kw_only=True)
class TaskState:
    """Where one task stands, and how it came there."""

    status: Status = Status.NOT_STARTED
    attempts: int = 0
    failures: int = 0  # known ones, since it was opened or reopened: what retries count
    doubts: int = 0  # attempts of which nobody heard the end, since then
    attempt: AttemptId | None = None  # the open one, or the last
    purpose: Purpose = Purpose.DO
    started: datetime | None = None  # the first attempt, or when it was opened
    ended: datetime | None = None
    until: datetime | None = None  # a timer, or the next try
    outcome: Outcome | None = None
    saved: Mapping[str, str] = field(default_factory=nothing)
    prompt: str = ""
    assigned: str = ""
    accepted: bool = False
    percent: int = 0
    told: datetime | None = None  # when `percent` was said
    began: datetime | None = None  # when whoever does it began, by their own word; None: nobody has said
    by: str = ""  # who did, chose or resolved it
    choice: str = ""
    reason: str = ""
    evidence: Mapping[str, str] = field(default_factory=nothing)
    verify_first: bool = False  # doubt that a probe may settle
    ask_first: bool = False  # doubt that the host itself may settle: it keeps what became of the attempt
    late: bool = False  # a person said that it is done although the time has passed by which it had to follow
    back: bool = False  # it is being undone, or was: what is said of it is said of its way back
    turns: bool = False  # it runs, and is undone as soon as that has ended
    boot: str = ""  # the host's boot id when the last attempt began; empty: nobody keeps anything of it

    @property
    def settles_itself(self) -> bool:
        """Whether the host, or a probe, is about to be asked, so that nobody need be."""
        return self.ask_first or self.verify_first


@dataclass(slots=True, kw_only=True)
class PhaseState:
    """Counts of a phase; `stage` is the index of the open stage, None before the phase opens."""

    counts: Counter[Status] = field(default_factory=Counter)
    total: int = 0
    stage: int | None = None
    packages_left: int = 0  # of the open stage: those that are not over
    bad: dict[str, dict[TaskId, None]] = field(default_factory=dict)  # what counts as failed, by host (or task done once)
    failures: int = 0  # how many of them are counted: hosts, and tasks that are done once
    stage_failures: Counter[int] = field(default_factory=Counter)  # the same, by the index of the stage
    accepted: set[str] = field(default_factory=set)  # of `bad`: a person let the phase go on without them
    aside: dict[HostName, set[PhaseId]] = field(default_factory=dict)  # hosts that hold nobody up, and where each failed
    returned: set[HostName] = field(default_factory=set)  # hosts that are, or once were, aside
    undone: bool = False  # the whole phase was rolled back, or is: nothing starts before it is begun again
    undone_hosts: set[HostName] = field(default_factory=set)  # the same for single hosts
    started: datetime | None = None
    ended: datetime | None = None
    next_stage_at: datetime | None = None  # the pause between stages ends then
    begun: int = -1  # the last stage in which anything was begun
    claimed: bool = False  # something was begun on one of its hosts: before that it took them all
    grounds: Grounds | None = None  # what let it start; None: nothing was asked for
    held: tuple[str, datetime | None] | None = None  # what keeps it from starting, as it was recorded last
    due: datetime | None = None  # an engine waits to start it then
    missed: datetime | None = None  # it was due then, nobody was there, and no person has said since that it starts


@dataclass(slots=True, kw_only=True)
class GoingBack:
    """A way back that is not over. What is left of each host (or task done once), with the number of its part.

    The parts follow each other; within one, hosts do not wait for each other.
    """

    phases: tuple[PhaseId, ...]
    hosts: frozenset[HostName]  # empty: all
    closed: frozenset[PhaseId]  # nothing else starts in these
    lanes: dict[str, deque[tuple[int, TaskId]]] = field(default_factory=dict)
    at: int = 0  # the number of the part that is open
    busy: set[str] = field(default_factory=set)  # lanes that the next part waits for
    by: str = ""
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class Run:
    """The only truth about what happened."""

    id: RunId
    digest: Digest
    title: str = ""
    by: str = ""
    created: datetime | None = None
    ended: datetime | None = None
    status: RunStatus = RunStatus.OPEN
    reason: str = ""  # why it is paused or stopped
    epoch: int = 0
    controller: str = ""
    accepted_unenforced: tuple[str, ...] = ()
    demo: bool = False
    events: int = 0  # folded so far
    tasks: dict[TaskId, TaskState] = field(default_factory=dict)  # only those of which something is known
    phases: dict[PhaseId, PhaseState] = field(default_factory=dict)
    taken: set[HostName] = field(default_factory=set)
    out: dict[HostName, set[PhaseId | None]] = field(default_factory=dict)  # those out of service, and for which phases
    uses: dict[PhaseId, Mapping[str, int]] = field(default_factory=dict)  # resources that it has, by phase
    parts: dict[str, int] = field(default_factory=dict)  # what it has used up, of all phases
    notes: list[str] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)  # decision id → reason
    settled: Counter[PackageId] = field(default_factory=Counter)  # how many tasks of each package ended well
    aside: Counter[PackageId] = field(default_factory=Counter)  # how many are left open by hosts that are set aside
    passed: dict[PackageId, None] = field(default_factory=dict)  # what no other package waits for as a whole any more
    failed: set[TaskId] = field(default_factory=set)  # what counts as a failure, in all phases
    failing: Counter[str] = field(default_factory=Counter)  # in how many phases each host (or task done once) is counted
    opened: int = 0  # how often a stage was opened, or a phase ended
    back: GoingBack | None = None
    due: list[TaskId] = field(default_factory=list)  # what could be undone, in the order in which its turn came
    eased: int = 0  # how often something that kept tasks from starting has gone

    def task(self, task: TaskId) -> TaskState:
        """The state of a task, for reading."""
        return self.tasks.get(task, NOTHING_KNOWN)


NOTHING_KNOWN = TaskState()  # of every task that no event has named; nobody may write to it
