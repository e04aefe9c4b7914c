"""Runs, tasks and events as JSON data for other programs. The fields are told in docs/json.md too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from runbook_engine.model.events import Event
from runbook_engine.model.forecast import Forecast
from runbook_engine.model.plan import Plan
from runbook_engine.model.run import Run
from runbook_engine.model.wire import to_data
from runbook_engine.model.words import RunId, Status, TaskId
from runbook_engine.model.world import Blocker, Limit
from runbook_engine.reporting.event_text import event_words
from runbook_engine.reporting.forecast_text import forecast_data
from runbook_engine.reporting.limit_text import limit_data
from runbook_engine.reporting.naming import package_of, split_task, title_of
from runbook_engine.reporting.people_tasks import TaskRow
from runbook_engine.reporting.standing import Blockers, phase_word, result_word, run_counts
from runbook_engine.reporting.status_text import RunRow
from runbook_engine.reporting.tally import Tally, task_counts
from runbook_engine.reporting.timing import likely, phase_time

FORMAT = 1
TASKS_MOST = 10_000  # tasks told one by one; the counts are always whole

Data = dict[str, Any]


def status_data(
    plan: Plan,
    run: Run,
    blockers: Blockers,
    now: datetime,
    *,
    parallel: int | None = None,
    forecast: Forecast | None = None,
    limits: Sequence[Limit] = (),
) -> Data:
    """The JSON form of a run.

    Fields: `format` (1), `kind` ("status"), `run`, `title`, `runbook`, `digest`, `result` (DONE, FAILED, UNKNOWN, REFUSED,
    WAITING, PAUSED, STOPPED, RUNNING, NOT FINISHED, NOT STARTED), `state` (open, paused, stopped, done), `reason`, `by`,
    `created`, `ended`, `now`, `demo`, `unenforced`, `tasks` (a count for every status), `phases`, and `attention`: every
    task that is unknown, ended badly or waits; `forecast` (null where there is none: see `forecast_data`); `limits`: by when
    tasks have to follow others (see `limit_data`).
    A phase has `id`, `title`, `word`, `total`, `tasks` (a count for every
    status), `hosts` (a count for each word), `stage`, `stages`, `started`, `ended`, `planned_s`. A task has `task`,
    `step`, `host`, `title`, `status`, `attempts`, `exit_code`, `cause`, `message`, `started`, `begun`, `ended`, `until`,
    `assigned`, `accepted`, `percent`, `by`, `choice`, `reason`, `blockers`.
    """
    tally = Tally(plan, run)
    wanting = [*tally.bad, *tally.waiting][:TASKS_MOST]
    return {
        "format": FORMAT,
        "kind": "status",
        "run": run.id,
        "title": plan.title,
        "runbook": plan.runbook,
        "digest": run.digest,
        "result": result_word(run),
        "state": run.status.value,
        "reason": run.reason,
        "by": run.by,
        "created": _time(run.created),
        "ended": _time(run.ended),
        "now": _time(now),
        "demo": run.demo,
        "unenforced": list(run.accepted_unenforced),
        "tasks": _every(run_counts(run)),
        "phases": [_phase(plan, run, tally, n, parallel) for n in range(len(plan.phases))],
        "attention": [task_data(plan, run, task, blockers(task)) for task in wanting],
        "forecast": forecast_data(forecast) if forecast else None,
        "limits": [limit_data(limit, now) for limit in limits[:TASKS_MOST]],
    }


def task_data(plan: Plan, run: Run, task: TaskId, found: Sequence[Blocker]) -> Data:
    """One task as JSON data; the fields are those told at `status_data`."""
    state, package = run.task(task), package_of(plan, task)
    name, host = split_task(task)
    return {
        "task": task,
        "step": name.partition("#")[0],
        "host": host,
        "title": title_of(package, host) if package else "",
        "status": state.status.value,
        "attempts": state.attempts,
        "exit_code": state.outcome.exit_code if state.outcome else None,
        "cause": state.outcome.cause.value if state.outcome and state.outcome.cause else None,
        "message": state.outcome.message if state.outcome else "",
        "started": _time(state.started),
        "begun": _time(state.began),
        "ended": _time(state.ended),
        "until": _time(state.until),
        "assigned": state.assigned,
        "accepted": state.accepted,
        "percent": state.percent,
        "by": state.by,
        "choice": state.choice,
        "reason": state.reason,
        "blockers": [
            {"kind": b.kind, "reason": b.reason, "until": b.until or None, "next_command": b.next_command} for b in found
        ],
    }


def why_data(plan: Plan, run: Run, task: TaskId, found: Sequence[Blocker]) -> Data:
    """Why a task does not go on: `format`, `kind` ("why"), `run`, and the fields of a task."""
    return {"format": FORMAT, "kind": "why", "run": run.id, **task_data(plan, run, task, found)}


def runs_data(rows: Sequence[RunRow]) -> Data:
    """The list of runs: `format`, `kind` ("runs") and `runs`.

    A run has `run`, `title`, `result`, `created`, `ended`, `by`, `done`, `total`, `now`, `demo`.
    """
    return {"format": FORMAT, "kind": "runs", "runs": [_run_row(row) for row in rows]}


def tasks_data(rows: Sequence[TaskRow], *, person: str = "") -> Data:
    """What is whose: `format`, `kind` ("tasks"), `person` and `tasks`.

    A task has `run`, `task`, `title`, `whose`, `assigned`, `accepted`, `status`, `percent`, `planned_s`, `actual_s`,
    `ready`, `blocked_by` and `commands`.
    """
    return {"format": FORMAT, "kind": "tasks", "person": person or None, "tasks": [_task_row(row) for row in rows]}


def event_data(event: Event, run: RunId) -> Data:
    """One fact of the journal: `format`, `kind` ("event"), `run`, `at`, `event` (its name), `task`, `text` and `fields`."""
    fields = to_data(event)
    return {
        "format": FORMAT,
        "kind": "event",
        "run": run,
        "at": _time(event.at),
        "event": fields.pop("is"),
        "task": fields.get("task"),
        "text": event_words(event),
        "fields": fields,
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _every(counts: Mapping[Status, int]) -> dict[str, int]:
    """A count for every status, so that a reader never has to guess what a missing one means."""
    return {status.value: counts.get(status, 0) for status in Status}


def _phase(plan: Plan, run: Run, tally: Tally, index: int, parallel: int | None) -> Data:
    phase = plan.phases[index]
    state = tally.state(run, phase.id)
    return {
        "id": phase.id,
        "title": phase.title,
        "word": phase_word(state),
        "total": state.total,
        "tasks": _every(task_counts(state)),
        "hosts": {word: number for word, number in tally.hosts(phase.id).items() if number},
        "stage": None if state.stage is None else state.stage + 1,
        "stages": len(phase.stages),
        "started": _time(state.started),
        "ended": _time(state.ended),
        "planned_s": phase_time(plan, phase, likely, parallel),
    }


def _run_row(row: RunRow) -> Data:
    return {
        "run": row.id,
        "title": row.title,
        "result": row.word,
        "created": _time(row.created),
        "ended": _time(row.ended),
        "by": row.by,
        "done": row.done,
        "total": row.total,
        "now": row.now,
        "demo": row.demo,
    }


def _task_row(row: TaskRow) -> Data:
    return {
        "run": row.run,
        "task": row.task,
        "title": row.title,
        "whose": row.whose,
        "assigned": row.assigned,
        "accepted": row.accepted,
        "status": row.status.value,
        "percent": row.percent,
        "planned_s": row.planned_s,
        "actual_s": row.actual_s,
        "ready": row.ready,
        "blocked_by": list(row.blocked_by),
        "commands": list(row.commands),
    }
