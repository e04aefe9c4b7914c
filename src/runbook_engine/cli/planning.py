"""plan, graph: what will happen, on which host, in which order."""

from pathlib import Path

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.estates import estates_of
from runbook_engine.cli.projects import planned, write_output
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.approvals import Say
from runbook_engine.model.errors import Exit, Usage
from runbook_engine.model.impact import PhaseImpact
from runbook_engine.model.plan import Plan


@click.command("plan")
@click.argument("file", required=False)
@options.param_options
@click.option("-o", "--output", metavar="PLAN", help="Save the plan; this file can be compared, approved and run.")
@click.option("--compare", nargs=2, metavar="OLD NEW", help="Say what differs between two plans (exit 7 if anything does).")
@options.inventory
@options.verbose
@options.as_json
def plan_command(
    file: str | None,
    params: tuple[str, ...],
    params_file: str | None,
    output: str | None,
    compare: tuple[str, str] | None,
    inventory: str | None,
    verbose: int,
    as_json: bool,
) -> int:
    """Turn a runbook into a plan: phases, steps, hosts, batches, in order. Nothing is started.

    \b
    runbook plan runbooks/rack12-install.yml -p bios=2.20.0 -o rack12.plan
    runbook plan --compare rack12.plan runbooks/rack12-install.yml

    \b
    Next: runbook run PLAN
    """
    if compare:
        return _compare(*compare, inventory=inventory, params=params, params_file=params_file, as_json=as_json)
    if not file:
        raise click.UsageError("name a runbook: runbook plan FILE")
    from runbook_engine.planning import write_plan
    from runbook_engine.reporting.plan_data import plan_data
    from runbook_engine.reporting.plan_text import plan_text

    place = settings(Path(file), inventory=inventory)
    plan = planned(file, place, options.pairs(params, "-p"), params_file)
    if output:
        write_output(write_plan(plan), output)
    noticed = impact_of(plan, place)
    if as_json:
        options.show_json(plan_data(plan, parallel=place.parallel, impact=noticed))
    elif output != "-":
        options.show(plan_text(plan, verbose=verbose, parallel=place.parallel, saved_as=output or "", impact=noticed))
        options.say(conflict_words(plan, place))
    return Exit.DONE


def _compare(
    old: str, new: str, *, inventory: str | None, params: tuple[str, ...], params_file: str | None, as_json: bool
) -> int:
    from runbook_engine.planning import compare
    from runbook_engine.reporting.differences import differences_data, differences_text

    given = options.pairs(params, "-p")
    first, second = (
        planned(
            file,
            settings(Path(file), inventory=inventory),
            given if Path(file).suffix in (".yml", ".yaml") else {},
            params_file,
        )
        for file in (old, new)
    )
    found = compare(first, second)
    if as_json:
        options.show_json(differences_data(found))
    else:
        options.show(differences_text(found) if found else f"No difference: both are plan {first.digest[:12]}.")
        options.say(void_words(first, second))
    return Exit.DIFFERENT if found else Exit.DONE


@click.command("graph")
@click.argument("file")
@options.param_options
@click.option("-o", "--output", default="-", metavar="FILE", help="Where to write it; - is stdout.")
@click.option("--as", "form", type=click.Choice(["svg", "mermaid", "dot"]), help="The form; else by the file's ending.")
@options.inventory
def graph_command(
    file: str, params: tuple[str, ...], params_file: str | None, output: str, form: str | None, inventory: str | None
) -> None:
    """Draw a plan: phases, batches, steps and what waits for what.

    \b
    runbook graph rack12.plan -o rack12.svg
    runbook graph runbooks/rack12-install.yml --as mermaid
    """
    from runbook_engine.reporting.graph_drawing import svg
    from runbook_engine.reporting.graph_languages import dot, mermaid

    ways = {"svg": svg, "mermaid": mermaid, "dot": dot}
    endings = {".svg": "svg", ".mmd": "mermaid", ".md": "mermaid", ".dot": "dot", ".gv": "dot", "": "svg"}
    chosen = form or endings.get(Path(output).suffix if output != "-" else "")
    if chosen is None:
        raise Usage(f"{output}: which form is meant?", next_command=f"runbook graph {file} -o {output} --as svg|mermaid|dot")
    place = settings(Path(file), inventory=inventory)
    plan = planned(file, place, options.pairs(params, "-p"), params_file)
    write_output(ways[chosen](plan).encode(), output)


def impact_of(plan: Plan, place: Settings) -> tuple[PhaseImpact, ...]:
    """What others notice of a plan, by the inventory as it is now; nothing where there is none."""
    from runbook_engine.planning.impact import impact

    if not place.inventory.exists():
        return ()
    return impact(plan, estates_of(place.inventory).live().estate, place.parallel)


def void_words(old: Plan, new: Plan) -> str:
    """Which approvals of the old plan are void for the new one, and which hold; empty when nobody has said anything."""
    from runbook_engine.approving import NotAStatement, statement_of

    with opening.store_of(settings()) as store:
        bodies = [sealed.body for sealed in store.statements(old.runbook)]
    before, after = ({phase.id: phase.leaf for phase in plan.phases} for plan in (old, new))
    lines = []
    for body in bodies:
        try:
            said = statement_of(body)
        except NotAStatement:
            continue
        covered = [phase for phase, leaf in said.phases.items() if said.say is Say.APPROVE and before.get(phase) == leaf]
        void = [phase for phase in covered if after.get(phase) != before[phase]]
        if covered:
            kept = [phase for phase in covered if phase not in void]
            words = [f"VOID for {', '.join(void)}" if void else "", f"still holds for {', '.join(kept)}" if kept else ""]
            lines.append(f"approval of {said.by} ({said.id[:8]}): {'; '.join(filter(None, words))}")
    return "\n".join(lines)


def conflict_words(plan: Plan, place: Settings) -> str:
    """What this plan and the plans of open runs both want."""
    from runbook_engine.planning.conflicts import conflicts
    from runbook_engine.reporting.conflicts_text import conflict_sentences

    if not opening.has_journal(place) or not place.inventory.exists():
        return ""
    with opening.store_of(place) as store:
        others = opening.open_elsewhere(store, plan.runbook)
    found = conflicts(plan, others, estates_of(place.inventory).live().estate) if others else ()
    return "\n".join(["Open runs that want the same", *(f"  – {line}" for line in conflict_sentences(found))]) if found else ""
