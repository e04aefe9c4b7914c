"""Attack 34: who approves is who wrote it or who starts it, under the same or another name, user or key."""

from dataclasses import replace

import pytest

from approving.sign_offs import ANA, EVA, RIA, SAM, TOM, Office, a_plan, estate, key_of, rule, signed, statement, unsigned
from approving.soft_keys import new, string
from runbook_engine.approving import person_of, signers
from runbook_engine.model.approvals import NAMESPACE, Sealing
from runbook_engine.model.errors import NotValid
from runbook_engine.model.policy import Policy

NS = f'namespaces="{NAMESPACE}"'
BOARD = "change-board"  # eva, tom, ria


@pytest.mark.law(4)
@pytest.mark.parametrize("by", [ANA, EVA, TOM, RIA, SAM])
@pytest.mark.parametrize("executor", [ANA, EVA, TOM, RIA, SAM, None])
@pytest.mark.parametrize("owner", [ANA, EVA, TOM, RIA, SAM, BOARD, "infrastructure", "head-of-finance"])
def test_attack_34_the_matrix_of_owner_executor_and_approver(owner: str, executor: str | None, by: str) -> None:
    """Everybody in each part, and owners that are roles, departments and heads: never their own change."""
    groups = {BOARD: {EVA, TOM, RIA}, "infrastructure": {ANA, EVA, TOM}, "head-of-finance": {RIA}}
    plan = a_plan(rule(by), owner=owner)
    allowed = by not in groups.get(owner, {owner}) and by != executor

    for policy, counts in ((Policy(), allowed), (Policy(self_approval=True), True)):
        office = Office(plan, policy=policy, executor=executor)
        assert office.firmware(signed(statement(plan, by))).may_start is counts


@pytest.mark.law(4)
@pytest.mark.parametrize("by", [EVA, TOM, RIA])
def test_attack_34_all_who_carry_it_out_are_kept_from_approving(by: str) -> None:
    """Who created the run, who resumes it and who they say to be: each of them."""
    plan = a_plan(rule("change-board"))

    for executors in (frozenset({by}), frozenset({SAM, by}), frozenset({EVA, TOM, RIA})):
        assert not Office(plan, executor=executors).firmware(signed(statement(plan, by))).may_start
    assert Office(plan, executor=frozenset({SAM})).firmware(signed(statement(plan, by))).may_start


@pytest.mark.law(4)
def test_attack_34_another_user_of_the_same_person_is_the_same_person() -> None:
    """Who starts the run as `eva-admin` is Eva, and cannot have approved it."""
    people = {**estate().people, EVA: replace(estate().people[EVA], logins=("eva", "eva-admin"))}
    made = estate(people=people)
    plan = a_plan(rule(BOARD))

    for login in ("eva", "eva-admin"):
        office = Office(plan, estate=made, executor=person_of(login, made))
        assert not office.firmware(signed(statement(plan, EVA))).may_start


@pytest.mark.law(4)
def test_attack_34_another_key_of_the_same_person_is_the_same_person() -> None:
    """Two keys, two statements, a quorum of two: one person."""
    plan = a_plan(rule(BOARD, count=2))
    second, third = new(), new("ecdsa-sha2-nistp256")
    allowed = f"{EVA} {NS} {second.line}\n{EVA}@example.net {NS} {third.line}\n"
    office = Office(plan, executor=SAM, allowed=allowed)
    sealed = [signed(statement(plan, EVA), key) for key in (key_of(EVA), second, third)]

    assert [office.voice(s).not_counted for s in sealed] == ["", "", ""]
    assert office.firmware(*sealed).needed[0].missing == 1


@pytest.mark.law(4)
def test_attack_34_one_key_for_two_people_is_refused() -> None:
    """Under another name, another mail address, and as the key of a security key: nobody's key counts then."""
    token = string("sk-ssh-ed25519@openssh.com") + string(key_of(EVA).blob[-32:]) + string("ssh:")
    in_other_form = replace(key_of(EVA), kind="sk-ssh-ed25519@openssh.com", blob=token)
    people = {**estate().people, TOM: replace(estate().people[TOM], ssh_keys=(key_of(EVA).line,))}
    for made, allowed in (
        (estate(people=people), ""),
        (estate(), f"{TOM} {NS} {key_of(EVA).line}\n"),
        (estate(), f"{TOM}@example.net {NS} {key_of(EVA).line}\n"),
        (estate(), f"{TOM} {NS} {in_other_form.line}\n"),
    ):
        with pytest.raises(NotValid):
            signers(made, allowed, "")


@pytest.mark.law(4)
def test_attack_34_somebody_elses_name_over_ones_own_signature_is_worth_nothing() -> None:
    """The owner signs that Eva approves."""
    plan = a_plan(rule(BOARD))
    office = Office(plan, executor=SAM)

    assert not office.firmware(signed(statement(plan, EVA), key_of(ANA))).may_start
    assert not office.firmware(signed(statement(plan, ANA), key_of(EVA))).may_start


@pytest.mark.law(4)
@pytest.mark.parametrize("sealing", [Sealing.SESSION, Sealing.ON_WORD])
def test_attack_34_without_a_signature_it_is_still_ones_own_change(sealing: Sealing) -> None:
    """Where unsigned approvals count, the owner's own and the executor's do not; a session is its user's and nobody else's."""
    plan = a_plan(rule("infrastructure"))
    office = Office(plan, policy=Policy(unsigned=True), executor=TOM)

    for own in (ANA, TOM):
        assert not office.firmware(unsigned(statement(plan, own), sealing, own)).may_start
    posing = unsigned(statement(plan, EVA), Sealing.SESSION, ANA)
    assert not office.firmware(posing).may_start


@pytest.mark.law(4)
def test_attack_34_an_approval_that_counted_does_not_when_its_person_starts_the_run() -> None:
    """Who carries it out is known at the start, and then once more decides."""
    plan = a_plan(rule(BOARD))
    sealed = signed(statement(plan, EVA))

    assert Office(plan, executor=None).firmware(sealed).may_start
    assert not Office(plan, executor=EVA).firmware(sealed).may_start
