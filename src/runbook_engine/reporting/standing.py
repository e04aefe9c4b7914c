"""Where a run, a phase or a task stands, in the words that every report uses."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from runbook_engine.model.plan import Package, Plan, PlannedPhase
from runbook_engine.model.run import PhaseState, Run, TaskState
from runbook_engine.model.words import RunId, RunStatus, StageKind, Status, TaskId
from runbook_engine.model.world import Blocker
from runbook_engine.reporting.event_text import outcome_words
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.naming import (
    answer_commands,
    in_hand,
    log_command,
    package_of,
    resolve_command,
    split_task,
    title_of,
    whom,
)
from runbook_engine.reporting.naming import command as shell_command
from runbook_engine.reporting.tally import task_counts, word_of
from runbook_engine.reporting.words import clock_time, count, day, duration, status_word

Blockers = Callable[[TaskId], Sequence[Blocker]]

OF_ENDS = ("needs", "time")  # kinds of what keeps an open task of a person from ending


def run_counts(run: Run) -> Counter[Status]:
    """How many tasks of the run stand where."""
    total: Counter[Status] = Counter()
    for state in run.phases.values():
        total += task_counts(state)
    return total


def is_over(run: Run) -> bool:
    """Whether nothing is done in a run any more."""
    return run.status in (RunStatus.DONE, RunStatus.STOPPED)


def result_word(run: Run) -> str:
    """One word for a run. DONE only when every task ended well; what nobody knows comes before what failed."""
    counts = run_counts(run)
    if counts[Status.ROLL_BACK_FAILED]:
        return "ROLL-BACK FAILED"
    if counts[Status.UNKNOWN] and not _all_checked(run):
        return "UNKNOWN"
    if run.back is not None and run.status is RunStatus.OPEN:
        return "ROLLING BACK"
    if any(phase.undone for phase in run.phases.values()):
        return "ROLLED BACK"
    if counts[Status.FAILED] or counts[Status.UNREACHABLE]:
        return "FAILED"
    if counts[Status.REFUSED] or counts[Status.CANCELLED]:
        return "REFUSED" if counts[Status.REFUSED] else "STOPPED"
    if run.status is RunStatus.DONE and not _unfinished(counts):
        return "DONE"
    if run.status in (RunStatus.PAUSED, RunStatus.STOPPED):
        return run.status.value.upper()
    return _open_word(counts)


def _unfinished(counts: Mapping[Status, int]) -> bool:
    return any(n for status, n in counts.items() if status not in (Status.OK, Status.SKIPPED))


def _open_word(counts: Mapping[Status, int]) -> str:
    if counts[Status.RUNNING]:
        return "RUNNING"
    if counts[Status.WAITING] or counts[Status.RETRYING]:
        return "WAITING"
    return "NOT FINISHED" if counts[Status.OK] or counts[Status.SKIPPED] else "NOT STARTED"


def _all_checked(run: Run) -> bool:
    """Whether all doubt is such that a probe is about to settle it."""
    doubts = [s for s in run.tasks.values() if s.status is Status.UNKNOWN]
    return bool(doubts) and all(s.settles_itself for s in doubts) and run.status is RunStatus.OPEN


WELL = (status_word(Status.OK), status_word(Status.SKIPPED))


def phase_word(state: PhaseState) -> str:
    """One word for a phase: the worst of its tasks; 'done' only when all of them ended well."""
    word = word_of(task_counts(state))
    return "done" if state.ended and word in WELL else word


def stage_words(phase: PlannedPhase, state: PhaseState, now: datetime, zone: tzinfo) -> str:
    """'batch 2 of 4: 4 hosts r12-u[02:05]', with the pause before it if that is not over; empty where it says nothing."""
    if state.stage is None or state.ended or state.stage >= len(phase.stages):
        return ""
    stage = phase.stages[state.stage]
    total = sum(1 for s in phase.stages if s.kind is StageKind.BATCH)
    if stage.kind is not StageKind.BATCH or total < 2:
        return ""
    until = state.next_stage_at
    pause = f", pause until {clock_time(until, zone)}" if until and until > now else ""
    return f"batch {stage.number} of {total}: {count(len(stage.hosts), 'host')} {fold_hosts(stage.hosts, most=4)}{pause}"


def elapsed_words(state: PhaseState, planned_s: float, now: datetime) -> str:
    """'11m of 25m' since the first start; only the plan's figure before that; empty when there is neither."""
    planned = duration(planned_s) if planned_s else ""
    if state.started is None or word_of(task_counts(state)) == status_word(Status.NOT_STARTED):
        return planned
    elapsed = duration(max(0.0, round(((state.ended or now) - state.started).total_seconds())))
    return f"{elapsed} of {planned}" if planned else elapsed


