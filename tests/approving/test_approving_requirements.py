"""Whose approval a phase needs: what the runbook lists, and what follows from who answers for what it touches."""

from dataclasses import replace
from decimal import Decimal

import pytest

from approving.sign_offs import ANA, EVA, RIA, SAM, a_plan, estate, owned, rule, served
from runbook_engine.approving import requirements
from runbook_engine.model.commands import Choice, Procedure, Shell
from runbook_engine.model.errors import Refused
from runbook_engine.model.estate import Host, Service
from runbook_engine.model.plan import WayBack
from runbook_engine.model.policy import Policy
from runbook_engine.model.runbook import Budget, Money
from runbook_engine.model.text import shell
from runbook_engine.model.words import Kind, Repeat
from runbook_engine.planning.digests import sealed as sealed_plan
from stand import manual, package, pause, phase, plan

UNDO = WayBack(procedure=Procedure(apply=(Shell(script=shell("undo")),)))


def wanted(plan, phase="firmware", made=None, policy=Policy()):
    """(by, why) of each requirement of a phase."""
    return [(r.by, r.why) for r in requirements(plan, made or estate(), policy) if r.phase == phase]


def test_what_the_runbook_lists():
    """In the order of the phases; equal rules are one."""
    found = requirements(
        a_plan(
            rule("change-board", "tests", count=2), rule(EVA, "cabling", expires_s=60.0), rule(EVA, "cabling", expires_s=60.0)
        ),
        estate(),
        Policy(),
    )

    assert [(r.phase, r.by, r.count, r.expires_s, r.why) for r in found] == [
        ("cabling", EVA, 1, 60.0, "the runbook asks for it"),
        ("tests", "change-board", 2, None, "the runbook asks for it"),
    ]


@pytest.mark.parametrize(
    ("owner", "asked"),
    [("finance", "head-of-finance"), ("sales-it", "sales-it"), (RIA, RIA), ("change-board", "change-board")],
)
def test_who_owns_hosts_is_asked(owner, asked):
    """Of a department its head, or anybody of it when it has none; people and roles as they are."""
    assert wanted(owned(a_plan(), h1=owner, h2=owner)) == [(asked, f"h1, h2 belong to {owner}")]


def test_hosts_are_told_as_a_range():
    """However many there are."""
    hosts = [f"r12-u{n:02}" for n in range(1, 13)]
    made = sealed_plan(replace(plan(phase("p", [package("p/x", hosts)])), owner=ANA))

    assert wanted(owned(made, **dict.fromkeys(hosts, "sales-it")), "p") == [("sales-it", "r12-u[01:12] belong to sales-it")]


def test_a_departments_own_people_need_not_ask_it():
    """Nor does the owner in person; but another's hosts beside them are asked for."""
    mixed = owned(a_plan(), h1="infrastructure", h2="sales-it")

    assert wanted(owned(a_plan(), h1="infrastructure", h2=ANA)) == []
    assert wanted(mixed) == [("sales-it", "h2 belongs to sales-it")]
    assert wanted(owned(a_plan(owner="infrastructure"), h1="infrastructure")) == []
    assert wanted(owned(a_plan(owner="change-board"), h1="infrastructure")) == [
        ("head-of-infrastructure", "h1 belongs to infrastructure")
    ]


def test_who_owns_services_is_asked_also_of_those_that_need_them():
    """Along depends_on, through services that nobody owns; a circle is no trouble."""
    services = {
        "web": Service(name="web", owner="sales-it", depends_on=("middle",)),
        "middle": Service(name="middle", depends_on=("database",)),
        "database": Service(name="database", owner="finance", depends_on=("web",)),
        "other": Service(name="other", owner="sales-it"),
    }
    found = wanted(served(a_plan(), h1="database"), made=estate(services=services))

    assert found == [
        ("sales-it", "web of sales-it needs database, which h1 serves"),
        ("head-of-finance", "h1 serves database of finance"),
    ]


def test_reasons_are_joined():
    """Hosts, services and the runbook ask for the same: one requirement."""
    services = {"web": Service(name="web", owner="sales-it")}
    made = served(owned(a_plan(rule("sales-it")), h1="sales-it"), h2="web")

    assert wanted(made, made=estate(services=services)) == [
        ("sales-it", "the runbook asks for it; h1 belongs to sales-it; h2 serves web of sales-it")
    ]


def test_what_the_inventory_says_now_counts_as_well():
    """A host that has another owner since the plan was made: both are asked."""
    made = estate(hosts={"h1": Host(name="h1", owner="finance")})

    assert wanted(owned(a_plan(), h1="sales-it"), made=made) == [
        ("sales-it", "h1 belongs to sales-it"),
        ("head-of-finance", "h1 belongs to finance"),
    ]


def test_an_owner_whom_nobody_knows_is_not_passed_over():
    """A misspelt department cannot be asked, and so nothing starts; the reason says what to mend."""
    found = wanted(owned(a_plan(), h1="sales-itt"))

    assert found[0][0] == "sales-itt"
    assert "nobody in the inventory is sales-itt: write it under people:, roles: or departments:" in found[0][1]


