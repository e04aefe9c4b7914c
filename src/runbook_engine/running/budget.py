"""The failure budget of a phase: once more has failed than it allows, nothing new starts in it."""

from runbook_engine.model.run import PhaseState
from runbook_engine.model.words import PhaseId, Status
from runbook_engine.running.course import Course

COUNTED = (Status.FAILED, Status.UNREACHABLE, Status.REFUSED, Status.UNKNOWN)


def failures(phase: PhaseState) -> int:
    """How many tasks of a phase ended badly; unreachable and unknown count, also while a probe asks."""
    return phase.probing + sum(phase.counts[status] for status in COUNTED)


def exhausted(course: Course, phase: PhaseId) -> bool:
    """Whether failures exceed what the phase allows."""
    limit = course.shape.phases[phase].max_failures
    return limit is not None and failures(course.run.phases[phase]) > limit
