"""Restart a host and know that it was restarted: another boot id, then SSH and the health command, all within a limit."""

from collections.abc import Callable

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Reboot, Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Cause, Fate
from runbook_engine.workers.doubt import asked_until
from runbook_engine.workers.waiting import Deadline
from runbook_engine.workers.work import Work

EVERY_S = 2.0
_SIGNALS = 128  # exit codes above: the command was ended by a signal, as a host that goes down does


def rebooted(work: Work, reboot: Reboot) -> Answer:
    """Carry out a restart. Exit code 0: it is back and healthy; 1: it certainly is not, and `detail` says why.

    Raises TransportFault: started when nobody can tell, not started when it could not be proved.
    """
    health = None if reboot.health is None else Shell(script=reboot.health, become=reboot.become)
    return around(work, lambda: _ordered(work, reboot), reboot.within_s, health)


def _ordered(work: Work, reboot: Reboot) -> Answer:
    command = Shell(script=reboot.command, become=reboot.become)
    return work.change(command, work.ticket(command))


def settled(work: Work, reboot: Reboot) -> Answer:
    """What became of a restart that somebody else began: a new boot id proves it. Raises TransportFault."""
    deadline = Deadline(work=work, at=work.now() + reboot.within_s)
    command = Shell(script=reboot.command, become=reboot.become)
    ticket = work.ticket(command)
    if ticket is None:
        raise TransportFault(Cause.STOPPED, "nobody knows from which start the host was to be restarted", started=True)
    seen = _look(work, ticket.boot)
    if not seen.restarted:
        found = asked_until(work, work.ready(command), ticket, deadline)
        if found.fate is Fate.NOT_BEGUN:
            message = "the restart had not begun, and the host has promised that it never will"
            raise TransportFault(Cause.NOT_BEGUN, message, started=False)
        work.begun = True
    return _back(work, reboot, ticket.boot, deadline)


def _back(work: Work, reboot: Reboot, before: str, deadline: Deadline) -> Answer:
    seen = _until_back(work, before, deadline)
    if seen.fault is not None:
        raise TransportFault(seen.fault.cause, f"not back after the restart: {seen.fault}", started=True)
    if not seen.restarted:
        return Answer(exit_code=1, detail="did not restart: it still has the same boot id")
    health = None if reboot.health is None else Shell(script=reboot.health, become=reboot.become)
    return _until_healthy(work, health, deadline) if health else Answer(exit_code=0)


def around(work: Work, act: Callable[[], Answer], within_s: float, health: Shell | None = None) -> Answer:
    """The same around whatever restarts the host."""
    deadline = Deadline(work=work, at=work.now() + within_s)
    before = work.attempt.boot or work.link.boot_id()
    answer = _sent(work, act)
    if answer.exit_code is not None and 0 < answer.exit_code <= _SIGNALS:
        return answer
    seen = _until_back(work, before, deadline)
    if seen.fault is not None:
        raise TransportFault(seen.fault.cause, f"not back {within_s:g} s after the restart: {seen.fault}", started=True)
    if not seen.restarted:
        return Answer(exit_code=1, detail=f"did not restart within {within_s:g} s: it still has the same boot id")
    return _until_healthy(work, health, deadline) if health else answer_of(answer)


def answer_of(answer: Answer) -> Answer:
    """What the command said before the host went down; a lost end is what was wanted."""
    return Answer(exit_code=0, stdout=answer.stdout, stderr=answer.stderr, output_bytes=answer.output_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the last look at the host showed."""

    restarted: bool = False
    fault: TransportFault | None = None


def _sent(work: Work, act: Callable[[], Answer]) -> Answer:
    """Send the command; that the link drops is what is expected."""
    try:
        return act()
    except TransportFault as fault:
        if not fault.started:
            raise
        work.log.note(f"the link went, as expected: {fault.message}")
        return Answer()


def _until_back(work: Work, before: str, deadline: Deadline) -> _Seen:
    work.log.note(f"waiting for another boot id than {before}")
    seen = _look(work, before)
    while not seen.restarted and deadline.rest(EVERY_S):
        seen = _look(work, before)
    return seen


def _look(work: Work, before: str) -> _Seen:
    try:
        return _Seen(restarted=work.link.boot_id() != before)
    except TransportFault as fault:
        return _Seen(fault=fault)


def _until_healthy(work: Work, health: Shell, deadline: Deadline) -> Answer:
    while True:
        try:
            answer = work.ask(deadline.limited(health))
            last = f"exit code {answer.exit_code}"
        except TransportFault as fault:
            answer, last = Answer(), fault.message
        if answer.exit_code == 0:
            return Answer(exit_code=0)
        if not deadline.rest(EVERY_S):
            return Answer(exit_code=1, stderr=answer.stderr, detail=f"restarted, but its health command says no: {last}")
