"""A disk that goes bad at any write or sync of a run: the engine stops and says so, and goes on once the disk is well."""

import errno
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from journeys.forty import LANES, Near, engines, new_place, runbook, said_in, unfinished, violations
from recording.second_reader import read_copy

SOAK = bool(os.environ.get("RUNBOOK_SOAK"))
STEPS = 4
NEVER = 10**9  # a change that does not come
KINDS = (  # what goes wrong, and whether only once
    (errno.ENOSPC, False),
    (errno.EIO, False),
    (errno.EROFS, False),
    (errno.EIO, True),
)


def command(near: Near, place: Path) -> list[str]:
    """What a person types: run, or resume when there is a run."""
    return (
        ["resume", "last", "--failed", "--no-input"]
        if read_copy(place / "state")
        else ["run", near.plan, "--yes", "--no-input"]
    )


def life(near: Near, place: Path, fails: tuple[int, int, bool]) -> tuple[int, int, str]:
    """One call of the command; its exit code, how many changes it made, and what it said."""
    said = said_in(place)
    before = said.stat().st_size if said.exists() else 0
    code, words = near.ask(place, {"command": command(near, place), "fails": fails})
    return code, int(words[0].split()[1]) if words else 0, said.read_text()[before:]


def how_many(near: Near, words: list[str]) -> int:
    """The changes of files that a command makes on a disk that stays well, from nothing."""
    place = new_place(near, words[0])
    code, told = near.ask(place, {"command": words, "fails": (NEVER, 0, False)})
    assert code == 0, said_in(place).read_text()
    return int(told[0].split()[1])


def failed_at(near: Near, number: int, error: int, *, once: bool) -> list[str]:
    """What is wrong about a run whose disk goes bad at one change, and is well again afterwards."""
    place = new_place(near, f"{number}-{error}-{once}")
    code, _, said = life(near, place, (number, error, once))
    broken = violations(place, 0)
    if "Traceback" in said or "mistake of runbook itself" in said:
        broken.append(f"a trace instead of a message: {said[-1500:]}")
    if code and not re.search(r"journal|log|No space|[Rr]ead-only|Input/output", said):
        broken.append(f"exit {code}, and no word about the disk: {said[-500:]}")
    if not code and [event["is"] for event in read_copy(place / "state")].count("RunEnded") != 1:
        broken.append("exit 0, and the run has not ended")
    if code or not read_copy(place / "state"):
        code, _, said = life(near, place, (NEVER, 0, False))
        broken += violations(place, 0)
    broken += unfinished(place, code, STEPS)
    shutil.rmtree(place, ignore_errors=True)  # its hosts may still be tidying up
    when = f"change {number} fails with {errno.errorcode[error]}{' once' if once else ''}"
    return [f"{when}: {what}" for what in broken]


@pytest.mark.law(2)
@pytest.mark.law(9)
@pytest.mark.timeout(7200 if SOAK else 600)
def test_a_disk_that_goes_bad_anywhere_stops_the_run_and_spoils_nothing(crash_library: Path) -> None:
    """Every change of a file in turn: full, broken, read-only, or one error that goes away; then well again, and resumed.

    Of the changes by which an empty journal is made, every fifth; in a soak all, and each with all kinds.
    """
    with engines(crash_library, runbook(STEPS, people=False)) as waiting, ThreadPoolExecutor(LANES) as lanes:

        def tried(fault: tuple[int, int, bool]) -> list[str]:
            near = waiting.get()
            try:
                return failed_at(near, fault[0], fault[1], once=fault[2])
            finally:
                waiting.put(near)

        near = waiting.get()
        made, changes = how_many(near, ["runs"]), how_many(near, ["run", near.plan, "--yes", "--no-input"])
        waiting.put(near)
        numbers = [*range(1, made, 1 if SOAK else 5), *range(made, changes + 1)]
        faults = [(n, *kind) for n in numbers for kind in (KINDS if SOAK else (KINDS[n % len(KINDS)],))]
        broken = [what for found in lanes.map(tried, faults) for what in found]
    print(f"\n{changes} changes of files in a run, of which {made} make an empty journal; {len(faults)} faults")
    assert changes - made > 100
    assert broken == []
