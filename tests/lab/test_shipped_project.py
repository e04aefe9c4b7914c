"""The shipped runbooks and inventory are without mistakes, and the lab can offer every host of them."""

from pathlib import Path

import pytest

from runbook_engine.lab.settings import read_settings
from runbook_engine.loading import check, load_estate, load_runbook
from runbook_engine.model.words import Kind
from runbook_engine.planning import make_plan

PROJECT = Path(__file__).parents[2]
RUNBOOKS = ("rack12-install", "web-upgrade", "site-maintenance")


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_shipped_runbook_is_valid_and_gives_a_plan(name: str) -> None:
    """No mistake in the file, none against the inventory, and the same digest each time."""
    runbook = load_runbook(PROJECT / "runbooks" / f"{name}.yml")
    estate = load_estate(PROJECT / "inventory")
    assert not list(check(runbook, estate))
    plans = [make_plan(runbook, estate, {}, lambda path: (PROJECT / "runbooks" / path).read_bytes()) for _ in range(2)]
    assert plans[0].digest == plans[1].digest
    assert set(plans[0].targets) <= set(estate.hosts)


def test_the_shipped_runbooks_are_one_of_each_kind() -> None:
    """An installation, an upgrade and a maintenance."""
    kinds = [load_runbook(PROJECT / "runbooks" / f"{name}.yml").kind for name in RUNBOOKS]
    assert kinds == [Kind.INSTALL, Kind.UPGRADE, Kind.MAINTENANCE]


def test_the_installation_works_on_twelve_servers_in_batches() -> None:
    """The demo's runbook: twelve hosts; one, then four, then the rest; one failure is borne."""
    runbook = load_runbook(PROJECT / "runbooks" / "rack12-install.yml")
    plan = make_plan(runbook, load_estate(PROJECT / "inventory"), {}, lambda path: (PROJECT / "runbooks" / path).read_bytes())
    firmware = next(phase for phase in plan.phases if phase.id == "firmware")
    assert [len(stage.hosts) for stage in firmware.stages if stage.kind == "batch"] == [1, 4, 7]
    assert firmware.max_failures == 1


def test_the_lab_can_offer_every_host_of_the_inventory() -> None:
    """Every host name of the inventory is one that a lab takes."""
    names = tuple(load_estate(PROJECT / "inventory").hosts)
    assert [host.name for host in read_settings(names)] == list(names)
