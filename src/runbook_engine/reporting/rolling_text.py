"""How a phase goes in batches, in words: who goes together, when failures stop it, and the way back."""

from collections.abc import Iterator
from itertools import groupby

from runbook_engine.model.commands import Upload
from runbook_engine.model.plan import Plan, PlannedPhase, Stage
from runbook_engine.model.runbook import Rolling
from runbook_engine.model.words import FailureScope, HostOrder, OnFailure, Repeat, StageKind
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.naming import title_of
from runbook_engine.reporting.steps import PlannedStep, WorstCase, batch_sizes, steps_of, worst_case
from runbook_engine.reporting.words import count, duration, listed

BATCHES_SHOWN = 12
HOSTS_SHOWN = 4  # parts of the names of one batch
_ORDERS = {
    HostOrder.AS_WRITTEN: "",
    HostOrder.REVERSE: "last of the inventory first",
    HostOrder.BY_NAME: "by name",
    HostOrder.BY_RACK: "rack after rack",
}
_COUNTED = {FailureScope.BATCH: " in a batch", FailureScope.PHASE: "", FailureScope.PROJECT: " in the whole project"}
_THEN = {
    OnFailure.STOP: "it stops",
    OnFailure.ROLL_BACK: "it stops and goes back",
    OnFailure.ASK: "it stops and a person is asked",
    OnFailure.CONTINUE: "it goes on",
}


def batch_words(phase: PlannedPhase) -> str:
    """The sizes of the batches, how hosts come to them, and the time that passes."""
    sizes = batch_sizes(phase)
    if not phase.rolling or not sizes:
        return ""
    shown = ", ".join(str(s) for s in sizes[:BATCHES_SHOWN])
    more = f" and {len(sizes) - BATCHES_SHOWN:,} more batches" if len(sizes) > BATCHES_SHOWN else ""
    facts = [f"{shown}{more} {'host' if sizes == (1,) else 'hosts'}", "one batch after the other", *_choosing(phase.rolling)]
    pause_s = max(s.pause_s for s in _batches(phase))
    facts += [f"{duration(phase.rolling.soak_s)} soak before the checks"] if phase.rolling.soak_s else []
    facts += [f"{duration(pause_s)} pause after each"] if pause_s else []
    return ", ".join(facts)


def _choosing(rolling: Rolling) -> Iterator[str]:
    if rolling.canary:
        yield f"canaries first ({rolling.canary})"
    if rolling.order is not HostOrder.AS_WRITTEN:
        yield _ORDERS[rolling.order]
    if rolling.spread_over:
        yield f"each spread over {rolling.spread_over}"
    if rolling.never_together:
        yield f"never two with the same {rolling.never_together}"


def members(phase: PlannedPhase) -> str:
    """The hosts of each batch, shortened."""
    batches = _batches(phase)
    if not phase.rolling or len(batches) < 2:
        return ""
    parts = [f"({n}) {fold_hosts(s.hosts, most=HOSTS_SHOWN)}" for n, s in enumerate(batches[:BATCHES_SHOWN], 1)]
    return "; ".join([*parts, *(["…"] if len(batches) > BATCHES_SHOWN else [])])


def _batches(phase: PlannedPhase) -> list[Stage]:
    return [stage for stage in phase.stages if stage.kind is StageKind.BATCH]


def failure_words(phase: PlannedPhase, parallel: int | None = None) -> str:
    """When failures stop a phase, what follows, and how many hosts can have failed by then."""
    if not phase.hosts:
        return ""
    worst = worst_case(phase, parallel)
    if worst is None:
        return "do not stop other hosts"
    if phase.on_failure is OnFailure.CONTINUE:
        return f"it goes on whatever fails; worst case {worst.hosts} of {count(worst.of, 'host')}"
    return f"{_limit(phase, worst)}; worst case {worst.hosts} of {count(worst.of, 'host')} ({_sum(phase, worst)})"


def _limit(phase: PlannedPhase, worst: WorstCase) -> str:
    over, then = _COUNTED[phase.failures_over], _THEN[phase.on_failure]
    limits = _limits(phase)
    if len(limits) > 1:
        numbers = ", ".join(limits)
        return f"{then} when more than {numbers} have failed in the batch"
    if worst.allowed:
        return f"{then} when more than {worst.allowed} {'has' if worst.allowed == 1 else 'have'} failed{over}"
    what = "the first one stops it" if phase.on_failure is OnFailure.STOP else f"{then} at the first one"
    return f"{what}{over if phase.failures_over is FailureScope.PROJECT else ''}"


def _limits(phase: PlannedPhase) -> list[str]:
    """What may fail in each batch, where that differs: '0', '1 (3 batches)'."""
    each = [s.max_failures for s in _batches(phase) if s.max_failures is not None]
    runs = [(limit, len(list(same))) for limit, same in groupby(each)]
    if len(runs) < 2:
        return []
    shown = [f"{limit} ({count(n, 'batch')})" if n > 1 else str(limit) for limit, n in runs[:BATCHES_SHOWN]]
    return [*shown, *(["…"] if len(runs) > BATCHES_SHOWN else [])]


def _sum(phase: PlannedPhase, worst: WorstCase) -> str:
    if phase.failures_over is FailureScope.BATCH and worst.before:
        last = f"{worst.allowed} allowed and {worst.in_flight} at work" if worst.allowed else f"{worst.in_flight} at work"
        return f"{worst.before} allowed in the batches before, {last} by then"
    if worst.allowed:
        return f"{worst.allowed} allowed and {worst.in_flight} at work by then"
    return "all that are at work by then"


def way_back_words(plan: Plan, phase: PlannedPhase) -> str:
    """What is undone, last step first; what is not and why; what follows for the phase. Empty where nobody said anything."""
    steps = [step for step in reversed(steps_of(plan, phase)) if not step.first.health_check]
    if not phase.way_back and not any(step.first.way_back for step in steps):
        return ""
    undone = [_name(step) for step in steps if step.first.way_back and step.first.way_back.procedure]
    words = [f"{listed(undone)}, last step first" if len(undone) > 1 else listed(undone)] if undone else []
    kept = [f"{_name(step)} ({_reason(step)})" for step in steps if _stays(step)]
    words += [f"not undone: {listed(kept)}"] if kept else []
    words += [f"then for the phase: {listed([title_of(package) for package in phase.way_back])}"] if phase.way_back else []
    return "; ".join(words)


def _name(step: PlannedStep) -> str:
    return step.id.partition("/")[2] or step.id


def _stays(step: PlannedStep) -> bool:
    """Whether a step changes something, as far as it says, and cannot be undone."""
    package = step.first
    if package.way_back:
        return not package.way_back.procedure
    puts = any(isinstance(command, Upload) for command in package.procedure.apply)  # again does no harm, but it is a change
    return puts or (package.repeat is not Repeat.SAFE and not package.procedure.timer and not package.procedure.question)


def _reason(step: PlannedStep) -> str:
    return step.first.way_back.none if step.first.way_back else "nothing is said"
