"""What a project follows from besides the plan, the inventory and the time: one value, so that all who ask say the same."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from runbook_engine.model.durations import Pick, likely
from runbook_engine.model.estimates import Estimate
from runbook_engine.model.schedule import Schedule
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import StepId
from runbook_engine.model.world import Pool

MOST_JOBS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The slots in which several plans are counted together. `origin` is None where none of them has a calendar."""

    origin: datetime | None
    slot_s: int
    horizon: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a plan becomes a project. What is not given restricts nothing."""

    parallel: int = 0  # on how many hosts the engine works at a time; 0: on all
    pick: Pick = likely  # which of the stated figures counts; `shortest`, `likely` or `longest` of model.durations
    pools: tuple[Pool, ...] = ()  # hosts of which only so many may be out of service: planning.capacity.pools(estate)
    learnt: Mapping[StepId, Estimate] = field(default_factory=dict)  # of earlier runs, for steps without a stated time
    booked: tuple[Schedule, ...] = ()  # of other plans: their people, tools and hosts are taken
    frame: Frame | None = None  # the slots are these; None: those that suit the plan
    most_jobs: int = MOST_JOBS  # hosts are taken together so that there are about so many jobs at most
