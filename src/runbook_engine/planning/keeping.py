"""Refuses a plan that breaks a capacity rule of the inventory, at the place in the runbook that says how its hosts go."""

from runbook_engine.model.estate import Estate
from runbook_engine.model.folding import fold_hosts
from runbook_engine.model.places import Path
from runbook_engine.model.plan import Plan
from runbook_engine.model.runbook import Phase, Runbook
from runbook_engine.model.words import PhaseId
from runbook_engine.planning.capacity import TooMany, read_rules, too_many
from runbook_engine.planning.findings import Findings

_SHOWN = 4  # parts of the names of hosts


def keep_to_capacity(plan: Plan, runbook: Runbook, estate: Estate, found: Findings) -> None:
    """Note the phases that would take more hosts of a rule out of service together than it allows, and rules that are wrong."""
    if not estate.capacity:
        return
    rules, mistakes = read_rules(estate)
    found.mistakes += mistakes
    rule_of = {pool.name: rule for pool, rule in rules}
    phases = {phase.id: phase for phase in runbook.phases}
    told: dict[tuple[PhaseId, str], list[TooMany]] = {}
    for broken in too_many(plan, (pool for pool, _ in rules)):
        told.setdefault((broken.phase, rule_of[broken.pool.name].name), []).append(broken)
    for (name, rule), several in told.items():
        worst, phase = max(several, key=lambda broken: len(broken.hosts) - broken.pool.out), phases[name]
        hint = _repair(worst, phase, estate.capacity[rule].each)
        found.add(_place(worst, phase, plan), _message(worst, len(several) - 1), hint)


def _message(broken: TooMany, more: int) -> str:
    """What is broken; of the pools of one rule the worst, and how many `more` there are."""
    pool = broken.pool
    may = "none may be" if not pool.out else f"only {pool.out} may be"
    why = f": {pool.why}" if pool.why else ""
    names = fold_hosts(broken.hosts, most=_SHOWN)
    also = f" (and so for {more} more)" if more else ""
    number = len(broken.hosts)
    out = f"{number} hosts would be out of service together" if number > 1 else "1 host would be out of service"
    what = f"{out} ({names}), and {may}"
    return f"capacity rule {pool.name}: {what}{also}{why}"


def _repair(broken: TooMany, phase: Phase, each: str) -> str:
    out, rolling = broken.pool.out, phase.rolling
    if not out:
        hosts = fold_hosts(broken.hosts, most=_SHOWN)
        return f"leave {hosts} out of the phase, or change the rule under capacity: in the inventory"
    if rolling is None:
        apart = f", never_together: {each}" if each and out == 1 else ""
        return f"rolling: {{batches: [{'rest' if apart else out}]{apart}}}"
    if rolling.canary and broken.stage == 1:
        return f"canary: at most {out} of them"
    if each and out == 1 and rolling.never_together != each:
        return f"never_together: {each}, or batches: [1]"
    return f"batches: [{out}]"


def _place(broken: TooMany, phase: Phase, plan: Plan) -> Path:
    """Where the runbook says how the hosts go: `rolling`, else the hosts of the phase, else those of the step."""
    if phase.rolling is not None:
        return (*phase.path, "rolling")
    if phase.hosts is not None:
        return (*phase.path, "hosts")
    stages = next(p.stages for p in plan.phases if p.id == broken.phase)
    inside = [plan.packages[name] for stage in stages if stage.number == broken.stage for name in stage.packages]
    guilty = {p.step.partition("/")[2] for p in inside if p.takes_out and not broken.pool.hosts.isdisjoint(p.hosts)}
    step = next((step for step in phase.steps if step.id in guilty), None)
    return (*step.path, "hosts") if step else phase.path
