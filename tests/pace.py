"""How the tests are spread over time and disks: the long files begin first, and what they write is kept in memory."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 2 << 30  # twenty times what a whole run has in its folders at once
PREFIX = "rb-"  # short: sockets have names of at most 107 bytes
LONGEST = (  # the file that takes longest is first, as measured; one that is not named here takes less than all of these
    "journeys/test_journeys_forty.py",
    "journeys/test_journeys_kills.py",
    "journeys/test_journeys_bad_disk.py",
    "journeys/test_journeys_approvals.py",
    "journeys/test_journeys_evidence.py",
    "recording/test_recording_power.py",
    "journeys/test_journeys_day.py",
    "recording/test_recording_kills.py",
    "journeys/test_journeys_schedule.py",
    "attacks/test_attack_19_secrets_in_processes.py",
    "transports/test_target_program.py",
    "journeys/test_journeys_rolling.py",
    "transports/test_target_faults.py",
    "scheduling/test_planted_faults.py",
    "scheduling/test_crew_search.py",
    "journeys/test_journeys_choices.py",
    "journeys/test_journeys_workers.py",
    "gates/test_gates_style.py",
    "journeys/test_journeys_disks.py",
    "running/test_running_pools.py",
    "running/test_running_worlds.py",
    "transports/test_durable_lane.py",
    "transports/test_durable_cuts.py",
    "scheduling/test_search.py",
    "journeys/test_journeys_canaries.py",
    "journeys/test_journeys_confirming.py",
    "transports/test_silent_links.py",
    "journeys/test_journeys_secrets.py",
    "attacks/test_attack_29_slow_expressions.py",
    "journeys/test_journeys_machine.py",
    "gates/test_gates_first_night.py",
    "journeys/test_journeys_clocks.py",
)


def place_of(file: str) -> int:
    """Where a test file stands in the order; all that are short stand together, in the order in which they were found."""
    return next((place for place, name in enumerate(LONGEST) if file.endswith(f"/tests/{name}")), len(LONGEST))


def memory_is_usable(folder: Path = MEMORY) -> bool:
    """Whether there is a disk in memory that is big enough and from which programs may be started."""
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return False
    told = os.statvfs(folder)
    return told.f_bavail * told.f_frsize >= ENOUGH_BYTES and not told.f_flag & os.ST_NOEXEC


def moved_to_memory() -> Path | None:
    """From here on temporary folders, of children too, are made in memory. None: somebody named a place, or none is fit."""
    if "TMPDIR" in os.environ or not memory_is_usable():
        return None
    clear(made for made in MEMORY.glob(f"{PREFIX}*") if not Path("/proc", made.name.removeprefix(PREFIX)).exists())
    folder = MEMORY / f"{PREFIX}{os.getpid()}"
    folder.mkdir(mode=0o755)
    os.environ["TMPDIR"], tempfile.tempdir = str(folder), None
    return folder


def clear(folders: Iterable[Path]) -> None:
    """Remove what earlier runs, or this one, have left there."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
