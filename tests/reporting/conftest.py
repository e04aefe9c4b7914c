"""Plans and runs made by hand, and golden texts: what a person sees is compared, letter by letter, with a file."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook_engine.model.plan import Plan

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with tests/reporting/golden/NAME; RUNBOOK_ACCEPT=1 writes the file anew."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("RUNBOOK_ACCEPT") == "1":
            path.parent.mkdir(exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")

        assert text + "\n" == path.read_text(encoding="utf-8")

    return check


@pytest.fixture(scope="session")
def rack12() -> Plan:
    """Twenty servers are mounted, started and get new firmware in batches."""
    from reporting.made_plans import rack12_plan

    return rack12_plan()
