"""The search for a schedule of a project with people and calendars: children that change lists, and what they have found.

Limited by work, two islands search, each on its own, however many cores there are, and then the prover: the same schedule on
any machine. Limited by the clock, the answer is there in time, whatever a child is doing; while none is ready, lists are
searched here, uncompiled; and one island rests from some moment on while the prover works.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from queue import Queue

from runbook_engine.model.jobs import Aim, Effort, Placed, Project, Solution
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.children import Child, Message, hear
from runbook_engine.scheduling.crew_bounds import bound
from runbook_engine.scheduling.crew_change import least_changed
from runbook_engine.scheduling.crew_child import sent
from runbook_engine.scheduling.crew_island import Island, Start, warmth
from runbook_engine.scheduling.crew_keeping_island import Keeping
from runbook_engine.scheduling.crew_late import NotKept, proven
from runbook_engine.scheduling.crew_proof import PER_PROOF, PROVABLE, Proof
from runbook_engine.scheduling.crew_start import laid_again, started
from runbook_engine.scheduling.crew_values import FINISH, finish_of, merit, value
from runbook_engine.scheduling.listing import Laid, bounded, is_late, solution

ISLANDS = 2
ROUND = 60_000  # jobs placed by an island before it is asked again
SHORT = 3  # orders tried here before it is looked whether a child is ready
PROVER = "prover"
PROVE_FROM = ((60, 0.1), (1 << 40, 0.4))  # with up to so many jobs, from that part of the time on the prover works
TICK_S = 0.2  # how often the clock is looked at while nobody says anything
GRACE_S = 0.1  # what it takes to end the children and to write down the schedule


@dataclass(slots=True, kw_only=True)
class Found:
    """The best that is known."""

    value: int
    who: str
    genes: Message  # order, picks, waits; empty: the first schedule
    placed: int = 0

    def hear(self, name: str, message: Message) -> None:
        """Take what an island says, if it is better; between equals the island decides, not who was quicker."""
        self.placed += message.get("placed", 0)
        if "value" in message and (message["value"], name) < (self.value, self.who):
            self.value, self.who, self.genes = message["value"], name, message


class Search:
    """Islands at work, each in a child process."""

    def __init__(
        self,
        here: Island | Keeping,
        effort: Effort,
        until: float | None,
        clock: Callable[[], float],
        proof: Proof | None = None,
    ) -> None:
        self.here = here
        self.proof = proof
        self.proving = False  # the prover has been asked
        self.resting = self.idle = ""  # the island in whose place it works, and that one when its round is over
        self.effort = effort
        self.clock = clock
        self.began = clock()
        self.until = until
        self.queue: Queue[tuple[str, Message]] = Queue()
        self.children: dict[str, Child] = {}
        self.placed: dict[str, int] = {}
        self.share = None if effort.work is None else effort.work // ISLANDS
        self.found = Found(value=here.told, who="", genes={})

    def run(self) -> Found:
        """Search until work or time is over, and end the children."""
        names = [f"crew{k}" for k in range(ISLANDS)]
        waves = [names] if self.effort.cores > 1 else [[name] for name in names]
        try:
            for wave in waves if self.effort.work is not None or self.effort.cores > 1 else waves[:1]:
                for name in wave:
                    self._start(name)
                while self.children and self._listen():
                    pass
            if self.effort.work is not None and self._open() and self._prove():
                while self.children and self._listen():
                    pass
        finally:
            for child in self.children.values():
                child.end()
        return self.found

    def _start(self, name: str) -> None:
        child = Child("crew_child", name, self.queue)
        self.children[name] = child
        self.placed[name] = 0
        child.say({"start": sent(self.here.start), "seed": self.effort.seed * ISLANDS + int(name[4:])})

    def _listen(self) -> bool:
        left = None if self.until is None else self.until - self.clock()
        if left is not None and left <= 0:
            return False
        if self.effort.work is None and self._open() and self._done("") >= prove_from(len(self.here.start.order)):
            self._prove()
        alone = self.until is not None and not any(self.placed.values())
        word = hear(self.queue, 0 if alone else left if self.proving or left is None else min(left, TICK_S))
        if word is None:
            return self._here() if alone else True
        name, message = word
        if name not in self.children:  # what an ended one said last
            return True
        if message.get("over"):
            self.children.pop(name).end()
            if name == PROVER and self.idle in self.children:
                self._ask(self.idle)
            return True
        return self._proved(message) if name == PROVER else self._searched(name, message)

    def _searched(self, name: str, message: Message) -> bool:
        before = self.found.value
        self.found.hear(name, message)
        self.placed[name] += message.get("placed", 0)
        if PROVER in self.children and self.found.value < before and self._ends():
            self.children[PROVER].say({"ends": self._ends() - 1})
        if name == self.resting and PROVER in self.children:
            self.idle = name
        else:
            self._ask(name)
        return True

    def _open(self) -> bool:
        """Whether there is something to prove, and nobody was asked to."""
        return self.proof is not None and not self.proving and not self.proof.over(self._ends())

    def _ends(self) -> int:
        """The finish of the best schedule of the islands; 0 if a job is late in it."""
        return finish_of(self.found.value, FINISH)

    def _prove(self) -> bool:
        """Start the prover; by the clock, an island rests for it if there are no more cores."""
        if self.proof is None:
            return False
        work = None if self.effort.work is None else self.effort.work / PER_PROOF
        child = self.children[PROVER] = Child("crew_prover", PROVER, self.queue)
        self.proving = True
        if len(self.children) > self.effort.cores:
            names = sorted(name for name in self.children if name != PROVER)
            self.resting = max(names, key=lambda name: name != self.found.who)  # not the one that has found the best
        child.say(self.proof.task(self.proof.best(self.found.genes), self.effort.seed, work))
        return True

    def _proved(self, message: Message) -> bool:
        """Whether to go on after a word of the prover."""
        if self.proof is None or "done" in message:
            return True
        if self.proof.hear(message):
            self.found.hear(PROVER, self.proof.listed(message))
        return not self.proof.over(self._ends())

    def _here(self) -> bool:
        size = len(self.here.start.order)
        self.found.hear("here", {"placed": self.here.search(SHORT * size, warmth(self._done(""))), **self.here.news()})
        return True

    def _done(self, name: str) -> float:
        """Which part of the search is over: for an island, by its work or by the clock."""
        parts = [0.0]
        if self.share is not None and name:
            parts.append(self.placed[name] / max(1, self.share))
        if self.until is not None:
            parts.append((self.clock() - self.began) / max(1e-9, self.until - self.began))
        return max(parts)

    def _ask(self, name: str) -> None:
        if self.share is not None and self.placed[name] >= self.share:
            self.children.pop(name).end()
            return
        work = ROUND if self.share is None else min(ROUND, self.share - self.placed[name])
        self.children[name].say({"work": work, "warmth": warmth(self._done(name))})


def prove_from(jobs: int) -> float:
    """From which part of the time on the prover works in the place of an island."""
    return next(part for most, part in PROVE_FROM if jobs <= most)


def general(
    project: Project,
    effort: Effort,
    aim: Aim = Aim.FINISH,
    baseline: Mapping[str, Placed] | None = None,
    order: Sequence[int] | None = None,
) -> Solution:
    """A schedule for any project, within the effort; `seconds` count from this call. Raises NotPlaced, or NotKept.

    `baseline` says how jobs were placed before, by their ids; with the aim CHANGE as much of that is kept as can be. `order` is
    that of the first list where nothing is kept; then it is searched on even if nothing can be over earlier.
    """
    began = time.monotonic()
    until = None if effort.seconds is None else began + effort.seconds - GRACE_S
    if aim is Aim.CHANGE and baseline and (effort.work or effort.seconds):
        return least_changed(project, effort, baseline, until)
    least = bound(project)
    laid, start = started(project, aim, baseline or {}, least, order)
    best = solution(project, laid, how="list scheduling", tried=1)
    missed = is_late(laid)
    proof = proven(project) if missed else None
    idle = not effort.work and (until is None or time.monotonic() >= until)
    if missed and (proof or idle):
        raise NotKept(project, laid, bounded(best, least), proof=proof)
    if idle or (not missed and (aim is Aim.CHANGE or (aim is Aim.FINISH and best.finish <= least and order is None))):
        return bounded(best, least)
    worth = _worth(start, laid)
    here, start = _begun(start, worth, effort.seed)
    asked = Proof(project, best, least, here) if aim is Aim.FINISH and order is None and len(project.jobs) <= PROVABLE else None
    found = Search(here, effort, until, time.monotonic, asked).run()
    if not found.genes:
        found.genes = {"order": start.order, "picks": start.picks, "waits": start.waits}
    if found.value < worth:
        laid = laid_again(here, found.genes)
        best = solution(project, laid, how="search over lists and people", tried=1)
    tried = 1 + found.placed // max(1, len(project.jobs))
    better = asked.better(best, missed=is_late(laid)) if asked else None
    best = bounded(better or best, asked.bound if asked else least, tried)
    if better is None and is_late(laid):
        raise NotKept(project, laid, best, tried=best.tried, seconds=time.monotonic() - began)
    return best


def _begun(start: Start, worth: int, seed: int) -> tuple[Island, Start]:
    """The search with its start: with people picked for it where that is no worse than the first list, else as that is."""
    here = Island(start, seed, fast=False)
    if here.told <= worth:
        return here, start
    free = replace(start, picks=[-1] * len(start.picks))
    return Island(free, seed, fast=False), free


def _worth(start: Start, laid: Laid) -> int:
    """The merit of the first list by what is aimed for: the search began elsewhere if it is for low cost."""
    found = value(laid.case, laid.books, start.aim, start.whole, start.least, [0] * len(laid.case.spans))
    return merit(laid.case, laid.books, start.aim, found)
