"""The shipped runbooks, read by the loader and planned on the shipped inventory."""

from pathlib import Path

import pytest

from runbook_engine.loading import load_estate, load_runbook, param_values
from runbook_engine.planning import check_order, check_templates, compare, make_plan, read_plan, write_plan

HOME = Path(__file__).parents[2]
BOOKS = sorted((HOME / "runbooks").glob("*.yml"))


@pytest.mark.parametrize("path", BOOKS, ids=[p.name for p in BOOKS])
def test_a_shipped_runbook_becomes_a_plan_that_survives_its_file(path: Path) -> None:
    """Every shipped runbook is planned, written and read again without a difference."""
    runbook, estate = load_runbook(path), load_estate(HOME / "inventory")
    assert check_templates(runbook) == []
    assert check_order(runbook) == []
    plan = make_plan(runbook, estate, param_values(runbook, {}), lambda name: (path.parent / name).read_bytes())
    assert plan.tasks > 10
    again = read_plan(write_plan(plan), "x.plan")
    assert again == plan
    assert list(again.packages) == list(plan.packages)
    assert compare(plan, again) == ()
