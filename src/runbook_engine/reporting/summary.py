"""What a run has come to: the result first, then what needs a person, then everything else."""

from datetime import UTC, datetime, tzinfo

from rich.cells import cell_len, set_cell_size

from runbook_engine.model.plan import Plan
from runbook_engine.model.run import Run
from runbook_engine.model.words import HostName, Status, StepId, TaskId
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import one_line, shortened
from runbook_engine.reporting.naming import by_package, command, log_command, split_task
from runbook_engine.reporting.standing import (
    Blockers,
    doubt_lines,
    elapsed_words,
    phase_word,
    result_word,
    retry_command,
    task_words,
    waiting_commands,
    waiting_words,
)
from runbook_engine.reporting.tally import Tally, hosts_of_run
from runbook_engine.reporting.timing import likely, phase_time, plan_time
from runbook_engine.reporting.turning_text import aside_lines, failed_way_back_lines, spent_lines, way_back_lines
from runbook_engine.reporting.words import count, duration, short_digest

SHOWN = 20  # of each kind
HOST_PARTS = 12
TITLE_COLUMN = 40
HOST_LISTS = {"ok": "done", "skipped": "nothing to do", "not started": "not reached"}


def summary_text(
    plan: Plan,
    run: Run,
    now: datetime,
    *,
    log_folder: str = "",
    parallel: int | None = None,
    zone: tzinfo = UTC,
    limit: int = SHOWN,
    blockers: Blockers | None = None,
) -> str:
    """The end of a run in words: result, phases, doubts, failures with the hosts' own words, what waits, what to do next.

    With `blockers` no command is told that would be refused because its task may not end yet.
    """
    tally = Tally(plan, run)
    blocks = [
        [*_headline(plan, run, now, parallel), *phase_lines(plan, run, tally, now, parallel)],
        *attention_blocks(plan, run, tally, zone, limit, blockers),
        _host_lists(plan, run),
        [f"Logs: {one_line(log_folder)}"] if log_folder else [],
        next_lines(run, tally),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def attention_blocks(
    plan: Plan, run: Run, tally: Tally, zone: tzinfo, limit: int = SHOWN, blockers: Blockers | None = None
) -> list[list[str]]:
    """What needs a person, the worst first: ways back that failed, doubts, questions, failures, and what waits."""
    failed = [task for task, status in tally.bad.items() if status is Status.ROLL_BACK_FAILED]
    return [
        failed_way_back_lines(run, failed[:limit], [task_words(run.task(task), zone) for task in failed[:limit]]),
        _doubts(plan, run, tally, limit),
        [*way_back_lines(plan, run), *spent_lines(plan, run)],
        _failures(run, tally, zone, limit),
        aside_lines(plan, run),
        _waits(plan, run, tally, zone, limit, blockers),
    ]


def _headline(plan: Plan, run: Run, now: datetime, parallel: int | None) -> list[str]:
    lines = [one_line(f"{result_word(run)}  {plan.title}  (run {run.id}, plan {short_digest(run.digest)})")]
    planned = plan_time(plan, likely, parallel)
    if run.created:
        elapsed = duration(round(((run.ended or now) - run.created).total_seconds()))
        lines.append(f"{elapsed} since it was created" + (f", {duration(planned)} of work planned" if planned else ""))
    if run.reason:
        lines.append(one_line(f"{run.status}: {run.reason}"))
    if run.demo:
        lines.append("This is a demonstration: its clock and its answers are its own.")
    if run.accepted_unenforced:
        lines.append(one_line(f"NOT ENFORCED: {', '.join(run.accepted_unenforced)}"))
    return lines


def phase_lines(plan: Plan, run: Run, tally: Tally, now: datetime, parallel: int | None = None) -> list[str]:
    """One line per phase: number, title, word, counts, time against plan."""
    wide = min(TITLE_COLUMN, max((cell_len(one_line(p.title)) for p in plan.phases), default=0))
    lines = []
    for number, phase in enumerate(plan.phases, 1):
        state = tally.state(run, phase.id)
        title = set_cell_size(shortened(one_line(phase.title), wide), wide)
        time = elapsed_words(state, phase_time(plan, phase, likely, parallel), now)
        counts = tally.words(run, phase.id)
        lines.append(f"  {number:>2}  {title}  {phase_word(state):<12} {time:<18} {counts}".rstrip())
    return lines


def _doubts(plan: Plan, run: Run, tally: Tally, limit: int) -> list[str]:
    tasks = [task for task, status in tally.bad.items() if status is Status.UNKNOWN]
    if not tasks:
        return []
    lines = [f"UNKNOWN: {count(len(tasks), 'task')}; nobody knows whether {'it' if len(tasks) == 1 else 'they'} happened"]
    for task in tasks[:limit]:
        lines += [f"  {line}" for line in doubt_lines(run, plan, task)]
    return lines + _more(len(tasks), limit)


def _failures(run: Run, tally: Tally, zone: tzinfo, limit: int) -> list[str]:
    """What failed, was refused or not reachable; hosts that say the same stand together."""
    groups: dict[tuple[StepId, str], list[TaskId]] = {}
    for task, status in tally.bad.items():
        if status not in (Status.UNKNOWN, Status.ROLL_BACK_FAILED):
            step = StepId(split_task(task)[0].partition("#")[0])
            groups.setdefault((step, task_words(run.task(task), zone)), []).append(task)
    lines: list[str] = []
    for (step, words), tasks in list(groups.items())[:limit]:
        hosts = [h for h in (split_task(t)[1] for t in tasks) if h]
        where = f" on {fold_hosts(hosts, most=HOST_PARTS)}" if hosts else ""
        lines += ["  " + one_line(f"{step}{where}: {words}", 1500), f"      {log_command(run.id, tasks[0])}"]
        lines.append(f"      {retry_command(run.id, tasks[0])}")
    if not groups:
        return []
    return [f"Ended badly: {count(sum(map(len, groups.values())), 'task')}", *lines, *_more(len(groups), limit)]


def _waits(plan: Plan, run: Run, tally: Tally, zone: tzinfo, limit: int, blockers: Blockers | None) -> list[str]:
    if not tally.waiting:
        return []
    groups = by_package(tally.waiting)
    lines = [f"Waiting: {count(len(tally.waiting), 'task')}"]
    for tasks in groups[:limit]:
        lines.append(f"  {waiting_words(plan, run, tasks, zone)}")
        lines += [f"      {line}" for line in waiting_commands(plan, run, tasks, blockers, zone)]
    return lines + _more(len(groups), limit)


def _more(number: int, limit: int) -> list[str]:
    return [f"  and {number - limit:,} more"] if number > limit else []


def _host_lists(plan: Plan, run: Run) -> list[str]:
    """Every host of the plan in exactly one list; 'not reached' is nobody's success."""
    found = hosts_of_run(plan, run)
    order = ["ok", "skipped", *(word for word in found if word not in ("ok", "skipped", "not started")), "not started"]
    lines = [_host_list(HOST_LISTS.get(word, word), found[word]) for word in dict.fromkeys(order) if word in found]
    return ["Hosts", *lines] if lines else []


def _host_list(word: str, hosts: list[HostName]) -> str:
    return f"  {word:<14}{len(hosts):>6,}  {fold_hosts(hosts, most=HOST_PARTS)}"


def next_lines(run: Run, tally: Tally) -> list[str]:
    """The next commands; what a doubt or a person needs was said above and comes first."""
    status = command("runbook", "status", run.id)
    resume = command("runbook", "resume", run.id)
    word = result_word(run)
    first = {
        "DONE": [command("runbook", "log", run.id)],
        "ROLL-BACK FAILED": [command("runbook", "why", run.id), f"{resume} --failed"],
        "ROLLED BACK": [command("runbook", "why", run.id), f"{resume} --again PHASE, or {command('runbook', 'stop', run.id)}"],
        "UNKNOWN": ["answer the question above, then", resume],
        "FAILED": [command("runbook", "why", run.id), f"{resume} --failed"],
        "REFUSED": [command("runbook", "why", run.id), f"{resume} --failed"],
        "STOPPED": [status],
        "WAITING": ["do what is waiting above, then", resume] if tally.waiting else [resume],
    }.get(word, [resume])
    return [f"Next: {first[0]}", *(f"      {line}" for line in first[1:])]
