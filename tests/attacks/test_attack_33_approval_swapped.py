"""Attack 33: something is changed after it was approved. What was approved is what runs; the rest keeps its approvals."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from approving.sign_offs import EVA, RIA, SAM, Office, a_plan, owned, rule, signed, statement
from runbook_engine.model.approvals import Say, Sealed
from runbook_engine.model.estate import SshSettings
from runbook_engine.model.plan import Package, Plan, PlannedPhase, Target
from runbook_engine.model.runbook import Retry
from runbook_engine.model.text import plain, shell
from runbook_engine.model.words import PackageId, PhaseId, Repeat
from runbook_engine.planning.digests import sealed as sealed_plan

PHASES = ("cabling", "firmware", "tests")
PLAN = a_plan(*(rule("change-board", phase) for phase in PHASES))
STEP = PackageId("firmware/flash")


def package(change: Callable[[Package], Package]) -> Plan:
    """The plan with another firmware step."""
    return sealed_plan(replace(PLAN, packages={**PLAN.packages, STEP: change(PLAN.packages[STEP])}))


def phase(change: Callable[[PlannedPhase], PlannedPhase]) -> Plan:
    """The plan with another firmware phase."""
    return sealed_plan(replace(PLAN, phases=tuple(change(p) if p.id == "firmware" else p for p in PLAN.phases)))


def target(change: Callable[[Target], Target]) -> Plan:
    """The plan with another way to the first host."""
    host = next(iter(PLAN.targets))
    return sealed_plan(replace(PLAN, targets={**PLAN.targets, host: change(PLAN.targets[host])}))


def script(text: str) -> Plan:
    """The plan with another command."""
    command = PLAN.packages[STEP].procedure.apply[0]
    return package(lambda p: replace(p, procedure=replace(p.procedure, apply=(replace(command, script=shell(text)),))))


IN_ONE_PHASE = {
    "one byte of a command": script("trud"),
    "a command that is longer by a blank": script("true "),
    "a look-alike in a command": script("truе"),
    "another title": package(lambda p: replace(p, title=plain("Something else"))),
    "a host less": package(lambda p: replace(p, hosts=p.hosts[:1])),
    "the hosts in another order": package(lambda p: replace(p, hosts=p.hosts[::-1])),
    "a step that may be repeated": package(lambda p: replace(p, repeat=Repeat.SAFE)),
    "one retry more": package(lambda p: replace(p, retries=Retry(count=1))),
    "another window": phase(lambda p: replace(p, window="always")),
    "more failures": phase(lambda p: replace(p, max_failures=1)),
    "another order of the phases": phase(lambda p: replace(p, needs=())),
    "no point of no return": phase(lambda p: replace(p, point_of_no_return="none")),
}
IN_ALL_PHASES = {
    "another address of a host": target(lambda t: replace(t, address="192.0.2.66")),
    "another user on a host": target(lambda t: replace(t, ssh=SshSettings(user="root"))),
    "another owner of a host": owned(PLAN, h1="finance"),
}


def approvals() -> list[Sealed]:
    """One for each phase, by somebody of the board."""
    return [signed(statement(PLAN, EVA, phases=(name,))) for name in PHASES]


def starting(plan: Plan, *sealed: Sealed) -> list[str]:
    """The phases that may start."""
    return [str(name) for name, one in Office(plan, executor=SAM).standings(*sealed).items() if one.may_start]


def test_attack_33_the_plan_that_was_approved_may_start() -> None:
    """Without a change all phases may."""
    assert starting(PLAN, *approvals()) == list(PHASES)


@pytest.mark.law(1)
@pytest.mark.parametrize("change", IN_ONE_PHASE)
def test_attack_33_a_change_of_a_phase_voids_its_approvals_and_no_others(change: str) -> None:
    """One byte is enough; what is void is told with the reason."""
    office = Office(IN_ONE_PHASE[change], executor=SAM)
    standing = office.firmware(*approvals())

    assert starting(office.plan, *approvals()) == ["cabling", "tests"]
    assert [v.not_counted for v in standing.ignored] == ["what it covers has changed since, or is no part of this plan"]


@pytest.mark.law(1)
@pytest.mark.parametrize("change", IN_ALL_PHASES)
def test_attack_33_a_change_of_a_host_voids_the_approvals_of_all_phases_on_it(change: str) -> None:
    """Another machine, user or owner."""
    assert starting(IN_ALL_PHASES[change], *approvals()) == []


@pytest.mark.law(1)
@pytest.mark.parametrize("change", [*IN_ONE_PHASE, *IN_ALL_PHASES])
def test_attack_33_breaking_glass_and_rejecting_are_bound_as_well(change: str) -> None:
    """Glass that was broken for one content opens no other."""
    plan = {**IN_ONE_PHASE, **IN_ALL_PHASES}[change]
    glass = signed(statement(PLAN, EVA, Say.BREAK_GLASS))

    assert Office(PLAN).firmware(glass).glass
    assert not Office(plan).firmware(glass).glass


def test_attack_33_a_rule_that_is_taken_out_or_put_in_is_judged_as_it_is_now() -> None:
    """Who must approve follows the plan at hand: more rules ask for more."""
    stricter = sealed_plan(replace(PLAN, approvals=(*PLAN.approvals, rule(RIA, "firmware"))))

    assert starting(stricter, *approvals()) == ["cabling", "tests"]
    assert starting(stricter, *approvals(), signed(statement(stricter, RIA))) == list(PHASES)


def test_attack_33_the_leaf_of_another_phase_or_runbook_is_worth_nothing() -> None:
    """A statement cannot be led over to another phase, and one of another runbook with the same phase does not count."""
    leaves = {p.id: p.leaf for p in PLAN.phases}
    crossed = {PhaseId("firmware"): leaves[PhaseId("cabling")], PhaseId("tests"): leaves[PhaseId("firmware")]}
    other = sealed_plan(replace(PLAN, runbook="other"))

    assert other.phases == PLAN.phases
    assert starting(PLAN, signed(statement(PLAN, EVA, phases=crossed))) == []
    assert starting(other, *approvals()) == []
