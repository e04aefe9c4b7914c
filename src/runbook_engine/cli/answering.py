"""Ask the person at the terminal what the run waits for; the answer goes into the inbox like everybody's."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.attaching import ATTACHED, attach
from runbook_engine.cli.manning import check_people
from runbook_engine.cli.settings import Settings
from runbook_engine.model.decisions import Decide, Decision, Done, Resolve
from runbook_engine.model.errors import Refused, Usage
from runbook_engine.model.plan import Package
from runbook_engine.model.run import TaskState
from runbook_engine.model.words import Status, TaskId, Verdict
from runbook_engine.running.admit_turns import asks
from runbook_engine.running.course import Course
from runbook_engine.running.pacing import not_yet_over

if TYPE_CHECKING:
    from runbook_engine.recording import Store

LATER = "later"


def ask_person(store: "Store", course: Course, folder: Path, place: Settings) -> bool:
    """Go through the open questions; photos and files go to `folder`, the run's. True: one was answered, the run can go on."""
    answered = ask_phases(store, course)
    for task, state in list(course.run.tasks.items()):
        package = course.shape.work(task, back=state.back)
        if state.status is Status.WAITING and state.until is None:
            if next(not_yet_over(course, task, opening.now()), None):
                continue  # which status says, and why until when
            decision = _ask(task, state, package, folder)
        elif state.status is Status.UNKNOWN and not state.settles_itself:
            decision = _settle(task, state)
        else:
            continue
        if decision is None:
            break
        try:
            check_people(place, course, decision, opening.now())
        except Refused as error:
            options.say(error.message)
            break
        store.decide(course.run.id, decision)
        answered = True
    return answered


def ask_phases(store: "Store", course: Course) -> bool:
    """Ask how each phase goes on in which more has failed than it allows. True when something was answered."""
    from runbook_engine.cli.turning import ANSWERS, phase_decision
    from runbook_engine.reporting.turning_text import spent_lines

    answered = False
    for phase in [p for p in course.run.phases if asks(course, p)]:
        options.say("\n" + "\n".join(line for line in spent_lines(course.shape.plan, course.run) if f" {phase}:" in line))
        chosen = click.prompt("Your answer", type=click.Choice([*ANSWERS, LATER]), default=LATER, err=True)
        if chosen != LATER:
            why = click.prompt("Reason", err=True)
            store.decide(course.run.id, phase_decision(phase, chosen, why))
            answered = True
    return answered


def _ask(task: TaskId, state: TaskState, package: Package, folder: Path) -> Decision | None:
    """A choice, or done with its evidence; None: later."""
    options.say(f"\n{task}\n{state.prompt}")
    question = package.procedure.question
    if question and question.choices:
        names = [c.name for c in question.choices]
        for choice in question.choices:
            options.say(
                f"  {choice.name}: {choice.consequence or ('the run goes on' if choice.goes_on else 'the run stays here')}"
            )
        chosen = click.prompt("Your choice", type=click.Choice([*names, LATER]), default=LATER, err=True)
        if chosen == LATER:
            return None
        goes_on = next(c.goes_on for c in question.choices if c.name == chosen)
        why = "" if goes_on else click.prompt("Reason", err=True)
        return Decide(id=opening.new_id(), by=options.me(), task=task, choice=chosen, reason=why)
    if not click.confirm("Done?", default=False, err=True):
        return None
    wanted = question.evidence if question and question.evidence else package.evidence
    evidence = {name: _proof(task, name, kind, folder) for name, kind in wanted}
    return Done(id=opening.new_id(), by=options.me(), task=task, evidence=evidence)


def _proof(task: TaskId, name: str, kind: str, folder: Path) -> str:
    """One piece of evidence; a photo or a file is asked for until there is one."""
    while True:
        given: str = click.prompt(f"{name} ({kind})", err=True)
        if kind not in ATTACHED:
            return given
        try:
            return attach(folder, task, given)
        except Usage as error:
            options.say(error.message)


def _settle(task: TaskId, state: TaskState) -> Decision | None:
    """Doubt: what is known is shown, a person says what became of it."""
    what = state.outcome.message if state.outcome else ""
    options.say(f"\nUNKNOWN: {task}\n{what}\nLook at the machine itself before you answer.")
    chosen = click.prompt("Was it done?", type=click.Choice(["done", "not-done", LATER]), default=LATER, err=True)
    if chosen == LATER:
        return None
    why = click.prompt("How do you know", err=True)
    return Resolve(id=opening.new_id(), by=options.me(), task=task, verdict=Verdict(chosen), reason=why)
