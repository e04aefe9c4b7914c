"""done, decide, resolve, assign, accept, decline: what people want of a run."""

import os
import time
from collections.abc import Sequence
from datetime import datetime

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.attaching import ATTACHED, attach
from runbook_engine.cli.identity import require
from runbook_engine.cli.manning import check_people
from runbook_engine.model import decisions as de
from runbook_engine.model.errors import Refused, Usage
from runbook_engine.model.words import PhaseId, TaskId, Verdict
from runbook_engine.running.recovery import refusal, take_decisions

HEARD_WITHIN_S = 5.0  # a process that drives the run looks into the inbox several times a second

run_argument = click.argument("run")
task_argument = click.argument("task")


def decide(found: opening.Opened, decision: de.Decision) -> None:
    """Make a decision, and see it taken. Raises Refused with the reason when it cannot be."""
    check_people(found.place, found.course, decision, opening.now())
    found.store.decide(found.run, decision)
    try:
        journal = found.store.control(found.run, by=options.me(), machine=opening.machine(), pid=os.getpid(), now=opening.now())
    except Refused:
        _heard(found, decision)
        return
    with journal:
        reason = refusal(take_decisions(found.course, journal, found.store.inbox(found.run), opening.now()), decision.id)
    if reason:
        raise Refused(f"Not done: {reason}", next_command=f"runbook status {found.run}")


def _heard(found: opening.Opened, decision: de.Decision) -> None:
    """A process drives the run: wait for it to take the decision."""
    inbox = found.store.inbox(found.run)
    end = time.monotonic() + HEARD_WITHIN_S
    while time.monotonic() < end:
        if not any(d.id == decision.id for d in inbox.waiting()):
            break
        time.sleep(0.05)
    else:
        options.say("It is recorded; the process that drives the run will take it.")
        return
    from runbook_engine.running.course import replay

    reason = replay(found.store.journal(found.run).read(), found.store.plan).run.refusals.get(decision.id)
    if reason:
        raise Refused(f"Not done: {reason}", next_command=f"runbook status {found.run}")


def say_next(found: opening.Opened) -> None:
    """The next command, unless a process drives the run already."""
    if not found.store.run(found.run).alive:
        options.say(f"Next: runbook resume {found.run}")


@click.command("done")
@run_argument
@task_argument
@click.option("--evidence", multiple=True, metavar="NAME=VALUE", help="What proves it; a photo or file by its path.")
@click.option("--note", default="", metavar="TEXT", help="Anything worth knowing.")
@click.option("--started", metavar="TIME", help="When you began (22:05, or 2026-11-30T22:05); else when the task was opened.")
@click.option("--percent", type=click.IntRange(0, 99), help="Not done yet, but this far; 0: you begin now.")
@options.journal
def done_command(
    run: str, task: str, evidence: tuple[str, ...], note: str, started: str | None, percent: int | None, journal: str | None
) -> None:
    """Say that a task of yours is done, or how far it is.

    \b
    runbook done rack12-install-1 cabling/mount@r12-u01 --evidence serial_number=CZ1234
    runbook done rack12-install-1 cabling/mount@r12-u01 --percent 50 --started 2026-11-30T22:05

    \b
    Next: runbook resume RUN
    """
    with opening.opened(run, journal) as found:
        name = opening.task_meant(found.course, task)
        if percent is not None:
            _say_how_far(found, name, percent, note, started, evidence)
            return
        proof = _evidence(found, name, options.pairs(evidence, "--evidence"))
        decide(
            found,
            de.Done(id=opening.new_id(), by=options.me(), task=name, evidence=proof, note=note, started=_time(started)),
        )
        options.show(f"{name}: done by {options.me()}")
        say_next(found)


def _say_how_far(
    found: opening.Opened, task: TaskId, percent: int, note: str, started: str | None, evidence: Sequence[str]
) -> None:
    """Record how far a task is. Raises click.UsageError for evidence: it proves what is done."""
    if evidence:
        raise click.UsageError("--evidence goes with what is done: leave out --percent, or tell it then")
    begun = _time(started)
    wish = de.Progress(id=opening.new_id(), by=options.me(), task=task, percent=percent, note=note, started=begun)
    opened = found.course.run.task(task)
    decide(found, wish)
    options.show(f"{task}: {percent} %")
    if percent and not begun and not opened.began and opened.started:
        since = f"{opened.started.astimezone(options.zone()):%Y-%m-%d %H:%M}"
        options.say(f"The forecast counts from {since}, when it was opened, or from the promised start, if that is later.")
        options.say("If you began at another time, say it again with --started TIME")


def _time(text: str | None) -> datetime | None:
    """A moment; of a time alone that of today. Raises click.UsageError."""
    if text is None:
        return None
    today = f"{opening.now().astimezone():%Y-%m-%d}T" if len(text) <= len("22:05:30") else ""
    try:
        return datetime.fromisoformat(f"{today}{text}").astimezone()
    except ValueError:
        raise click.UsageError(f"--started {text}: write a time as 2026-11-30T22:05, or 22:05 for today") from None


def _evidence(found: opening.Opened, task: TaskId, given: dict[str, str]) -> dict[str, str]:
    """Evidence by name; files and photos are copied into the run's folder and known by their SHA-256."""
    folder = opening.run_folder(found.place, found.run)
    package = found.course.shape.work(task, back=found.course.run.task(task).back)
    question = package.procedure.question
    kinds = dict(question.evidence if question and question.evidence else package.evidence)
    return {k: attach(folder, task, v) if kinds.get(k) in ATTACHED else v for k, v in given.items()}


