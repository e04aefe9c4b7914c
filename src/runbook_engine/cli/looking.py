"""runs, status, why, log: see what is, without touching it."""

import sys
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.forecasting import forecast_of
from runbook_engine.cli.gating import world_now
from runbook_engine.cli.reasons import Reasons
from runbook_engine.cli.settings import settings
from runbook_engine.model.errors import Exit, Usage
from runbook_engine.model.words import RunStatus, TaskId
from runbook_engine.running.course import Course
from runbook_engine.running.limits import limit_of, limits
from runbook_engine.running.result import result

FOLLOW_S = 0.5  # how often a followed log is looked at

run_argument = click.argument("run", default="last")


@click.command("runs")
@click.option("--open", "only_open", is_flag=True, help="Only those that have not ended.")
@options.journal
@options.as_json
def runs_command(only_open: bool, journal: str | None, as_json: bool) -> None:
    """List runs: which are open, who drives them, when something last happened.

    \b
    runbook runs
    runbook runs --open --json
    """
    from runbook_engine.reporting.status_data import runs_data
    from runbook_engine.reporting.status_text import run_row, runs_text

    with opening.store_of(settings(journal=journal)) as store:
        names = [row.run for row in store.runs() if not only_open or row.ended is None]
    courses = [_course(name, journal) for name in names]
    rows = [run_row(course.shape.plan, course.run) for course in courses]
    if as_json:
        options.show_json(runs_data(rows))
    else:
        options.show(runs_text(rows, zone=options.zone()))


def _course(name: str, journal: str | None) -> Course:
    with opening.opened(name, journal) as found:
        return found.course


@click.command("status")
@run_argument
@click.option("--watch", is_flag=True, help="Show it again whenever it changes, until the run ends.")
@options.journal
@options.as_json
def status_command(run: str, watch: bool, journal: str | None, as_json: bool) -> int:
    """Show where a run stands: phases, counts of hosts, failures, what waits for whom.

    \b
    runbook status
    runbook status rack12-install-1 --watch

    \b
    Next: runbook why RUN TASK, runbook log RUN
    """
    seen = -1
    while True:
        with opening.opened(run, journal) as found:
            if found.course.run.events != seen:
                seen = found.course.run.events
                _show_status(found, as_json=as_json)
            over = found.course.run.status in (RunStatus.DONE, RunStatus.STOPPED)
            if not watch or over:
                return int(result(found.course, world_now(found)))
        time.sleep(FOLLOW_S)


def _show_status(found: opening.Opened, *, as_json: bool) -> None:
    from runbook_engine.reporting.status_data import status_data
    from runbook_engine.reporting.status_text import status_text

    at, plan, run = opening.now(), found.course.shape.plan, found.course.run
    forecast, reasons, most = forecast_of(found.place, found.store, found.course), reasons_of(found), found.place.parallel
    known = sorted(limits(found.course), key=lambda limit: limit.by)
    if as_json:
        options.show_json(status_data(plan, run, reasons, at, parallel=most, forecast=forecast, limits=known))
    else:
        zone = options.zone()
        options.show(status_text(plan, run, reasons, at, zone=zone, parallel=most, forecast=forecast, limits=known))


def reasons_of(found: opening.Opened) -> Reasons:
    """Why each task of a run does not start, as of now."""
    return Reasons(found.course, world_now(found), opening.now())


@click.command("why")
@run_argument
@click.argument("task", required=False)
@options.journal
@options.as_json
def why_command(run: str, task: str | None, journal: str | None, as_json: bool) -> int:
    """Say why a task does not start, and who or what can change that; without a task: why the run does not go on.

    \b
    runbook why rack12-install-1 firmware/flash@r12-u07
    runbook why last
    """
    from runbook_engine.reporting.limit_text import limit_lines
    from runbook_engine.reporting.status_data import status_data, why_data
    from runbook_engine.reporting.status_text import why_run_text, why_text

    with opening.opened(run, journal) as found:
        plan, fold, reasons = found.course.shape.plan, found.course.run, reasons_of(found)
        if task is None:
            data = status_data(plan, fold, reasons, opening.now()) if as_json else None
            options.show_json(data) if data else options.show(why_run_text(plan, fold, reasons, zone=options.zone()))
            return Exit.DONE
        name = opening.task_meant(found.course, task)
        if as_json:
            options.show_json(why_data(plan, fold, name, reasons(name)))
        else:
            limit = limit_of(found.course, *found.course.shape.parts(name))
            by = limit_lines([limit], fold.id, opening.now(), options.zone()) if limit else ()
            options.show(why_text(plan, fold, name, reasons, zone=options.zone(), limits=by))
    return Exit.DONE


