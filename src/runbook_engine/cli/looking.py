"""runs, status, why, log, tasks, verify: see what is, without touching it."""

import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.settings import settings
from runbook_engine.model.errors import Exit, Usage
from runbook_engine.model.words import RunStatus, TaskId
from runbook_engine.model.world import Blocker
from runbook_engine.running.blockers import blockers
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
    from runbook_engine.reporting import runs_data, runs_text

    with opening.store_of(settings(journal=journal)) as store:
        rows = [row for row in store.runs() if not only_open or row.ended is None]
    if as_json:
        options.show_json(runs_data(rows))
    else:
        options.show(runs_text(rows, opening.now()))


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
                return int(result(found.course, found.store.world(found.run)))
        time.sleep(FOLLOW_S)


def _show_status(found: opening.Opened, *, as_json: bool) -> None:
    from runbook_engine.reporting import status_data, status_text

    at = opening.now()
    if as_json:
        options.show_json(status_data(found.course.shape.plan, found.course.run, _reasons(found), at))
    else:
        options.show(status_text(found.course.shape.plan, found.course.run, _reasons(found), at))


def _reasons(found: opening.Opened) -> "Reasons":
    return Reasons(found)


class Reasons:
    """Why a task does not start now, asked only for the tasks that are shown."""

    def __init__(self, found: opening.Opened) -> None:
        self._course, self._world, self._at = found.course, found.store.world(found.run), opening.now()

    def __call__(self, task: TaskId) -> tuple[Blocker, ...]:
        """The blockers of a task."""
        return blockers(self._course, task, self._world, self._at)


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
    from runbook_engine.reporting import why_data, why_text

    with opening.opened(run, journal) as found:
        reasons = _reasons(found)
        tasks = [opening.task_meant(found.course, task)] if task else list(_held(found))
        if as_json:
            options.show_json(why_data({t: reasons(t) for t in tasks}))
        elif not tasks:
            options.show(f"Nothing holds {found.run} back. Next: runbook resume {found.run}")
        else:
            for one in tasks:
                options.show(why_text(one, found.course.run.task(one), reasons(one)))
    return Exit.DONE


def _held(found: opening.Opened) -> Iterator[TaskId]:
    """The first task of each package that could be next but does not start."""
    run, reasons = found.course.run, _reasons(found)
    for package in found.course.shape.plan.packages:
        for task in found.course.shape.tasks(package):
            why = reasons(task)
            if why and not all(b.kind in ("over", "needs", "phase", "stage") for b in why):
                yield task
                break
        if run.status is not RunStatus.OPEN:
            return


@click.command("log")
@run_argument
@click.option("--step", metavar="STEP", help="Only this step: phase/step, or a pattern.")
@click.option("--host", metavar="HOST", help="Only this host, or a pattern.")
@click.option("--follow", is_flag=True, help="Go on showing what is added, until the run ends.")
@click.option("--events", is_flag=True, help="The journal instead: every recorded fact, in words.")
@options.journal
@options.as_json
def log_command(
    run: str, step: str | None, host: str | None, follow: bool, events: bool, journal: str | None, as_json: bool
) -> None:
    """Show what a run, a step or a host printed; without --step and --host: the journal, in words.

    \b
    runbook log rack12-install-1 --step firmware/flash --host r12-u05
    runbook log last --follow
    """
    with opening.opened(run, journal) as found:
        if as_json or events or not (step or host):
            _show_events(found, follow=follow, as_json=as_json)
        else:
            _show_output(found, step or "*", host or "*", follow=follow)


def _show_events(found: opening.Opened, *, follow: bool, as_json: bool) -> None:
    import json

    from runbook_engine.model.wire import to_data
    from runbook_engine.reporting import event_line

    seq, tail = 0, True
    while tail:
        tail = False
        for number, event in found.store.events_after(found.run, seq):
            seq, tail = number, True
            options.show(json.dumps({"format": 1, "seq": seq, **to_data(event)}) if as_json else event_line(event))
        if not tail and follow and found.store.run(found.run).ended is None:
            time.sleep(FOLLOW_S)
            tail = True


def _show_output(found: opening.Opened, step: str, host: str, *, follow: bool) -> None:
    from runbook_engine.reporting import log_view

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
                head = f"── {task} ──\n" if file not in shown or len(files) > 1 else ""
                shown[file] = len(data)
                options.show(head + log_view(new).rstrip("\n"))
        if not follow or found.store.run(found.run).ended is not None:
            return
        time.sleep(FOLLOW_S)


def _logs(found: opening.Opened, step: str, host: str) -> Iterator[tuple[TaskId, Path]]:
    from runbook_engine.workers import log_path

    for package in found.course.shape.plan.packages.values():
        names = (package.id, package.step, package.step.partition("/")[2])
        if not any(fnmatchcase(name, step) for name in names):
            continue
        for task in found.course.shape.tasks(package.id):
            file = log_path(found.logs, task)
            if fnmatchcase(task.partition("@")[2], host) and file.is_file():
                yield task, file


@click.command("tasks")
@run_argument
@click.option("--for", "person", metavar="PERSON", help="Only what is this person's, or could be.")
@click.option("--all", "everything", is_flag=True, help="Also tasks that no person is needed for.")
@options.journal
@options.as_json
def tasks_command(run: str, person: str | None, everything: bool, journal: str | None, as_json: bool) -> None:
    """Show what is whose, planned and actual, and what is ready now.

    \b
    runbook tasks rack12-install-1 --for ana.duarte
    runbook assign rack12-install-1 cabling/mount@r12-u01 --to ana.duarte
    """
    from runbook_engine.reporting import tasks_data, tasks_text

    with opening.opened(run, journal) as found:
        able = _able(found, person) if person else None
        rows = tasks_data(
            found.course.shape.plan, found.course.run, _reasons(found), opening.now(), person=able, everything=everything
        )
    if as_json:
        options.show_json(rows)
    else:
        options.show(tasks_text(rows))


def _able(found: opening.Opened, person: str) -> frozenset[str]:
    """The names by which a person is meant: their own, their roles, their skills and their department."""
    from runbook_engine.cli.projects import load_hosts

    if not found.place.inventory.is_dir():
        return frozenset({person})
    estate = load_hosts(found.place)
    known = {str(p): entry for p, entry in estate.people.items()}.get(person)
    roles = {role for role, people in estate.roles.items() if person in people}
    return frozenset({person, *roles, *(known.skills if known else ()), *([known.department] if known else ())})


@click.command("verify")
@run_argument
@options.journal
def verify_command(run: str, journal: str | None) -> None:
    """Check the journal of a run: any record that was changed, removed or moved is named.

    \b
    runbook verify rack12-install-1
    """
    with opening.store_of(settings(journal=journal)) as store:
        name = store.run_id(run)
        number = store.verify(name)
        _, head = store.head(name)
    options.show(f"{name}: {number} records, the chain is whole. Head {head}")
