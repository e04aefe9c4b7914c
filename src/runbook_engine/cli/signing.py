"""approve, reject, ask, revoke: what a person says of a plan, sealed with their SSH key, kept or sent."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.covering import chosen_phases, covered_words, length_s
from runbook_engine.cli.estates import Live, estates_of
from runbook_engine.cli.gating import standings
from runbook_engine.cli.identity import executors, login, person, require
from runbook_engine.cli.projects import planned, write_output
from runbook_engine.cli.sealing import exported, sealed_by
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.approvals import Head, Say, Sealed, Statement
from runbook_engine.model.errors import Refused, Usage
from runbook_engine.model.plan import Plan
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PersonId
from runbook_engine.running.focus import Focus

if TYPE_CHECKING:
    from runbook_engine.recording import Store

GLASS_COUNTS = "4h"  # a night's work; later somebody has to say it again

file_argument = click.argument("file")
phases_option = click.option("--phase", "phases", multiple=True, metavar="PHASE", help="Only this phase (repeatable).")
as_option = click.option("--as", "who", metavar="PERSON", help="Who says it; else the person who is this user.")
key_option = click.option(
    "--key", metavar="FILE", help="The SSH key to sign with; else one of the person's in ~/.ssh or the agent."
)
until_option = click.option(
    "--until", metavar="DURATION", help="How long it counts, such as 14d; else as long as the policy allows."
)
unsigned_option = click.option("--unsigned", is_flag=True, help="Without a signature: it counts only where the policy says so.")
export_option = click.option(
    "--export", metavar="FILE", help="Write it to a file to send or commit; - is stdout. Nothing is kept here."
)


def statement_options(command: Any) -> Any:
    """The options that all statements share."""
    shared = (phases_option, as_option, key_option, until_option, unsigned_option, export_option, options.inventory)
    for option in (*shared, options.journal, options.param_options, options.yes, options.no_input):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants to say, as the command line has it."""

    say: Say
    file: str
    phases: tuple[str, ...]
    who: str | None
    key: str | None
    until: str | None
    unsigned: bool
    export: str | None
    inventory: str | None
    journal: str | None
    params: tuple[str, ...] = ()
    params_file: str | None = None
    yes: bool = False
    no_input: bool = False
    reason: str = ""
    revokes: str = ""


@click.command("approve")
@file_argument
@statement_options
@options.reason
def approve_command(**given: Any) -> None:
    """Approve a plan, or some phases of it, with your SSH key. What it means for others is shown before you sign.

    \b
    runbook approve rack12.plan --phase firmware
    runbook approve rack12.plan --export rack12.approval      then send it: runbook approvals rack12.plan --import FILE

    \b
    It covers exactly what the phase holds now; whatever changes in the phase makes it void. Next: runbook approvals FILE
    """
    say(Wish(say=Say.APPROVE, **given))


@click.command("reject")
@file_argument
@statement_options
@options.reason
def reject_command(**given: Any) -> None:
    """Reject a plan, or some phases of it, with a reason: they do not start, whoever else approves.

    \b
    runbook reject rack12.plan --phase firmware --reason "not in the week of the sale"
    runbook approve rack12.plan --phase firmware        takes it back
    """
    _with_reason(given)
    say(Wish(say=Say.REJECT, **given))


@click.command("ask")
@file_argument
@statement_options
@options.reason
def ask_command(**given: Any) -> None:
    """Ask a question about a plan before you decide. Everybody sees it in `runbook approvals`; it holds nothing up.

    \b
    runbook ask rack12.plan --phase firmware --reason "Who watches the order system meanwhile?"
    """
    _with_reason(given)
    say(Wish(say=Say.ASK, **given))


@click.command("revoke")
@file_argument
@click.argument("statement")
@statement_options
@options.reason
def revoke_command(statement: str, **given: Any) -> None:
    """Take back something that you have said: the next start does not count on it.

    \b
    runbook revoke rack12.plan 3f0c9d2e              the id, or its beginning, is in `runbook approvals`
    """
    say(Wish(say=Say.REVOKE, revokes=statement, **given))


def _with_reason(given: dict[str, Any]) -> None:
    if not str(given["reason"]).strip():
        raise Usage("Say why: --reason TEXT", why="Whoever has to change the plan reads it.")


def say(wish: Wish) -> Sealed:
    """Make the statement, show what it covers, sign it, and keep or export it. Raises Refused, Usage."""
    place = settings(Path(wish.file), inventory=wish.inventory, journal=wish.journal)
    require("approve", place)
    live = estates_of(place.inventory).live()
    by = speaker(wish.who, live)
    with opening.store_of(place) as store:
        plan = meant(wish.file, place, store, wish.params, wish.params_file)
        statement = _statement(wish, plan, live, by, store)
        options.say(covered_words(plan, live, statement))
        options.confirm(f"{_VERBS[wish.say]} as {by}?", yes=wish.yes, no_input=wish.no_input)
        sealed = sealed_by(statement, live, key=wish.key, unsigned=wish.unsigned)
        _refuse_forged(sealed, plan, live, by)
        if wish.export:
            write_output(exported([sealed]), wish.export)
            options.say(f"Written to {wish.export}. Next: runbook approvals {wish.file} --import {wish.export}")
            return sealed
        store.add_plan(plan)
        store.add_statement(statement, sealed)
        said = store.statements(plan.runbook)
    options.show(f"{_DONE[wish.say]} by {by} ({sealed.sealing}), id {statement.id}.{_worth(statement, plan, live, said)}")
    options.say(f"Next: runbook approvals {wish.file}")
    return sealed


