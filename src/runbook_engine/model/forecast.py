"""Where a run will end: what was promised beside what is to be expected now."""

from datetime import datetime

from runbook_engine.model.schedule import Moved, Schedule
from runbook_engine.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """When the work of a run will be over, by what has happened so far. It is made anew whenever somebody asks."""

    at: datetime
    end: datetime
    schedule: Schedule  # what has happened as it did, the rest as it can still be done
    promised: datetime | None = None  # the end of the schedule that is booked; None: nothing is
    deadline: datetime | None = None
    soft: bool = False  # whether the deadline is a wish
    moved: tuple[Moved, ...] = ()  # what is still to be done, and is not as it was promised: who must be told

    @property
    def late_s(self) -> float:
        """How many seconds after the promised end it will be over; negative for earlier."""
        return (self.end - self.promised).total_seconds() if self.promised else 0.0

    @property
    def misses_deadline(self) -> bool:
        """Whether it will be over after its deadline."""
        return self.deadline is not None and self.end > self.deadline
