"""What a fault means for the outcome of an attempt: one table.

part of the attempt                    | fault                        | outcome
guard, skip_if, verify before; or the  | the host was not reached      | UNREACHABLE
command before any change              | it never begins, that is sure | NOT STARTED
                                       | anything else                | REFUSED
a change that may have begun, or the   | repeat: safe                 | FAILED
check after one                        | any other                    | UNKNOWN
a command that was not started after   | any                          | FAILED: what came before it is done
others of the same step were           |                              |
verify alone, or asking the host, to   | any                          | UNKNOWN: the doubt stays
settle doubt                           | it never begins, says host   | NOT STARTED
"""

import traceback

from runbook_engine.model.errors import Refused, TransportFault
from runbook_engine.model.events import Outcome
from runbook_engine.model.harmless import harmless
from runbook_engine.model.words import NOT_REACHED, Cause, Repeat, Status
from runbook_engine.workers.work import Part, Work

LONGEST_MESSAGE = 2000


def after_error(error: Exception, work: Work) -> Outcome:
    """The outcome of an attempt that an error has ended. An error of our own leaves its traceback in the task's log."""
    if isinstance(error, TransportFault):
        return after_fault(error, part=work.part, begun=work.begun, repeat=work.attempt.package.repeat)
    if isinstance(error, Refused):
        return _outcome(_status_of_refusal(work), told(error))
    work.log.note("".join(traceback.format_exception(error)).rstrip())
    status = Status.UNKNOWN if work.begun or work.part in _ASKING else Status.FAILED
    return _outcome(status, f"a mistake in the engine itself: {type(error).__name__}: {error}")


def after_fault(fault: TransportFault, *, part: Part, begun: bool, repeat: Repeat) -> Outcome:
    """The outcome by the table above."""
    return _outcome(_status(fault, part, begun, repeat), told(fault), fault.cause)


def in_doubt(repeat: Repeat) -> Status:
    """What is said of a change whose end nobody saw: a failure if it may simply be done again."""
    return Status.FAILED if repeat is Repeat.SAFE else Status.UNKNOWN


def told(error: TransportFault | Refused) -> str:
    """An error in the words that a person needs."""
    lines = [error.message if not error.why else f"{error.message.rstrip('.')}. {error.why}"]
    return "\n".join([*lines, *([f"next: {error.next_command}"] if error.next_command else [])])


def _status(fault: TransportFault, part: Part, begun: bool, repeat: Repeat) -> Status:  # noqa: FBT001 - a row of the table
    if part is Part.VERIFY:
        return Status.UNKNOWN
    if part is Part.SETTLE and not (fault.cause is Cause.NOT_BEGUN and not fault.started):
        return Status.UNKNOWN
    if not begun:
        if fault.cause is Cause.NOT_BEGUN:
            return Status.NOT_STARTED
        return Status.UNREACHABLE if fault.cause in NOT_REACHED else Status.REFUSED
    return in_doubt(repeat) if fault.started or part is Part.AFTER else Status.FAILED


def _status_of_refusal(work: Work) -> Status:
    if work.part in _ASKING:
        return Status.UNKNOWN
    return Status.FAILED if work.begun else Status.REFUSED


_ASKING = frozenset({Part.VERIFY, Part.SETTLE})  # of somebody else's doubt, which stays


def _outcome(status: Status, message: str, cause: Cause | None = None) -> Outcome:
    return Outcome(status=status, cause=cause, message=harmless(message)[:LONGEST_MESSAGE])
