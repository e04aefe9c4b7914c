"""Carry out a procedure over a link: guard, skip_if, verify, apply, verify again. Start reading at `carry_out`."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from runbook_engine.model.attempts import Answer, Attempt
from runbook_engine.model.commands import AskPerson, Command, Download, Http, Pause, Reboot, Redfish, Upload, Wait
from runbook_engine.model.errors import Refused, TransportFault
from runbook_engine.model.events import Outcome
from runbook_engine.model.harmless import harmless, readable
from runbook_engine.model.words import CONTROLLER, Cause, Purpose, Status
from runbook_engine.workers import restart
from runbook_engine.workers.confirming import confirmed
from runbook_engine.workers.doubt import changed, restarts, settled
from runbook_engine.workers.errands import ran
from runbook_engine.workers.faults import LONGEST_MESSAGE, after_error, in_doubt
from runbook_engine.workers.logs import Log, incomplete
from runbook_engine.workers.settling import settled_by_controller
from runbook_engine.workers.transfers import transferred
from runbook_engine.workers.waiting import Deadline, waited
from runbook_engine.workers.work import Link, Part, Work

__all__ = ["Link", "carry_out"]

LONGEST_SAVED = 64 * 1024  # bytes that one step may save, stdout and stderr together
BACK_WITHIN_S = 300.0  # how long a link that was expected to drop may be gone, if the step has no time limit
RESTARTED_WITHIN_S = 900.0  # the same for a host that a step restarts
EVERY_S = 2.0
_QUESTIONS = frozenset({"GET", "HEAD", "OPTIONS"})


def carry_out(
    attempt: Attempt, link: Link, log: Log, now: Callable[[], float], sleep: Callable[[float], None] = time.sleep
) -> Outcome:
    """Do what the attempt is for. Never raises: whatever goes wrong is an outcome. `now` counts seconds."""
    part = _PARTS.get(attempt.purpose, Part.GUARD)
    work = Work(attempt=attempt, link=link, log=log, now=now, sleep=sleep, part=part)
    began = now()
    try:
        log.begin()
        outcome = _WAYS.get(attempt.purpose, _done)(work)
    except Exception as error:  # noqa: BLE001 - an outcome must never be lost, whatever the reason
        outcome = after_error(error, work)
    outcome = replace(outcome, duration_s=max(0.0, now() - began), output_bytes=work.output_bytes, host_asked=work.host_asked)
    log.end(outcome)
    outcome = replace(outcome, log=log.digest)
    if log.missing and outcome.cause is not Cause.LOCAL:
        outcome = replace(outcome, message=incomplete(outcome.message, log.missing))
    return outcome


def _verified(work: Work) -> Outcome:
    """Settle doubt without changing anything: 0 is done, 1 is not done, and nothing else is an answer."""
    if not work.attempt.package.procedure.verify:
        return Outcome(status=Status.UNKNOWN, message="there is no verify to settle it")
    answer = _check(work)
    if answer.exit_code == 0:
        return Outcome(status=Status.OK, exit_code=0, message="verify says done")
    if answer.exit_code == 1:
        return Outcome(status=Status.FAILED, exit_code=1, message="not done")
    return Outcome(status=Status.UNKNOWN, exit_code=answer.exit_code, message=_because("verify cannot tell", answer))


def _greeted(work: Work) -> Outcome:
    """Connect to the host. That is all; what should be known of it is the message."""
    return Outcome(status=Status.OK, message=work.link.greet().remark)


def _settled(work: Work) -> Outcome:
    """Ask the host what became of an attempt that somebody else began, and go on as if it had been heard."""
    return confirmed(work, lambda: _found(work))


def _found(work: Work) -> Outcome:
    reboot = restarts(work)
    try:
        if work.attempt.boot == CONTROLLER:
            answer = settled_by_controller(work)
        else:
            answer = settled(work) if reboot is None else restart.settled(work, reboot)
    except TransportFault as fault:
        if not (fault.started and work.attempt.package.reboots and work.link.boot_id() != work.attempt.boot):
            raise
        answer = Answer(exit_code=0)  # it restarts the host, and the host was restarted
    return _failed(work, answer) if answer.exit_code != 0 else _done_after(work, answer)


def _done(work: Work) -> Outcome:
    return _stopped_by_guard(work) or _skipped(work) or _done_before(work) or confirmed(work, lambda: _applied(work))


def _stopped_by_guard(work: Work) -> Outcome | None:
    for command in work.attempt.package.procedure.guard:
        answer = work.ask(command)
        if answer.exit_code != 0:
            return _ended(Status.REFUSED, "guard says no", answer)
    return None


def _skipped(work: Work) -> Outcome | None:
    work.part = Part.SKIP_IF
    for command in work.attempt.package.procedure.skip_if:
        answer = work.ask(command)
        if answer.exit_code == 0:
            return Outcome(status=Status.SKIPPED, exit_code=0, message="skip_if says there is nothing to do")
        if answer.exit_code is None:
            return _ended(Status.FAILED, "skip_if gave no answer, and nothing was started", answer)
    return None


def _done_before(work: Work) -> Outcome | None:
    work.part = Part.BEFORE
    if not work.attempt.package.procedure.verify:
        return None
    answer = _check(work)
    if answer.exit_code == 0:
        return Outcome(status=Status.SKIPPED, exit_code=0, message="verify says it is already done")
    if answer.exit_code == 1:
        return None
    return _ended(Status.FAILED, "verify cannot tell whether it is done, and nothing was started", answer)


def _check(work: Work) -> Answer:
    """The answer of verify: the first that is not 0, or 0."""
    answer = Answer(exit_code=0)
    for command in work.attempt.package.procedure.verify:
        answer = work.ask(command)
        if answer.exit_code != 0:
            break
    return answer


def _applied(work: Work) -> Outcome:
    work.part = Part.APPLY
    package = work.attempt.package
    commands = package.procedure.apply
    try:
        if package.reboots and not any(isinstance(c, Reboot) for c in commands):
            answer = restart.around(work, lambda: _all(work, commands), package.timeout_s or RESTARTED_WITHIN_S)
        else:
            answer = _all(work, commands)
    except TransportFault as fault:
        if not (package.drops_link and fault.started and fault.cause in (Cause.LOST, Cause.TIMED_OUT)):
            raise
        return _after_loss(work, fault)
    if answer.exit_code is None and package.drops_link:
        return _after_loss(work, TransportFault(Cause.LOST, "no exit status came", started=True))
    return _failed(work, answer) if answer.exit_code != 0 else _done_after(work, answer)


def _all(work: Work, commands: Iterable[Command]) -> Answer:
    """Carry the commands out in their order, up to the first that fails; the answer is that of the last."""
    answer = Answer(exit_code=0)
    for command in commands:
        answer = _one(work, command)
        if answer.exit_code != 0:
            break
    return answer


def _one(work: Work, command: Command) -> Answer:
    if isinstance(command, Wait):
        return waited(work, command)
    if isinstance(command, Reboot):
        return restart.rebooted(work, command)
    if isinstance(command, Redfish):
        return ran(work, command)
    if isinstance(command, AskPerson | Pause):
        raise Refused("this is for a person or a clock, and came to a worker", why="Nothing of it was done.")
    if isinstance(command, Upload | Download):
        return transferred(work, command)
    if isinstance(command, Http) and command.method in _QUESTIONS:
        return work.ask(command)
    return changed(work, command)


def _failed(work: Work, answer: Answer) -> Outcome:
    """A known answer is a failure; none at all (a lost end) is doubt once something has begun."""
    if answer.exit_code is not None:
        failed = _ended(Status.FAILED, "", answer)
        return failed if failed.message else replace(failed, message=f"exit code {answer.exit_code}, and not a word")
    status = in_doubt(work.attempt.package.repeat) if work.begun else Status.FAILED
    return _ended(status, "the command ended without an exit status", answer)


def _done_after(work: Work, answer: Answer) -> Outcome:
    work.part = Part.AFTER
    check = _check(work)
    if check.exit_code != 0:
        return _unproved(work, check)
    return _kept(work, answer)


def _unproved(work: Work, check: Answer) -> Outcome:
    if check.exit_code is None:
        return _ended(in_doubt(work.attempt.package.repeat), "verify gave no answer afterwards", check)
    return _ended(Status.FAILED, "it ran, but verify says not done", check)


def _after_loss(work: Work, fault: TransportFault) -> Outcome:
    """The link went, as the step said it would: verify decides once the host answers again."""
    work.part = Part.AFTER
    package = work.attempt.package
    if not package.procedure.verify:
        raise fault
    work.log.note(f"the link went, as expected: {fault.message}")
    deadline = Deadline(work=work, at=work.now() + (package.timeout_s or BACK_WITHIN_S))
    while True:
        try:
            check = _check(work)
            return Outcome(status=Status.OK, exit_code=0) if check.exit_code == 0 else _unproved(work, check)
        except TransportFault as gone:
            if not deadline.rest(EVERY_S):
                raise gone from fault


def _kept(work: Work, answer: Answer) -> Outcome:
    """Success, with what `save_as` keeps."""
    if not work.attempt.package.save_as:
        return Outcome(status=Status.OK, exit_code=answer.exit_code)
    size = len(answer.stdout) + len(answer.stderr)
    if answer.truncated or size > LONGEST_SAVED:
        message = f"it ran, but its output is too much to save: more than {LONGEST_SAVED // 1024} KiB"
        return Outcome(status=Status.FAILED, exit_code=answer.exit_code, message=message)
    saved = {
        "stdout": answer.stdout.decode("utf-8", "replace"),
        "stderr": answer.stderr.decode("utf-8", "replace"),
        "exit_code": str(answer.exit_code),
    }
    return Outcome(status=Status.OK, exit_code=answer.exit_code, saved=saved)


def _ended(status: Status, what: str, answer: Answer) -> Outcome:
    return Outcome(status=status, exit_code=answer.exit_code, message=_because(what, answer))


def _because(what: str, answer: Answer) -> str:
    """What happened, and the host's own words about it."""
    said = harmless(answer.detail) or _last_lines(answer.stderr) or _last_lines(answer.stdout)
    return ": ".join(part for part in (what, said) if part)[:LONGEST_MESSAGE]


def _last_lines(output: bytes) -> str:
    """The end of an output as harmless text, in whole lines where there are several."""
    text = readable(output[-2 * LONGEST_MESSAGE :]).strip()
    room = LONGEST_MESSAGE - 100
    if len(text) <= room:
        return text
    text = text[-room:]
    return text.partition("\n")[2] or text


_WAYS = {Purpose.VERIFY: _verified, Purpose.SETTLE: _settled, Purpose.GREET: _greeted}
_PARTS = {Purpose.VERIFY: Part.VERIFY, Purpose.SETTLE: Part.SETTLE}