def task_words(state: TaskState, zone: tzinfo) -> str:
    """How a task stands and why: the host's own words, who did it, until when it waits."""
    if state.status is Status.WAITING:
        return f"waiting until {clock_time(state.until, zone)}" if state.until else "waiting for a person"
    if state.status is Status.RETRYING and state.outcome:
        again = f", next try at {clock_time(state.until, zone)}" if state.until else ""
        return f"retrying after {outcome_words(state.outcome)}{again}"
    if state.status is Status.ROLL_BACK_FAILED and state.outcome:
        return f"{status_word(state.status)}: {outcome_words(state.outcome)}"
    if state.outcome and state.outcome.status is state.status:
        return outcome_words(state.outcome)
    said = ", ".join(part for part in (state.choice, f"by {state.by}" if state.by else "") if part)
    reason = f": {state.reason}" if state.reason else ""
    return one_line(f"{status_word(state.status)}{' ' + said if said else ''}{reason}")


def waiting_words(plan: Plan, run: Run, tasks: Sequence[TaskId], zone: tzinfo) -> str:
    """What waits, for whom or until when. The tasks are of one package; the first speaks for all."""
    state, package, host = run.task(tasks[0]), in_hand(plan, run, tasks[0]), split_task(tasks[0])[1]
    title = title_of(package, host if len(tasks) == 1 else None) if package else state.prompt
    name = tasks[0] if len(tasks) == 1 else f"{split_task(tasks[0])[0]} on {_hosts(tasks)}"
    if state.until:
        return one_line(f"{name} waiting until {clock_time(state.until, zone)}: {title}")
    return one_line(f"{name} waiting for a person ({owner_words(state, package)}): {title}")


def waiting_commands(
    plan: Plan, run: Run, tasks: Sequence[TaskId], blockers: Blockers | None = None, zone: tzinfo = UTC
) -> list[str]:
    """What a person types for the first of the tasks, one command per choice; nothing where only time must pass.

    With `blockers` it is the first that may end now; if none may, from when on, or nothing if nobody knows that.
    """
    if run.task(tasks[0]).until or is_over(run):
        return []
    held = {task: ends_held(plan, run, task, blockers) for task in tasks} if blockers else {}
    timed = (task for task in tasks if all(b.until for b in held.get(task, ())))
    task = next((task for task in tasks if not held.get(task)), None) or next(timed, tasks[0])
    commands = answer_commands(run.id, task, in_hand(plan, run, task))
    return list(commands) if not held.get(task) else _held_commands(plan, run, task, commands, held[task], zone)


def ends_held(plan: Plan, run: Run, task: TaskId, blockers: Blockers) -> list[Blocker]:
    """What keeps an open task from ending now, because of what it follows."""
    package = package_of(plan, task)
    if package is None or run.task(task).back or not any(package.only_its_end(edge) for edge in package.needs):
        return []
    return [b for b in blockers(task) if b.kind in OF_ENDS]


def _held_commands(
    plan: Plan, run: Run, task: TaskId, commands: Sequence[str], held: Sequence[Blocker], zone: tzinfo
) -> list[str]:
    """The commands of a task that may not end yet, with the time from which they are taken; a choice that goes nowhere is."""
    package = in_hand(plan, run, task)
    question = package.procedure.question if package else None
    stays = [not choice.goes_on for choice in question.choices] if question and question.choices else [False] * len(commands)
    times = [datetime.fromisoformat(b.until) for b in held if b.until]
    at = max(times, default=None) if len(times) == len(held) else None
    since = f"from {day(at.astimezone(zone))} {clock_time(at, zone)} on: " if at else ""
    told = zip(commands, stays, strict=True)
    return [line if free else f"{since}{line}" for line, free in told if free or since]


def _hosts(tasks: Sequence[TaskId]) -> str:
    return f"{len(tasks):,} hosts {fold_hosts([host for host in (split_task(t)[1] for t in tasks) if host], most=6)}"


def owner_words(state: TaskState, package: Package | None) -> str:
    """Whose a task is: assigned, else as the plan says."""
    if state.assigned:
        return one_line(f"{state.assigned}, {'accepted' if state.accepted else 'not yet accepted'}")
    return whom(package) if package else "anyone"


def doubt_lines(run: Run, plan: Plan, task: TaskId) -> list[str]:
    """The question that only a person can answer, and how."""
    state, package = run.task(task), package_of(plan, task)
    why = outcome_words(state.outcome) if state.outcome else "UNKNOWN"
    title = f"{title_of(package, split_task(task)[1])}: " if package else ""
    question, commands = _question(run, task)
    return [one_line(f"{task}  {title}{why}"), f"  {question}", *_indented((*commands, log_command(run.id, task)))]


def _question(run: Run, task: TaskId) -> tuple[str, tuple[str, ...]]:
    """Who settles the doubt, and what a person types for that."""
    state = run.task(task)
    if state.ask_first:
        return "The host keeps what became of it; it is asked when the run goes on:", (
            shell_command("runbook", "resume", run.id),
        )
    if state.verify_first:
        return "A command is about to check it.", ()
    return f"Was it {'undone' if state.back else 'done'}? Look at the host, then say so:", (resolve_command(run.id, task),)


def retry_command(run: RunId, task: TaskId) -> str:
    """What a person types to have a task tried again that ended badly."""
    return shell_command("runbook", "resume", run, "--retry", task)


def _indented(commands: tuple[str, ...]) -> list[str]:
    return [f"    {line}" for line in commands]
