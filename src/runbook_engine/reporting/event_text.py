"""Every fact of the journal in plain words, one line each."""

from datetime import UTC, tzinfo

from runbook_engine.model import events as ev
from runbook_engine.model import turns
from runbook_engine.model.gates import (
    BackInService,
    LateAgreed,
    PartsTaken,
    PhaseCleared,
    PhaseHeld,
    ResourcesReleased,
    ResourcesTaken,
    StartAgreed,
    StartMissed,
)
from runbook_engine.model.words import Purpose, Status
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.gate_text import gate_words
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.words import clock_time, count, day, duration, status_word

_PURPOSES = {Purpose.VERIFY: " to check whether it is done", Purpose.ROLL_BACK: " its way back"}
MESSAGE_LONGEST = 400


def event_line(event: ev.Event, zone: tzinfo = UTC) -> str:
    """'Tue 1 Dec 2026 22:03:11  firmware/flash@r12-u05 FAILED exit 1: image not valid'."""
    return f"{day(event.at.astimezone(zone))} {clock_time(event.at, zone)}  {event_words(event, zone)}"


def outcome_words(outcome: ev.Outcome) -> str:
    """'ok 8m 2s', 'FAILED exit 1: image not valid', 'UNREACHABLE connection refused'."""
    words = [status_word(outcome.status)]
    if outcome.status is Status.OK:
        words += [duration(outcome.duration_s)] if outcome.duration_s else []
    elif outcome.exit_code is not None and outcome.status is not Status.SKIPPED:
        words.append(f"exit {outcome.exit_code}")
    if outcome.cause:
        words.append(outcome.cause.value)
    said, _, command = outcome.message.partition("\nnext: ")
    message = one_line(said, MESSAGE_LONGEST) + (f" Next: {one_line(command, MESSAGE_LONGEST)}" if command else "")
    return " ".join(words) + (f": {message}" if message and outcome.status is not Status.OK else "")


def event_words(event: ev.Event, zone: tzinfo = UTC) -> str:
    """What happened, without the time. Harmless whatever people or hosts wrote."""
    match event:
        case ev.AttemptStarted() | ev.AttemptEnded() | ev.AttemptResolved():
            words = _attempt_words(event, zone)
        case ev.RunCreated() | ev.ControllerTookOver() | ev.HostsTaken() | ev.HostsReleased():
            words = _begin_words(event)
        case ev.RunPaused() | ev.RunResumed() | ev.RunStopped() | ev.PlanAmended() | ev.RunEnded():
            words = _course_words(event)
        case turns.FailuresAccepted() | turns.HostLeftOut() | turns.RollBackBegan() | turns.PhasesReopened():
            words = _turn_words(event)
        case ev.DecisionRefused() | ev.NoteAdded():
            words = _said_words(event)
        case ev.TaskAssigned() | ev.TaskAccepted() | ev.TaskDeclined() | ev.TaskReopened():
            words = f"{event.task} {_owner_words(event)}"
        case PhaseCleared() | PhaseHeld() | StartMissed() | StartAgreed() | LateAgreed():
            words = gate_words(event, zone)
        case ResourcesTaken() | ResourcesReleased() | PartsTaken() | BackInService():
            words = gate_words(event, zone)
        case _:
            words = f"{event.task} {_task_words(event, zone)}"
    return one_line(words, 3 * MESSAGE_LONGEST)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _begin_words(event: ev.RunCreated | ev.ControllerTookOver | ev.HostsTaken | ev.HostsReleased) -> str:
    match event:
        case ev.RunCreated():
            demo = ", a demonstration" if event.demo else ""
            return f"run {event.run} created by {event.by}{demo}: {event.title} (plan {event.digest[:12]})"
        case ev.ControllerTookOver():
            again = "drives the run" if event.epoch == 1 else f"drives the run from here on, take-over {event.epoch}"
            return f"{event.by} on {event.machine} (process {event.pid}) {again}"
        case ev.HostsTaken():
            out = ", out of service" if event.out else ""
            return f"{count(len(event.hosts), 'host')} taken for this run{out}: {fold_hosts(event.hosts, most=10)}"
        case ev.HostsReleased():
            return f"{count(len(event.hosts), 'host')} released: {fold_hosts(event.hosts, most=10)}"


