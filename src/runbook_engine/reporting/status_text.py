"""Where a run stands now, why things do not go on, which runs there are, and what a log says."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

from rich.cells import cell_len, set_cell_size

from runbook_engine.model.forecast import Forecast
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.run import Run, TaskState
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import SETTLED_WELL, RunId, RunStatus, Status, TaskId
from runbook_engine.model.world import Blocker, Limit
from runbook_engine.reporting.forecast_text import forecast_lines
from runbook_engine.reporting.harmless import harmless, one_line, shortened
from runbook_engine.reporting.limit_text import limit_lines
from runbook_engine.reporting.naming import by_person, command, package_of, split_task, title_of
from runbook_engine.reporting.standing import Blockers, ends_held, owner_words, result_word, run_counts, stage_words, task_words
from runbook_engine.reporting.summary import attention_blocks, next_lines, phase_lines
from runbook_engine.reporting.tally import Tally, settled_well
from runbook_engine.reporting.words import count, duration, moment, short_digest, span, status_word

SHOWN = 20
LOG_LINES = 12  # of a log that are shown to whoever settles a doubt
REASONS_SHOWN = 8
NOTES_SHOWN = 3
TITLE_COLUMN = 40


def status_text(
    plan: Plan,
    run: Run,
    blockers: Blockers,
    now: datetime,
    *,
    zone: tzinfo = UTC,
    parallel: int | None = None,
    forecast: Forecast | None = None,
    limits: Sequence[Limit] = (),
) -> str:
    """A run as it stands: one word, phases, what needs a person, what holds up the rest, and the next command.

    `blockers` says why a task does not start; it is asked for one task per open phase.
    """
    tally = Tally(plan, run)
    head = [
        one_line(f"{result_word(run)} {plan.title} (run {run.id}, plan {short_digest(run.digest)})"),
        *_facts(run, now, zone),
        *(forecast_lines(forecast, zone) if forecast else ()),
        *limit_lines(limits, run.id, now, zone),
    ]
    blocks = [
        [*head, *phase_lines(plan, run, tally, now, parallel), *_stages(plan, run, tally, now, zone)],
        *attention_blocks(plan, run, tally, zone, blockers=blockers),
        _not_yet(plan, run, tally, blockers, zone),
        _held_up(plan, run, blockers, zone),
        next_lines(run, tally),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def why_text(plan: Plan, run: Run, task: TaskId, blockers: Blockers, *, zone: tzinfo = UTC, limits: Sequence[str] = ()) -> str:
    """Why a task does not go on: every reason, until when, and what can change it. `limits`: by when it has to follow."""
    state, package = run.task(task), package_of(plan, task)
    if package is None:
        return f"The plan has no task {one_line(task)}."
    lines = [one_line(f"{task}: {title_of(package, split_task(task)[1])}"), f"  {task_words(state, zone)}"]
    if by_person(package):
        lines.append("  " + one_line(f"whose: {owner_words(state, package)}"))
    lines += [f"  {line}" for line in (*_times(state, zone), *limits)]
    found = blockers(task)
    if not found:
        return "\n".join([*lines, _nothing_blocks(run)])
    reasons = [b for b in found if b.kind != "over"]  # that it is over, or running, was said above
    if reasons:
        lines.append("It does not start because" if state.status is Status.NOT_STARTED else "It stands so because")
    following = [f"Next: {one_line(b.next_command, 2000)}" for b in found if b.kind == "over" and b.next_command]
    return "\n".join([*lines, *_blocker_lines(reasons, zone), *following])


def evidence_text(plan: Plan, run: Run, task: TaskId, log: str, path: str, *, zone: tzinfo = UTC) -> str:
    """What is known of a task in doubt, for whoever settles it: the journal's words, and the end of its log."""
    state, package = run.task(task), package_of(plan, task)
    title = title_of(package, split_task(task)[1]) if package else ""
    lines = [one_line(f"{task}: {title}"), f"  {task_words(state, zone)}", *(f"  {line}" for line in _times(state, zone))]
    told = log.splitlines()[-LOG_LINES:]
    return "\n".join([*lines, *([f"The end of its log ({one_line(path)}):"] if told else []), *(f"  {line}" for line in told)])


