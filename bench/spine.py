"""How many events a second the spine alone handles, and whether the time per event grows with the plan.

    python bench/spine.py [TASKS …]        default: 3000 30000 300000

No SSH; an in-memory journal; stand-in workers that answer at once. The plan has 30 steps per host.
"""

import gc
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from runbook_engine.model.attempts import Attempt, Ended
from runbook_engine.running.execute import execute
from stand import OK, SAME, Clock, ListInbox, MemoryJournal, created, ids, needs, no_world, package, phase, plan

STEPS = 30
ROOM = 500


class Instant:
    """Workers that are done at once."""

    def __init__(self) -> None:
        self._ended: list[Ended] = []

    def room(self) -> int:
        """Never full."""
        return ROOM

    def lent(self) -> int:
        """These workers wait for no host."""
        return 0

    def boot(self, host: str) -> str | None:  # noqa: ARG002 - the shape of the seam
        """Every host was greeted."""
        return "b1"

    def hold(self, *, on: bool) -> None:
        """Nothing is begun here of its own accord."""

    def start(self, attempts: Sequence[Attempt]) -> None:
        """Done before it begins."""
        self._ended.extend(Ended(task=a.task, attempt=a.id, outcome=OK, purpose=a.purpose) for a in attempts)

    def outcomes(self, wait_s: float) -> Sequence[Ended]:  # noqa: ARG002 - there is nothing to wait for
        """All of them."""
        ended, self._ended = self._ended, []
        return ended

    def idle(self) -> bool:
        """Whether all have been taken."""
        return not self._ended


def measure(tasks: int) -> str:
    hosts = tuple(f"h{i:06}" for i in range(tasks // STEPS))
    steps = [package("p/s0", hosts)]
    steps += [package(f"p/s{i}", hosts, needs=needs((f"p/s{i - 1}", SAME))) for i in range(1, STEPS)]
    made = plan(phase("p", steps))
    journal = MemoryJournal([created(made)])
    gc.freeze()  # as the command does: a plan is not garbage
    gc.set_threshold(100_000, 50, 1000)
    began = time.perf_counter()
    course = execute(
        {made.digest: made}.__getitem__, journal, ListInbox(journal), Instant(), no_world, Clock(), ids(), lambda *_: None
    )
    took = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert course.run.ended
    events = len(journal.durable)
    rate = f"{events / took:9.0f} events/s  {took / events * 1e6:6.1f} µs an event"
    return f"{tasks:>9} tasks  {events:>8} events  {took:7.2f} s  {rate}  {memory:6.0f} MiB peak"


if __name__ == "__main__":
    for number in map(int, sys.argv[1:] or ("3000", "30000", "300000")):
        print(measure(number), flush=True)
