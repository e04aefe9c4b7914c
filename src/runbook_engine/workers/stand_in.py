"""Workers without machines: outcomes come from a function. Synchronous and deterministic, for rehearsals and tests."""

from collections.abc import Callable, Sequence
from random import Random

from runbook_engine.model.attempts import Attempt, Ended
from runbook_engine.model.events import Outcome
from runbook_engine.model.words import HostName, Status

Answers = Callable[[Attempt], Outcome]


def all_well(attempt: Attempt) -> Outcome:  # noqa: ARG001 - the shape of every answer
    """Everything succeeds."""
    return _WELL


def by_chance(seed: int, shares: Sequence[tuple[float, Outcome]]) -> Answers:
    """Each attempt ends by lot: `shares` are probabilities and what comes of them, the rest is success.

    The lot depends on the seed, the task and the number of the attempt alone, never on the order of the attempts.
    """

    def drawn(attempt: Attempt) -> Outcome:
        lot = Random(f"{seed}/{attempt.task}/{attempt.number}").random()  # noqa: S311 - a rehearsal, no secret
        for share, outcome in shares:
            if lot < share:
                return outcome
            lot -= share
        return _WELL

    return drawn


class StandIns:
    """Workers in the shape that the spine asks for, which carry nothing out. `parallel` attempts at a time."""

    def __init__(self, answers: Answers = all_well, parallel: int = 1_000_000) -> None:
        self._answers = answers
        self._parallel = parallel
        self._open: list[Attempt] = []

    def room(self) -> int:
        """How many more attempts can begin at once."""
        return max(0, self._parallel - len(self._open))

    def lent(self) -> int:
        """Stand-ins wait for no host."""
        return 0

    def boot(self, host: HostName | None) -> str | None:  # noqa: ARG002 - no machine, no memory
        """Stand-ins keep nothing of an attempt."""
        return ""

    def hold(self, *, on: bool) -> None:
        """Stand-ins begin nothing of their own accord."""

    def start(self, attempts: Sequence[Attempt]) -> None:
        """Begin them."""
        self._open.extend(attempts)

    def outcomes(self, wait_s: float) -> Sequence[Ended]:  # noqa: ARG002 - nothing takes time here
        """Everything that was begun, in that order; never waits."""
        taken, self._open = self._open, []
        return [Ended(task=a.task, attempt=a.id, outcome=self._answers(a), purpose=a.purpose) for a in taken]

    def idle(self) -> bool:
        """Whether nothing was begun that has not been taken."""
        return not self._open


_WELL = Outcome(status=Status.OK, exit_code=0)
