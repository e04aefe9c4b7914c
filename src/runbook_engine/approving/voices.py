"""Whether what somebody says counts: the one function that every way in goes through, be it a command, a file or a page.

It looks at one statement by itself. What follows from others is found in `together` (given twice, taken back) and in
`stands` (overtaken).
"""

from datetime import datetime, timedelta

from runbook_engine.approving import ssh_signatures
from runbook_engine.approving.people import authors, may, people_of, person_of
from runbook_engine.approving.ssh_wire import Malformed
from runbook_engine.approving.statements import statement_of
from runbook_engine.approving.whose_keys import Signers
from runbook_engine.model.approvals import Say, Sealed, Sealing, Statement, Voice
from runbook_engine.model.estate import Estate
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.policy import Policy
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import PersonId

LASTING = frozenset({Say.REJECT, Say.REVOKE})  # what only forbids or takes back does not end by itself: expiry never lets pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """All that a statement is judged by."""

    plan: Plan
    estate: Estate
    policy: Policy
    signers: Signers
    now: datetime
    executor: PersonId | frozenset[PersonId] | None


def voice(
    sealed: Sealed,
    plan: Plan,
    estate: Estate,
    policy: Policy,
    signers: Signers,
    now: datetime,
    executor: PersonId | frozenset[PersonId] | None,
) -> Voice:
    """What a sealed statement is worth for a plan: `not_counted` says why it is worth nothing.

    Raises NotAStatement when the bytes are none.
    """
    court = Court(plan=plan, estate=estate, policy=policy, signers=signers, now=now, executor=executor)
    return judged(sealed, court).voice


