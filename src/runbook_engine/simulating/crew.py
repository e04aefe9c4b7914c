"""Workers of one life of the engine on a virtual clock: several attempts side by side, each as long as it was drawn."""

import heapq
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count

from runbook_engine.model.attempts import Attempt, Ended
from runbook_engine.model.events import Outcome
from runbook_engine.model.words import HostName
from runbook_engine.simulating.drawing import Clock
from runbook_engine.simulating.hosts import Hosts
from runbook_engine.simulating.people import People


class EngineDied(Exception):
    """The engine dies here; the hosts, the people and the journal go on."""


class Crew:
    """Carries attempts out as `Hosts` plays them; `dies` says whether the engine does so in the midst of an attempt."""

    def __init__(self, clock: Clock, hosts: Hosts, people: People, parallel: int, dies: Callable[[Attempt], bool]) -> None:
        self._clock, self._hosts, self._people, self._parallel, self._dies = clock, hosts, people, parallel, dies
        self._open: list[tuple[datetime, int, Attempt, Outcome]] = []
        self._order = count()
        self._death: datetime | None = None

    def room(self) -> int:
        """How many more attempts can begin at once."""
        return max(0, self._parallel - len(self._open))

    def lent(self) -> int:
        """No place is lent: hosts that do not answer are known from the start."""
        return 0

    def boot(self, host: HostName | None) -> str | None:
        """Under which boot id a host keeps what becomes of an attempt."""
        return self._hosts.boot(host)

    def hold(self, *, on: bool) -> None:
        """Nothing follows by itself here."""

    def start(self, attempts: Sequence[Attempt]) -> None:
        """Begin them: how each ends is known from now on, and told when its time has passed."""
        now = self._clock()
        for attempt in attempts:
            seconds, outcome = self._hosts.play(attempt, now)
            heapq.heappush(self._open, (now + timedelta(seconds=seconds), next(self._order), attempt, outcome))
            if self._death is None and self._dies(attempt):
                self._death = now + timedelta(seconds=seconds / 2)

    def outcomes(self, wait_s: float) -> Sequence[Ended]:
        """What has ended at the next moment at which anything happens, or after `wait_s` seconds."""
        until = self._clock() + timedelta(seconds=wait_s)
        moments = [until, *([self._open[0][0]] if self._open else []), *self._people.next_time()]
        if self._death is not None and self._death <= min(moments):
            self._clock.forward(self._death)
            raise EngineDied
        self._clock.forward(min(moments))
        ended: list[Ended] = []
        while self._open and self._open[0][0] <= self._clock():
            _, _, attempt, outcome = heapq.heappop(self._open)
            ended.append(Ended(task=attempt.task, attempt=attempt.id, outcome=outcome, purpose=attempt.purpose))
        return ended

    def idle(self) -> bool:
        """Whether nothing is being carried out, and nobody is about to answer."""
        return not self._open and not self._people.next_time()
