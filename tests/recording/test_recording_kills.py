"""What SIGKILL leaves behind, at every moment at which a file changes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SOAK = os.environ.get("RUNBOOK_SOAK") == "1"


def sweep(library: Path, work: Path, start: str, step: int, sync: str = "sync") -> dict[str, Any]:
    """Run the program that is killed again and again; what it reports."""
    environment = {**os.environ, "CRASH_DIR": str(work / "sweep"), "LD_PRELOAD": str(library), "PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, str(HERE / "crash_sweep.py"), start, str(step), sync]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.law(9)
def test_no_acknowledged_record_is_lost_at_any_kill(crash_library: Path, tmp_path: Path) -> None:
    """Killed at any change of a file, the journal opens again: all that was acknowledged, whole commits, chain intact."""
    report = sweep(crash_library, tmp_path, "made", 1 if SOAK else 2)
    assert report["broken"] == []
    assert report["kills"] >= (380 if SOAK else 190), report


@pytest.mark.law(9)
def test_a_kill_while_the_journal_is_made_leaves_nothing_half_made(crash_library: Path, tmp_path: Path) -> None:
    """Killed at any change while file and tables are made, the next process makes or finds them, and goes on."""
    report = sweep(crash_library, tmp_path, "fresh", 1 if SOAK else 10)
    assert report["broken"] == []
    assert report["kills"] >= 40, report


@pytest.mark.law(2)
def test_the_sweep_notices_a_commit_that_was_not_synced(crash_library: Path, tmp_path: Path) -> None:
    """With SQLite's sync switched off, the same sweep reports acknowledgements that a power cut would lose."""
    report = sweep(crash_library, tmp_path, "made", 150, "no-sync")
    assert any("without a sync" in words for words in report["broken"]), report
