"""Facts about failures and the way back: what a person accepts or leaves out, and how a phase turns round.

They belong to the union in `model/events.py`.
"""

from datetime import datetime

from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PhaseId, TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class FailuresAccepted:
    """A phase goes on without those who have failed so far; `who` are hosts, and tasks that are done once."""

    at: datetime
    phase: PhaseId
    who: tuple[str, ...]
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLeftOut:
    """Whatever a host has not done is skipped: the run goes on and ends without it."""

    at: datetime
    host: HostName
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBackBegan:
    """Phases are undone: `tasks` in this order. `hosts` empty: all of them. Nothing else starts there meanwhile."""

    at: datetime
    phases: tuple[PhaseId, ...]  # the last first
    hosts: tuple[HostName, ...]
    tasks: tuple[TaskId, ...]
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhasesReopened:
    """What was rolled back, or ended badly, in these phases is done again."""

    at: datetime
    phases: tuple[PhaseId, ...]
    by: str
    reason: str = ""