def _course_words(event: ev.RunPaused | ev.RunResumed | ev.RunStopped | ev.PlanAmended | ev.RunEnded) -> str:
    match event:
        case ev.RunPaused():
            return f"run PAUSED by {event.by}{_because(event.reason)}; nothing new starts"
        case ev.RunResumed():
            return f"run resumed by {event.by}"
        case ev.RunStopped():
            return f"run STOPPED by {event.by}{_because(event.reason)}; what had not started does not start"
        case ev.PlanAmended():
            carried = count(len(event.carried), "finished task")
            return f"plan changed to {event.digest[:12]} by {event.by}{_because(event.reason)}; {carried} carried over"
        case ev.RunEnded():
            return "run DONE: every phase has ended"


def _turn_words(event: turns.FailuresAccepted | turns.HostLeftOut | turns.RollBackBegan | turns.PhasesReopened) -> str:
    said = f"says {event.by}{_because(event.reason)}"
    match event:
        case turns.FailuresAccepted():
            return f"phase {event.phase} goes on without {', '.join(event.who)}, {said}"
        case turns.HostLeftOut():
            return f"{event.host} is left out, {said}"
        case turns.RollBackBegan():
            where = f" on {fold_hosts(event.hosts, most=10)}" if event.hosts else ""
            return f"ROLLING BACK {', '.join(event.phases)}{where}: {count(len(event.tasks), 'task')}, {said}"
        case turns.PhasesReopened():
            return f"{', '.join(event.phases)} to be done again, {said}"


def _said_words(event: ev.DecisionRefused | ev.NoteAdded) -> str:
    if isinstance(event, ev.NoteAdded):
        return f"note by {event.by}{f' on {event.task}' if event.task else ''}: {event.text}"
    return f"decision {event.decision} of {event.by} was refused{_because(event.reason)}"


def _attempt_words(event: ev.AttemptStarted | ev.AttemptEnded | ev.AttemptResolved, zone: tzinfo) -> str:
    match event:
        case ev.AttemptStarted():
            why = _PURPOSES.get(event.purpose, "")
            return f"{event.task} started{why} (attempt {event.attempt})"
        case ev.AttemptEnded():
            again = f"; next try at {clock_time(event.retry_at, zone)}" if event.retry_at else ""
            return f"{event.task} {outcome_words(event.outcome)}{again}"
        case ev.AttemptResolved():
            return f"{event.task} {event.verdict}, says {event.by}{_because(event.reason)}"


def _task_words(
    event: ev.TaskOpened | ev.TaskAnswered | ev.TaskProgressed | ev.TimerEnded | ev.TaskSkipped, zone: tzinfo
) -> str:
    match event:
        case ev.TaskOpened():
            what = f"until {clock_time(event.until, zone)}" if event.until else f"for a person{_because(event.prompt)}"
            return f"waiting {what}"
        case ev.TaskAnswered():
            return _answer_words(event)
        case ev.TaskProgressed():
            begun = f", begun at {clock_time(event.started, zone)}" if event.started else ""
            return f"{event.percent}% done{begun}, says {event.by}{_because(event.note)}"
        case ev.TimerEnded():
            return "the time has come"
        case ev.TaskSkipped():
            return f"skipped{_because(event.reason)}"


def _answer_words(event: ev.TaskAnswered) -> str:
    what = f"answered {event.choice}" if event.choice else "done" if event.goes_on else "not done"
    by = f"by {event.by}{' (automatically)' if event.automatic else ''}"
    evidence = f" (evidence: {', '.join(f'{k}={v}' for k, v in event.evidence.items())})" if event.evidence else ""
    stays = "" if event.goes_on else "; the run does not go past it"
    return f"{what} {by}{_because(event.reason)}{evidence}{stays}"


def _owner_words(event: ev.TaskAssigned | ev.TaskAccepted | ev.TaskDeclined | ev.TaskReopened) -> str:
    match event:
        case ev.TaskAssigned():
            return f"assigned to {event.to} by {event.by}"
        case ev.TaskAccepted():
            return f"accepted by {event.by}"
        case ev.TaskDeclined():
            return f"declined by {event.by}{_because(event.reason)}"
        case ev.TaskReopened():
            return f"to be tried again, says {event.by}{_because(event.reason)}"
