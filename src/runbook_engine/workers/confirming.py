"""A change that its host undoes by itself, unless it is reached anew and told in time: for networks and firewalls.

Before the change the host is given the way back with a delay (`Link.arm`). After it a new connection must come about, for an
open one may outlive a rule that lets nobody in any more. Over that the way back is fenced, which is the confirmation: the
host remembers it, and of both only the first counts. Whatever goes wrong in between, a lost link, a dead engine, the host
goes back when the time is over, and says so when it is asked.
"""

from collections.abc import Callable
from dataclasses import replace

from runbook_engine.model.attempts import Found, Ticket
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.events import Outcome
from runbook_engine.model.words import Cause, Fate, Purpose, Status
from runbook_engine.workers.waiting import Deadline
from runbook_engine.workers.work import Work

EVERY_S = 1.0
UNDONE_WITHIN_S = 300.0  # how long a host may take for the way back, if that has no time limit


def confirmed(work: Work, act: Callable[[], Outcome]) -> Outcome:
    """Carry the change out, or find out what became of it, and confirm it when that is well. Raises TransportFault."""
    within_s, undo = work.attempt.package.confirm_s, _undo(work)
    if within_s is None or undo is None:
        return act()
    ticket = Ticket(id=f"{work.attempt.id}.undo", boot=work.attempt.boot)
    if work.attempt.purpose is not Purpose.SETTLE:
        _arm(work, undo, ticket, within_s)
    limit_s = within_s + (undo.timeout_s or UNDONE_WITHIN_S)
    deadline = Deadline(work=work, at=work.now() + limit_s)
    try:
        outcome = act()
    except TransportFault as fault:
        if fault.started:
            raise  # in doubt: the host undoes it, and is asked later
        _call_off(work, undo, ticket)
        raise
    if outcome.status is Status.OK:
        return _told(work, undo, ticket, deadline, outcome)
    work.log.note("it is not confirmed; the host undoes it by itself when its time is over")
    return _undone(_heard(work, undo, ticket, deadline, patient=True), outcome)


def _undo(work: Work) -> Shell | None:
    """The one command of the way back, filled for this host."""
    back = work.attempt.package.way_back
    match back.procedure.apply if back and back.procedure else ():
        case (Shell() as command,):
            return work.ready(replace(command, timeout_s=command.timeout_s or (back.timeout_s if back else None)))
        case _:
            return None


def _arm(work: Work, undo: Shell, ticket: Ticket, within_s: float) -> None:
    if not ticket.boot:
        message = "the host keeps no commands, so it cannot undo this by itself"
        why = "Without confirm_within the step could cut off its own link for good. Nothing was started."
        raise TransportFault(Cause.CONFIGURATION, message, started=False, why=why)
    try:
        work.link.arm(undo, ticket, within_s)
    except TransportFault as fault:
        if fault.started:
            _call_off(work, undo, ticket)
        raise TransportFault(
            fault.cause, f"the host did not promise to undo it: {fault.message}", started=False, why="The change was not begun."
        ) from fault
    work.log.note(f"the host undoes it by itself in {within_s:g} s, unless it is told otherwise")


def _call_off(work: Work, undo: Shell, ticket: Ticket) -> None:
    """Nothing was changed: the way back is not wanted. A host that cannot be reached goes it all the same."""
    try:
        work.link.settle(undo, ticket, work.log.output, UNDONE_WITHIN_S)
    except TransportFault as gone:
        work.log.note(f"the way back could not be called off, and the host may go it although nothing was done: {gone.message}")


def _told(work: Work, undo: Shell, ticket: Ticket, deadline: Deadline, outcome: Outcome) -> Outcome:
    """Over a new connection: it stays as it is."""
    found = _heard(work, undo, ticket, deadline, patient=False)
    if found.fate is Fate.NOT_BEGUN:
        work.log.note("reached over a new connection, and confirmed: it stays")
        return outcome
    return _undone(found, replace(outcome, status=Status.FAILED, saved={}, message="it was not confirmed in time"))


def _heard(work: Work, undo: Shell, ticket: Ticket, deadline: Deadline, *, patient: bool) -> Found:
    """What the host says of the way back, over a new connection. Raises TransportFault (started) when it does not say."""
    while True:
        try:
            if work.link.probe_ssh():
                return work.link.settle(undo, ticket, work.log.output, max(1.0, deadline.left_s), patient=patient)
            gone = TransportFault(Cause.LOST, "no new connection comes about", started=True)
        except TransportFault as fault:
            gone = fault
        if not deadline.rest(EVERY_S):
            message = f"nobody knows whether the host has undone it: {gone.message}"
            raise TransportFault(gone.cause, message, started=True) from gone


def _undone(found: Found, outcome: Outcome) -> Outcome:
    """What the host says of its way back belongs to the outcome; only a way back that has ended well is one."""
    code = found.answer.exit_code
    if found.fate is Fate.ENDED and code == 0:
        return _with(outcome, "the host has undone it by itself")
    if found.fate is Fate.ENDED:
        return _with(outcome, f"the host tried to undo it by itself, and that failed with exit code {code}")
    if found.fate is Fate.NOT_BEGUN:
        return _with(outcome, "it stays as it is: the host has not undone it, and will not")
    return _with(replace(outcome, status=Status.UNKNOWN), f"nobody knows whether the host has undone it: {found.fate}")


def _with(outcome: Outcome, words: str) -> Outcome:
    return replace(outcome, message=f"{outcome.message}; {words}".removeprefix("; "))
