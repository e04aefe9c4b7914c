"""The one function by which every statement is judged, and that nothing gets past it, whatever way it comes."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approving.sign_offs import (
    ANA,
    DAY,
    EVA,
    NOW,
    RIA,
    SAM,
    TOM,
    Office,
    a_plan,
    estate,
    key_of,
    rule,
    signed,
    statement,
    unsigned,
)
from approving.soft_keys import Parts, armored, new, unarmored
from runbook_engine.approving import NotAStatement, body_of
from runbook_engine.model.approvals import NAMESPACE, Say, Sealed, Sealing
from runbook_engine.model.estate import Freeze
from runbook_engine.model.policy import Policy

PLAN = a_plan(rule("infrastructure", count=1))
OFFICE = Office(PLAN, executor=SAM)
HOUR = timedelta(hours=1)


def why(office: Office, sealed: Sealed) -> str:
    """Why it does not count."""
    return office.voice(sealed).not_counted


def test_what_is_as_it_must_be_counts():
    """By the right person, with their key, for this plan, in time."""
    found = OFFICE.voice(signed(statement(PLAN)))

    assert found.not_counted == ""
    assert found.key.startswith("SHA256:")
    assert OFFICE.firmware(signed(statement(PLAN))).may_start


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"runbook": "other"}, "it is about another runbook: other"),
        ({"phases": {"firmware": "ab" * 32}}, "has changed since"),
        ({"phases": {"other": "ab" * 32}}, "is no part of this plan"),
        ({"at": NOW + HOUR}, "it is not valid before 2026-11-30 23:00 UTC"),
        ({"until": NOW}, "it expired at 2026-11-30 22:00 UTC"),
        ({"until": NOW - timedelta(minutes=1)}, "it expired at 2026-11-30 21:59 UTC"),
        ({"until": NOW + 31 * DAY}, "it would count for longer than the policy allows (30 days)"),
        ({"by": ANA}, "ana.duarte owns this plan, and nobody approves their own change"),
        ({"by": SAM}, "sam.okafor carries this plan out, and nobody approves their own change"),
    ],
)
def test_what_a_statement_says_can_make_it_worth_nothing(changes, reason):
    """Another runbook, another content, too early, too late, too long, one's own change."""
    made = PLAN if "by" not in changes else replace(PLAN, owner=ANA)

    assert reason in why(replace(OFFICE, plan=made), signed(statement(made, **changes)))


@pytest.mark.parametrize(
    ("sealed", "reason"),
    [
        (lambda s: signed(s, new()), "is nobody's in the inventory"),
        (lambda s: signed(s, key_of(TOM)), "it says that it is by eva.koster, and the key is tom.li's"),
        (lambda s: signed(s, parts=Parts(namespace="git")), "it was signed for 'git'"),
        (lambda s: signed(s, parts=Parts(hash="sha1")), "only sha256 and sha512 count"),
        (lambda s: replace(signed(s), body=body_of(replace(s, title="Other"))), "not of this text by this key"),
        (lambda s: replace(signed(s), signature=""), "the signature does not hold"),
        (unsigned, "it is not signed, and the policy counts signatures only"),
        (lambda s: unsigned(s, Sealing.SESSION, EVA), "it is not signed, and the policy counts signatures only"),
        (lambda s: replace(signed(s), sealing=Sealing.ON_WORD), "it has a signature and came in as 'on the word of'"),
        (lambda s: signed(replace(s, by="stranger"), key_of(EVA)), "says that it is by stranger, and the key is eva"),
    ],
)
def test_what_vouches_for_a_statement_can_make_it_worth_nothing(sealed, reason):
    """A stranger's key, another's, another purpose, another text, no signature."""
    assert reason in why(OFFICE, sealed(statement(PLAN)))


def test_statements_without_a_signature_count_only_where_the_policy_says_so():
    """Then somebody must have typed them, and who was logged in must be the person."""
    lax, made = replace(OFFICE, policy=Policy(unsigned=True)), statement(PLAN)

    assert why(lax, unsigned(made)) == ""
    assert why(lax, unsigned(made, Sealing.SESSION, EVA)) == ""
    assert "tom.li was logged in, who is not eva.koster" in why(lax, unsigned(made, Sealing.SESSION, TOM))
    assert "nobody knows who typed it" in why(lax, unsigned(made, typed_by=""))
    assert "is nobody in the inventory" in why(lax, unsigned(replace(made, by="stranger")))


