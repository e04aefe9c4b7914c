"""Whose approval each phase of a plan needs: what the runbook lists, and what follows from who answers for what it touches."""

from collections.abc import Iterator

from runbook_engine.approving.touched import facts, owners, touched
from runbook_engine.model.approval_conditions import holds
from runbook_engine.model.approvals import Requirement
from runbook_engine.model.errors import Refused
from runbook_engine.model.estate import Estate
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.policy import Policy
from runbook_engine.model.runbook import ApprovalRule
from runbook_engine.model.words import HostName, PhaseId

_Key = tuple[PhaseId, str, int, float | None]


def requirements(plan: Plan, estate: Estate, policy: Policy) -> tuple[Requirement, ...]:
    """Who must approve which phase, in the order of the phases. Equal ones are one, with all reasons.

    Raises Refused for a rule that cannot be read or that is about no phase of the plan: nothing is waived by a mistake.
    """
    known = {phase.id for phase in plan.phases}
    for rule in plan.approvals:
        if rule.before not in known:
            raise Refused(f"an approval by {rule.by} is wanted before {rule.before}, and the plan has no such phase")
    asked = policy.owners and bool(estate.people or estate.departments)
    whose = _Owners(plan, estate) if asked else None
    return _merged(one for phase in plan.phases for one in (*_listed(plan, phase), *(whose.of(phase) if whose else ())))


def _listed(plan: Plan, phase: PlannedPhase) -> Iterator[Requirement]:
    for rule in plan.approvals:
        why = _reason(rule, plan, phase) if rule.before == phase.id else ""
        if why:
            yield Requirement(phase=phase.id, by=rule.by, count=rule.count, why=why, expires_s=rule.expires_s)


class _Owners:
    """Who answers for what phases touch; worked out once for phases with the same hosts."""

    def __init__(self, plan: Plan, estate: Estate) -> None:
        self._plan, self._estate = plan, estate
        self._known: dict[tuple[HostName, ...], tuple[tuple[str, str], ...]] = {}

    def of(self, phase: PlannedPhase) -> Iterator[Requirement]:
        hosts = touched(self._plan, phase)
        if hosts not in self._known:
            self._known[hosts] = tuple(owners(hosts, self._plan, self._estate))
        return (Requirement(phase=phase.id, by=owner, why=why) for owner, why in self._known[hosts])


def _reason(rule: ApprovalRule, plan: Plan, phase: PlannedPhase) -> str:
    """Why a rule of the runbook asks for an approval; empty when its condition does not hold."""
    if not rule.condition:
        return "the runbook asks for it"
    try:
        holding = holds(rule.condition, facts(plan, phase))
    except ValueError as error:
        raise Refused(f"the condition of the approval by {rule.by} before {rule.before} cannot be read: {error}") from None
    if holding is None:
        return f"the runbook asks for it if {rule.condition}, and nobody can tell: the budget is missing or in another currency"
    return f"the runbook asks for it: {rule.condition}" if holding else ""


def _merged(found: Iterator[Requirement]) -> tuple[Requirement, ...]:
    reasons: dict[_Key, dict[str, None]] = {}
    for one in found:
        reasons.setdefault((one.phase, one.by, one.count, one.expires_s), {})[one.why] = None
    return tuple(
        Requirement(phase=phase, by=by, count=count, expires_s=expires_s, why="; ".join(why))
        for (phase, by, count, expires_s), why in reasons.items()
    )
