"""amend: go on with a changed plan. Finished work that is equal in both is carried over."""

import os
from pathlib import Path

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.identity import require
from runbook_engine.cli.projects import planned
from runbook_engine.cli.settings import settings
from runbook_engine.model.decisions import Amend
from runbook_engine.model.errors import Refused
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import SETTLED_WELL, TaskId
from runbook_engine.running.recovery import refusal, take_decisions

NAMED_AT_MOST = 5


@click.command("amend")
@click.argument("run")
@click.argument("file")
@options.param_options
@click.option("--redo", is_flag=True, help="Do finished tasks again whose step has changed.")
@options.reason
@options.inventory
@options.journal
@options.yes
@options.no_input
def amend_command(
    run: str,
    file: str,
    params: tuple[str, ...],
    params_file: str | None,
    redo: bool,
    reason: str,
    inventory: str | None,
    journal: str | None,
    yes: bool,
    no_input: bool,
) -> int:
    """Go on with a changed plan: what is done and equal stays done, the rest follows the new plan.

    \b
    runbook amend rack12-install-1 runbooks/rack12-install.yml --reason "two more servers"
    runbook plan --compare rack12.plan runbooks/rack12-install.yml        to see it first

    \b
    Next: runbook resume RUN
    """
    from runbook_engine.planning import carried, compare
    from runbook_engine.reporting.differences import differences_text

    with opening.opened(run, journal) as found:
        require("plan", found.place)
        old = found.course.shape.plan
        new = planned(file, settings(Path(file), inventory=inventory), options.pairs(params, "-p"), params_file)
        if new.runbook != old.runbook:
            raise Refused(f"{file} is the runbook {new.runbook}, {found.run} carries out {old.runbook}")
        if new.digest == old.digest:
            options.say("Nothing differs; the run goes on as it is.")
            return 0
        done = [task for task, state in found.course.run.tasks.items() if state.status in SETTLED_WELL]
        kept, changed = carried(old, new, done)
        options.say(differences_text(compare(old, new)))
        _changed(changed, redo=redo, run=found.run, file=file)
        options.say(f"{len(kept)} finished tasks are kept; everything else follows the new plan.")
        options.confirm("Go on with the new plan?", yes=yes, no_input=no_input)
        _amend(found, Amend(id=opening.new_id(), by=options.me(), digest=new.digest, carried=tuple(kept), reason=reason), new)
        options.show(f"{found.run} goes on with plan {new.digest[:12]}. Next: runbook resume {found.run}")
    return 0


def _changed(changed: tuple[TaskId, ...], *, redo: bool, run: str, file: str) -> None:
    """Finished work whose step differs would be done again: only on purpose."""
    if not changed:
        return
    named = ", ".join(changed[:NAMED_AT_MOST]) + (" …" if len(changed) > NAMED_AT_MOST else "")
    if not redo:
        raise Refused(
            f"{len(changed)} finished tasks differ in the new plan: {named}",
            why="They would be done a second time.",
            next_command=f"runbook amend {run} {file} --redo",
        )
    options.say(f"Done again: {named}")


def _amend(found: opening.Opened, decision: Amend, new: Plan) -> None:
    found.store.add_plan(new)
    with found.store.control(
        found.run, by=options.me(), machine=opening.machine(), pid=os.getpid(), now=opening.now()
    ) as journal:
        found.store.decide(found.run, decision)
        facts = take_decisions(found.course, journal, found.store.inbox(found.run), opening.now())
    if reason := refusal(facts, decision.id):
        raise Refused(f"Not amended: {reason}", next_command=f"runbook status {found.run}")