def test_breaking_glass_needs_a_signature_whatever_the_policy_says():
    """And the right to do it: by the policy, or because a freeze names the person."""
    made = statement(PLAN, EVA, Say.BREAK_GLASS)
    strict = Policy(unsigned=True, break_glass=("finance",))
    freeze = Freeze(start=NOW.date(), end=NOW.date(), why="trade", lift=("head-of-infrastructure",))

    assert "only a signature breaks glass" in why(replace(OFFICE, policy=Policy(unsigned=True)), unsigned(made))
    assert "eva.koster may not open a closed window" in why(replace(OFFICE, policy=strict), signed(made))
    assert why(replace(OFFICE, policy=strict, estate=estate(freezes=(freeze,))), signed(made)) == ""


def test_only_those_whom_the_policy_lets_approve_count():
    """Whoever else is asked for in a runbook."""
    office = replace(OFFICE, policy=Policy(approve=("finance", TOM)))

    assert why(office, signed(statement(PLAN, EVA))) == (
        "eva.koster may not approve or reject anything: the policy lets finance, tom.li do that"
    )
    assert [why(office, signed(statement(PLAN, who))) for who in (TOM, RIA)] == ["", ""]


@pytest.mark.parametrize(("touch", "flags", "counts"), [(False, 0, True), (True, 0, False), (True, 4, False), (True, 1, True)])
def test_security_keys_must_be_touched_where_the_policy_wants_that(touch, flags, counts):
    """The flag that says that a person was there."""
    token = key_of("token", "sk-ssh-ed25519@openssh.com")
    line = f'{EVA} namespaces="{NAMESPACE}" {token.line}\n'
    office = replace(OFFICE, policy=Policy(touch=touch), allowed=line)
    sealed = signed(statement(PLAN), token, Parts(flags=flags))

    assert (why(office, sealed) == "") == counts
    assert office.firmware(sealed).may_start == counts


@pytest.mark.parametrize(
    ("received", "counts"),
    [(NOW - 3 * DAY, False), (NOW - 2 * DAY, True), (NOW - DAY - timedelta(seconds=1), True), (NOW - DAY, False)],
)
def test_keys_count_by_when_we_got_the_statement_not_by_what_it_says(received, counts):
    """A signer cannot write themselves into the time of a key."""
    span = f'valid-after="{NOW - 2 * DAY:%Y%m%d%H%M}Z",valid-before="{NOW - DAY:%Y%m%d%H%M}Z"'
    key = new()
    office = replace(OFFICE, allowed=f'{EVA} namespaces="{NAMESPACE}",{span} {key.line}\n')
    made = statement(PLAN, at=NOW - 36 * HOUR)

    assert (why(office, signed(made, key, received=received)) == "") == counts


def test_a_date_ahead_gains_nothing():
    """An approval that was made long ago for a later time has the age of the day on which it came in."""
    made = statement(PLAN, at=NOW - HOUR, until=NOW + 20 * DAY)

    assert why(OFFICE, signed(made, received=NOW - 29 * DAY)) == ""
    assert "it is older than the policy allows (30 days)" in why(OFFICE, signed(made, received=NOW - 30 * DAY))


def test_rejections_and_revocations_do_not_end_by_themselves():
    """What forbids is not lifted by time, and has no date on which it begins."""
    late = {"at": NOW - 200 * DAY, "until": NOW - 190 * DAY}
    early = {"at": NOW + DAY, "until": NOW + 2 * DAY}

    for when in (late, early):
        assert why(OFFICE, signed(statement(PLAN, EVA, Say.REJECT, **when))) == ""
        assert why(OFFICE, signed(statement(PLAN, EVA, Say.REVOKE, revokes="st-00000001", **when))) == ""


def test_ones_own_change_is_told_even_where_it_counts():
    """With self_approval it counts, and the voice says whose change it is."""
    office = replace(OFFICE, policy=Policy(self_approval=True))
    found = office.voice(signed(statement(PLAN, ANA)))

    assert (found.not_counted, found.own) == ("", "ana.duarte owns this plan, and nobody approves their own change")


# Everything at once: no mutation of anything counts, on any way in


def _cut(sealed: Sealed, at: int) -> Sealed:
    return replace(sealed, body=sealed.body[: at % len(sealed.body)])


