"""Facts about what keeps phases from starting, and what let them: sign-offs, windows, freezes, resources that runs share."""

from collections.abc import Mapping
from datetime import datetime

from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PhaseId, TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseCleared:
    """On these grounds a phase starts, or goes on: the statements that count, and the entry of the calendar."""

    at: datetime
    phase: PhaseId
    statements: tuple[str, ...] = ()  # ids
    by: tuple[str, ...] = ()  # whose they are
    entry: str = ""
    until: datetime | None = None
    glass: tuple[str, ...] = ()  # ids of break-glass statements, without which it would not start


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseHeld:
    """Nothing of a phase starts for now, whatever its tasks need."""

    at: datetime
    phase: PhaseId
    kind: str  # as in model.world.Hold
    reason: str
    until: datetime | None = None  # when it ends by itself
    waits: bool = False  # an engine stays, and is to start the phase then


@dataclass(frozen=True, slots=True, kw_only=True)
class StartMissed:
    """A phase was to start when its window opened, and nobody was there. It does not catch up by itself."""

    at: datetime
    phase: PhaseId
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAgreed:
    """A person says that a phase whose start was missed starts now."""

    at: datetime
    phase: PhaseId
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateAgreed:
    """A person says that these tasks are done although the time has passed by which they had to follow (`at_most`)."""

    at: datetime
    tasks: tuple[TaskId, ...]
    due: datetime  # by when the first of them had to be done, or begun
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsTaken:
    """The run works on these hosts; no other run may. `out`: they are out of service meanwhile, for this phase."""

    at: datetime
    hosts: tuple[HostName, ...]
    out: bool = False
    phase: PhaseId | None = None  # None where it was not recorded: whichever phase works on them


@dataclass(frozen=True, slots=True, kw_only=True)
class BackInService:
    """These hosts are in service again; the run has them until their phase ends."""

    at: datetime
    hosts: tuple[HostName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsReleased:
    """The run has left these hosts."""

    at: datetime
    hosts: tuple[HostName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcesTaken:
    """The run has so many of these for a phase, until the phase ends."""

    at: datetime
    phase: PhaseId
    uses: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsTaken:
    """The run has used up so many of these in all. Nothing gives them back."""

    at: datetime
    uses: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcesReleased:
    """The run has given back what it had for a phase."""

    at: datetime
    phase: PhaseId


Sharing = ResourcesTaken | ResourcesReleased | PartsTaken | BackInService  # what runs have of what all of them need
