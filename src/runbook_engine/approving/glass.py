"""Break-glass: who may open what is closed, and what in the policy is looser than it would be by itself."""

from collections.abc import Iterator

from runbook_engine.approving.people import may, people_of
from runbook_engine.model.approvals import Standing, Voice
from runbook_engine.model.estate import Estate
from runbook_engine.model.policy import Policy
from runbook_engine.model.times import Closed
from runbook_engine.model.words import PersonId

FREEZE = "freeze"


def may_open(person: PersonId, closed: Closed, policy: Policy, estate: Estate) -> str:
    """Empty when the person may let a phase start although it is closed, else why not.

    A freeze is lifted by those whom it names and nobody else; all else by those whom the policy lets break glass.
    """
    if closed.kind != FREEZE:
        return may(person, "break_glass", policy, estate)
    if any(person in people_of(name, estate) for name in closed.lift):
        return ""
    who = f"{', '.join(closed.lift)} may" if closed.lift else "it names nobody who may"
    return f"{person} may not lift {closed.entry}: {who}"


def opened(standing: Standing, closed: Closed, policy: Policy, estate: Estate) -> Voice | None:
    """The break-glass statement by which a phase may start although it is closed; None when there is none."""
    return next((v for v in standing.glass if not may_open(v.statement.by, closed, policy, estate)), None)


def loosened(policy: Policy) -> tuple[str, ...]:
    """What a policy gives up, in words for plans, approvals and evidence. Signatures that are there are always checked."""
    return tuple(_loosened(policy))


def _loosened(policy: Policy) -> Iterator[str]:
    if policy.unsigned:
        yield "approvals count without a signature (unsigned: true)"
    if policy.self_approval:
        yield "people may approve their own change (self_approval: true)"
    if not policy.owners:
        yield "those who answer for hosts and services are not asked (owners: false)"
    if policy.longest_s > Policy().longest_s:
        yield f"an approval may count for {policy.longest_s / 86400:g} days"
