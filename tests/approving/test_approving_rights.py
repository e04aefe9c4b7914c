"""Who somebody is, what each may do, who may open what is closed."""

from dataclasses import replace

import pytest

from approving.sign_offs import ANA, EVA, NOW, RIA, SAM, TOM, Office, a_plan, estate, signed, statement
from runbook_engine.approving import loosened, may, may_open, opened, people_of, person_of
from runbook_engine.approving.people import ACTIONS
from runbook_engine.model.approvals import Say
from runbook_engine.model.policy import Policy
from runbook_engine.model.times import Closed

ESTATE = estate()


def test_users_of_machines_are_people():
    """By the users whom the inventory names, else by their id; who two could be is nobody."""
    people = {
        ANA: replace(ESTATE.people[ANA], logins=("ana", "aduarte")),
        EVA: replace(ESTATE.people[EVA], logins=("shared",)),
        TOM: replace(ESTATE.people[TOM], logins=("shared",)),
        RIA: ESTATE.people[RIA],
    }
    made = estate(people=people)

    assert {login: person_of(login, made) for login in ("ana", "aduarte", ANA, "shared", RIA, "root", "")} == {
        "ana": ANA,
        "aduarte": ANA,
        ANA: None,
        "shared": None,
        RIA: RIA,
        "root": None,
        "": None,
    }


def test_names_stand_for_people():
    """People, roles, departments with their heads, heads."""
    made = estate(people={**ESTATE.people, SAM: replace(ESTATE.people[SAM], department="finance")})

    assert people_of(ANA, made) == {ANA}
    assert people_of("change-board", made) == {EVA, TOM, RIA}
    assert people_of("infrastructure", made) == {ANA, EVA, TOM}
    assert people_of("head-of-infrastructure", made) == {EVA}
    assert people_of("finance", made) == {RIA, SAM}
    assert people_of("head-of-sales-it", made) == frozenset()
    assert people_of("unknown", made) == frozenset()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_right_that_is_given_to_nobody_in_particular_is_everybodys(action):
    """The policy can only take away: with names, only those have it."""
    open_to_all, some = Policy(), Policy(**{action: ("finance", TOM)})

    assert [may(p, action, open_to_all, ESTATE) for p in (ANA, None)] == ["", ""]
    assert [bool(may(p, action, some, ESTATE)) for p in (RIA, TOM, ANA, None)] == [False, False, True, True]
    assert may(None, action, some, ESTATE).startswith("somebody whom the inventory does not know may not")


def test_other_actions_are_a_bug():
    """A right that nobody has defined is none."""
    with pytest.raises(KeyError):
        may(ANA, "touch", Policy(), ESTATE)


def test_a_freeze_is_lifted_by_whom_it_names_and_nobody_else():
    """A window by those of the policy."""
    freeze = Closed(kind="freeze", entry="freeze Holiday trade", reason="it is closed", lift=("head-of-infrastructure",))
    window = Closed(kind="window", entry="window night", reason="it is closed")
    policy = Policy(break_glass=("finance",))

    assert [may_open(p, freeze, policy, ESTATE) for p in (EVA, RIA)] == [
        "",
        "ria.bos may not lift freeze Holiday trade: head-of-infrastructure may",
    ]
    assert [bool(may_open(p, window, policy, ESTATE)) for p in (EVA, RIA)] == [True, False]
    assert "it names nobody who may" in may_open(EVA, replace(freeze, lift=()), Policy(), ESTATE)


def test_glass_is_broken_by_a_statement_that_counts_and_covers_the_phase():
    """It is found for the phase that it names, as long as it lasts."""
    plan = a_plan()
    office = Office(plan)
    window = Closed(kind="window", entry="window night", reason="it is closed")
    glass = signed(statement(plan, EVA, Say.BREAK_GLASS))
    standings = office.standings(glass)

    assert opened(standings["firmware"], window, office.policy, ESTATE).statement.by == EVA
    assert opened(standings["tests"], window, office.policy, ESTATE) is None
    assert opened(standings["firmware"], window, Policy(break_glass=(RIA,)), ESTATE) is None
    later = replace(office, now=NOW.replace(month=12, day=29))
    assert opened(later.standings(glass)["firmware"], window, office.policy, ESTATE) is None


def test_what_a_policy_gives_up_is_told():
    """Nothing of the strict one; each loosening of another."""
    assert loosened(Policy()) == ()
    assert len(loosened(Policy(unsigned=True, self_approval=True, owners=False, longest_s=90 * 86400.0))) == 4
