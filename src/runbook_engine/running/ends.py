"""What is recorded of an attempt that came back."""

from datetime import datetime, timedelta

from runbook_engine.model.attempts import Ended
from runbook_engine.model.events import AttemptEnded
from runbook_engine.model.words import HostName, Purpose, Repeat, Status
from runbook_engine.running.course import Course
from runbook_engine.running.way_back import is_closed


def ended_event(course: Course, ended: Ended, now: datetime) -> AttemptEnded:
    """The event for what came back; a known failure may be tried again, doubt never is."""
    state = course.run.task(ended.task)
    package = course.shape.work(ended.task, back=state.back)
    retry_at = None
    failed = ended.outcome.status is Status.FAILED
    known = failed and (ended.outcome.exit_code is not None or package.repeat is Repeat.SAFE)
    host = HostName(ended.task.partition("@")[2])
    known = known and (state.back or not (state.turns or is_closed(course.run, package.phase, host)))
    if known and state.purpose is not Purpose.VERIFY and state.failures < package.retries.count:
        wait_s = min(package.retries.wait_s * 2.0**state.failures, package.retries.longest_s)
        retry_at = now + timedelta(seconds=wait_s)
    return AttemptEnded(at=now, task=ended.task, attempt=ended.attempt, outcome=ended.outcome, retry_at=retry_at)
