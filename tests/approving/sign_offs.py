"""A small organisation with keys, a plan of three phases, and statements about it, for the tests of approvals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from approving.soft_keys import Parts, SoftKey, new
from runbook_engine.approving import Signers, body_of, signers, standing, voice
from runbook_engine.model.approvals import Say, Sealed, Sealing, Standing, Statement, Voice
from runbook_engine.model.commands import Procedure, Shell
from runbook_engine.model.estate import Department, Estate, Person
from runbook_engine.model.plan import Plan
from runbook_engine.model.policy import Policy
from runbook_engine.model.runbook import ApprovalRule
from runbook_engine.model.text import shell
from runbook_engine.planning.digests import sealed as sealed_plan
from stand import START, package, phase, plan

NOW = START
DAY = timedelta(days=1)
ANA, EVA, TOM, RIA, SAM = "ana.duarte", "eva.koster", "tom.li", "ria.bos", "sam.okafor"
PEOPLE = {ANA: "infrastructure", EVA: "infrastructure", TOM: "infrastructure", RIA: "finance", SAM: "sales-it"}
_NUMBERS = count(1)


@cache
def key_of(person: str, kind: str = "ssh-ed25519") -> SoftKey:
    """The key of a person; the same one each time."""
    return new(kind)


def estate(**changes: Any) -> Estate:
    """Five people of three departments, one of which has no head."""
    people = {
        name: Person(id=name, department=where, email=f"{name}@example.net", ssh_keys=(key_of(name).line + f" {name}",))
        for name, where in PEOPLE.items()
    }
    made = Estate(
        people=people,
        departments={
            "infrastructure": Department(name="infrastructure", head=EVA),
            "finance": Department(name="finance", head=RIA),
            "sales-it": Department(name="sales-it"),
        },
        roles={"change-board": (EVA, TOM, RIA)},
    )
    return replace(made, **changes)


def rule(by: str, before: str = "firmware", **more: Any) -> ApprovalRule:
    """Who must approve."""
    return ApprovalRule(by=by, before=before, **more)


def a_plan(*rules: ApprovalRule, command: str = "cable", **changes: Any) -> Plan:
    """cabling, firmware and tests on two hosts; the commands of cabling can be changed."""
    hosts = ("h1", "h2")
    apply = Procedure(apply=(Shell(script=shell(command)),))
    made = plan(
        phase("cabling", [package("cabling/mount", hosts, procedure=apply)]),
        phase("firmware", [package("firmware/flash", hosts)]),
        phase("tests", [package("tests/look", hosts)]),
    )
    return sealed_plan(replace(made, approvals=rules, **{"owner": ANA, **changes}))


def statement(
    plan: Plan, by: str = EVA, say: Say = Say.APPROVE, phases: Sequence[str] | Mapping[str, str] = ("firmware",), **more: Any
) -> Statement:
    """What a person says of some phases, or of leaves, an hour ago and for a week."""
    leaves = phases if isinstance(phases, Mapping) else {p.id: p.leaf for p in plan.phases if p.id in phases}
    made = Statement(
        id=f"st-{next(_NUMBERS):08}",
        say=say,
        plan=plan.digest,
        runbook=plan.runbook,
        title=plan.title,
        by=by,
        at=NOW - timedelta(hours=1),
        until=NOW + 7 * DAY,
        phases=leaves if say is not Say.REVOKE else {},
        reason="" if say is Say.APPROVE else "because",
    )
    return replace(made, **more)


def signed(made: Statement, key: SoftKey | None = None, parts: Parts = Parts(), received: datetime | None = None) -> Sealed:
    """A statement with the signature of its person, or of another key."""
    body = body_of(made)
    used = key or key_of(made.by)
    return Sealed(body=body, sealing=Sealing.SIGNED, signature=used.sign(body, parts), received=received or made.at)


def unsigned(made: Statement, sealing: Sealing = Sealing.ON_WORD, typed_by: str = TOM) -> Sealed:
    """A statement on somebody's word."""
    return Sealed(body=body_of(made), sealing=sealing, typed_by=typed_by, received=made.at)


@dataclass(frozen=True)
class Office:
    """Everything that statements are judged by."""

    plan: Plan
    estate: Estate = field(default_factory=estate)
    policy: Policy = Policy()
    now: datetime = NOW
    executor: str | frozenset[str] | None = TOM
    allowed: str = ""
    revoked: str = ""

    @property
    def signers(self) -> Signers:
        return signers(self.estate, self.allowed, self.revoked)

    def voice(self, sealed: Sealed) -> Voice:
        """One statement."""
        return voice(sealed, self.plan, self.estate, self.policy, self.signers, self.now, self.executor)

    def standings(self, *sealed: Sealed) -> Mapping[str, Standing]:
        """Each phase."""
        found = standing(self.plan, sealed, self.estate, self.policy, self.signers, self.now, self.executor)
        return {one.phase: one for one in found}

    def firmware(self, *sealed: Sealed) -> Standing:
        """The phase that most tests are about."""
        return self.standings(*sealed)["firmware"]


def owned(plan: Plan, **owners: str) -> Plan:
    """The same plan, with owners of its hosts."""
    targets = {name: replace(t, owner=owners.get(name, "")) for name, t in plan.targets.items()}
    return sealed_plan(replace(plan, targets=targets))


def served(plan: Plan, **services: str) -> Plan:
    """The same plan, with a service on some of its hosts."""
    targets = {name: replace(t, serves=(services[name],) if name in services else ()) for name, t in plan.targets.items()}
    return sealed_plan(replace(plan, targets=targets))
