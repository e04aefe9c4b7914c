"""What became of errands that somebody else began: the management controller shows it, where it shows anything."""

from dataclasses import replace

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Redfish
from runbook_engine.model.errors import Declined, TransportFault
from runbook_engine.model.words import Cause, Duty
from runbook_engine.workers.errands import NOT_KNOWN, RESTARTS, Errand, errand, installed, so
from runbook_engine.workers.work import Work

LOOK_S = 5.0  # how long a state is looked for that may still come; what is asked for again does no harm
NOT_SO = "the management controller shows that it is not so: it may be asked for again"


def settled_by_controller(work: Work) -> Answer:
    """Exit code 0: all of it is so. Raises TransportFault: it is not so and may be asked for, or nobody can say.

    A boot device that is gone while the host is on may have been used by that very start, so that is doubt too.
    """
    commands = [work.ready(command) for command in work.attempt.package.procedure.apply if isinstance(command, Redfish)]
    found = [(command.duty, _shown(work, command)) for command in commands]
    work.host_asked = True
    if all(is_so for _, is_so in found):
        work.begun = True
        return Answer(exit_code=0)
    if (Duty.BOOT, False) in found and (Duty.POWER, True) in found:
        raise _unclear("it is on, and starts from where it always does: perhaps it has just started as was asked")
    raise TransportFault(Cause.NOT_BEGUN, NOT_SO, started=False)


def _shown(work: Work, command: Redfish) -> bool:
    """Whether one of them is so by now, or soon: a system that ends, and firmware, get all their time."""
    slow = command.value == "graceful-off" or command.duty is Duty.UPDATE
    it = errand(work, command if slow else replace(command, within_s=min(command.within_s, LOOK_S)))
    if command.only_reads:
        return False
    if command.value in RESTARTS or (command.duty is Duty.UPDATE and command.version is None):
        raise _unclear("it leaves nothing behind that a management controller could show")
    try:
        done, words = it.until(lambda: _seen(it))
    except Declined as no:
        raise _unclear(no.message) from no
    work.log.note(f"the management controller says: {words}")
    if command.duty is Duty.UPDATE and not done:
        raise _unclear(f"{words}, and nobody can say whether it will be another")
    return done


def _seen(it: Errand) -> tuple[bool, str]:
    return installed(it) if it.command.duty is Duty.UPDATE else so(it)


def _unclear(message: str) -> TransportFault:
    return TransportFault(Cause.STOPPED, message, started=True, why=NOT_KNOWN)
