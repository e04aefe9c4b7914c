"""How a phase stands: quorums of people, expiry, what overtakes what, and what changes when the plan changes."""

import itertools
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
from approving.soft_keys import new
from runbook_engine.approving import people_asked
from runbook_engine.model.approvals import NAMESPACE, Say, Sealing
from runbook_engine.model.policy import Policy

HOUR = timedelta(hours=1)
BOARD = a_plan(rule("change-board", count=2))
OFFICE = Office(BOARD, executor=SAM)


def yes(who: str = EVA, hours_ago: float = 1, plan=BOARD, **more):
    """An approval."""
    return signed(statement(plan, who, at=NOW - hours_ago * HOUR, **more))


def no(who: str = EVA, hours_ago: float = 1, plan=BOARD, **more):
    """A rejection."""
    return signed(statement(plan, who, Say.REJECT, at=NOW - hours_ago * HOUR, **more))


# The table of quorums: two of eva, tom and ria


@pytest.mark.law(4)
@pytest.mark.parametrize(
    ("given_by", "starts"),
    [
        ([], False),
        ([EVA], False),
        ([EVA, EVA], False),
        ([EVA, EVA, EVA], False),
        ([EVA, TOM], True),
        ([TOM, RIA], True),
        ([EVA, TOM, RIA], True),
        ([EVA, ANA], False),  # not of the board, and the owner
        ([EVA, SAM], False),  # not of the board, and the executor
        ([ANA, SAM], False),
    ],
)
def test_a_quorum_counts_different_people_of_the_role(given_by, starts):
    """Two of the board; the same person twice is one."""
    standing = OFFICE.firmware(*(yes(who) for who in given_by))

    assert standing.may_start is starts
    assert standing.needed[0].missing == max(0, 2 - len(set(given_by) & {EVA, TOM, RIA}))


@pytest.mark.law(4)
def test_two_keys_of_one_person_are_one_person():
    """A quorum counts people, not keys."""
    second = new()
    office = replace(OFFICE, allowed=f'{EVA} namespaces="{NAMESPACE}" {second.line}\n')
    made = [statement(BOARD, EVA) for _ in range(2)]
    standing = office.firmware(signed(made[0]), signed(made[1], second))

    assert [v.statement.by for v in standing.needed[0].given] == [EVA]
    assert "approved again later" in standing.ignored[0].not_counted or standing.ignored[0].not_counted
    assert not standing.may_start


@pytest.mark.law(4)
def test_one_person_can_be_two_roles_but_counts_once_in_each():
    """Who heads the department and sits on the board meets both rules, and the quorum of the board once."""
    plan = a_plan(rule("head-of-infrastructure"), rule("change-board", count=2))
    office = replace(OFFICE, plan=plan)

    assert [n.missing for n in office.firmware(yes(EVA, plan=plan)).needed] == [0, 1]
    assert office.firmware(yes(EVA, plan=plan), yes(RIA, plan=plan)).may_start


def test_the_same_statement_given_twice_counts_once():
    """And the second is told."""
    once = yes(EVA)
    standing = OFFICE.firmware(once, once, replace(once, received=NOW))

    assert len(standing.needed[0].given) == 1
    assert [v.not_counted for v in standing.ignored] == ["it was given before"] * 2


def test_of_a_statement_on_word_and_the_same_one_signed_the_signature_counts():
    """Whichever came first."""
    made = statement(BOARD, EVA)
    word, true = unsigned(made), signed(made, received=NOW)
    standing = replace(OFFICE, policy=Policy(unsigned=True)).firmware(word, true)

    assert [v.sealing for v in standing.needed[0].given] == [Sealing.SIGNED]
    assert [v.not_counted for v in standing.ignored] == ["it was given before"]


def test_an_id_is_used_up_only_by_who_really_said_something():
    """A forged statement with the id of a true one, in the database before it, does not spoil it."""
    true = statement(BOARD, EVA)
    forged = signed(replace(true, title="Other"), new(), received=NOW - 9 * HOUR)
    others = signed(replace(true, by=TOM, title="Other"), key_of(RIA), received=NOW - 9 * HOUR)
    standing = OFFICE.firmware(forged, others, signed(true))

    assert [v.statement.by for v in standing.needed[0].given] == [EVA]


