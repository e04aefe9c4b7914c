"""approvals: who must still sign, who has, what it covers; statements in and out as files."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.estates import Live, estates_of
from runbook_engine.cli.gating import standings
from runbook_engine.cli.identity import executors
from runbook_engine.cli.projects import write_output
from runbook_engine.cli.sealing import exported, imported
from runbook_engine.cli.settings import settings
from runbook_engine.cli.signing import meant
from runbook_engine.model.approvals import Sealed, Statement
from runbook_engine.model.errors import Exit, Refused, Usage
from runbook_engine.model.plan import Plan

if TYPE_CHECKING:
    from runbook_engine.recording import Store

LONGEST = 16 << 20  # bytes of a file of statements
NOTHING = "None of the file was taken in."


@click.command("approvals")
@click.argument("file")
@options.param_options
@click.option("--export", metavar="FILE", help="Write all that was said of the runbook to a file; - is stdout.")
@click.option("--import", "import_", metavar="FILE", help="Take statements in that somebody has sent; - is stdin.")
@options.inventory
@options.journal
@options.as_json
def approvals_command(
    file: str,
    params: tuple[str, ...],
    params_file: str | None,
    export: str | None,
    import_: str | None,
    inventory: str | None,
    journal: str | None,
    as_json: bool,
) -> int:
    """Show who must still approve a plan, who has, what does not count and why, and the command for each.

    \b
    runbook approvals rack12.plan
    runbook approvals rack12.plan --import rack12.approval

    \b
    Exit code 0: every phase may start as far as approvals go; 5: something is missing; 4: a phase is rejected.
    """
    place = settings(Path(file), inventory=inventory, journal=journal)
    live, now = estates_of(place.inventory).live(), opening.now()
    with opening.store_of(place) as store:
        plan = meant(file, place, store, params, params_file)
        if import_:
            options.say(_taken_in(plan, _read(import_), store, live))
        said = store.statements(plan.runbook)
    if export:
        write_output(exported(said), export)
        return Exit.DONE
    from runbook_engine.approving import loosened
    from runbook_engine.reporting.approvals_text import approvals_data, approvals_text

    found = standings(plan, live, said, now, executors(live.estate))
    loose = loosened(live.estate.policy)
    if as_json:
        options.show_json(approvals_data(plan, found, loose))
    else:
        options.show(approvals_text(plan, found, file, loose, options.zone()))
    if any(standing.rejected for standing in found):
        return Exit.REFUSED
    return Exit.DONE if all(standing.may_start for standing in found) else Exit.WAITING


def _read(file: str) -> list[Sealed]:
    data = sys.stdin.buffer.read(LONGEST + 1) if file == "-" else _bytes_of(Path(file))
    if len(data) > LONGEST:
        raise Usage(f"{file} is too large for statements")
    return imported(data, opening.now())


def _bytes_of(path: Path) -> bytes:
    if not path.is_file():
        raise Usage(f"There is no file {path}")
    with path.open("rb") as file:
        return file.read(LONGEST + 1)


def _taken_in(plan: Plan, sealed: list[Sealed], store: "Store", live: Live) -> str:
    """Keep what is about this runbook, and said by whom it names. Whether it counts is judged at every start, not here."""
    statements = [_about(plan, one) for one in sealed]
    from runbook_engine.approving import forged

    problems = [forged(one, plan, live.estate, live.estate.policy, live.signers, opening.now()) for one in sealed]
    good = [(said, one) for said, one, problem in zip(statements, sealed, problems, strict=True) if not problem]
    bad = [f"of {said.by}: {problem}" for said, problem in zip(statements, problems, strict=True) if problem]
    if bad and not good:
        raise Refused(f"Nothing of it was said by whom it names: {'; '.join(bad)}", why=NOTHING)
    new = sum(store.add_statement(said, one) for said, one in good)
    words = f"{new} taken in, {len(good) - new} known already"
    return "\n".join([f"{words}, {len(bad)} REFUSED." if bad else f"{words}.", *(f"REFUSED {one}" for one in bad)])


def _about(plan: Plan, sealed: Sealed) -> Statement:
    from runbook_engine.approving import NotAStatement, statement_of

    try:
        statement = statement_of(sealed.body)
    except NotAStatement as error:
        raise Usage(f"One of them is no statement: {error}", why=NOTHING) from None
    if statement.runbook != plan.runbook:
        raise Usage(f"One of them is about {statement.runbook}, not about {plan.runbook}", why=NOTHING)
    return statement
