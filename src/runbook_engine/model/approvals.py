"""Sign-offs: what people say of a plan, how it is sealed, and what is still missing before a phase may start.

A statement is bound to content: it names the plan and, for each phase that it covers, the digest of all that belongs to
that phase. It is canonical JSON, and a signature is over exactly those bytes.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Digest, PersonId, PhaseId, RunId

NAMESPACE = "approval@runbook-engine"  # of signatures: one that was made for something else never counts
STATEMENT_FORMAT = 1


class Say(StrEnum):
    """What a statement does."""

    APPROVE = "approve"
    REJECT = "reject"  # the phases do not start, whoever else approves, until the same person approves or revokes it
    REVOKE = "revoke"  # takes an earlier statement of the same person back
    ASK = "ask"  # a question; it neither approves nor rejects
    BREAK_GLASS = "break-glass"  # the phases may start outside their window and in a freeze, on this person's word


class Sealing(StrEnum):
    """How sure it is that the person said it."""

    SIGNED = "signed"  # with a key of the person
    SESSION = "logged in"  # somebody who was logged in as the person
    ON_WORD = "on the word of"  # typed by somebody else, or by the person at a keyboard that proves nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A journal's head as the person saw it: a copy of it that is held outside."""

    run: RunId
    seq: int
    hash: str  # hexadecimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a person says of a plan. It counts from `at` to `until`, and once."""

    id: str  # drawn at random; no two statements have the same
    say: Say
    plan: Digest
    runbook: str
    title: str
    by: PersonId
    at: datetime
    until: datetime
    phases: Mapping[PhaseId, Digest] = field(default_factory=dict)  # the leaf of each
    reason: str = ""
    revokes: str = ""  # the id of a statement
    seen: Head | None = None
    format: int = STATEMENT_FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A statement as it came: the very bytes, and what vouches for them."""

    body: bytes  # canonical JSON of a Statement
    sealing: Sealing
    signature: str = ""  # armored, as ssh-keygen makes it
    typed_by: str = ""  # of what is not signed
    received: datetime  # when it was taken in here: what the times of keys are compared with


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Who must approve before a phase may start."""

    phase: PhaseId
    by: str  # a person, a role, a department, head-of-DEPARTMENT
    count: int = 1  # how many different people
    why: str  # where it comes from, in words: "the runbook", "r12-u[01:12] belong to compute"
    expires_s: float | None = None  # an approval older than that does not count any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A statement that was looked at: whether it counts for a phase, and why not."""

    statement: Statement
    sealing: Sealing
    key: str = ""  # the fingerprint of the key, SHA256:…
    typed_by: str = ""
    own: str = ""  # why it is the person's own change; where the policy lets that count, reports say so
    not_counted: str = ""  # why it does not count; empty: it does


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """One requirement as it stands."""

    requirement: Requirement
    given: tuple[Voice, ...] = ()
    may: tuple[PersonId, ...] = ()  # who could still give it

    @property
    def missing(self) -> int:
        """How many more people must approve."""
        return max(0, self.requirement.count - len(self.given))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a phase may start as far as sign-offs are concerned."""

    phase: PhaseId
    needed: tuple[Needed, ...] = ()
    rejected: tuple[Voice, ...] = ()
    asked: tuple[Voice, ...] = ()
    ignored: tuple[Voice, ...] = ()  # what names the phase and does not count, each with its reason
    glass: tuple[Voice, ...] = ()  # break-glass statements that hold

    @property
    def may_start(self) -> bool:
        """Whether nothing is missing and nobody has rejected it."""
        return not self.rejected and not any(need.missing for need in self.needed)
