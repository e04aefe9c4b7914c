"""A verdict for people who decide: whether it can be done, what stands in the way, what would help; and as data."""

import textwrap
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from runbook_engine.model.plan import Plan
from runbook_engine.model.verdict import Feasible, Finding, Verdict
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.schedule_words import estimates_text
from runbook_engine.reporting.words import count

FORMAT = 1
WIDTH = 100
WAYS_SHOWN = 5


def verdict_text(verdict: Verdict, plan: Plan, file: str) -> str:
    """The verdict, its findings with their ways out, and what cannot all hold. `file` is what the next command names."""
    blocks = [one for one in verdict.findings if one.blocks]
    perils = [one for one in verdict.findings if not one.blocks]
    parts = [
        one_line(f"{plan.title}  (plan {plan.digest[:12]})"),
        f"{verdict.feasible.upper()}{_numbers(blocks, perils)}",
        *_section("Stands in the way", blocks),
        *_section("Risks", perils),
        *_conflict(verdict),
        *filter(None, [estimates_text(verdict.estimates)]),
        _next(verdict, file),
    ]
    return "\n\n".join(parts)


def _numbers(blocks: list[Finding], perils: list[Finding]) -> str:
    told = [count(len(blocks), "thing") + " in the way" if blocks else "", count(len(perils), "risk") if perils else ""]
    words = ", ".join(filter(None, told))
    return f": {words}" if words else ": nothing stands in the way"


def _section(title: str, findings: list[Finding]) -> Iterator[str]:
    if findings:
        yield "\n".join([title, *(line for number, one in enumerate(findings, 1) for line in _finding(number, one))])


def _finding(number: int, one: Finding) -> Iterator[str]:
    lines = textwrap.wrap(one_line(f"{one.matter.upper()}  {one.reason}", 4000), WIDTH - 6, break_long_words=False)
    yield f"  {number:>2}  {lines[0]}"
    yield from (f"      {line}" for line in lines[1:])
    yield f"      at {one_line(one.place)}"
    for way in one.ways_out[:WAYS_SHOWN]:
        words = one_line(f"{way.words}{' (checked: it fits)' if way.proved else ''}", 1000)
        wrapped = textwrap.wrap(words, WIDTH - 10, break_long_words=False, break_on_hyphens=False)
        yield f"      → {wrapped[0]}"
        yield from (f"        {line}" for line in wrapped[1:])


def _conflict(verdict: Verdict) -> Iterator[str]:
    if len(verdict.conflict) > 1:
        lines = [one_line(f"  – {words}", 1000) for words in verdict.conflict]
        rest = "without any one of them the others can" if verdict.minimal else "not each of them was tried by itself"
        yield "\n".join([f"These cannot all hold; {rest}", *lines])


def _next(verdict: Verdict, file: str) -> str:
    if verdict.feasible is Feasible.NO:
        return f"Next: runbook feasibility {one_line(file)}, when that is mended"
    return f"Next: runbook schedule {one_line(file)}"


def verdict_data(verdict: Verdict, plan: Plan, at: datetime) -> dict[str, Any]:
    """The JSON form of a verdict.

    Fields: `format` (1), `kind` ("verdict"), `digest`, `runbook`, `title`, `at`, `feasible`, `findings`, `conflict`, `minimal`,
    `estimates` (by package, where a duration that the author did not state comes from).
    """
    return {
        "format": FORMAT,
        "kind": "verdict",
        "digest": plan.digest,
        "runbook": plan.runbook,
        "title": plan.title,
        "at": at.isoformat(),
        "feasible": verdict.feasible.value,
        "findings": [_finding_data(one) for one in verdict.findings],
        "conflict": list(verdict.conflict),
        "minimal": verdict.minimal,
        "estimates": dict(verdict.estimates),
    }


def _finding_data(one: Finding) -> dict[str, Any]:
    return {
        "matter": one.matter.value,
        "blocks": one.blocks,
        "place": one.place,
        "reason": one.reason,
        "about": list(one.about),
        "ways_out": [{"words": way.words, "cost": way.cost, "proved": way.proved} for way in one.ways_out],
    }
