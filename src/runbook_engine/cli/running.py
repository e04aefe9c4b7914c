"""run, resume: carry out a plan, from the beginning or from where it stands."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.answering import ask_person
from runbook_engine.cli.beginning import announcement, enforced, may_begin, no_other, note_edits, open_run_of
from runbook_engine.cli.driving import Drive, drive
from runbook_engine.cli.gating import gates_for
from runbook_engine.cli.identity import require
from runbook_engine.cli.linking import same_machines
from runbook_engine.cli.projects import planned
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.cli.turning import host_meant, late_decision, left_out_words, phase_meant, reopening, start_meant
from runbook_engine.model.decisions import Again, Decision, LeaveOut, ResumeRun, Retry, StartNow, StartWith
from runbook_engine.model.errors import Refused, Usage
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import HostName, PhaseId, RunId, RunStatus
from runbook_engine.running.focus import Focus

if TYPE_CHECKING:
    from runbook_engine.recording import Store

phase = click.option("--phase", "phases", multiple=True, metavar="PHASE", help="Carry out only this phase (repeatable).")
limit = click.option("--limit", metavar="HOSTS", help="Only these hosts of the plan: names, globs, folded ranges.")
parallel = click.option("--parallel", type=click.IntRange(1, 1000), help="How many attempts at once.")
break_glass = click.option(
    "--break-glass",
    metavar="REASON",
    help="Start although it is closed, on your signed word; every report says so.",
)
wait = click.option("--wait/--no-wait", default=None, help="Stay until the run ends, waiting for people and times.")


@click.command("run")
@click.argument("file")
@options.param_options
@phase
@limit
@parallel
@wait
@click.option("--start-with", metavar="PHASE[/STEP]", help="Leave out what stands before; only where the run begins.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, command by command; connect to nothing.")
@break_glass
@click.option("--accept-unenforced", is_flag=True, help="Start although parts of the runbook are NOT ENFORCED yet.")
@options.inventory
@options.journal
@options.yes
@options.no_input
@options.verbose
@options.as_json
def run_command(
    file: str,
    params: tuple[str, ...],
    params_file: str | None,
    phases: tuple[str, ...],
    limit: str | None,
    parallel: int | None,
    wait: bool | None,
    start_with: str | None,
    dry_run: bool,
    break_glass: str | None,
    accept_unenforced: bool,
    inventory: str | None,
    journal: str | None,
    yes: bool,
    no_input: bool,
    verbose: int,
    as_json: bool,
) -> int:
    """Carry out a runbook or a saved plan over SSH, and by hand where hands are needed.

    \b
    runbook run rack12.plan
    runbook run runbooks/rack12-install.yml --phase cabling

    \b
    It returns when it is done (0), or waits for somebody (5): then runbook status, done, decide, resume.
    """
    place = settings(Path(file), inventory=inventory, journal=journal, parallel=parallel)
    plan = planned(file, place, options.pairs(params, "-p"), params_file, ask=not no_input)
    focus = focus_of(plan, phases, limit)
    if dry_run:
        return _dry_run(plan, focus)
    require("execute", place)
    enforced(plan, file, accepted=accept_unenforced)
    with opening.store_of(place) as store:
        no_other(store, plan)
        run = open_run_of(store, plan)
        if break_glass:
            from runbook_engine.cli.signing import break_it

            break_it(file, break_glass, focus, place, no_input=no_input)
        if run is None:
            may_begin(plan, focus, gates_for(place, store, file=file), file, wait=bool(wait))
        options.say(announcement(plan, focus, run))
        _starts_elsewhere(plan, start_with, run)
        options.confirm("Start?" if run is None else f"Carry {run} on?", yes=yes, no_input=no_input)
        made = run or opening.create_run(store, plan)
        if start_with:
            at, step = start_meant(plan, start_with)
            store.decide(made, StartWith(id=opening.new_id(), by=options.me(), phase=at, step=step))
        return _drive(place, store, made, focus, wait=wait, no_input=no_input, verbose=verbose, as_json=as_json)


@click.command("resume")
@click.argument("run", default="last")
@click.option("--retry", "retries", multiple=True, metavar="TASK", help="Try again a task that ended badly (repeatable).")
@click.option("--failed", is_flag=True, help="Try again every task that ended badly, ways back too.")
@click.option("--skip", "skipped", multiple=True, metavar="HOST", help="Go on without this host (repeatable).")
@click.option("--again", metavar="PHASE", help="Do a phase again that was rolled back.")
@click.option("--late", "late", multiple=True, metavar="TASK", help="Do it although it is late (a step: all that are late).")
@click.option("--start", "missed", metavar="PHASE", help="Start a phase whose start was missed.")
@break_glass
@options.reason
@phase
@limit
@parallel
@wait
@options.journal
@options.no_input
@options.verbose
@options.as_json
def resume_command(
    run: str,
    retries: tuple[str, ...],
    failed: bool,
    skipped: tuple[str, ...],
    again: str | None,
    late: tuple[str, ...],
    missed: str | None,
    break_glass: str | None,
    reason: str,
    phases: tuple[str, ...],
    limit: str | None,
    parallel: int | None,
    wait: bool | None,
    journal: str | None,
    no_input: bool,
    verbose: int,
    as_json: bool,
) -> int:
    """Carry a run on where it stands, with the plan that is stored with it.

    \b
    runbook resume                        the last run
    runbook resume rack12-install-3 --failed
    runbook resume rack12-install-3 --skip r12-u07 --reason "broken disk"

    \b
    What was done stays done; what was in the air when the engine died is UNKNOWN until it is settled.
    """
    with opening.opened(run, journal) as found:
        place = settings(journal=journal, parallel=parallel)
        plan, store = found.course.shape.plan, found.store
        if found.course.run.status is RunStatus.DONE:
            options.say(f"{found.run} is done already; nothing is left to do.")
            return 0
        if found.course.run.status is RunStatus.STOPPED:
            raise Refused(f"{found.run} was stopped", why="A stopped run is over.", next_command="runbook run FILE")
        require("execute", place)
        note_edits(plan, place)
        focus = focus_of(plan, phases, limit)
        if break_glass:
            from runbook_engine.cli.signing import break_it

            break_it(found.run, break_glass, focus, place, no_input=no_input)
        if late:
            wish = late_decision(found.course, late, reason)
            store.decide(found.run, wish)
        if missed is not None:
            at = phase_meant(plan, missed)
            store.decide(found.run, StartNow(id=opening.new_id(), by=options.me(), phase=at, reason=reason))
        _decide(found, retries, tuple(host_meant(plan, host) for host in skipped), again, reason, failed=failed)
        return _drive(place, store, found.run, focus, wait=wait, no_input=no_input, verbose=verbose, as_json=as_json)


def focus_of(plan: Plan, phases: Sequence[str], limit: str | None) -> Focus:
    """What this call may start. Raises Usage for a phase or a host that the plan does not have (nothing is widened)."""
    from difflib import get_close_matches
    from fnmatch import fnmatchcase

    known = [p.id for p in plan.phases]
    for name in phases:
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise Usage(
                f"The plan has no phase {name}", why=f"Did you mean {near[0]}?" if near else f"It has {', '.join(known)}."
            )
    hosts: set[HostName] = set()
    for pattern in (limit or "").replace(",", " ").split():
        found = {host for host in plan.targets if fnmatchcase(host, pattern)}
        if not found:
            raise Usage(f"No host of the plan is called {pattern}", why=f"It has {', '.join(list(plan.targets)[:8])} …")
        hosts |= found
    if limit is not None and not hosts:
        raise Usage("--limit names no host", why="Without --limit all hosts of the plan are meant.")
    return Focus(phases=frozenset(map(PhaseId, phases)), hosts=frozenset(hosts))


def _dry_run(plan: Plan, focus: Focus) -> int:
    from runbook_engine.reporting.plan_text import plan_text

    chosen = ", ".join(sorted(focus.phases)) or "all phases"
    options.show(f"DRY RUN: nothing is connected to, nothing is started ({chosen}).")
    options.show(plan_text(plan, verbose=1))
    options.show("DRY RUN: this is what would be done.")
    return 0


def _decide(
    found: opening.Opened, retries: Sequence[str], skipped: Sequence[HostName], again: str | None, reason: str, *, failed: bool
) -> None:
    """What the person wants beside going on: nothing of it is lost if this process dies."""
    by, course = options.me(), found.course
    wishes: list[Decision] = []
    if course.run.status is RunStatus.PAUSED:
        wishes.append(ResumeRun(id=opening.new_id(), by=by))
    wishes += [LeaveOut(id=opening.new_id(), by=by, host=host, reason=reason) for host in skipped]
    if again is not None:
        phase = phase_meant(course.shape.plan, again)
        wishes.append(Again(id=opening.new_id(), by=by, phase=phase, reason=reason))
    tasks = reopening(course, [opening.task_meant(course, name) for name in retries], skipped, failed=failed)
    wishes += [Retry(id=opening.new_id(), by=by, task=task, reason=reason) for task in tasks]
    for wish in wishes:
        found.store.decide(found.run, wish)


def _starts_elsewhere(plan: Plan, start_with: str | None, run: RunId | None) -> None:
    """What is left out, before anything is asked; a run that has begun cannot start elsewhere."""
    if start_with is None:
        return
    if run is not None:
        raise Refused(
            f"{run} is open already",
            why="Only a run that has not begun can start elsewhere; what this one has not done, it still does.",
            next_command=f"runbook resume {run}, or runbook stop {run}",
        )
    options.say(left_out_words(plan, start_with))


def _drive(
    place: Settings,
    store: "Store",
    run: RunId,
    focus: Focus,
    *,
    wait: bool | None,
    no_input: bool,
    verbose: int,
    as_json: bool,
) -> int:
    same_machines(place, store.plan(store.run(run).digest))
    ask = options.on_terminal() and not no_input and not as_json
    how = Drive(
        place=place,
        store=store,
        run=run,
        focus=focus,
        parallel=place.parallel,
        wait=bool(wait),
        ask=ask,
        verbose=verbose,
        as_json=as_json,
    )
    return drive(how, (lambda course: ask_person(store, course, opening.run_folder(place, run), place)) if ask else None)
