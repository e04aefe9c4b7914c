"""What a statement covers: its phases, how long it counts, and what it is about in plain words."""

from collections.abc import Sequence

from runbook_engine.cli.estates import Live
from runbook_engine.model.approvals import Statement
from runbook_engine.model.errors import Usage
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import PhaseId


def chosen_phases(plan: Plan, names: Sequence[str]) -> list[PhaseId]:
    """The phases that are named, or all of them. Raises Usage for one that the plan does not have."""
    known = [phase.id for phase in plan.phases]
    for name in names:
        if name not in known:
            raise Usage(f"The plan has no phase {name}", why=f"It has {', '.join(known)}.")
    return [phase for phase in known if not names or phase in names]


def length_s(until: str | None, live: Live) -> float:
    """How many seconds a statement counts. Raises Usage for longer than the policy allows."""
    from runbook_engine.actions.values import seconds

    longest = live.estate.policy.longest_s
    if until is None:
        return longest
    try:
        wanted = seconds(until)
    except ValueError as error:
        raise Usage(f"--until: {error}") from None
    if not 0 < wanted <= longest:
        raise Usage(
            f"--until {until} is not possible", why=f"The policy lets approvals count for {longest / 86400:g} days at most."
        )
    return wanted


def covered_words(plan: Plan, live: Live, statement: Statement) -> str:
    """What a statement is about, in plain words, before it is signed."""
    from runbook_engine.planning.impact import impact
    from runbook_engine.reporting.impact_text import impact_sentences

    lines = [f"{plan.title} (plan {plan.digest[:12]})", f"Why: {plan.why}", f"Impact: {plan.impact}"]
    for found in impact(plan, live.estate):
        if found.phase in statement.phases:
            lines += [f"\n{found.title} ({found.phase})", *(f"  – {sentence}" for sentence in impact_sentences(found))]
    return "\n".join(lines)
