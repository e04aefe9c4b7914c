"""Of a run's evidence page: what was planned, who approved what, and what became of each phase. Pure."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from runbook_engine.model.approvals import Sealed, Sealing, Statement
from runbook_engine.model.gates import PhaseCleared
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.run import PhaseState
from runbook_engine.reporting.evidence_story import Story, owner_of, said, signing_key, stamp
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.html_text import Markup, element, folded, section, table, together
from runbook_engine.reporting.plan_text import plan_text
from runbook_engine.reporting.standing import phase_word
from runbook_engine.reporting.tally import Tally
from runbook_engine.reporting.timing import likely, longest, phase_time
from runbook_engine.reporting.words import count, day_or_moment, duration, short_digest

HOST_PARTS = 12


def planned(story: Story) -> Markup:
    """Why, with what effect, for whom; each phase planned against actual; the plan in full, folded."""
    plan = story.plan
    facts = [
        ("Kind", str(plan.kind)),
        ("Owner", plan.owner),
        ("Why", plan.why),
        ("Impact", plan.impact),
        ("Dates", ", ".join(_dates(plan))),
        ("Parameters", ", ".join(f"{name}={value}" for name, value in plan.params.items())),
        ("Plan", plan.digest),
    ]
    tally = Tally(plan, story.run)
    rows = [_phase(story, phase, tally) for phase in plan.phases]
    heads = ("Phase", "Hosts", "Planned", "Started", "Ended", "Took", "Result")
    return section(
        "planned",
        "What was planned, and what came of it",
        definitions(facts),
        table(heads, rows, "Each phase: planned against actual, times in UTC"),
        *(_in_full(story, digest) for digest in story.plans),
    )


def definitions(facts: list[tuple[str, str]]) -> Markup:
    """Names and what they are, without those that have nothing."""
    return element("dl", *(together((element("dt", name), element("dd", value))) for name, value in facts if value))


def _dates(plan: Plan) -> Iterator[str]:
    if plan.start:
        yield f"not before {day_or_moment(plan.start, UTC)}"
    if plan.deadline:
        yield f"deadline {day_or_moment(plan.deadline, UTC)}"


def _phase(story: Story, phase: PlannedPhase, tally: Tally) -> tuple[str, ...]:
    state = tally.state(story.run, phase.id)
    hosts = f"{len(phase.hosts):,}: {fold_hosts(phase.hosts, most=HOST_PARTS)}" if phase.hosts else "none"
    low, high = phase_time(story.plan, phase, likely), phase_time(story.plan, phase, longest)
    planned_time = f"{duration(low)}, at most {duration(high)}" if low or high else "no time stated"
    window = f"; window {phase.window}" if phase.window else ""
    words = f"{phase_word(state)} ({tally.words(story.run, phase.id)})"
    return (f"{phase.title} ({phase.id})", hosts, planned_time + window, *_times(state), words)


def _times(state: PhaseState) -> tuple[str, str, str]:
    began, ended = _moment(state.started, "not started"), _moment(state.ended, "not ended")
    took = duration(round((state.ended - state.started).total_seconds())) if state.started and state.ended else ""
    return began, ended, took


def _moment(at: datetime | None, otherwise: str) -> str:
    return stamp(at) if at else otherwise


def _in_full(story: Story, digest: str) -> Markup:
    plan = next(p for d, p in story.plans.items() if d == digest)
    name = "The plan in full" if digest == story.plan.digest else "An earlier plan in full"
    return folded(f"{name}: {short_digest(digest)}, {count(plan.tasks, 'task')}", element("pre", plan_text(plan, verbose=1)))


def approved(story: Story) -> Markup:
    """What was asked for, every statement with how it is sealed, and on which of them each phase began."""
    asked = [f"{a.by} ({count(a.count, 'person', 'people')}) before {a.before}" for a in story.plan.approvals]
    rows = [_statement(story, sealed) for sealed in story.evidence.statements]
    heads = ("Person", "Says", "Of phases", "When, and until", "How it is sealed", "Reason")
    parts = [
        element("p", f"The runbook asks for: {'; '.join(asked)}." if asked else "The runbook itself asks for no approval.")
    ]
    parts.append(
        table(heads, rows, "Statements, in the order in which they came")
        if rows
        else element("p", "Nobody has made a statement.")
    )
    cleared = [_cleared(number, event) for number, event in story.of(PhaseCleared)]
    if cleared:
        parts.append(table(("Record", "When", "Phase", "On these grounds"), cleared, "What let each phase start"))
    if any(s.sealing is Sealing.SIGNED for s in story.evidence.statements):
        parts.append(element("p", "That the signatures fit the statements is not proved by this page: runbook verify does it."))
    rehearsals = [_rehearsal(story, n) for n in range(len(story.evidence.rehearsals))]
    if rehearsals:
        parts.append(table(("Plan", "When", "By", "Seed", "Came to"), rehearsals, "Rehearsals, on stand-in hosts"))
    return section("approved", "Who approved what", *parts)


def _statement(story: Story, sealed: Sealed) -> tuple[str, ...]:
    statement = said(sealed)
    if statement is None:
        return ("?", "a statement that cannot be read", "", stamp(sealed.received), sealed.sealing.value, "")
    until = f"{stamp(statement.at)}, until {stamp(statement.until)}"
    words = statement.say.upper().replace("-", " ") + (f" {statement.revokes}" if statement.revokes else "")
    named = f"{words} ({statement.id})"
    return statement.by, named, _covers(story, statement), until, _sealing(story, sealed, statement), statement.reason


def _covers(story: Story, statement: Statement) -> str:
    """The phases, each with whether its content is the one that was carried out in the end."""
    leaves = {phase.id: phase.leaf for phase in story.plan.phases}
    names = [
        name if leaves.get(name) == leaf else f"{name} (as it was in another plan)" for name, leaf in statement.phases.items()
    ]
    return ", ".join(names) or "the whole plan"


def _sealing(story: Story, sealed: Sealed, statement: Statement) -> str:
    if sealed.sealing is not Sealing.SIGNED:
        typed = f" by {sealed.typed_by}" if sealed.typed_by else ""
        return (
            f"NOT SIGNED: {sealed.sealing.value}{f' {statement.by}' if sealed.sealing is Sealing.ON_WORD else ''}, typed{typed}"
        )
    key = signing_key(sealed.signature) or "a key that cannot be read"
    owner = owner_of(story.evidence.keys, key)
    whose = "a key of the person" if owner == statement.by else f"A KEY OF {owner or 'NOBODY WHOM THE INVENTORY KNOWS'}"
    return f"signed with {key}, {whose}"


def _cleared(number: int, event: PhaseCleared) -> tuple[str, ...]:
    grounds = [f"statements {', '.join(event.statements)}"] if event.statements else []
    grounds += [event.entry] if event.entry else []
    grounds += [f"BREAK-GLASS: {', '.join(event.glass)}"] if event.glass else []
    return f"#{number}", stamp(event.at), event.phase, "; ".join(grounds) or "nothing was asked for"


def _rehearsal(story: Story, index: int) -> tuple[str, ...]:
    made = story.evidence.rehearsals[index]
    try:
        as_planned = json.loads(made.body).get("as_planned")
    except (ValueError, AttributeError):
        as_planned = None
    words = {True: "every night ended as planned", False: "NOT every night ended as planned"}.get(as_planned, "not known")
    return short_digest(made.digest), stamp(made.at), made.by, str(made.seed), words
