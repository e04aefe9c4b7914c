"""The search for a plain project: which child processes work on it, for how long, and what they know of each other.

Limited by work, it is the same on any machine: islands work in rounds, and the prover begins when the first rounds are over and
hears nothing more, so that no answer depends on who was quicker. Limited by the clock, all hear at once what anybody has found.
"""

import time
from collections.abc import Callable
from queue import Queue

from runbook_engine.model.jobs import Effort
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.child_side import Message, packed
from runbook_engine.scheduling.children import Child, hear
from runbook_engine.scheduling.plain import Net

ROUND = 1_500_000  # jobs placed by an island before it is asked again: a tenth of a second
OPENING = 40_000  # jobs placed for each job before the prover begins, so that it begins with a good schedule
PROVABLE = 100  # up to so many jobs the prover has a core of its own from then on
PROVABLE_LATE = 200  # up to so many in the last part of a long search
LATE = 0.7  # when that part begins
LONG_S = 20.0  # seconds that make a search a long one
PER_PROOF = 40_000_000  # jobs placed in the time of one unit of CP-SAT's own measure of work
TICK_S = 0.2  # how often the clock is looked at while nobody says anything
COLD_S = 1.0  # islands that are not there by then have to be compiled first: the prover begins without them
GRACE_S = 0.05  # what it takes to end the children


@dataclass(slots=True, kw_only=True)
class Knowledge:
    """What is known so far, and how many jobs were placed for it."""

    net: Net
    starts: list[int]
    bound: int
    placed: int = 0

    def take(self, starts: list[int]) -> bool:
        """Whether the schedule is better than the one that was known."""
        better = self.net.span(starts) < self.net.span(self.starts)
        self.starts = starts if better else self.starts
        return better

    @property
    def optimal(self) -> bool:
        """Whether there is nothing left to look for."""
        return self.net.span(self.starts) <= self.bound


class Search:
    """One search at work: children by name, what is known, how much work is left."""

    def __init__(self, known: Knowledge, effort: Effort, until: float | None, clock: Callable[[], float]) -> None:
        self.known = known
        self.effort = effort
        self.until = until
        self.clock = clock
        self.began = clock()
        self.heard: Queue[tuple[str, Message]] = Queue()
        self.children: dict[str, Child] = {}
        self.left = effort.work
        self.idle: list[str] = []  # islands whose round is over
        self.proof = ""  # the schedule of the prover is waited for: "", "asked", "done"

    @property
    def exact(self) -> bool:
        """Whether the answer has to be the same on any machine, as far as the clock allows."""
        return self.effort.work is not None

    @property
    def islands(self) -> int:
        """How many islands there are at the beginning."""
        return max(1, self.effort.cores - (self.known.net.size <= PROVABLE))

    def run(self) -> None:
        """Start the children, listen to them until there is no more to do or no more time, and end them."""
        try:
            for number in range(self.islands):
                self._start("island", f"island{number}", {"seed": self.effort.seed * 1000 + number})
            if self.islands < self.effort.cores:
                self.children["prover"] = Child("prover", "prover", self.heard)
            while self.children and not self._over():
                self._listen()
        finally:
            for child in self.children.values():
                child.end()

    def _start(self, module: str, name: str, more: Message) -> None:
        known = self.known
        child = self.children.get(name) or Child(module, name, self.heard)
        self.children[name] = child
        child.say({"net": packed(known.net), "starts": known.starts, "bound": known.bound, **more})

    def _over(self) -> bool:
        if self.until is not None and self.clock() >= self.until:
            return True
        if self.known.optimal and not (self.exact and self.proof == "asked"):
            return True
        return self.left is not None and self.left <= 0 and self.proof != "asked" and self._resting()

    def _resting(self) -> bool:
        return len(self.idle) == sum(name.startswith("island") for name in self.children)

    def _listen(self) -> None:
        word = hear(self.heard, None if self.until is None else max(0.0, min(TICK_S, self.until - self.clock())))
        if word is None:
            self._prove_if_it_is_time()
            return
        name, message = word
        if name not in self.children:
            return  # the last words of one that was ended
        if message.get("over"):
            self._lost(name)
        elif name == "prover":
            self._proved(message)
        else:
            self._searched(name, message)
        if self.idle and (not self.exact or self._resting()):
            self._next_round()

    def _lost(self, name: str) -> None:
        self.children.pop(name).end()
        self.idle = [other for other in self.idle if other != name]
        if name == "prover" and self.proof == "asked":
            self.proof = "done"

    def _proved(self, message: Message) -> None:
        known = self.known
        known.bound = max(known.bound, message.get("bound", 0))
        if "starts" in message:
            known.take(message["starts"])
        if "done" in message:
            self.proof = "done"
            if message["done"]:
                known.bound = max(known.bound, known.net.span(known.starts))

    def _searched(self, name: str, message: Message) -> None:
        known = self.known
        self.idle.append(name)
        known.placed += message.get("placed", 0)
        if self.left is not None:
            self.left -= message.get("placed", 0)
        if "starts" in message and known.take(message["starts"]) and not self.exact and self.proof == "asked":
            self.children["prover"].say({"starts": known.starts})

    def _next_round(self) -> None:
        self._prove_if_it_is_time()
        if self.left is not None and self.left <= 0:
            return
        for name in sorted(self.idle):
            if name in self.children:
                self.children[name].say(
                    {"work": ROUND if self.left is None else max(1, min(ROUND, self.left // len(self.idle)))}
                )
        self.idle = []

    def _prove_if_it_is_time(self) -> None:
        known = self.known
        opened = known.placed >= OPENING * known.net.size and ("prover" in self.children or self._late())
        if self.proof or known.optimal or not (opened or self._cold()):
            return
        work = None if self.left is None else max(0.1, self.left / PER_PROOF)
        self.proof = "asked"
        self._start("prover", "prover", {"seed": self.effort.seed, "work": work})
        if self.effort.cores <= sum(name.startswith("island") for name in self.children) and self.effort.cores > 1:
            name = max(name for name in self.children if name.startswith("island"))
            self._lost(name)

    def _cold(self) -> bool:
        return not self.exact and self.known.placed == 0 and self.clock() >= self.began + COLD_S

    def _late(self) -> bool:
        if self.known.net.size > PROVABLE_LATE or self.until is None or self.effort.cores < 2:
            return False
        length = self.until - self.began
        return length >= LONG_S and self.clock() >= self.began + LATE * length


def search(net: Net, starts: list[int], bound: int, effort: Effort, began: float) -> Knowledge:
    """Look for better schedules than the one at hand, in child processes. The effort began at `began` (time.monotonic)."""
    known = Knowledge(net=net, starts=starts, bound=bound)
    until = None if effort.seconds is None else began + effort.seconds - GRACE_S
    if not known.optimal:
        Search(known, effort, until, time.monotonic).run()
    return known
