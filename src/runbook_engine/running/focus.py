"""What one call to `execute` may start, and how it waits."""

from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, PhaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """What this call may start; empty means all. It narrows, it never widens."""

    phases: frozenset[PhaseId] = frozenset()
    hosts: frozenset[HostName] = frozenset()

    def allows(self, phase: PhaseId, host: HostName | None) -> bool:
        """Whether a task of this phase and host is meant."""
        return (not self.phases or phase in self.phases) and (not self.hosts or host is None or host in self.hosts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the spine waits. `patience_s`: how long a timer may be away so that it is waited for instead of returning."""

    patience_s: float = 900.0
    wait_for_people: bool = False
    people_first: bool = False  # a person can be asked by the caller: return for that rather than wait for a timer
    glance_s: float = 0.25  # how often decisions are looked for while work goes on
    group_s: float = 0.05  # records of repeatable work become durable at the latest after this time