def test_where_nobody_is_named_nobody_is_asked():
    """An inventory without people and departments, or a policy with owners: false."""
    made = owned(a_plan(), h1="sales-it")

    assert wanted(made, made=estate(people={}, departments={}, roles={})) == []
    assert wanted(made, policy=Policy(owners=False)) == []


READS = {"procedure": Procedure(apply=(Shell(script=shell("look")),)), "repeat": Repeat.SAFE}


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        (package("p/x", ["h1"]), True),
        (package("p/x", ["h1"], **READS), False),
        (package("p/x", ["h1"], health_check=True), False),
        (package("p/x", ["h1"], action=""), False),
        (package("p/x", ["h1"], reboots=True, **READS), True),
        (manual("p/x", hosts=("h1",)), True),
        (manual("p/x", (Choice(name="go"), Choice(name="no", goes_on=False)), hosts=("h1",)), False),
        (pause("p/x", 60.0), False),
    ],
)
def test_only_what_changes_something_needs_its_owner(made, asked):
    """Not what reads, checks, plans, decides or waits."""
    whole = owned(sealed_plan(replace(plan(phase("p", [made])), owner=ANA)), h1="sales-it")

    assert bool(wanted(whole, "p")) is asked


def test_a_host_that_is_only_read_beside_one_that_is_changed_needs_nobody():
    """Who is asked follows the hosts of the steps that change something."""
    both = plan(phase("p", [package("p/x", ["h1"]), package("p/y", ["h2"], **READS)]))
    whole = owned(sealed_plan(replace(both, owner=ANA)), h1="sales-it", h2="finance")

    assert wanted(whole, "p") == [("sales-it", "h1 belongs to sales-it")]


def test_the_way_back_of_a_phase_counts_as_well():
    """It may touch hosts that the way forth does not."""
    made = plan(phase("p", [package("p/x", ["h1"])], way_back=(package("p/undo", ["h1", "h9"]),)))
    targets = {**made.targets, "h9": replace(made.targets["h1"], name="h9", owner="finance")}
    whole = sealed_plan(replace(made, owner=ANA, targets=targets))

    assert wanted(whole, "p") == [("head-of-finance", "h9 belongs to finance")]


# Conditions


def euros(amount: int) -> Budget:
    """A budget."""
    return Budget(amount=Money(amount=Decimal(amount), currency="EUR"))


@pytest.mark.parametrize(
    ("condition", "changes", "asked"),
    [
        ("budget > 20000 EUR", {"budget": euros(20001)}, True),
        ("budget > 20000 EUR", {"budget": euros(20000)}, False),
        ("budget > 20000", {"budget": euros(20001)}, True),
        ("budget > 20000 EUR", {}, True),  # no budget: nobody can tell
        ("budget > 20000 USD", {"budget": euros(1)}, True),  # another currency
        ("not budget > 20000 USD", {"budget": euros(1)}, True),
        ("budget > 20000 USD and kind == 'install'", {"budget": euros(1)}, False),
        ("budget > 20000 USD or kind == 'upgrade'", {"budget": euros(1)}, True),
        ("kind == 'upgrade'", {}, True),
        ("kind in ['install', 'maintenance']", {}, False),
        ("kind == 'install'", {"kind": Kind.INSTALL}, True),
        ("hosts >= 2 and batches == 1", {}, True),
        ("hosts > 2 or batches > 1", {}, False),
        ("risk == 'irreversible'", {}, True),
    ],
)
def test_conditions_decide_whether_an_approval_is_needed(condition, changes, asked):
    """On budget, kind, hosts, batches and risk; what cannot be known is not waived."""
    assert bool(wanted(a_plan(rule(EVA, condition=condition), **changes))) is asked


@pytest.mark.parametrize(
    ("back", "changes", "risk"),
    [
        (UNDO, {}, "reversible"),
        (None, {}, "irreversible"),
        (WayBack(none="melted"), {}, "irreversible"),
        (UNDO, {"point_of_no_return": "the old disks are shredded"}, "irreversible"),
        (UNDO, {"no_return_step": "p/x"}, "irreversible"),
    ],
)
def test_risk_is_whether_there_is_a_way_back(back, changes, risk):
    """A point of no return, or a step that changes something and cannot be undone."""
    made = plan(phase("p", [package("p/x", ["h1"], way_back=back)], **changes))
    whole = sealed_plan(replace(made, approvals=(rule(SAM, "p", condition=f"risk == '{risk}'"),)))

    assert len(wanted(whole, "p")) == 1


def test_a_rule_that_cannot_be_read_stops_everything():
    """A plan that was written by hand: nothing is waived by a mistake."""
    with pytest.raises(Refused, match="cannot be read: there is no money"):
        requirements(a_plan(rule(EVA, condition="money > 3")), estate(), Policy())
    with pytest.raises(Refused, match="the plan has no such phase"):
        requirements(a_plan(rule(EVA, "firmwear")), estate(), Policy())
