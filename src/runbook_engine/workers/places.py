"""At most so many attempts really run. One that only waits for its host to answer lends its place after a while."""

import threading
from collections.abc import Callable

PATIENCE_S = 1.0  # a host that takes longer than this to be reached keeps nobody else waiting
LENT_AT_MOST = 256  # how many hosts at most are waited for beyond the places


class Places:
    """A number of places. `take` and `give` are for the threads that carry attempts out, `lend` is for the one who starts them.

    A host that is dead, or slow to let anybody in, would else hold a place for as long as the limits of connecting allow, and
    good hosts would wait for it. Nothing has begun on such a host: another attempt may have the place meanwhile.
    """

    def __init__(self, number: int, clock: Callable[[], float]) -> None:
        self._number = number
        self._clock = clock
        self._changed = threading.Condition()
        self._taken = 0
        self._reaching: dict[object, float] = {}  # who waits for a host in a place of its own, and since when
        self._lent = 0

    def take(self) -> None:
        """Wait for a place."""
        with self._changed:
            self._take()

    def give(self) -> None:
        """Give a place back."""
        with self._changed:
            self._taken -= 1
            self._changed.notify()

    def lend(self) -> int:
        """Lend the places of those who have waited for their hosts for long; how many are lent now."""
        with self._changed:
            late = self._clock() - PATIENCE_S
            for who in [who for who, since in self._reaching.items() if since <= late][: LENT_AT_MOST - self._lent]:
                del self._reaching[who]
                self._lent += 1
                self._taken -= 1
                self._changed.notify()
            return self._lent

    def while_reaching(self, reach: Callable[[], bool]) -> None:
        """Reach a host. A place that was lent meanwhile is waited for again; who has not reached it needs none to say so."""
        who = object()
        with self._changed:
            self._reaching[who] = self._clock()
        reached = False
        try:
            reached = reach()
        finally:
            with self._changed:
                if self._reaching.pop(who, None) is None:
                    self._lent -= 1
                    self._take(at_once=not reached)

    def _take(self, *, at_once: bool = False) -> None:
        if not at_once:
            self._changed.wait_for(lambda: self._taken < self._number)
        self._taken += 1
