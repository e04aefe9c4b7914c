"""The clock of the machine is put forward or back while a real run is under way."""

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import pytest

from journeys.forty import Near, new_place, runbook, unfinished, violations
from recording.second_reader import read_copy

STEPS = 4
JUMPS = (1, -1, 3600, -3600, 86400, -86400)  # seconds
TAKES_S = 60  # at most, a run
LOOKS = (3, 15, 40)  # at the beginning, early, in the middle


@pytest.mark.law(9)
def test_a_clock_that_jumps_harms_no_run(crash_library: Path) -> None:
    """Every kind of jump at three looks at the clock; then the journal is looked at by a reader of another hand."""
    with tempfile.TemporaryDirectory(prefix="runbook-") as folder:
        near = Near(Path(folder) / "near", crash_library, runbook(STEPS, people=False))
        for seconds in JUMPS:
            for look in LOOKS:
                place = new_place(near, f"{seconds}-{look}")
                code, _ = near.ask(place, {"command": ["run", near.plan, "--yes", "--no-input"], "jump": (look, seconds)})
                assert [*violations(place, 0), *unfinished(place, code, STEPS)] == [], f"{seconds} s at look {look}"
                times = [datetime.fromisoformat(event["at"]) for event in read_copy(place / "state")]
                assert look == LOOKS[0] or abs((times[-1] - times[0]).total_seconds() - seconds) < TAKES_S  # it did jump
                shutil.rmtree(place, ignore_errors=True)  # its hosts may still be tidying up
        near.close()
