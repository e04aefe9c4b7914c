"""What a rehearsal is asked to do, and what it came to: nights that were played on stand-in hosts and a virtual clock."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from runbook_engine.model.events import Event
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Digest, PhaseId, Status

REHEARSAL_FORMAT = 1


class FaultKind(StrEnum):
    """What can go wrong in a rehearsed night."""

    NO_RETURN = "no-return"  # a host does not come back from a restart
    SLOW = "slow"  # a batch takes so many times as long
    LOST_LINK = "lost-link"  # in mid-step, for longer than the engine asks the host
    FAILS_ONCE = "fails-once"  # a step fails, and works when it is tried again
    FAILS = "fails"  # a step fails however often it is tried
    UNREACHABLE = "unreachable"  # a host cannot be reached from the start on
    LATE = "late"  # a person answers so many hours later
    NO_GO = "no-go"  # a person chooses otherwise
    WAY_BACK_FAILS = "way-back-fails"  # until a person has it tried again
    ENGINE_DIES = "engine-dies"  # in mid-step; it is started again some minutes later
    GUARD_REFUSES = "guard-refuses"  # the first time
    ALREADY_DONE = "already-done"  # skip_if, or verify, says that there is nothing to do
    NOT_DONE = "not-done"  # it ran, and verify says no, the first time


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong. `at` is a host, phase, phase/step, or phase/step@host; empty: the seed chooses.

    `value`: how many times as long (slow), how many hours (late), which choice (no-go); empty: the usual one.
    """

    kind: FaultKind
    at: str = ""
    value: str = ""

    def __str__(self) -> str:
        return f"{self.kind}{f'@{self.at}' if self.at else ''}{f'={self.value}' if self.value else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseTime:
    """How long a phase took in one night, and what its author's figures say. Seconds; None: it did not end."""

    phase: PhaseId
    low_s: float
    planned_s: float
    high_s: float
    simulated_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What people were asked, and what they said. Tasks of one step that follow each other are told once."""

    at: datetime
    step: str
    prompt: str
    answer: str
    waited_s: float  # until the last of them was answered
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A command that a person at the keyboard would have typed; `times`: as often, for other hosts of the step."""

    at: datetime
    command: str
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One rehearsed night. `ended` is a word of Status or RunStatus; `as_planned`: nobody is left in a dead end."""

    name: str
    faults: tuple[Fault, ...] = ()
    words: tuple[str, ...] = ()  # the faults, each with its place
    missed: tuple[str, ...] = ()  # those of them that had no occasion to strike
    ended: str
    why: str = ""
    as_planned: bool
    began: datetime
    over: datetime
    phases: tuple[PhaseTime, ...]
    hosts_out: int  # most hosts out of service at once
    counts: Mapping[Status, int] = field(default_factory=dict)
    asked: tuple[Asked, ...] = ()
    typed: tuple[Typed, ...] = ()
    left: tuple[str, ...] = ()  # steps that changed something in a phase that was given up, and have no way back
    recorded: int = 0  # how many events
    events: tuple[Event, ...] = field(default=(), compare=False, repr=False)  # not kept: the seed brings them back


class BranchKind(StrEnum):
    """A turn that a night can take."""

    RETRIED = "fails and is tried again"
    FAILED = "fails for good"
    REFUSED = "its guard refuses"
    SKIPPED = "there is nothing to do"
    NOT_NEEDED = "its condition does not hold"
    NOT_DONE = "verify says not done"
    DOUBT = "in doubt"
    UNREACHABLE = "its host cannot be reached"
    ROLLED_BACK = "its way back is done"
    ROLL_BACK_FAILED = "its way back fails"
    BUDGET = "more fails than is allowed"
    UNHEALTHY = "a health check fails"
    CLOSES = "its window closes"
    NO_RETURN = "the point of no return is passed"
    CHOICE = "the answer is"


NOT_TRIED = "not tried"
IMPOSSIBLE = "nothing of this plan can lead there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A branch of the plan, and in which scenarios it was taken; if in none, why not."""

    kind: BranchKind
    where: str  # phase, or phase/step
    detail: str = ""  # a choice; what follows when more fails than is allowed
    exercised: tuple[str, ...] = ()  # names of scenarios
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """Everything that a rehearsal of a plan came to. The same plan, faults, start and seed give the same bytes."""

    plan: Digest
    runbook: str
    title: str
    seed: int
    start: datetime
    parallel: int
    standard: bool = False  # whether all standard nights are among the scenarios
    scenarios: tuple[Scenario, ...]
    branches: tuple[Branch, ...] = ()
    assumed: tuple[str, ...] = ()  # what the plan does not say, and was assumed
    format: int = REHEARSAL_FORMAT

    @property
    def as_planned(self) -> bool:
        """Whether every scenario ended as the plan says that it should."""
        return all(scenario.as_planned for scenario in self.scenarios)