def test_an_id_that_was_used_for_something_else_does_not_count():
    """Two people, one id: the one that came first."""
    first = statement(BOARD, EVA)
    second = replace(statement(BOARD, TOM), id=first.id)
    standing = OFFICE.firmware(signed(second, received=NOW), signed(first, received=NOW - HOUR))

    assert [v.statement.by for v in standing.needed[0].given] == [EVA]
    assert [v.not_counted for v in standing.ignored] == ["its id was used before, for something else"]


# The table of expiry: an approval that counts for a day


@pytest.mark.law(1)
@pytest.mark.parametrize(
    ("age_h", "lasts_h", "expires_h", "starts", "told"),
    [
        (1, 48, None, True, ""),
        (1, 48, 24, True, ""),
        (23.99, 48, 24, True, ""),
        (24, 48, 24, False, "it has expired: as head-of-infrastructure it counts for 24 hours"),
        (47, 48, 24, False, "it has expired: as head-of-infrastructure it counts for 24 hours"),
        (48, 48, None, False, "it expired at 2026-11-30 22:00 UTC"),
        (48, 48, 240, False, "it expired at 2026-11-30 22:00 UTC"),
        (200, 48, None, False, "it expired at 2026-11-24 14:00 UTC"),
        (-1, 48, None, False, "it is not valid before 2026-11-30 23:00 UTC"),
        (1, 24 * 31, None, False, "it would count for longer than the policy allows (30 days)"),
    ],
)
def test_expiry_is_told_and_never_lets_pass(age_h, lasts_h, expires_h, starts, told):
    """By its own date, by the rule's, by the policy's."""
    plan = a_plan(rule("head-of-infrastructure", expires_s=expires_h * 3600 if expires_h else None))
    at = NOW - age_h * HOUR
    sealed = signed(statement(plan, EVA, at=at, until=at + lasts_h * HOUR), received=min(at, NOW))
    standing = replace(OFFICE, plan=plan).firmware(sealed)

    assert standing.may_start is starts
    assert [v.not_counted for v in standing.ignored] == ([told] if told else [])


@pytest.mark.law(1)
def test_handing_an_approval_in_late_does_not_make_it_younger():
    """Its age is counted from when it was signed, not from when it came in."""
    plan = a_plan(rule("head-of-infrastructure", expires_s=86400.0))
    sealed = signed(statement(plan, EVA, at=NOW - 25 * HOUR), received=NOW)

    assert not replace(OFFICE, plan=plan).firmware(sealed).may_start


@pytest.mark.law(1)
def test_an_expired_rejection_still_holds():
    """Time takes approvals away and gives none."""
    old = no(EVA, 24 * 300, until=NOW - 200 * DAY)

    assert not OFFICE.firmware(yes(TOM), yes(RIA), old).may_start


# What overtakes what


@pytest.mark.parametrize(
    ("said", "given_by", "rejected_by"),
    [
        ([yes(EVA, 2), no(EVA, 1)], [], [EVA]),
        ([no(EVA, 2), yes(EVA, 1)], [EVA], []),
        ([yes(EVA, 1), no(EVA, 1)], [], [EVA]),
        ([yes(EVA, 3), no(EVA, 2), yes(EVA, 1)], [EVA], []),
        ([no(EVA, 3), yes(EVA, 2), no(EVA, 1)], [], [EVA]),
        ([no(EVA, 2), yes(TOM, 1)], [TOM], [EVA]),
        ([no(SAM, 1), yes(EVA), yes(TOM)], [EVA, TOM], [SAM]),
        ([no(ANA, 1), yes(EVA), yes(TOM)], [EVA, TOM], [ANA]),
        ([no(ANA, 2), yes(ANA, 1)], [], [ANA]),
    ],
)
def test_the_latest_of_a_person_counts_in_any_order(said, given_by, rejected_by):
    """A rejection takes an approval back, an approval that counts lifts a rejection; others' do not."""
    for order in itertools.permutations(said):
        standing = OFFICE.firmware(*order)
        assert sorted(v.statement.by for v in standing.needed[0].given) == sorted(given_by)
        assert [v.statement.by for v in standing.rejected] == rejected_by
        assert standing.may_start is (not rejected_by and len(given_by) >= 2)


