"""A rehearsal as JSON data for other programs."""

from typing import Any

from runbook_engine.model.rehearsal import Branch, Rehearsal, Scenario
from runbook_engine.model.words import Status
from runbook_engine.reporting.event_text import event_words

FORMAT = 1

Data = dict[str, Any]


def rehearsal_data(rehearsal: Rehearsal, *, log: bool = False) -> Data:
    """The JSON form of a rehearsal; with `log`, the events of each night too. Every length of time is in seconds.

    Fields: `format` (1), `kind` ("rehearsal"), `digest`, `runbook`, `title`, `seed`, `start`, `parallel`, `standard`,
    `as_planned`, `assumed`, `scenarios`, `branches`.
    """
    return {
        "format": FORMAT,
        "kind": "rehearsal",
        "digest": rehearsal.plan,
        "runbook": rehearsal.runbook,
        "title": rehearsal.title,
        "seed": rehearsal.seed,
        "start": rehearsal.start.isoformat(),
        "parallel": rehearsal.parallel,
        "standard": rehearsal.standard,
        "as_planned": rehearsal.as_planned,
        "assumed": list(rehearsal.assumed),
        "scenarios": [_scenario(one, log=log) for one in rehearsal.scenarios],
        "branches": [_branch(one) for one in rehearsal.branches],
    }


def _scenario(one: Scenario, *, log: bool) -> Data:
    data: Data = {
        "name": one.name,
        "faults": [{"kind": fault.kind.value, "at": fault.at, "value": fault.value} for fault in one.faults],
        "words": list(one.words),
        "missed": list(one.missed),
        "ended": one.ended,
        "why": one.why,
        "as_planned": one.as_planned,
        "began": one.began.isoformat(),
        "over": one.over.isoformat(),
        "simulated_s": (one.over - one.began).total_seconds(),
        "phases": [
            {
                "phase": phase.phase,
                "low_s": phase.low_s,
                "planned_s": phase.planned_s,
                "high_s": phase.high_s,
                "simulated_s": phase.simulated_s,
            }
            for phase in one.phases
        ],
        "hosts_out": one.hosts_out,
        "tasks": {status.value: one.counts.get(status, 0) for status in Status},
        "asked": [
            {
                "at": asked.at.isoformat(),
                "step": asked.step,
                "prompt": asked.prompt,
                "answer": asked.answer,
                "waited_s": asked.waited_s,
                "times": asked.times,
            }
            for asked in one.asked
        ],
        "typed": [{"at": typed.at.isoformat(), "command": typed.command, "times": typed.times} for typed in one.typed],
        "left": list(one.left),
        "recorded": one.recorded,
    }
    if log:
        data["events"] = [{"at": event.at.isoformat(), "text": f"REHEARSAL {event_words(event)}"} for event in one.events]
    return data


def _branch(one: Branch) -> Data:
    return {
        "where": one.where,
        "kind": one.kind.value,
        "detail": one.detail,
        "exercised": list(one.exercised),
        "why_not": one.why_not,
    }
