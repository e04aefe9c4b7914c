"""Files on their way: a link that is lost meanwhile is opened anew, and what has arrived is gone on with."""

from dataclasses import replace

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Download, Upload
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import NOT_REACHED, Fate
from runbook_engine.workers.waiting import Deadline
from runbook_engine.workers.work import Work

GONE_ON_WITHIN_S = 300.0  # how long after a loss, if the step has no time limit
EVERY_S = 2.0
LOSSES = 20  # a link that is lost so often never carries the file
COMPARED_WITHIN_S = 60.0  # the host computes a checksum for the answer


def transferred(work: Work, command: Upload | Download) -> Answer:
    """Carry out a transfer, again and again while its link is lost and its time is not over. Raises TransportFault.

    It may be done again without being asked for: a part that is there counts only if its checksum is right, and a file that
    is there already is left alone. When time is over, the host says whether an upload is done.
    """
    limit_s = command.timeout_s or work.attempt.package.timeout_s
    deadline = None if limit_s is None else Deadline(work=work, at=work.now() + limit_s)
    try:
        return _once(work, command)
    except TransportFault as fault:
        if not fault.started:
            raise
        lost = fault
    losses, until = 1, deadline or _in_a_while(work)
    while losses < LOSSES and until.rest(EVERY_S):
        work.log.note(f"{lost.message}; what has arrived is gone on with")
        try:
            return _once(work, command if deadline is None else replace(command, timeout_s=max(1.0, deadline.left_s)))
        except TransportFault as again:
            if again.started:
                losses, lost, until = losses + 1, again, deadline or _in_a_while(work)
            elif again.cause not in NOT_REACHED:
                raise _still(lost, again) from again
    return _over(work, command, lost)


def compared(work: Work, command: Upload, limit_s: float = COMPARED_WITHIN_S) -> Fate:
    """Whether the file is there as it was to be (ENDED), or not and no earlier try can do it (NOT_BEGUN).

    Raises TransportFault (started) when the host does not say within the time limit.
    """
    deadline = Deadline(work=work, at=work.now() + limit_s)
    while True:
        try:
            fate = work.link.compare(command, work.log.output, max(COMPARED_WITHIN_S, deadline.left_s)).fate
        except TransportFault as gone:
            if not deadline.rest(EVERY_S):
                message = f"the host did not say whether the file is there: {gone.message}"
                raise TransportFault(gone.cause, message, started=True) from gone
            continue
        work.host_asked = True
        work.log.note("the host says: the file is there" if fate is Fate.ENDED else "the host says: the file is not there")
        return fate


def _once(work: Work, command: Upload | Download) -> Answer:
    return work.change(command) if isinstance(command, Upload) else work.ask(command)


def _in_a_while(work: Work) -> Deadline:
    return Deadline(work=work, at=work.now() + GONE_ON_WITHIN_S)


def _still(lost: TransportFault, fault: TransportFault) -> TransportFault:
    """Why a transfer that had begun cannot go on: the doubt of the loss stays."""
    return TransportFault(fault.cause, fault.message, started=lost.started, why=fault.why, next_command=fault.next_command)


def _over(work: Work, command: Upload | Download, lost: TransportFault) -> Answer:
    """Time is over: what the host says of an upload; nothing is left open by a download."""
    if isinstance(command, Download):
        raise lost
    if compared(work, work.ready(command), EVERY_S) is Fate.ENDED:
        return Answer(exit_code=0, detail="it had arrived")
    return Answer(exit_code=1, detail=f"it did not arrive: {lost.message}; a later try goes on with what is there")