def _refuse_forged(sealed: Sealed, plan: Plan, live: Live, by: PersonId) -> None:
    from runbook_engine.approving import forged

    if problem := forged(sealed, plan, live.estate, live.estate.policy, live.signers, opening.now()):
        raise Refused(
            f"This would not be said by {by}: {problem}",
            why="Nothing was kept.",
            next_command=f"--key FILE with a key of {by}, or write the public key under people: {by}: ssh_keys:",
        )


def _worth(statement: Statement, plan: Plan, live: Live, said: Sequence[Sealed]) -> str:
    """Whether it counts for anything, told at once: nobody waits for an approval that is worth nothing."""
    found = standings(plan, live, said, opening.now(), executors(live.estate))
    reasons = {one.phase: v.not_counted for one in found for v in one.ignored if v.statement.id == statement.id}
    counted = [phase for phase in statement.phases if phase not in reasons]
    if counted and reasons:
        return f"\nIt counts for {', '.join(counted)}. Not for {'; '.join(f'{p}: {why}' for p, why in reasons.items())}."
    return f"\nIt does NOT COUNT: {next(iter(reasons.values()))}." if reasons else ""


_VERBS = {
    Say.APPROVE: "Approve",
    Say.REJECT: "Reject",
    Say.ASK: "Ask",
    Say.REVOKE: "Take it back",
    Say.BREAK_GLASS: "Break the glass",
}
_DONE = {
    Say.APPROVE: "Approved",
    Say.REJECT: "Rejected",
    Say.ASK: "Asked",
    Say.REVOKE: "Taken back",
    Say.BREAK_GLASS: "BREAK GLASS",
}


def speaker(who: str | None, live: Live) -> PersonId:
    """The person who speaks. Raises Usage for nobody, and for somebody whom the inventory does not know."""
    by = PersonId(who) if who else person(live.estate)
    if by is None:
        raise Usage(
            f"{login()} is nobody in the inventory",
            why="What is said of a plan is said by a person: write logins: [USER] under people:, or name one.",
            next_command="runbook approve FILE --as PERSON",
        )
    if by not in live.estate.people:
        known = ", ".join(sorted(live.estate.people)[:8]) or "nobody yet"
        raise Usage(f"There is no person {by} in the inventory", why=f"There are {known}.")
    return by


def _statement(wish: Wish, plan: Plan, live: Live, by: PersonId, store: "Store") -> Statement:
    now = opening.now().replace(microsecond=0)
    revokes = _meant(wish.revokes, by, plan, store) if wish.say is Say.REVOKE else ""
    phases = [] if wish.say is Say.REVOKE else chosen_phases(plan, wish.phases)
    return Statement(
        id=uuid4().hex,
        say=wish.say,
        plan=plan.digest,
        runbook=plan.runbook,
        title=plan.title,
        by=by,
        at=now,
        until=now + timedelta(seconds=length_s(wish.until, live)),
        phases={phase.id: phase.leaf for phase in plan.phases if phase.id in phases},
        reason=wish.reason,
        revokes=revokes,
        seen=_head(store, plan),
    )


def _meant(name: str, by: PersonId, plan: Plan, store: "Store") -> str:
    """The id of an own statement that begins so."""
    from runbook_engine.approving import NotAStatement, statement_of

    found = []
    for sealed in store.statements(plan.runbook):
        try:
            said = statement_of(sealed.body)
        except NotAStatement:
            continue
        if said.by == by and said.id.startswith(name):
            found.append(said.id)
    if len(found) != 1:
        what = f"{len(found)} statements of {by} begin" if found else f"No statement of {by} begins"
        raise Usage(f"{what} with {name}", next_command=f"runbook approvals {plan.file}")
    return found[0]


def _head(store: "Store", plan: Plan) -> Head | None:
    """The head of the newest run of the runbook: whoever signs holds a copy of it."""
    rows = [row for row in store.runs() if row.runbook == plan.runbook]
    if not rows:
        return None
    seq, digest = store.head(rows[-1].run)
    return Head(run=rows[-1].run, seq=seq, hash=digest)


def break_it(file: str, reason: str, focus: Focus, place: Settings, *, no_input: bool) -> None:
    """Say, signed, that the phases of this call start although they are closed. Raises Usage without a reason."""
    if not reason.strip():
        raise Usage("Breaking the glass needs a reason", why="It stands in every report.")
    say(
        Wish(
            say=Say.BREAK_GLASS,
            file=file,
            phases=tuple(sorted(focus.phases)),
            who=None,
            key=None,
            until=GLASS_COUNTS,
            unsigned=False,
            export=None,
            no_input=no_input,
            reason=reason,
            inventory=str(place.inventory),
            journal=place.journal,
        )
    )


def meant(file: str, place: Settings, store: "Store", params: tuple[str, ...], params_file: str | None) -> Plan:
    """The plan that is meant: of a file, or the stored one of a run. Raises Usage, NotValid."""
    if not Path(file).exists() and any(row.run.startswith(file) for row in store.runs()):
        return store.plan(store.run(store.run_id(file)).digest)
    return planned(file, place, options.pairs(params, "-p"), params_file, ask=False)
