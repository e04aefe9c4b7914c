"""A plan as JSON data for other programs."""

from collections.abc import Sequence
from typing import Any

from runbook_engine.model.impact import PhaseImpact
from runbook_engine.model.plan import Package, Plan, PlannedPhase
from runbook_engine.model.runbook import Takes
from runbook_engine.model.words import EdgeKind, StageKind
from runbook_engine.reporting.command_text import differences_by_host, procedure_lines
from runbook_engine.reporting.impact_data import impact_data
from runbook_engine.reporting.naming import by_person, title_of
from runbook_engine.reporting.plan_text import warnings_of
from runbook_engine.reporting.planned import deadline_data, lag_data, planned_data
from runbook_engine.reporting.steps import PlannedStep, batch_sizes, steps_of, worst_case
from runbook_engine.reporting.timing import likely, longest, phase_time, plan_time

FORMAT = 1

Data = dict[str, Any]


def plan_data(plan: Plan, *, parallel: int | None = None, impact: Sequence[PhaseImpact] = ()) -> Data:
    """The JSON form of a plan. Times are in seconds; what is not stated is null.

    Fields: `format` (1), `kind` ("plan"), `digest`, `runbook`, `title`, `project` (install, upgrade, maintenance),
    `owner`, `why`, `impact`, `params`, `start`, `deadline`, `deadline_soft`, `priority`, `hosts`, `tasks`,
    `planned_s`, `unenforced`, `warnings`,
    `approvals` (by, before, count) and `phases`. A phase has `id`, `title`, `leaf`, `needs`, `window`, `earliest`,
    `deadline` (by, soft), `hosts`, `batches`
    (sizes), `batch_hosts` (names), `canary`, `order`, `spread_over`, `never_together`, `soak_s`, `pause_s`, `max_failures`,
    `batch_failures` (for each batch, where it counts for itself), `failures_over`, `worst_case` (hosts that can have
    failed), `on_failure`, `way_back` (id, title, hosts, commands), `point_of_no_return`,
    `no_return_step`, `planned_s`, `longest_s`, `steps`, `impact` (see `impact_data`; null where the inventory was not asked).
    A step has `id`, `title`, `action`, `by_person`, `who`, `hosts` (a number, 0: once), `left_out`, `takes`, `repeat`,
    `retries`, `timeout_s`, `reboots`, `confirm_s`, `health_check`, `needs` (step, every_host), `way_back`,
    `no_way_back`, `evidence`, `choices`, `commands` (on the first host), `differs`, `uses`,
    `earliest`, `deadline`, `milestone`, `same_people_as`, `other_people_than`, `on_site`; of `needs` also `lag` (see
    `planned.lag_data`).
    """
    impacts = {found.phase: impact_data(found) for found in impact}
    return {
        "format": FORMAT,
        "kind": "plan",
        "digest": plan.digest,
        "runbook": plan.runbook,
        "title": plan.title,
        "project": plan.kind.value,
        "owner": plan.owner,
        "why": plan.why,
        "impact": plan.impact,
        "params": dict(plan.params),
        "start": plan.start.isoformat() if plan.start else None,
        "deadline": plan.deadline.isoformat() if plan.deadline else None,
        "deadline_soft": plan.deadline_soft,
        "priority": plan.priority,
        "hosts": list(dict.fromkeys(h for phase in plan.phases for h in phase.hosts)),
        "tasks": plan.tasks,
        "planned_s": plan_time(plan, likely, parallel),
        "unenforced": list(plan.unenforced),
        "warnings": list(warnings_of(plan)),
        "approvals": [{"by": a.by, "before": a.before, "count": a.count} for a in plan.approvals],
        "phases": [_phase(plan, phase, parallel) | {"impact": impacts.get(phase.id)} for phase in plan.phases],
    }


def _phase(plan: Plan, phase: PlannedPhase, parallel: int | None) -> Data:
    worst, rolling = worst_case(phase, parallel), phase.rolling
    batches = [stage for stage in phase.stages if stage.kind is StageKind.BATCH]
    return {
        "id": phase.id,
        "title": phase.title,
        "leaf": phase.leaf,
        "needs": list(phase.needs),
        "window": phase.window,
        "earliest": phase.earliest.isoformat() if phase.earliest else None,
        "deadline": deadline_data(phase.deadline),
        "hosts": list(phase.hosts),
        "batches": list(batch_sizes(phase)),
        "batch_hosts": [list(stage.hosts) for stage in batches] if rolling else [],
        "canary": rolling.canary if rolling else "",
        "order": rolling.order.value if rolling else None,
        "spread_over": rolling.spread_over if rolling else "",
        "never_together": rolling.never_together if rolling else "",
        "soak_s": rolling.soak_s if rolling else 0.0,
        "pause_s": max((stage.pause_s for stage in batches), default=0.0),
        "max_failures": phase.max_failures,
        "batch_failures": [stage.max_failures for stage in batches if stage.max_failures is not None],
        "failures_over": phase.failures_over.value if rolling else None,
        "worst_case": worst.hosts if worst else None,
        "on_failure": phase.on_failure.value if rolling else None,
        "way_back": [_way_back(package) for package in phase.way_back],
        "point_of_no_return": phase.point_of_no_return,
        "no_return_step": phase.no_return_step,
        "planned_s": phase_time(plan, phase, likely, parallel),
        "longest_s": phase_time(plan, phase, longest, parallel),
        "steps": [_step(step) for step in steps_of(plan, phase)],
    }


def _way_back(package: Package) -> Data:
    host = package.hosts[0] if package.hosts else None
    return {
        "id": package.step,
        "title": title_of(package),
        "hosts": len(package.hosts),
        "commands": procedure_lines(package, host),
    }


def _step(step: PlannedStep) -> Data:
    package = step.first
    question = package.procedure.question
    host = package.hosts[0] if package.hosts else None
    return {
        "id": step.id,
        "title": title_of(package),
        "action": package.action,
        "by_person": by_person(package),
        "who": [str(who) for who in package.who],
        "hosts": step.hosts,
        "left_out": list(step.left_out),
        "takes": _takes(package.takes),
        "repeat": package.repeat.value,
        "retries": package.retries.count,
        "timeout_s": package.timeout_s,
        "reboots": package.reboots,
        "confirm_s": package.confirm_s,
        "health_check": package.health_check,
        "needs": _needs(step),
        "way_back": bool(package.way_back and package.way_back.procedure),
        "no_way_back": package.way_back.none if package.way_back else "",
        "evidence": [{"name": name, "kind": kind} for name, kind in package.evidence],
        "choices": [{"name": c.name, "consequence": c.consequence, "goes_on": c.goes_on} for c in question.choices]
        if question
        else [],
        "commands": procedure_lines(package, host),
        "differs": differences_by_host(package),
        **planned_data(package),
    }


def _takes(takes: Takes | None) -> Data | None:
    if takes is None:
        return None
    times = {"low_s": takes.low_s, "likely_s": takes.likely_s, "high_s": takes.high_s}
    return {**times, "per_batch": takes.per_batch, "pausable": takes.pausable}


def _needs(step: PlannedStep) -> list[Data]:
    needs = ((e.before.partition("#")[0], e.kind is EdgeKind.ALL_HOSTS, e.lag) for e in step.first.needs)
    return [{"step": before, "every_host": barrier, "lag": lag_data(lag)} for before, barrier, lag in dict.fromkeys(needs)]
