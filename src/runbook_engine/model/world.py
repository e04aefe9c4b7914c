"""What a plan does not contain and what may change at any time. It can only forbid, never permit."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PackageId, PhaseId, RunId, TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why nothing of a phase may start now, whatever its tasks need: a sign-off is missing, its window is closed."""

    kind: str  # approval | window | freeze | start | rehearsal | missed | inventory | site
    reason: str
    until: datetime | None = None  # when it ends by itself
    next_command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What lets a phase start: the statements that count, and the entry of the calendar."""

    statements: tuple[str, ...] = ()  # ids
    by: tuple[str, ...] = ()  # whose they are
    entry: str = ""
    until: datetime | None = None
    glass: tuple[str, ...] = ()  # ids of break-glass statements, without which it would not start


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Hosts of which only so many may be out of service at a time."""

    name: str
    hosts: frozenset[HostName]
    out: int  # at most
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A snapshot. `version` changes with every change that could forbid a start, `moment` with every one that time brings."""

    version: int = 0
    moment: int = 0
    taken: Mapping[HostName, RunId] = field(default_factory=dict)  # hosts that other runs work on
    out: Mapping[HostName, RunId] = field(default_factory=dict)  # those of them that are out of service meanwhile
    ends: Mapping[RunId, datetime] = field(default_factory=dict)  # when those runs are over, by their plans
    uses: Mapping[str, Mapping[RunId, int]] = field(default_factory=dict)  # resources that others have, parts they took
    capacity: Mapping[str, int] = field(default_factory=dict)  # how many of a resource there are
    stock: Mapping[str, int] = field(default_factory=dict)  # how many of a part there were, before any run took some
    earliest: Mapping[PackageId, datetime] = field(default_factory=dict)  # nothing of these starts before
    pools: tuple[Pool, ...] = ()
    holds: Mapping[PhaseId, tuple[Hold, ...]] = field(default_factory=dict)
    closes: Mapping[PhaseId, datetime] = field(default_factory=dict)  # when the opening of a phase ends
    grounds: Mapping[PhaseId, Grounds] = field(default_factory=dict)  # what lets a phase start: for the record
    parallel: int = 0  # how many attempts are made at a time; 0: as many as there are

    @property
    def restricts(self) -> bool:
        """Whether anything but the hosts of other runs could keep a task from starting."""
        return bool(self.holds or self.closes or self.pools or self.capacity or self.stock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """By when a task has to begin, or to end, because it must not follow another one later than that (`at_most`)."""

    task: TaskId
    by: datetime
    before: TaskId  # what it follows
    most_s: float  # so long after it at most
    on_start: bool = False  # after its start, and not its end
    of_end: bool = False  # it is the end of the task that is limited, and not its start
    begun: bool = False  # it has begun, or is open for a person: nothing is held any more
    agreed: bool = False  # a person said that it is done although it is late

    def held(self, now: datetime) -> bool:
        """Whether the time has passed, and the task waits for a person to say that it is still done."""
        return self.by < now and not self.begun and not self.agreed


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """Why a task does not start now: the reason in words, until when if that is known, and who or what can change it."""

    reason: str
    kind: str = "other"  # phase stage needs host budget person time doubt run limit late over, or a Hold's
    until: str = ""
    next_command: str = ""