def _bent(sealed: Sealed, at: int) -> Sealed:
    spot = at % len(sealed.body)
    return replace(sealed, body=sealed.body[:spot] + bytes([sealed.body[spot] ^ (1 + at % 7)]) + sealed.body[spot + 1 :])


def _other_signature(sealed: Sealed, at: int) -> Sealed:
    blob = unarmored(sealed.signature)
    spot = at % len(blob)
    return replace(sealed, signature=armored(blob[:spot] + bytes([blob[spot] ^ (1 + at % 255)]) + blob[spot + 1 :]))


MUTATIONS: dict[str, Callable[[Sealed, int], Sealed]] = {
    "body cut": _cut,
    "body bent": _bent,
    "body with more": lambda s, at: replace(s, body=s.body + b" " * (1 + at % 3)),
    "body written otherwise": lambda s, at: replace(s, body=s.body.replace(b":", b": ", 1 + at % 3)),
    "signature bent": _other_signature,
    "signature cut": lambda s, at: replace(s, signature=s.signature[: at % (len(s.signature) - 1)]),
    "signature of another statement": lambda s, _: replace(s, signature=signed(statement(PLAN, EVA)).signature),
    "signature of another person": lambda s, _: replace(s, signature=key_of(TOM).sign(s.body)),
    "signature of a stranger": lambda s, _: replace(s, signature=new().sign(s.body)),
    "signature for something else": lambda s, _: replace(s, signature=key_of(EVA).sign(s.body, Parts(namespace="git"))),
    "signature taken away": lambda s, at: replace(s, signature="", sealing=list(Sealing)[at % 3], typed_by=EVA),
    "called something else": lambda s, at: replace(s, sealing=[Sealing.SESSION, Sealing.ON_WORD][at % 2], typed_by=EVA),
    "said by another": lambda s, _: replace(s, body=s.body.replace(b"eva.koster", b"tom.li")),
    "for another phase": lambda s, _: replace(s, body=s.body.replace(b'"firmware"', b'"tests"')),
    "for longer": lambda s, _: replace(s, body=s.body.replace(b"2026-12-07", b"2026-12-08")),
}


@pytest.mark.law(1)
@settings(max_examples=400, deadline=None)
@given(what=st.sampled_from(sorted(MUTATIONS)), at=st.integers(0, 10**6))
def test_nothing_that_was_changed_counts_on_any_way_in(what, at):
    """Alone, beside the true one, before and after it: a changed statement adds nothing to what the true ones say."""
    true = signed(statement(PLAN, EVA))
    false = MUTATIONS[what](true, at)
    with suppress(NotAStatement):
        assert OFFICE.voice(false).not_counted

    assert not OFFICE.firmware(false).may_start
    strict = replace(OFFICE, plan=a_plan(rule("infrastructure", count=2)))
    true = signed(statement(strict.plan, EVA))
    false = MUTATIONS[what](true, at)
    for together in ([false, true], [true, false], [true, false, true], [false] * 3 + [true] * 3):
        standing = strict.firmware(*together)
        assert [v.statement.by for v in standing.needed[0].given] == [EVA]
        assert not standing.may_start
        assert not standing.rejected


@pytest.mark.law(4)
@settings(deadline=None)
@given(
    who=st.sampled_from([ANA, EVA, TOM, RIA, SAM]),
    owner=st.sampled_from([ANA, EVA, TOM, "infrastructure", "change-board"]),
    executor=st.sampled_from([None, ANA, EVA, TOM, RIA, SAM]),
    sealing=st.sampled_from(Sealing),
    lax=st.booleans(),
    copies=st.integers(1, 3),
)
def test_nobody_approves_their_own_change_on_any_way_in(who, owner, executor, sealing, lax, copies):
    """Whatever vouches for it, however often it is given, whether the owner is a person or a role."""
    plan = a_plan(rule(who), owner=owner)
    office = Office(plan, policy=Policy(unsigned=lax), executor=executor)
    made = statement(plan, who)
    sealed = signed(made) if sealing is Sealing.SIGNED else unsigned(made, sealing, who)
    group = {"infrastructure": (ANA, EVA, TOM), "change-board": (EVA, TOM, RIA)}
    its_own = who == executor or who in group.get(owner, (owner,))
    counts = not its_own and (lax or sealing is Sealing.SIGNED)

    assert office.firmware(*[sealed] * copies).may_start == counts
    assert (office.voice(sealed).not_counted == "") == counts
