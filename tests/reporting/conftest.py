"""What the tests of reporting share: an example plan, and the agreed texts."""

import pytest

from reporting.made_plans import rack12_plan
from reporting.made_texts import Golden
from runbook_engine.model.plan import Plan


@pytest.fixture
def golden() -> Golden:
    """The agreed texts."""
    return Golden()


@pytest.fixture(scope="session")
def rack12() -> Plan:
    """Twenty servers are mounted, started and get new firmware in batches."""
    return rack12_plan()