def test_an_old_approval_that_is_handed_in_late_does_not_lift_a_rejection():
    """What counts is when it was said, not when somebody brought it."""
    late = replace(yes(EVA, 5), received=NOW)

    assert [v.statement.by for v in OFFICE.firmware(no(EVA, 2), late).rejected] == [EVA]


def test_a_signed_rejection_is_lifted_by_a_signature_only():
    """Somebody's word for it does not, even where unsigned approvals count."""
    office = replace(OFFICE, policy=Policy(unsigned=True))
    word = unsigned(statement(BOARD, EVA, at=NOW - HOUR))
    on_word_no = unsigned(statement(BOARD, EVA, Say.REJECT, at=NOW - 2 * HOUR))

    assert [v.statement.by for v in office.firmware(no(EVA, 2), word).rejected] == [EVA]
    assert office.firmware(no(EVA, 2), word).needed[0].given == ()
    assert office.firmware(on_word_no, word).rejected == ()
    assert office.firmware(no(EVA, 2), yes(EVA, 1)).rejected == ()


def test_who_said_something_can_take_it_back_and_nobody_else():
    """A signed revocation of the same person; of an approval, a rejection, a question."""
    approval, rejection, question = yes(EVA), no(TOM), signed(statement(BOARD, RIA, Say.ASK))

    def back(sealed, who):
        name = OFFICE.voice(sealed).statement.id
        return signed(statement(BOARD, who, Say.REVOKE, revokes=name, reason="I was wrong"))

    own = OFFICE.firmware(approval, rejection, question, back(approval, EVA), back(rejection, TOM), back(question, RIA))
    others = OFFICE.firmware(approval, rejection, question, back(approval, TOM), back(rejection, RIA), back(question, EVA))

    assert (own.needed[0].given, own.rejected, own.asked) == ((), (), ())
    assert {v.not_counted.partition(" on ")[0] for v in own.ignored} == {f"{p} took it back" for p in (EVA, TOM, RIA)}
    assert own.ignored[0].not_counted.endswith(": I was wrong")
    assert (len(others.needed[0].given), len(others.rejected), len(others.asked)) == (1, 1, 1)


def test_a_revocation_that_does_not_count_takes_nothing_back():
    """Forged, signed by another, on somebody's word where that does not count, or for another runbook."""
    for approval in (yes(EVA), no(EVA)):
        back = statement(BOARD, EVA, Say.REVOKE, revokes=OFFICE.voice(approval).statement.id)
        forged = [signed(back, new()), signed(back, key_of(TOM)), unsigned(back), signed(replace(back, runbook="other"))]
        for one in forged:
            standing = OFFICE.firmware(approval, one)
            assert len(standing.needed[0].given) + len(standing.rejected) == 1
            assert [v.statement.say for v in standing.ignored] == [Say.REVOKE]


def test_what_was_signed_is_taken_back_by_a_signature_only():
    """Somebody's word does not revoke a signed rejection."""
    office = replace(OFFICE, policy=Policy(unsigned=True))
    rejection = no(EVA)
    name = OFFICE.voice(rejection).statement.id
    word = unsigned(statement(BOARD, EVA, Say.REVOKE, revokes=name))

    assert len(office.firmware(rejection, word).rejected) == 1


def test_a_question_waits_until_who_asked_decides():
    """It neither approves nor rejects."""
    question = signed(statement(BOARD, RIA, Say.ASK, at=NOW - 2 * HOUR))
    standing = OFFICE.firmware(question, yes(EVA), yes(TOM))

    assert (standing.may_start, len(standing.asked)) == (True, 1)
    assert OFFICE.firmware(question, yes(RIA, 1)).asked == ()


# Content