def forged(sealed: Sealed, plan: Plan, estate: Estate, policy: Policy, signers: Signers, now: datetime) -> str:
    """Why a signed statement is not said by whom it names, so that it need not be kept; empty when it is, or is not signed.

    Raises NotAStatement when the bytes are none.
    """
    heard = judged(sealed, Court(plan=plan, estate=estate, policy=policy, signers=signers, now=now, executor=None))
    return "" if heard.authentic or sealed.sealing is not Sealing.SIGNED else heard.voice.not_counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A judged statement. `authentic`: the person said it, as far as the policy wants to know, whatever it is worth."""

    voice: Voice
    sealed: Sealed
    authentic: bool


def judged(sealed: Sealed, court: Court) -> Heard:
    """See `voice`."""
    statement = statement_of(sealed.body)
    key, problem = _seal(sealed, statement, court)
    forged = problem or _person(statement, court)
    found = Voice(
        statement=statement,
        sealing=sealed.sealing,
        key=key,
        typed_by=sealed.typed_by,
        own=own(statement.by, court) if statement.say is Say.APPROVE else "",
        not_counted=forged or _about(statement, sealed, court),
    )
    return Heard(voice=found, sealed=sealed, authentic=not forged)


def _seal(sealed: Sealed, statement: Statement, court: Court) -> tuple[str, str]:
    """The fingerprint of the key, and what is wrong with what vouches for the statement."""
    if sealed.sealing is Sealing.SIGNED:
        return _signed(sealed, statement, court)
    if sealed.signature:
        return "", f"it has a signature and came in as '{sealed.sealing.value}'; give it as it was signed"
    if statement.say is Say.BREAK_GLASS:
        return "", "it is not signed, and only a signature breaks glass"
    if not court.policy.unsigned:
        return "", "it is not signed, and the policy counts signatures only (unsigned: false)"
    if not sealed.typed_by:
        return "", "it is not signed, and nobody knows who typed it"
    if sealed.sealing is Sealing.SESSION and person_of(sealed.typed_by, court.estate) != statement.by:
        return "", f"{sealed.typed_by} was logged in, who is not {statement.by}"
    return "", ""


def _signed(sealed: Sealed, statement: Statement, court: Court) -> tuple[str, str]:
    try:
        signature = ssh_signatures.parse(sealed.signature)
        made = ssh_signatures.verify(sealed.body, signature)
    except Malformed as error:
        return "", f"the signature does not hold: {error}"
    key = signature.key.fingerprint
    if signature.key.identity in court.signers.revoked:
        return key, f"the key {key} was revoked"
    signer = court.signers.of(signature.key)
    if signer is None:
        return key, f"the key {key} is nobody's in the inventory"
    if signer.person != statement.by:
        return key, f"it says that it is by {statement.by}, and the key is {signer.person}'s"
    if court.policy.touch and made.untouched:
        return key, "the security key was not touched, and the policy wants that (touch: true)"
    return key, signer.outside(sealed.received)


def _person(statement: Statement, court: Court) -> str:
    if statement.by not in court.estate.people:
        return f"{statement.by} is nobody in the inventory"
    return ""


def _about(statement: Statement, sealed: Sealed, court: Court) -> str:
    if statement.runbook != court.plan.runbook:
        return f"it is about another runbook: {statement.runbook}"
    return _right(statement, court) or _covering(statement, court) or _time(statement, sealed, court) or _own(statement, court)


def _right(statement: Statement, court: Court) -> str:
    if statement.say is Say.REVOKE:
        return ""  # everybody may take back their own word
    if statement.say is not Say.BREAK_GLASS:
        return may(statement.by, "approve", court.policy, court.estate)
    lifters = {name for freeze in court.estate.freezes for name in freeze.lift}
    if any(statement.by in people_of(name, court.estate) for name in lifters):
        return ""
    return may(statement.by, "break_glass", court.policy, court.estate)


def _covering(statement: Statement, court: Court) -> str:
    """A revocation covers what it takes back; all else must cover some phase as it is now."""
    if statement.say is Say.REVOKE or any(covers(statement, phase) for phase in court.plan.phases):
        return ""
    return "what it covers has changed since, or is no part of this plan"


def covers(statement: Statement, phase: PlannedPhase) -> bool:
    """Whether it is about the phase exactly as it stands in the plan."""
    return bool(phase.leaf) and statement.phases.get(phase.id) == phase.leaf


def _time(statement: Statement, sealed: Sealed, court: Court) -> str:
    if statement.say in LASTING:
        return ""
    if statement.until - statement.at > timedelta(seconds=court.policy.longest_s):
        return f"it would count for longer than the policy allows ({_days(court.policy.longest_s)})"
    if court.now < statement.at:
        return f"it is not valid before {statement.at:%Y-%m-%d %H:%M} UTC"
    if court.now >= statement.until:
        return f"it expired at {statement.until:%Y-%m-%d %H:%M} UTC"
    if age_s(statement, sealed.received, court.now) >= court.policy.longest_s:
        return f"it is older than the policy allows ({_days(court.policy.longest_s)})"
    return ""


def age_s(statement: Statement, received: datetime, now: datetime) -> float:
    """How old a statement is, in seconds: since it was made or came in, whichever was first; a date ahead gains nothing."""
    return (now - min(statement.at, received)).total_seconds()


def _days(seconds: float) -> str:
    for unit, word in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= unit:
            return f"{seconds / unit:g} {word}"
    return f"{seconds:g} seconds"


def _own(statement: Statement, court: Court) -> str:
    """Nobody approves their own change."""
    if statement.say is not Say.APPROVE or court.policy.self_approval:
        return ""
    return own(statement.by, court)


def own(person: PersonId, court: Court) -> str:
    """Why it is the person's own change; empty when it is not."""
    if person in authors(court.plan, court.estate):
        return f"{person} owns this plan, and nobody approves their own change"
    return (
        f"{person} carries this plan out, and nobody approves their own change" if person in _executors(court.executor) else ""
    )


def _executors(given: PersonId | frozenset[PersonId] | None) -> frozenset[PersonId]:
    if given is None:
        return frozenset()
    return given if isinstance(given, frozenset) else frozenset({given})
