"""What to make of attempts that nobody is left to hear of."""

from datetime import datetime

from runbook_engine.model.events import AttemptEnded, DecisionRefused, Event, HostsReleased, Outcome
from runbook_engine.model.words import Cause, RunStatus, Status
from runbook_engine.running.admit import admit
from runbook_engine.running.course import Course
from runbook_engine.running.ports import Inbox, Journal

STOPPED = "the engine stopped while it ran"


def left_open(course: Course, at: datetime, why: str = STOPPED) -> list[AttemptEnded]:
    """The events that say so: what became of an open attempt is not known."""
    outcome = Outcome(status=Status.UNKNOWN, cause=Cause.STOPPED, message=why)
    return [
        AttemptEnded(at=at, task=task, attempt=state.attempt, outcome=outcome)
        for task, state in course.run.tasks.items()
        if state.status is Status.RUNNING and state.attempt
    ]


def take_decisions(course: Course, journal: Journal, inbox: Inbox, at: datetime) -> list[Event]:
    """Admit what people have decided, without starting anything: for a run that nobody drives. What came of it."""
    facts: list[Event] = list(left_open(course, at))
    for event in facts:
        course.note(event)
    journal.append(facts)
    journal.commit()
    for decision in inbox.waiting():
        admitted = admit(course, decision, at)
        for event in admitted:
            course.note(event)
        journal.append(admitted, consumes=decision.id)
        journal.commit()
        facts += admitted
    return facts + _leave(course, journal, at)


def _leave(course: Course, journal: Journal, at: datetime) -> list[Event]:
    """A run that is over, and that nobody drives, holds no host: others may work there now."""
    if course.run.status is not RunStatus.STOPPED or not course.run.taken:
        return []
    release = HostsReleased(at=at, hosts=tuple(sorted(course.run.taken)))
    course.note(release)
    journal.append([release])
    journal.commit()
    return [release]


def refusal(facts: list[Event], decision: str) -> str | None:
    """Why a decision was refused, if it was."""
    return next((f.reason for f in facts if isinstance(f, DecisionRefused) and f.decision == decision), None)
