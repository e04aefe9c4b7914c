"""redfish in plans: every host needs a management controller, the password stays a name, and a plan survives its file."""

import pytest

from planning.planning_builders import act, book, estate, host, phase, planned, run
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import BmcSettings
from runbook_engine.model.runbook import RollBack
from runbook_engine.model.text import SecretRef
from runbook_engine.model.words import Repeat
from runbook_engine.planning import compare, read_plan, write_plan

BMC = BmcSettings(address="https://bmc1", user="ops", password=SecretRef("env:BMC_PASSWORD"), verify="sha256:" + "ab" * 32)
ON = act("on", "redfish", {"power": "on"})


def messages(runbook, on) -> list[str]:
    """What is wrong with it."""
    with pytest.raises(NotValid) as caught:
        planned(runbook, on)
    return [mistake.message for mistake in caught.value.mistakes]


def test_every_host_of_a_step_needs_a_controller() -> None:
    """The first that have none are named; a way back needs one as well."""
    hosts = estate(host("web1", bmc=BMC), *[f"web{n}" for n in range(2, 8)], groups={"web": [f"web{n}" for n in range(1, 8)]})
    assert messages(book(phase("a", ON)), hosts) == ["no management controller is known for web2, web3, web4 and 3 more"]
    back = RollBack(action="redfish", params=act("off", "redfish", {"power": "off"}).params)
    undone = book(phase("a", run("x", hosts="web2", roll_back=back), hosts="web1"))
    assert messages(undone, hosts) == ["no management controller is known for web2"]


def test_a_step_without_hosts_has_no_controller() -> None:
    """It is not the control machine that is switched on."""
    assert messages(book(phase("a", ON, hosts=None)), estate("web1")) == ["this step works on a host, and none is named"]


def test_a_plan_names_the_controller_and_keeps_the_password_out() -> None:
    """The target says where it is; who wrote another address has another plan."""
    one = planned(book(phase("a", ON)), estate(host("web1", bmc=BMC), groups={"web": ["web1"]}))
    (package,) = one.packages.values()
    assert (package.repeat, package.told_by_controller, package.kept_on_host) == (Repeat.ONCE, True, False)
    assert one.targets["web1"].bmc == BMC
    assert read_plan(write_plan(one), "x.plan") == one
    other = planned(
        book(phase("a", ON)), estate(host("web1", bmc=BmcSettings(address="https://bmc2")), groups={"web": ["web1"]})
    )
    assert (one.digest == other.digest, bool(compare(one, other))) == (False, True)


def test_what_only_reads_may_be_repeated() -> None:
    """Reading and waiting need no declaration; a step that restarts its host is proved by the host itself."""
    steps = [
        act("read", "redfish", {"get": "firmware"}, save_as="old"),
        act("wait", "redfish", {"wait": {"power": "on"}}),
        act("cycle", "redfish", {"power": "cycle"}, reboots=True),
    ]
    plan = planned(book(phase("a", *steps)), estate(host("web1", bmc=BMC), groups={"web": ["web1"]}))
    assert [p.repeat for p in plan.packages.values()] == [Repeat.SAFE, Repeat.SAFE, Repeat.ONCE]
    assert [p.told_by_controller for p in plan.packages.values()] == [True, True, False]


def test_who_reaches_a_controller_otherwise_is_a_difference() -> None:
    """`plan --compare` tells in words what is different."""
    plans = [
        planned(book(phase("a", ON)), estate(host("web1", bmc=bmc), groups={"web": ["web1"]}))
        for bmc in (BMC, BmcSettings(address="https://bmc1", user="root"))
    ]
    told = " ".join(str(difference) for difference in compare(*plans))
    assert "web1" in told