def why_run_text(plan: Plan, run: Run, blockers: Blockers, *, zone: tzinfo = UTC) -> str:
    """Why the run does not go on: what needs a person first, then what holds up the rest.

    Of each phase that has not ended, the first task that has not started, and its reasons; where everything has started,
    the first task that is not settled well.
    """
    needed = [line for block in attention_blocks(plan, run, Tally(plan, run), zone, blockers=blockers) for line in block]
    lines = needed + (
        _held_up(plan, run, blockers, zone) or ([] if needed else _held_up(plan, run, blockers, zone, started=True))
    )
    if not lines:
        return f"Nothing holds run {run.id} up: it is {result_word(run)}."
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run in a list. `now` is what runs or waits at the moment, in words."""

    id: RunId
    title: str
    word: str
    created: datetime | None
    ended: datetime | None
    by: str
    done: int
    total: int
    now: str = ""
    demo: bool = False


def run_row(plan: Plan, run: Run) -> RunRow:
    """A run as a row of the list."""
    counts = run_counts(run)
    return RunRow(
        id=run.id,
        title=plan.title,
        word=result_word(run),
        created=run.created,
        ended=run.ended,
        by=run.by,
        done=settled_well(counts),
        total=counts.total(),
        now=_now_words(plan, run),
        demo=run.demo,
    )


def runs_text(rows: Sequence[RunRow], *, zone: tzinfo = UTC) -> str:
    """The runs, one or two lines each: word, how far, since when, and what runs or waits now."""
    if not rows:
        return "There are no runs."
    wide = max(cell_len(one_line(row.id)) for row in rows)
    lines = []
    for row in rows:
        since = moment(row.created, zone) if row.created else ""
        title = set_cell_size(shortened(one_line(row.title), TITLE_COLUMN), TITLE_COLUMN)
        far = f"{row.done:,} of {count(row.total, 'task')}"
        run = set_cell_size(one_line(row.id), wide)
        lines.append(f"{run}  {row.word:<12} {title}  {far:<20} {since}  by {one_line(row.by)}".rstrip())
        if row.now and row.ended is None:
            lines.append(f"{'':<{wide}}  now: {one_line(row.now)}")
    return "\n".join(lines)


def log_view(task: TaskId, text: str, *, path: str = "", last: int = 0) -> str:
    """A task's log, harmless to show; `last` above 0 keeps only so many lines and says how many came before."""
    lines = harmless(text).splitlines()
    skipped = max(0, len(lines) - last) if last else 0
    heading = f"── {one_line(task)}" + (f" ({one_line(path)})" if path else "")
    before = [f"… {count(skipped, 'line')} before"] if skipped else []
    return "\n".join([heading, *before, *(lines[skipped:] or ["(nothing was written)"])])


def _facts(run: Run, now: datetime, zone: tzinfo) -> Iterator[str]:
    if run.created:
        ended = f", ended {moment(run.ended, zone)}" if run.ended else ""
        took = duration(round(((run.ended or now) - run.created).total_seconds()))
        yield one_line(f"created {moment(run.created, zone)} by {run.by}{ended}, {took}")
    if run.controller and run.status is RunStatus.OPEN:
        yield one_line(f"last driven by {run.controller}")
    if run.reason:
        yield one_line(f"{run.status}: {run.reason}")
    yield from (one_line(f"noted: {note}") for note in run.notes[-NOTES_SHOWN:])
    if run.demo:
        yield "This is a demonstration: its clock and its answers are its own."
    if run.accepted_unenforced:
        yield one_line(f"NOT ENFORCED: {', '.join(run.accepted_unenforced)}")


