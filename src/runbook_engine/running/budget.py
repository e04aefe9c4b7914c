"""The failure budget: once more has failed than a batch, a phase or the project allows, nothing new starts in it."""

from runbook_engine.model.run import Run, TaskState
from runbook_engine.model.words import FailureScope, OnFailure, PhaseId, Status
from runbook_engine.running.doubt import ASKING
from runbook_engine.running.shape import Phases

COUNTED = frozenset({Status.FAILED, Status.UNREACHABLE, Status.REFUSED, Status.UNKNOWN})


def is_failure(state: TaskState) -> bool:
    """Whether a task counts: it ended badly, or nobody knows, also while its host or a probe is asked."""
    if state.back:
        return False
    return state.status in COUNTED or (state.status is Status.RUNNING and state.purpose in ASKING)


def goes_in_turn(shape: Phases, phase: PhaseId) -> bool:
    """Whether a phase counts its failures, so that a host that failed can be set aside."""
    return shape.phases[phase].max_failures is not None


def allowed(shape: Phases, phase: PhaseId, stage: int | None) -> int | None:
    """How many may fail where a phase counts; None when it does not, or goes on whatever fails."""
    planned = shape.phases[phase]
    if planned.on_failure is OnFailure.CONTINUE:
        return None
    if planned.failures_over is FailureScope.BATCH and stage is not None and stage < len(planned.stages):
        own = planned.stages[stage].max_failures
        return planned.max_failures if own is None else own
    return planned.max_failures


def failures(shape: Phases, run: Run, phase: PhaseId, stage: int | None) -> int:
    """How many have failed where a phase counts: hosts, and tasks that are done once; not those that a person accepted."""
    match shape.phases[phase].failures_over:
        case FailureScope.BATCH:
            return run.phases[phase].stage_failures[stage or 0]
        case FailureScope.PHASE:
            return run.phases[phase].failures
        case FailureScope.PROJECT:
            return len(run.failing)


def exceeded(shape: Phases, run: Run, phase: PhaseId, stage: int | None) -> bool:
    """Whether the phase's own budget is exceeded."""
    limit = allowed(shape, phase, stage)
    return limit is not None and failures(shape, run, phase, stage) > limit


def project_exceeded(shape: Phases, run: Run) -> bool:
    """Whether more has failed in all phases together than the strictest phase that counts so allows."""
    return shape.project_limit is not None and len(run.failing) > shape.project_limit


def exhausted(shape: Phases, run: Run, phase: PhaseId, stage: int | None) -> bool:
    """Whether nothing new may start in a stage of a phase."""
    return exceeded(shape, run, phase, stage) or project_exceeded(shape, run)


def left(shape: Phases, run: Run, phase: PhaseId, stage: int | None) -> int | None:
    """How many more may fail before starts end; None where failures end nothing."""
    limit, over_all = allowed(shape, phase, stage), shape.project_limit
    own = [] if limit is None else [limit - failures(shape, run, phase, stage)]
    return min([*own, *([] if over_all is None else [over_all - len(run.failing)])], default=None)


def spent(shape: Phases, run: Run, phase: PhaseId) -> int | None:
    """The stage of a phase whose budget is exceeded, the phase's open one where it is not counted by batch; None: none is."""
    state = run.phases[phase]
    if shape.phases[phase].failures_over is not FailureScope.BATCH:
        return (state.stage or 0) if exceeded(shape, run, phase, state.stage) else None
    return next((stage for stage in sorted(state.stage_failures) if exceeded(shape, run, phase, stage)), None)


def anything_spent(shape: Phases, run: Run) -> bool:
    """Whether any budget of the run is exceeded."""
    return any(spent(shape, run, phase) is not None for phase in run.phases)
