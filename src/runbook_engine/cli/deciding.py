"""done, decide, resolve, assign, accept, decline, pause, stop: what people want of a run."""

import os
import time
from datetime import datetime
from pathlib import Path

import click

from runbook_engine.cli import opening, options
from runbook_engine.model import decisions as de
from runbook_engine.model.errors import Refused, Usage
from runbook_engine.model.words import TaskId, Verdict
from runbook_engine.running.recovery import refusal, take_decisions

HEARD_WITHIN_S = 5.0  # a process that drives the run looks into the inbox several times a second
EVIDENCE_LIMIT_BYTES = 50 << 20

run_argument = click.argument("run")
task_argument = click.argument("task")


def decide(found: opening.Opened, decision: de.Decision) -> None:
    """Make a decision, and see it taken. Raises Refused with the reason when it cannot be."""
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


def _next(found: opening.Opened) -> None:
    if not found.store.run(found.run).alive:
        options.say(f"Next: runbook resume {found.run}")


@click.command("done")
@run_argument
@task_argument
@click.option("--evidence", multiple=True, metavar="NAME=VALUE", help="What proves it; a photo or file by its path.")
@click.option("--note", default="", metavar="TEXT", help="Anything worth knowing.")
@click.option("--started", metavar="TIME", help="When you began (2026-11-30T22:05); else when the task was opened.")
@click.option("--percent", type=click.IntRange(0, 99), help="Not done yet, but this far.")
@options.journal
def done_command(
    run: str, task: str, evidence: tuple[str, ...], note: str, started: str | None, percent: int | None, journal: str | None
) -> None:
    """Say that a task of yours is done, or how far it is.

    \b
    runbook done rack12-install-1 cabling/mount@r12-u01 --evidence serial_number=CZ1234
    runbook done rack12-install-1 cabling/mount@r12-u01 --percent 50

    \b
    Next: runbook resume RUN
    """
    with opening.opened(run, journal) as found:
        name = opening.task_meant(found.course, task)
        if percent is not None:
            decide(found, de.Progress(id=opening.new_id(), by=options.me(), task=name, percent=percent, note=note))
            options.show(f"{name}: {percent} %")
            return
        proof = _evidence(found, name, options.pairs(evidence, "--evidence"))
        decide(
            found,
            de.Done(id=opening.new_id(), by=options.me(), task=name, evidence=proof, note=note, started=_time(started)),
        )
        options.show(f"{name}: done by {options.me()}")
        _next(found)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise click.UsageError(f"--started {text}: write a time as 2026-11-30T22:05") from None


def _evidence(found: opening.Opened, task: TaskId, given: dict[str, str]) -> dict[str, str]:
    """Evidence by name; files and photos are copied into the run's folder and known by their SHA-256."""
    package, _ = found.course.shape.parts(task)
    question = package.procedure.question
    kinds = dict(question.evidence if question and question.evidence else package.evidence)
    return {k: _kept(found, task, v) if kinds.get(k) in ("photo", "file") else v for k, v in given.items()}


def _kept(found: opening.Opened, task: TaskId, name: str) -> str:
    from hashlib import sha256

    path = Path(name)
    if not path.is_file() or path.stat().st_size > EVIDENCE_LIMIT_BYTES:
        raise Usage(f"{name} is no file, or larger than {EVIDENCE_LIMIT_BYTES >> 20} MB", why=f"{task} asks for a file.")
    data = path.read_bytes()
    digest = sha256(data).hexdigest()
    folder = opening.run_folder(found.place, found.run) / "evidence"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / f"{digest}{path.suffix}").write_bytes(data)
    return f"{path.name} sha256:{digest}"


@click.command("decide")
@run_argument
@task_argument
@click.option("--choice", required=True, metavar="CHOICE", help="One of the choices of the question.")
@options.reason
@options.journal
def decide_command(run: str, task: str, choice: str, reason: str, journal: str | None) -> None:
    """Answer a question of a run: go or no-go.

    \b
    runbook decide rack12-install-1 firmware/go --choice go
    runbook decide rack12-install-1 firmware/go --choice no-go --reason "storm warning"

    \b
    Next: runbook resume RUN
    """
    with opening.opened(run, journal) as found:
        name = opening.task_meant(found.course, task)
        decide(found, de.Decide(id=opening.new_id(), by=options.me(), task=name, choice=choice, reason=reason))
        options.show(f"{name}: {choice}, said by {options.me()}")
        _next(found)


@click.command("resolve")
@run_argument
@task_argument
@click.option("--as", "verdict", required=True, type=click.Choice(["done", "not-done"]), help="What became of it.")
@click.option("--reason", required=True, metavar="TEXT", help="How you know: what you saw, and where.")
@options.journal
def resolve_command(run: str, task: str, verdict: str, reason: str, journal: str | None) -> None:
    """Say what became of an attempt in doubt. Look at the machine itself first.

    \b
    runbook resolve rack12-install-1 firmware/flash@r12-u07 --as done --reason "version read on the console"
    runbook log rack12-install-1 --step firmware/flash --host r12-u07

    \b
    done: it is not done again. not-done: it is started again by resume.
    """
    with opening.opened(run, journal) as found:
        name = opening.task_meant(found.course, task)
        decide(found, de.Resolve(id=opening.new_id(), by=options.me(), task=name, verdict=Verdict(verdict), reason=reason))
        options.show(f"{name}: resolved as {verdict} by {options.me()}")
        _next(found)


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


@click.command("pause")
@click.argument("run", default="last")
@options.reason
@options.journal
def pause_command(run: str, reason: str, journal: str | None) -> None:
    """Start nothing new in a run; what runs finishes.

    \b
    runbook pause rack12-install-1 --reason "the site calls"
    runbook resume rack12-install-1
    """
    with opening.opened(run, journal) as found:
        decide(found, de.PauseRun(id=opening.new_id(), by=options.me(), reason=reason))
        options.show(f"{found.run}: paused. Next: runbook resume {found.run}")


@click.command("stop")
@click.argument("run")
@options.reason
@options.yes
@options.no_input
@options.journal
def stop_command(run: str, reason: str, yes: bool, no_input: bool, journal: str | None) -> None:
    """End a run: what runs finishes, nothing more starts, its hosts are free. It cannot be resumed.

    \b
    runbook stop rack12-install-1 --reason "moved to January"
    runbook pause rack12-install-1             when it shall go on later
    """
    with opening.opened(run, journal) as found:
        options.confirm(f"End {found.run} for good?", yes=yes, no_input=no_input)
        decide(found, de.StopRun(id=opening.new_id(), by=options.me(), reason=reason))
        options.show(f"{found.run}: stopped.")
