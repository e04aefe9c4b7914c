"""What a worker is handed, and what it hands back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runbook_engine.model.events import Outcome
from runbook_engine.model.plan import Package, Target
from runbook_engine.model.words import AttemptId, Purpose, RunId, StepId, TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One execution of a task. `saved` holds, by step (phase/step), what the package reads of earlier steps."""

    id: AttemptId
    run: RunId
    task: TaskId
    number: int  # 1 for the first attempt of the task
    purpose: Purpose
    package: Package
    target: Target | None  # None: it is done on the control machine
    saved: Mapping[StepId, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An attempt came back."""

    task: TaskId
    attempt: AttemptId
    outcome: Outcome
