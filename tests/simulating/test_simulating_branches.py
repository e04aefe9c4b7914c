"""The branch report on a plan where every branch is known by hand."""

from runbook_engine.model.conditions import Compare, Constant
from runbook_engine.model.plan import WayBack
from runbook_engine.model.rehearsal import IMPOSSIBLE, NOT_TRIED, BranchKind, FaultKind
from runbook_engine.model.text import Later
from runbook_engine.model.words import OnFailure, Repeat
from runbook_engine.simulating import rehearse_all, standard_faults
from runbook_engine.simulating.branches import branches_of
from simulating.small_plans import HOSTS, night, one_step, upgrade
from stand import START, manual, package, phase, plan

KNOWN = {
    (BranchKind.CHOICE, "ask/go", "go"),
    (BranchKind.CHOICE, "ask/go", "no-go"),
    (BranchKind.RETRIED, "up/install", ""),
    (BranchKind.FAILED, "up/install", ""),
    (BranchKind.REFUSED, "up/install", ""),
    (BranchKind.SKIPPED, "up/install", ""),
    (BranchKind.NOT_DONE, "up/install", ""),
    (BranchKind.DOUBT, "up/install", ""),
    (BranchKind.UNREACHABLE, "up/install", ""),
    (BranchKind.ROLLED_BACK, "up/install", ""),
    (BranchKind.ROLL_BACK_FAILED, "up/install", ""),
    (BranchKind.FAILED, "up/restart", ""),
    (BranchKind.DOUBT, "up/restart", ""),
    (BranchKind.UNREACHABLE, "up/restart", ""),
    (BranchKind.ROLLED_BACK, "up/restart", ""),
    (BranchKind.FAILED, "up/look", ""),
    (BranchKind.DOUBT, "up/look", ""),
    (BranchKind.UNREACHABLE, "up/look", ""),
    (BranchKind.BUDGET, "up", "roll_back"),
    (BranchKind.UNHEALTHY, "up", ""),
}


def by_key(branches):
    return {(b.kind, b.where, b.detail): b for b in branches}


def test_the_branches_are_those_that_the_plan_has():
    """All of them, and no others."""
    assert set(by_key(branches_of(upgrade()))) == KNOWN


def test_a_quiet_night_takes_the_answer_and_nothing_else():
    """All other branches were not tried, or nothing can lead to them."""
    found, quiet = night(upgrade())
    branches = by_key(found.branches)

    assert {key for key, b in branches.items() if b.exercised} == {(BranchKind.CHOICE, "ask/go", "go")}
    assert branches[BranchKind.CHOICE, "ask/go", "go"].exercised == (quiet.name,)
    assert branches[BranchKind.FAILED, "up/install", ""].why_not == NOT_TRIED
    assert branches[BranchKind.ROLLED_BACK, "up/restart", ""].why_not == f"{IMPOSSIBLE}: it is up again, or not"
    assert branches[BranchKind.DOUBT, "up/look", ""].why_not.startswith(f"{IMPOSSIBLE}: it may be repeated")


def test_the_nights_that_take_a_branch_are_named():
    """One quiet night, one with a failure: each branch says in which it was taken."""
    made = upgrade()
    nights = ((), (night(made, (FaultKind.FAILS, "up/look"))[1].faults[0],))
    found = rehearse_all(made, nights, 1, START)
    branches = by_key(found.branches)

    assert branches[BranchKind.BUDGET, "up", "roll_back"].exercised == ("2 fails@up/look",)
    assert branches[BranchKind.CHOICE, "ask/go", "go"].exercised == ("1 quiet night", "2 fails@up/look")


def test_the_standard_nights_take_all_but_single_steps():
    """What is left needs a fault at that very step; all kinds of branches are taken somewhere."""
    made = upgrade()
    found = rehearse_all(made, standard_faults(made), 1, START)
    left = {b.kind for b in found.branches if not b.exercised and not b.why_not.startswith(IMPOSSIBLE)}
    taken = {b.kind for b in found.branches if b.exercised}

    assert taken == {kind for kind, _, _ in KNOWN}
    assert left <= {BranchKind.FAILED, BranchKind.DOUBT, BranchKind.UNREACHABLE}


def test_budgets_that_cannot_be_exceeded_say_why():
    """As many may fail as there are hosts; or it goes on whatever fails."""
    wide = plan(phase("p", [package("p/a", HOSTS)], max_failures=4))
    onward = plan(phase("p", [package("p/a", HOSTS)], max_failures=0, on_failure=OnFailure.CONTINUE))

    assert (BranchKind.BUDGET, "p", "stop") not in by_key(branches_of(one_step()))
    assert by_key(branches_of(wide))[BranchKind.BUDGET, "p", "stop"].why_not == f"{IMPOSSIBLE}: 4 may fail, and it has 4 hosts"
    assert by_key(branches_of(onward))[BranchKind.BUDGET, "p", "continue"].why_not.endswith("it goes on whatever fails")


def test_doubt_that_settles_itself_is_not_a_budget_that_is_exceeded():
    """When the engine dies, four steps are in doubt for a moment: that is no failure of four hosts."""
    found, one = night(upgrade(max_failures=0, on_failure=OnFailure.ASK), (FaultKind.ENGINE_DIES, "up/install@h3"))

    assert one.ended == "done"
    assert not by_key(found.branches)[BranchKind.BUDGET, "up", "ask"].exercised


def test_windows_conditions_and_the_point_of_no_return_are_branches():
    """The last is taken by the first change of its phase; the others say why they were not tried."""
    saved = package("p/old", HOSTS, repeat=Repeat.SAFE, save_as="old")
    when = Compare("==", Later("p/old", ("stdout",)), Constant(""))
    made = plan(
        phase(
            "p",
            [saved, package("p/new", HOSTS, when=when, reads=("p/old",), way_back=WayBack(none="it is new"))],
            window="night",
            point_of_no_return="after it there is no old one",
        )
    )
    found, _ = night(made)
    branches = by_key(found.branches)

    assert branches[BranchKind.NO_RETURN, "p", ""].exercised
    assert branches[BranchKind.CLOSES, "p", ""].why_not == f"{NOT_TRIED}: no window closed in these nights"
    assert branches[BranchKind.NOT_NEEDED, "p/new", ""].why_not.startswith(NOT_TRIED)
    assert any("what steps save is empty text" in line for line in found.assumed)


def test_a_condition_that_does_not_hold_is_taken():
    """Nothing is saved here, so that a condition on a value is false, and the step is skipped."""
    saved = package("p/old", HOSTS, repeat=Repeat.SAFE, save_as="old")
    when = Compare("==", Later("p/old", ("stdout",)), Constant("4.2"))
    found, one = night(plan(phase("p", [saved], [package("p/new#2", HOSTS, when=when, reads=("p/old",))])))

    assert one.ended == "done"
    assert by_key(found.branches)[BranchKind.NOT_NEEDED, "p/new", ""].exercised


def test_people_fail_at_nothing_here():
    """A task of a person has answers, but no branch of failing, doubt or unreachable hosts."""
    assert branches_of(plan(phase("p", [manual("p/a", hosts=HOSTS)]))) == ()