@pytest.mark.law(1)
def test_a_change_of_one_phase_voids_only_what_covers_it():
    """Another command in cabling: firmware and tests keep their approvals, and what is void says why."""
    rules = [rule("change-board", phase) for phase in ("cabling", "firmware", "tests")]
    before, after = a_plan(*rules), a_plan(*rules, command="cable --other")
    sealed = yes(EVA, plan=before, phases=("cabling", "firmware", "tests"))
    was, is_now = (replace(OFFICE, plan=p).standings(sealed) for p in (before, after))

    assert before.digest != after.digest
    assert [s.may_start for s in was.values()] == [True, True, True]
    assert [s.may_start for s in is_now.values()] == [False, True, True]
    assert [v.not_counted for v in is_now["cabling"].ignored] == ["the phase has changed since"]


@pytest.mark.law(1)
def test_an_approval_covers_what_it_names():
    """Not the other phases of the plan."""
    rules = [rule("change-board", phase) for phase in ("cabling", "firmware")]
    plan = a_plan(*rules)
    standings = replace(OFFICE, plan=plan).standings(yes(EVA, plan=plan, phases=("cabling",)))

    assert [standings[p].may_start for p in ("cabling", "firmware", "tests")] == [True, False, True]


@pytest.mark.law(1)
def test_a_phase_without_a_leaf_is_approved_by_nothing():
    """A plan that was not sealed has no content that anybody could have meant."""
    plan = replace(BOARD, phases=tuple(replace(p, leaf="") for p in BOARD.phases))

    assert not replace(OFFICE, plan=plan).firmware(yes(EVA), yes(TOM)).may_start


def test_what_helps_nobody_is_told():
    """An approval of somebody whom the phase does not need."""
    plan = a_plan(rule("head-of-finance"))
    standing = replace(OFFICE, plan=plan).firmware(yes(EVA, plan=plan))

    assert [v.not_counted for v in standing.ignored] == ["the phase does not need eva.koster"]


def test_who_may_still_sign_is_told():
    """Not the owner, not the executor, not who has signed, not who may not approve at all."""
    plan = a_plan(rule("infrastructure", count=2), rule("change-board"))
    office = Office(plan, executor=TOM)

    assert [n.may for n in office.firmware().needed] == [(EVA,), (EVA, RIA)]
    assert [n.may for n in office.firmware(yes(EVA, plan=plan)).needed] == [(), (RIA,)]
    strict = replace(office, policy=Policy(approve=(RIA,)))
    assert [n.may for n in strict.firmware().needed] == [(), (RIA,)]
    loose = replace(office, policy=Policy(self_approval=True))
    assert [n.may for n in loose.firmware().needed] == [(ANA, EVA, TOM), (EVA, RIA, TOM)]
    assert people_asked(office.standings().values()) == {EVA: ("firmware",), RIA: ("firmware",)}


def test_nobody_can_give_what_is_asked_of_an_unknown_name():
    """Without people, or with a role that nobody has, nothing is waived."""
    plan = a_plan(rule("nobody"))
    office = Office(plan, estate=estate(people={}, departments={}, roles={}))

    assert office.firmware().needed[0].may == ()
    assert not office.firmware(yes(EVA, plan=plan)).may_start
    assert not replace(OFFICE, plan=plan).firmware(yes(EVA, plan=plan)).may_start


@pytest.mark.law(4)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_order_in_which_statements_come_changes_nothing(data):
    """Random statements of random people: every order of them gives the same standing."""
    people, hours = st.sampled_from([ANA, EVA, TOM, RIA]), st.integers(1, 30)
    says = st.sampled_from([Say.APPROVE, Say.REJECT, Say.ASK, Say.BREAK_GLASS])
    entries = data.draw(st.lists(st.tuples(people, says, hours), max_size=6))
    sealed = [signed(statement(BOARD, who, say, at=NOW - h * HOUR)) for who, say, h in entries]
    names = [OFFICE.voice(s).statement.id for s in sealed]
    if names:
        back = data.draw(st.lists(st.tuples(people, st.sampled_from(names)), max_size=2))
        sealed += [signed(statement(BOARD, who, Say.REVOKE, revokes=name)) for who, name in back]
    shuffled = data.draw(st.permutations(sealed))

    assert OFFICE.firmware(*shuffled) == OFFICE.firmware(*sealed)
    assert OFFICE.firmware(*shuffled, *sealed).may_start == OFFICE.firmware(*sealed).may_start