def _stages(plan: Plan, run: Run, tally: Tally, now: datetime, zone: tzinfo) -> list[str]:
    words = ((phase, stage_words(phase, tally.state(run, phase.id), now, zone)) for phase in plan.phases)
    return [f"  {phase.id}: {text}" for phase, text in words if text]


def _not_yet(plan: Plan, run: Run, tally: Tally, blockers: Blockers, zone: tzinfo) -> list[str]:
    """Open tasks that may not be done yet, because of what they follow."""
    lines: list[str] = []
    for task in tally.waiting:
        if found := ends_held(plan, run, task, blockers):
            lines += [f"  {one_line(task)}", *_blocker_lines(found, zone)]
        if len(lines) > SHOWN * 2:
            break
    return ["May not end yet", *lines] if lines else []


def _held_up(plan: Plan, run: Run, blockers: Blockers, zone: tzinfo, *, started: bool = False) -> list[str]:
    lines: list[str] = []
    for phase in plan.phases:
        task = _first_unsettled(plan, run, phase, started=started)
        if task is None:
            continue
        found = blockers(task)
        lines.append("  " + one_line(f"{task}: {status_word(run.task(task).status)}"))
        lines += _blocker_lines(found, zone) if found else [f"    {_nothing_blocks(run)}"]
        if len(lines) > SHOWN * 3:
            lines.append("    and further phases")
            break
    return ["What holds it up", *lines] if lines else []


def _first_unsettled(plan: Plan, run: Run, phase: PlannedPhase, *, started: bool) -> TaskId | None:
    """The first task of a phase that has not started; with `started`, the first that is not settled well."""
    for package in (plan.packages[p] for stage in phase.stages for p in stage.packages):
        if run.settled[package.id] >= package.size:
            continue
        for host in package.hosts or (None,):
            task = TaskId(f"{package.id}@{host}" if host else package.id)
            status = run.task(task).status
            if status is Status.NOT_STARTED or (started and status not in SETTLED_WELL):
                return task
    return None


def _nothing_blocks(run: Run) -> str:
    return f"Nothing is in its way: it starts as soon as somebody drives the run ({command('runbook', 'resume', run.id)})."


def _blocker_lines(found: Sequence[Blocker], zone: tzinfo) -> list[str]:
    lines: list[str] = []
    for blocker in found[:REASONS_SHOWN]:
        until = f", until {moment(datetime.fromisoformat(blocker.until), zone)}" if blocker.until else ""
        lines.append("    – " + one_line(f"{blocker.reason}{until}"))
        lines += [f"      {one_line(blocker.next_command, 2000)}"] if blocker.next_command else []
    more = len(found) - REASONS_SHOWN
    return [*lines, *([f"    – and {more} more reasons"] if more > 0 else [])]


def _times(state: TaskState, zone: tzinfo) -> Iterator[str]:
    if state.attempts:
        yield f"{count(state.attempts, 'attempt')}, {count(state.failures, 'failure')}"
    if state.started:
        yield f"started {moment(state.started, zone)}"
    if state.began and not state.ended:
        yield f"begun {moment(state.began, zone)}, says {state.by}"
    if state.ended and state.started:
        yield f"ended {moment(state.ended, zone)}, after {duration(round((state.ended - state.started).total_seconds()))}"


def _now_words(plan: Plan, run: Run) -> str:
    """What runs, else what waits: one task stands for all of its package."""
    for status in (Status.RUNNING, Status.WAITING):
        tasks = [task for task, state in run.tasks.items() if state.status is status]
        package = package_of(plan, tasks[0]) if tasks else None
        if package:
            takes = f", {span(package.takes)}" if package.takes and status is Status.RUNNING else ""
            more = f" and {len(tasks) - 1:,} more" if len(tasks) > 1 else ""
            return one_line(f"{status_word(status)} {package.step}: {title_of(package)}{takes}{more}")
    return ""