@click.command("decide")
@run_argument
@click.argument("task", metavar="TASK|PHASE")
@click.argument("answer", required=False)
@click.option("--choice", metavar="CHOICE", help="One of the choices of the question.")
@options.reason
@options.journal
def decide_command(run: str, task: str, answer: str | None, choice: str | None, reason: str, journal: str | None) -> None:
    """Answer a question of a run: go or no-go; or say how a phase goes on in which more has failed than it allows.

    \b
    runbook decide rack12-install-1 firmware/go --choice go
    runbook decide rack12-install-1 firmware/go --choice no-go --reason "storm warning"
    runbook decide rack12-install-1 firmware go-on      or roll-back, or stop

    \b
    Next: runbook resume RUN
    """
    from runbook_engine.cli.turning import answer_phase

    with opening.opened(run, journal) as found:
        said = answer or choice
        if said is None:
            raise click.UsageError("say what the answer is: runbook decide RUN TASK --choice CHOICE")
        if task in found.course.shape.phases and choice is None:
            answer_phase(found, PhaseId(task), said, reason)
            return
        name = opening.task_meant(found.course, task)
        choice = said
        decide(found, de.Decide(id=opening.new_id(), by=options.me(), task=name, choice=choice, reason=reason))
        options.show(f"{name}: {choice}, said by {options.me()}")
        say_next(found)


@click.command("resolve")
@run_argument
@task_argument
@click.option("--as", "verdict", required=True, type=click.Choice(["done", "not-done"]), help="What became of it.")
@click.option("--reason", required=True, metavar="TEXT", help="How you know: what you saw, and where.")
@click.option("--without-host", is_flag=True, help="not-done, although its host was not asked: it is gone for good.")
@options.journal
def resolve_command(run: str, task: str, verdict: str, reason: str, without_host: bool, journal: str | None) -> None:
    """Say what became of an attempt in doubt. Look at the machine itself first; what is known here is shown.

    \b
    runbook resolve rack12-install-1 firmware/flash@r12-u07 --as done --reason "version read on the console"
    runbook log rack12-install-1 --step firmware/flash --host r12-u07

    \b
    done: it is not done again. not-done: it is started again by resume.
    """
    with opening.opened(run, journal) as found:
        require("resolve", found.place)
        name = opening.task_meant(found.course, task)
        _show_evidence(found, name)
        settled = de.Resolve(
            id=opening.new_id(),
            by=options.me(),
            task=name,
            verdict=Verdict(verdict),
            reason=reason,
            without_host=without_host,
        )
        decide(found, settled)
        options.show(f"{name}: resolved as {verdict} by {options.me()}")
        say_next(found)


def _show_evidence(found: opening.Opened, task: TaskId) -> None:
    """What the journal knows of a task, and the end of what it printed."""
    from runbook_engine.reporting.status_text import evidence_text
    from runbook_engine.workers import Logs

    file = Logs(found.logs).path(task)
    log = file.read_text(encoding="utf-8", errors="backslashreplace") if file.exists() else ""
    options.show(evidence_text(found.course.shape.plan, found.course.run, task, log, str(file), zone=options.zone()))


@click.command("assign")
@run_argument
@task_argument
@click.option("--to", required=True, metavar="PERSON", help="Whose it becomes.")
@options.journal
def assign_command(run: str, task: str, to: str, journal: str | None) -> None:
    """Give a task to somebody.

    \b
    runbook assign rack12-install-1 cabling/mount@r12-u01 --to ben.ode
    runbook tasks rack12-install-1 --for ben.ode
    """
    with opening.opened(run, journal) as found:
        name = opening.task_meant(found.course, task)
        _known_person(found, to)
        decide(found, de.Assign(id=opening.new_id(), by=options.me(), task=name, to=to))
        options.show(f"{name}: assigned to {to}")


def _known_person(found: opening.Opened, person: str) -> None:
    """When the inventory knows people, a task goes only to one of them."""
    from difflib import get_close_matches

    from runbook_engine.cli.projects import load_hosts

    if not found.place.inventory.is_dir():
        return
    people = load_hosts(found.place).people
    if people and person not in people:
        near = get_close_matches(person, list(people), 1)
        why = f"Did you mean {near[0]}?" if near else f"The inventory knows {', '.join(list(people)[:8])}."
        raise Usage(f"Nobody is called {person}", why=why)


@click.command("accept")
@run_argument
@task_argument
@options.journal
def accept_command(run: str, task: str, journal: str | None) -> None:
    """Agree to do a task that was assigned to you.

    \b
    runbook accept rack12-install-1 cabling/mount@r12-u01
    RUNBOOK_AS=ben.ode runbook accept last cabling/mount@r12-u01
    """
    with opening.opened(run, journal) as found:
        name = opening.task_meant(found.course, task)
        decide(found, de.Accept(id=opening.new_id(), by=options.me(), task=name))
        options.show(f"{name}: accepted by {options.me()}")


@click.command("decline")
@run_argument
@task_argument
@click.option("--reason", required=True, metavar="TEXT", help="Why; whoever assigns it next will read it.")
@options.journal
def decline_command(run: str, task: str, reason: str, journal: str | None) -> None:
    """Do not agree to do a task that was assigned to you.

    \b
    runbook decline rack12-install-1 cabling/mount@r12-u01 --reason "on leave that week"
    runbook assign rack12-install-1 cabling/mount@r12-u01 --to ana.duarte
    """
    with opening.opened(run, journal) as found:
        name = opening.task_meant(found.course, task)
        decide(found, de.Decline(id=opening.new_id(), by=options.me(), task=name, reason=reason))
        options.show(f"{name}: declined by {options.me()}")
