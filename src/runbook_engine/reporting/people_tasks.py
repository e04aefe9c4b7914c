"""What is whose: the tasks that people do or decide, how far they are, and whether they can be done now."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, tzinfo

from rich.cells import cell_len, set_cell_size

from runbook_engine.model.plan import Package, Plan
from runbook_engine.model.run import Run, TaskState
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import SETTLED_WELL, HostName, RunId, Status, TaskId
from runbook_engine.model.world import Blocker
from runbook_engine.reporting.harmless import one_line, shortened
from runbook_engine.reporting.naming import answer_commands, by_person, command, in_hand, title_of
from runbook_engine.reporting.standing import OF_ENDS, Blockers, is_over, owner_words, task_words
from runbook_engine.reporting.words import count, duration, status_word

ROWS_MOST = 500
COLUMNS = (44, 40, 34)
_FIRST = {Status.UNKNOWN: 0, Status.WAITING: 1, Status.NOT_STARTED: 3, Status.OK: 4, Status.SKIPPED: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One task of a person. Times in seconds; `actual_s` counts from when it was opened or begun."""

    run: RunId
    task: TaskId
    title: str
    whose: str
    assigned: str
    accepted: bool
    status: Status
    words: str
    percent: int
    planned_s: float | None
    actual_s: float | None
    ready: bool
    blocked_by: tuple[str, ...]
    commands: tuple[str, ...]


def task_rows(
    plan: Plan,
    run: Run,
    blockers: Blockers,
    now: datetime,
    *,
    person: str = "",
    groups: AbstractSet[str] = frozenset(),
    zone: tzinfo = UTC,
    limit: int = ROWS_MOST,
) -> tuple[TaskRow, ...]:
    """The tasks of people, what can be done now first. With `person`: only theirs.

    Theirs is what is assigned to them, and what is nobody's yet and planned for them or for one of their `groups` (roles,
    skills and departments), or for anyone.
    """
    found = [t for t in _tasks(plan, run) if not person or _theirs(t[1], run.task(t[0]), person, groups)]
    found.sort(key=lambda t: _FIRST.get(run.task(t[0]).status, 2))
    return tuple(_row(run, task, package, host, blockers, now, zone) for task, package, host in found[:limit])


def tasks_text(rows: Sequence[TaskRow], *, person: str = "") -> str:
    """What is whose, one line each, with the command or with what it waits for below."""
    if not rows:
        return f"Nothing is {one_line(person)}'s." if person else "No task is a person's."
    lines = [_heading(rows, person)]
    name = min(COLUMNS[0], max(cell_len(row.task) for row in rows))
    for row in rows:
        title = set_cell_size(shortened(row.title, COLUMNS[1]), COLUMNS[1])
        whose = set_cell_size(shortened(row.whose, COLUMNS[2]), COLUMNS[2])
        task = row.task + " " * max(0, name - cell_len(row.task))
        lines.append(f"{task}  {title}  {whose}  {status_word(row.status):<12} {_time(row)}".rstrip())
        lines += [f"    {line}" for line in (row.commands if row.ready else row.blocked_by)]
    return "\n".join(lines)


def _heading(rows: Sequence[TaskRow], person: str) -> str:
    ready = sum(row.ready for row in rows)
    done = sum(row.status in SETTLED_WELL for row in rows)
    whose = f" of {one_line(person)}" if person else ""
    return f"{count(len(rows), 'task')}{whose}: {ready} can be done now, {len(rows) - ready - done} later, {done} done"


def _time(row: TaskRow) -> str:
    parts = [f"{duration(row.actual_s)}"] if row.actual_s is not None else []
    parts += [f"of {duration(row.planned_s)}" if parts else duration(row.planned_s)] if row.planned_s else []
    done = f", {row.percent}%" if 0 < row.percent < 100 else ""
    return " ".join(parts) + done


def _tasks(plan: Plan, run: Run) -> Iterator[tuple[TaskId, Package, HostName | None]]:
    backs = (p for phase in plan.phases if run.phases[phase.id].undone for p in phase.way_back)
    for package in (*plan.packages.values(), *backs):
        for host in package.hosts or (None,):
            task = TaskId(f"{package.id}@{host}") if host else TaskId(package.id)
            held = in_hand(plan, run, task) if run.task(task).back else package
            if held and (by_person(held) or run.task(task).assigned):
                yield task, held, host


def _theirs(package: Package, state: TaskState, person: str, groups: AbstractSet[str]) -> bool:
    if state.assigned:
        return state.assigned == person
    named = {name for who in package.who for name in (who.person, who.role, who.skill) if name}
    return not named or person in named or not named.isdisjoint(groups)


def _row(
    run: Run, task: TaskId, package: Package, host: HostName | None, blockers: Blockers, now: datetime, zone: tzinfo
) -> TaskRow:
    state = run.task(task)
    open_now = state.status is Status.WAITING and state.until is None
    held = [b for b in blockers(task) if b.kind in OF_ENDS] if open_now else []
    ready = open_now and not held and not is_over(run)
    waits = state.status not in SETTLED_WELL and not ready
    return TaskRow(
        run=run.id,
        task=task,
        title=title_of(package, host),
        whose=owner_words(state, package),
        assigned=state.assigned,
        accepted=state.accepted,
        status=state.status,
        words=task_words(state, zone),
        percent=100 if state.status is Status.OK else state.percent,
        planned_s=package.takes.planned_s if package.takes else None,
        actual_s=_actual_s(state, now),
        ready=ready,
        blocked_by=_why_not(run, held or blockers(task)) if waits else (),
        commands=(*answer_commands(run.id, task, package), *_accepting(run.id, task, state)) if ready else (),
    )


def _why_not(run: Run, found: Sequence[Blocker]) -> tuple[str, ...]:
    over = (f"the run is over ({run.status})",) if is_over(run) else ()
    return over or tuple(one_line(blocker.reason) for blocker in found)


def _actual_s(state: TaskState, now: datetime) -> int | None:
    """Seconds since it was begun, or opened if nobody has said when that was; None: it is not open."""
    begun = state.began or state.started
    return round(((state.ended or now) - begun).total_seconds()) if begun and state.started else None


def _accepting(run: RunId, task: TaskId, state: TaskState) -> tuple[str, ...]:
    if not state.assigned or state.accepted:
        return ()
    return (command("runbook", "accept", run, task), f"{command('runbook', 'decline', run, task)} --reason …")
