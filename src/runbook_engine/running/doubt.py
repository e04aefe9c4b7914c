"""What an attempt's outcome means for its task, and who settles doubt: the host, a probe, or a person. Pure."""

from runbook_engine.model import events as ev
from runbook_engine.model.plan import Package
from runbook_engine.model.run import TaskState
from runbook_engine.model.words import SETTLED_WELL, Cause, Purpose, Repeat, Status

ASKING = frozenset({Purpose.VERIFY, Purpose.SETTLE})  # what changes nothing and settles doubt
IN_DOUBT = frozenset({Status.UNKNOWN, Status.NOT_STARTED})  # outcomes that are nobody's failure
DOUBTS_LIMIT = 3  # a task that so many attempts have left in doubt is a person's, even when a probe says that it is not done


def count_bad_end(state: TaskState, outcome: Status) -> None:
    """Doubt is counted by itself: it must not use up the tries that are meant for known failures."""
    if outcome in SETTLED_WELL or (state.purpose is Purpose.SETTLE and outcome in IN_DOUBT):
        return
    if outcome in IN_DOUBT or (state.purpose is Purpose.VERIFY and outcome is not Status.FAILED):
        state.doubts += 1
    elif state.purpose is not Purpose.VERIFY:
        state.failures += 1


def status_after(state: TaskState, package: Package, event: ev.AttemptEnded) -> Status:
    """What an outcome means for the task, by why the attempt was made and what the author declared."""
    status = event.outcome.status
    if event.retry_at is not None:
        return Status.RETRYING
    if status is Status.NOT_STARTED:  # the host has promised it: it is simply started again, but not for ever
        return status if state.purpose is Purpose.SETTLE or state.doubts < DOUBTS_LIMIT else Status.UNREACHABLE
    if state.purpose is Purpose.SETTLE and status is Status.UNREACHABLE:
        return Status.UNKNOWN
    if state.purpose is Purpose.VERIFY:
        return _status_after_verify(state, package, status)
    if status is Status.UNKNOWN and package.repeat is Repeat.SAFE:
        return Status.NOT_STARTED if state.doubts < DOUBTS_LIMIT else Status.FAILED
    return status


def _status_after_verify(state: TaskState, package: Package, status: Status) -> Status:
    if status is Status.OK:
        return Status.OK
    if status is Status.FAILED and package.procedure.question:
        return Status.WAITING
    if status is Status.FAILED:  # not done, and that is known
        return Status.NOT_STARTED if state.doubts < DOUBTS_LIMIT else Status.FAILED
    return Status.UNKNOWN


def may_verify(state: TaskState, package: Package, event: ev.AttemptEnded) -> bool:
    """After doubt a probe is tried once; a probe that was itself cut off is tried again, within limits.

    While the host that keeps the attempt has not been asked, it may still be at work there: "not done" would prove nothing.
    """
    if not package.procedure.verify or (state.purpose is not Purpose.VERIFY and unasked(state, event.outcome)):
        return False
    cut_off = event.outcome.status is Status.UNREACHABLE or event.outcome.exit_code is None
    return state.purpose is not Purpose.VERIFY or (cut_off and state.doubts < DOUBTS_LIMIT)


def may_ask(state: TaskState, event: ev.AttemptEnded) -> bool:
    """The host is asked about an attempt that nobody heard the end of; whoever was heard of has been asked already."""
    return bool(state.boot) and event.outcome.cause is Cause.STOPPED and state.purpose is not Purpose.VERIFY


def unasked(state: TaskState, outcome: ev.Outcome) -> bool:
    """Whether a host knows more about an attempt in doubt than it could say so far."""
    return bool(state.boot) and not outcome.host_asked
