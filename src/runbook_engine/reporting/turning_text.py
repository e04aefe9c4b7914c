"""What stands before a phase goes on: who is set aside, what a person must say, and how far a way back is."""

from collections.abc import Iterator

from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.run import PhaseState, Run
from runbook_engine.model.words import SETTLED_WELL, FailureScope, OnFailure, PhaseId, Status, TaskId
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.naming import command, package_of, split_task
from runbook_engine.reporting.words import count, status_word
from runbook_engine.running.budget import allowed, failures, spent
from runbook_engine.running.shape import Limits, limits_of

NAMED_AT_MOST = 12


def spent_lines(plan: Plan, run: Run) -> list[str]:
    """Each phase in which more has failed than it allows, with what that leads to and what a person can do."""
    limits = limits_of(plan)
    found: list[str] = []
    for phase in plan.phases:
        state = run.phases.get(phase.id)
        reached = state is not None and (state.stage is not None or phase.failures_over is FailureScope.PROJECT)
        stage = spent(limits, run, phase.id) if reached else None
        if state is not None and stage is not None and not state.undone:
            found += _spent(limits, run, phase, stage)
    return found


def _spent(limits: Limits, run: Run, phase: PlannedPhase, stage: int) -> Iterator[str]:
    over = {FailureScope.BATCH: f"this batch of {phase.id}", FailureScope.PROJECT: "all phases together"}
    number, most = failures(limits, run, phase.id, stage), allowed(limits, phase.id, stage)
    where = over.get(phase.failures_over, f"phase {phase.id}")
    head = f"{number} failed in {where}, {most} allowed: nothing new starts there"
    if phase.on_failure is OnFailure.ASK:
        yield f"ASKED in phase {phase.id}: {head}. How does it go on?"
        yield f"  {command('runbook', 'decide', run.id, phase.id)} go-on|roll-back|stop --reason …"
    elif phase.on_failure is OnFailure.ROLL_BACK:
        yield f"Stopped in phase {phase.id}: {head}; its way back begins with {command('runbook', 'resume', run.id)}"
    else:
        yield f"Stopped in phase {phase.id}: {head}"
        yield f"  {command('runbook', 'resume', run.id, '--failed')}   to try again"
        yield f"  {command('runbook', 'resume', run.id, '--skip')} HOST   to go on without a host"
        yield f"  {command('runbook', 'roll-back', run.id, '--phase', phase.id)} --reason …"


def aside_lines(plan: Plan, run: Run) -> list[str]:
    """The hosts that hold nobody up for now, by phase, and how they come back."""
    found: list[str] = []
    limits = limits_of(plan)
    for phase in plan.phases:
        state = run.phases.get(phase.id)
        if state is None or spent(limits, run, phase.id) is not None:  # that is said already
            continue
        hosts = [host for host in phase.hosts if phase.id in state.aside.get(host, ())]
        if not hosts:
            continue
        waits = "" if phase.on_failure is OnFailure.CONTINUE else "; the end of the phase waits for them"
        found.append(one_line(f"Set aside in {phase.id}: {fold_hosts(hosts, most=NAMED_AT_MOST)}{waits}"))
        found += [
            f"  {command('runbook', 'resume', run.id, '--failed')}   to try again",
            f"  {command('runbook', 'resume', run.id, '--skip', hosts[0])}   to go on without it",
        ]
    return found


def way_back_lines(plan: Plan, run: Run) -> list[str]:
    """How far the way back is, what was rolled back, and what stays as it is because it has no way back."""
    found: list[str] = []
    if run.back is not None:
        left = sum(len(parts) for parts in run.back.lanes.values())
        because = f": {run.back.reason}" if run.back.reason else ""
        found.append(
            one_line(f"ROLLING BACK {', '.join(run.back.phases)}, said by {run.back.by}{because}; {count(left, 'task')} left")
        )
    for phase in plan.phases:
        state = run.phases.get(phase.id)
        if state is not None and (state.undone or state.undone_hosts):
            found += _undone(plan, run, phase, state)
    return found


def _undone(plan: Plan, run: Run, phase: PlannedPhase, state: PhaseState) -> Iterator[str]:
    if run.back is None:
        which = "" if state.undone else f" on {fold_hosts(sorted(state.undone_hosts), most=NAMED_AT_MOST)}"
        yield one_line(f"Rolled back: phase {phase.id}{which}, {count(state.counts[Status.ROLLED_BACK], 'task')}")
    kept = list(_kept(plan, run, phase.id))
    if kept:
        named = ", ".join(kept[:NAMED_AT_MOST]) + (" …" if len(kept) > NAMED_AT_MOST else "")
        yield one_line(f"  not undone, because there is no way back: {named}")
    if run.back is None:
        yield f"  {command('runbook', 'resume', run.id, '--again', phase.id)}   to do it again"


def _kept(plan: Plan, run: Run, phase: PhaseId) -> Iterator[str]:
    """The steps of a phase that were done, change something and stay as they are; with the reason that was given."""
    steps: dict[str, str] = {}
    for task, state in run.tasks.items():
        package = package_of(plan, task)
        done = state.status in SETTLED_WELL and state.status is Status.OK
        if package is None or package.phase != phase or not (done or state.status is Status.FAILED):
            continue
        if not state.back and package.changes_something and not (package.way_back and package.way_back.procedure):
            steps.setdefault(package.step, package.way_back.none if package.way_back else "")
    yield from (f"{step} ({reason})" if reason else step for step, reason in steps.items())


def failed_way_back_lines(run: Run, tasks: list[TaskId], words: list[str]) -> list[str]:
    """What could not be undone: the first thing that anybody must know."""
    if not tasks:
        return []
    what = status_word(Status.ROLL_BACK_FAILED)
    lines = [f"{what}: {count(len(tasks), 'task')}; the hosts stand between two states, look at them first"]
    for task, said in zip(tasks, words, strict=True):
        package, host = split_task(task)
        step = package.partition("#")[0]
        lines += [
            "  " + one_line(f"{task}: {said}", 1500),
            f"      {command('runbook', 'log', run.id, '--step', step, *(('--host', host) if host else ()))}",
            f"      {command('runbook', 'resume', run.id, '--retry', task)}   to try again",
            f"      {command('runbook', 'resolve', run.id, task)} --as done --reason …   if it was undone by hand",
        ]
    return lines
