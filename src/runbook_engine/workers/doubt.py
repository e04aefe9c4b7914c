"""Doubt about a command that changes something: the host kept it, so the host is asked, as long as the deadline allows."""

from runbook_engine.model.attempts import Answer, Found, Ticket
from runbook_engine.model.commands import Command, Reboot, Shell, Upload
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.words import Cause, Fate
from runbook_engine.workers.transfers import compared
from runbook_engine.workers.waiting import Deadline
from runbook_engine.workers.work import Work

ASKED_FOR_S = 300.0  # how long a host is asked, if the step has no time limit
EVERY_S = 2.0
WORDS = {
    Fate.TIMED_OUT: "the host has ended it, because its time was over",
    Fate.LOST: "the host does not know how it ended: something killed it there",
    Fate.RESTARTED: "the host was restarted meanwhile",
}


def changed(work: Work, command: Command) -> Answer:
    """Carry out what changes something. When its end was not heard, the host is asked. Raises TransportFault."""
    ticket = work.ticket(command)
    earlier = work.begun
    try:
        return work.change(command, ticket)
    except TransportFault as fault:
        if ticket is None or not fault.started or not isinstance(command, Shell):
            raise
        work.log.note(f"its end was not heard ({fault.message}); the host is asked")
        return _told(work, command, ticket, earlier=earlier, lost=fault)


def settled(work: Work) -> Answer:
    """What became of an attempt that somebody else began: the answer of its last command. Raises TransportFault.

    Commands follow each other, each only if the one before ended with 0; so the first that did not tells the rest.
    """
    answer, before = Answer(exit_code=0), False
    for command in work.attempt.package.procedure.apply:
        asked = work.ready(command)
        if isinstance(asked, Upload):
            answer, before = _placed(work, asked, earlier=before), True
            continue
        ticket = work.ticket(asked)
        if ticket is None or not isinstance(asked, Shell):
            raise _unclear(f"it holds more than commands of its host ({type(command).__name__.lower()}), which nobody keeps")
        answer = _told(work, asked, ticket, earlier=before)
        before = True
        if answer.exit_code != 0:
            break
    return answer


def restarts(work: Work) -> Reboot | None:
    """The restart, when that is all that the attempt does."""
    match work.attempt.package.procedure.apply:
        case (Reboot() as reboot,):
            return reboot
        case _:
            return None


def asked_until(work: Work, command: Shell, ticket: Ticket, deadline: Deadline) -> Found:
    """Ask the host until it says. Raises TransportFault (started) when it does not in time."""
    while True:
        try:
            return work.link.settle(command, ticket, work.log.output, max(1.0, deadline.left_s))
        except TransportFault as gone:
            if gone.cause is Cause.SECRET:  # without it, it is not known what must be hidden in the output
                raise
            if not deadline.rest(EVERY_S):
                message = f"the host did not say what became of it: {gone.message}"
                raise TransportFault(gone.cause, message, started=True, why=_NOT_KNOWN) from gone


def _told(work: Work, command: Shell, ticket: Ticket, *, earlier: bool, lost: TransportFault | None = None) -> Answer:
    limit_s = command.timeout_s or work.attempt.package.timeout_s or ASKED_FOR_S
    found = asked_until(work, work.ready(command), ticket, Deadline(work=work, at=work.now() + limit_s))
    work.output_bytes += found.answer.output_bytes
    work.log.note(f"the host says: {found.fate}")
    work.host_asked = True
    if found.fate is Fate.ENDED:
        work.begun = True
        return found.answer
    if found.fate is Fate.NOT_BEGUN and not earlier:
        work.begun = False
        raise TransportFault(Cause.NOT_BEGUN, "it had not begun, and the host has promised that it never will", started=False)
    if found.fate is Fate.NOT_BEGUN:
        raise _unclear("a part of it was done, the rest has not begun and never will")
    raise _unclear(WORDS[found.fate], lost.cause if lost else Cause.LOST)


def _placed(work: Work, upload: Upload, *, earlier: bool) -> Answer:
    """What became of an upload: the file itself tells. Not there, it may be started anew, if nothing else was done."""
    fate = compared(work, upload, upload.timeout_s or work.attempt.package.timeout_s or ASKED_FOR_S)
    if fate is Fate.ENDED:
        work.begun = True
        return Answer(exit_code=0)
    if earlier:
        raise _unclear("a part of it was done, and a file that was to follow is not there")
    raise TransportFault(Cause.NOT_BEGUN, "the file is not there, and no earlier try can still put it there", started=False)


def _unclear(message: str, cause: Cause = Cause.LOST) -> TransportFault:
    return TransportFault(cause, message, started=True, why=_NOT_KNOWN)


_NOT_KNOWN = "Whether the command has done its work is not known."
