"""What is looked at, and said, before a run begins or goes on."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from runbook_engine.cli import opening, options
from runbook_engine.cli.gating import Gates
from runbook_engine.cli.projects import planned
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.errors import Refused, RunbookError
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import PhaseId, RunId
from runbook_engine.model.world import Hold
from runbook_engine.running.focus import Focus
from runbook_engine.running.gates import OF_TIME

if TYPE_CHECKING:
    from runbook_engine.recording import Store


def enforced(plan: Plan, file: str, *, accepted: bool) -> None:
    """A part of the runbook that has no effect yet must be accepted, by name."""
    if plan.unenforced and not accepted:
        raise Refused(
            f"NOT ENFORCED yet: {', '.join(plan.unenforced)}",
            why="The plan states them, but this version does not act on them in a run.",
            next_command=f"runbook run {file} --accept-unenforced",
        )
    if plan.unenforced:
        options.say(f"NOT ENFORCED, and accepted: {', '.join(plan.unenforced)}")


def no_other(store: "Store", plan: Plan) -> None:
    """What was planned is what runs: a run that is open with another plan must be settled first (L1)."""
    for row in store.open_runs_of(plan.runbook):
        if row.digest != plan.digest:
            from runbook_engine.cli.planning import void_words
            from runbook_engine.planning import compare
            from runbook_engine.reporting.differences import differences_text

            old = store.plan(row.digest)
            options.say(differences_text(compare(old, plan)))
            options.say(void_words(old, plan))
            raise Refused(
                f"{row.run} is open with another plan ({row.digest[:12]}, this is {plan.digest[:12]})",
                why="An open run goes on with its own plan; a changed one must be taken up on purpose.",
                next_command=f"runbook resume {row.run}, or runbook amend {row.run} FILE, or runbook stop {row.run}",
            )


def open_run_of(store: "Store", plan: Plan) -> RunId | None:
    """The run of exactly this plan that has not ended."""
    return next((row.run for row in store.open_runs_of(plan.runbook) if row.digest == plan.digest), None)


def announcement(plan: Plan, focus: Focus, run: RunId | None) -> str:
    """What is about to be touched, with names and numbers, before anything is."""
    from runbook_engine.reporting.folding import fold_hosts

    phases = [p for p in plan.phases if not focus.phases or p.id in focus.phases]
    hosts = dict.fromkeys(h for p in phases for h in p.hosts if not focus.hosts or h in focus.hosts)
    number = f"{len(hosts)} host{'s' if len(hosts) != 1 else ''}"
    begin = f"Carrying on {run}" if run else "Starting"
    return (
        f"{begin}: {plan.title} (plan {plan.digest[:12]})\n"
        f"Phases: {', '.join(p.id for p in phases)}\n"
        f"{number}: {fold_hosts(list(hosts)) or 'none'}"
    )


def note_edits(plan: Plan, place: Settings) -> None:
    """Say so when the runbook on disk is no longer what the run carries out; the stored plan is what runs."""
    if not plan.file or not Path(plan.file).is_file():
        return
    try:
        present = planned(plan.file, settings(Path(plan.file), journal=place.journal), plan.params, ask=False)
    except (RunbookError, OSError) as error:
        options.say(f"Note: {plan.file} cannot be planned now ({error}); the run goes on with its stored plan.")
        return
    if present.digest != plan.digest:
        options.say(
            f"Note: {plan.file}, or the inventory, would now give another plan; "
            f"the run goes on with its stored plan {plan.digest[:12]}."
        )


def may_begin(plan: Plan, focus: Focus, gates: Gates, file: str, *, wait: bool) -> None:
    """Refuse a run of which nothing could start now: which phase, why, when it opens, what to type.

    `file`: what the person who asks has named, the runbook or the stored plan.

    With `wait`, what ends by itself and what people may still sign is waited for.
    """
    first = [p.id for p in plan.phases if not p.needs and focus.allows(p.id, None)]
    passages, _ = gates.passages(plan, opening.now())
    holds = {phase: passages[phase].holds for phase in first if phase in passages}
    if not first or len(holds) < len(first) or not all(holds.values()):
        return
    every = [(phase, hold) for phase, some in holds.items() for hold in some]
    if wait and all(hold.kind in OF_TIME | {"approval"} for _, hold in every):
        return
    phase, main = every[0]
    more = [_words(*one) for one in every[1:6]]
    command = main.next_command or (f"runbook run {file} --wait" if main.until else "")
    raise Refused(_words(phase, main), why="; ".join(more), next_command=command)


def _words(phase: PhaseId, hold: Hold) -> str:
    opens = f"; it opens {_local(hold.until)}" if hold.until else ""
    return f"Phase {phase} does not start ({hold.kind}): {hold.reason}{opens}"


def _local(when: datetime) -> str:
    from runbook_engine.reporting.words import clock_time, day

    return f"{day(when.astimezone(options.zone()))} {clock_time(when, options.zone())}"