@click.command("log")
@run_argument
@click.option("--step", metavar="STEP", help="Only this step: phase/step, or a pattern.")
@click.option("--host", metavar="HOST", help="Only this host, or a pattern.")
@click.option("--follow", is_flag=True, help="Go on showing what is added, until the run ends.")
@click.option(
    "--raw", is_flag=True, help="The very bytes that the last attempt of one step printed on stdout, and nothing else."
)
@click.option("--events", is_flag=True, help="The journal instead: every recorded fact, in words.")
@options.journal
@options.as_json
def log_command(
    run: str, step: str | None, host: str | None, follow: bool, raw: bool, events: bool, journal: str | None, as_json: bool
) -> None:
    """Show what a run, a step or a host printed; without --step and --host: the journal, in words.

    \b
    runbook log rack12-install-1 --step firmware/flash --host r12-u05
    runbook log last --follow
    runbook log last --step firmware/inventory --host r12-u05 --raw >inventory.bin
    """
    with opening.opened(run, journal) as found:
        if raw:
            _show_raw(found, step or "*", host or "*")
        elif as_json or events or not (step or host):
            _show_events(found, follow=follow, as_json=as_json)
        else:
            _show_output(found, step or "*", host or "*", follow=follow)


def _show_events(found: opening.Opened, *, follow: bool, as_json: bool) -> None:
    import json

    from runbook_engine.reporting.event_text import event_line
    from runbook_engine.reporting.status_data import event_data

    seq, tail = 0, True
    while tail:
        tail = False
        for number, event in found.store.events_after(found.run, seq):
            seq, tail = number, True
            data = json.dumps({**event_data(event, found.run), "seq": seq}) if as_json else ""
            options.show(data or event_line(event, options.zone()))
        if not tail and follow and found.store.run(found.run).ended is None:
            time.sleep(FOLLOW_S)
            tail = True


def _show_output(found: opening.Opened, step: str, host: str, *, follow: bool) -> None:
    from runbook_engine.reporting.status_text import log_view

    shown: dict[Path, int] = {}
    while True:
        files = list(_logs(found, step, host))
        if not files and not follow:
            raise Usage(
                f"Nothing was printed by step {step} on host {host}",
                why="It has not started, or there is no such step or host.",
                next_command=f"runbook status {found.run}",
            )
        for task, file in files:
            data = file.read_bytes()
            if new := data[shown.get(file, 0) :]:
                shown[file] = len(data)
                options.show(log_view(task, new.decode("utf-8", "replace"), path=str(file)))
        if not follow or found.store.run(found.run).ended is not None:
            return
        time.sleep(FOLLOW_S)


def _show_raw(found: opening.Opened, step: str, host: str) -> None:
    """Raises Usage unless it is one log that is meant, and for a terminal, on which bytes of a host could act."""
    from runbook_engine.workers.log_text import last_attempt, left_out, printed

    if sys.stdout.isatty():
        raise Usage(
            "--raw does not write to a terminal: what a host printed could act on it",
            next_command=f"runbook log {found.run} --step {step} --host {host} --raw >FILE",
        )
    files = list(_logs(found, step, host))
    if len(files) != 1:
        raise Usage(
            f"{len(files)} tasks have printed something for step {step} on host {host}; --raw is for one",
            why="Their bytes could not be told apart." if files else "It has not started, or there is no such step or host.",
            next_command=f"runbook log {found.run} --step {step} --host {host}",
        )
    with files[0][1].open("rb") as log:
        last_attempt(log)
        for data in printed(log):
            sys.stdout.buffer.write(data)
        last_attempt(log)
        if missing := left_out(log):
            options.say(f"This is not all that was printed: {missing}")


def _logs(found: opening.Opened, step: str, host: str) -> Iterator[tuple[TaskId, Path]]:
    from runbook_engine.workers import Logs

    logs = Logs(found.logs)
    for package in found.course.shape.plan.packages.values():
        names = (package.id, package.step, package.step.partition("/")[2])
        if not any(fnmatchcase(name, step) for name in names):
            continue
        for task in found.course.shape.tasks(package.id):
            file = logs.path(task)
            if fnmatchcase(task.partition("@")[2], host) and file.is_file():
                yield task, file
