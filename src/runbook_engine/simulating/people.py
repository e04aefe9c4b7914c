"""Stand-in people: each crew does its tasks one after the other, says that they are done, and answers what it is asked."""

import heapq
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import NoReturn

from runbook_engine.model.commands import AskPerson
from runbook_engine.model.decisions import Decide, Decision, Done
from runbook_engine.model.events import AttemptEnded, Event, TaskOpened
from runbook_engine.model.plan import Package
from runbook_engine.model.rehearsal import Asked, FaultKind, Typed
from runbook_engine.model.run import Run
from runbook_engine.model.words import PackageId, Status, TaskId
from runbook_engine.running.course import Course
from runbook_engine.running.pacing import not_yet_over
from runbook_engine.running.shape import Shape
from runbook_engine.simulating.drawing import PERSON, Clock, drawn_s, share
from runbook_engine.simulating.hosts import Hosts
from runbook_engine.simulating.placing import Placed

EVIDENCE = {"number": "1", "yes_no": "yes"}  # by kind; every other one is text
ANSWERED_BY = "rehearsal"


class People:
    """An inbox whose decisions come in virtual time. What they do, and what they type, is kept in order."""

    def __init__(self, shape: Shape, run: Run, clock: Clock, hosts: Hosts, seed: int, faults: Sequence[Placed]) -> None:
        self.run = run
        self._shape, self._clock, self._hosts, self._seed, self._faults = shape, clock, hosts, seed, faults
        self._coming: list[tuple[datetime, int, TaskId]] = []
        self._here: dict[str, Decision] = {}
        self._free: dict[PackageId, datetime] = {}  # when the crew of a package has time again
        self._late: set[PackageId] = set()
        self._numbers = count(1)
        self._opened: dict[TaskId, datetime] = {}
        self._lasting: list[TaskId] = []  # done, but they end only after what they follow
        self.asked: list[Asked] = []
        self.typed: list[Typed] = []

    def new_id(self) -> str:
        """The id of a decision."""
        return f"d{next(self._numbers)}"

    def next_time(self) -> list[datetime]:
        """When the next answer comes, if anybody is at work; now, if one is there."""
        return [self._clock()] if self._here else [self._coming[0][0]] if self._coming else []

    def heard(self, events: Sequence[Event]) -> None:
        """People see what waits for them, and set to work."""
        for event in events:
            self._look_again(event.at)
            match event:
                case TaskOpened(until=None):
                    self._take_on(event.task, event.at)
                case AttemptEnded() if self.run.task(event.task).status is Status.WAITING:
                    self._take_on(event.task, event.at)

    def _take_on(self, task: TaskId, at: datetime) -> None:
        run = self.run
        package = self._work(run, task)
        begin = max(at, self._free.get(package.id, at))
        seconds = drawn_s(share(package.takes or PERSON, package.size), self._seed, task, run.task(task).attempts, "person")
        end = begin + timedelta(seconds=seconds + self._delay_s(package))
        self._free[package.id] = end
        self._opened[task] = at
        heapq.heappush(self._coming, (end, next(self._numbers), task))

    def _delay_s(self, package: Package) -> float:
        """How much later than usual: only the first task of a step for which somebody is late."""
        if package.id in self._late:
            return 0.0
        self._late.add(package.id)
        late = [f for f in self._faults if f.fault.kind is FaultKind.LATE and f.means(package.id, None)]
        self._hosts.met.update(late)
        return sum(3600 * fault.amount for fault in late)

    def _answer(self) -> None:
        """What is due is decided now. What no longer waits for anybody is dropped."""
        while self._coming and self._coming[0][0] <= self._clock():
            _, _, task = heapq.heappop(self._coming)
            state = self.run.task(task)
            if state.status is Status.WAITING and state.until is None and not self._held(task):
                self.say(self._decision(self.run, task))

    def _held(self, task: TaskId) -> bool:
        """Whether a task may not end yet; it comes again when it may."""
        why = next(not_yet_over(Course(self._shape, self.run, _no_plans), task, self._clock()), None)
        if why is not None and why.until:
            heapq.heappush(self._coming, (datetime.fromisoformat(why.until), next(self._numbers), task))
        elif why is not None:
            self._lasting.append(task)
        return why is not None

    def _look_again(self, at: datetime) -> None:
        for task in self._lasting:
            heapq.heappush(self._coming, (at, next(self._numbers), task))
        self._lasting.clear()

    def say(self, decision: Decision) -> None:
        """A decision lies in the inbox."""
        self._here[decision.id] = decision

    def waiting(self) -> Sequence[Decision]:
        """The decisions that have come and were not taken."""
        self._answer()
        return list(self._here.values()) if self._here else ()

    def taken(self, decision: str) -> None:
        """A decision was taken, or refused."""
        self._here.pop(decision, None)

    def _work(self, run: Run, task: TaskId) -> Package:
        return self._shape.work(task, back=run.task(task).back)

    def _decision(self, run: Run, task: TaskId) -> Decision:
        package = self._work(run, task)
        question = package.procedure.question
        if question and question.choices:
            name, reason = self._choice(package, question)
            wish: Decision = Decide(id=self.new_id(), by=ANSWERED_BY, task=task, choice=name, reason=reason, automatic=True)
            self.type(f"runbook decide {run.id} {task} --choice {name}" + (" --reason …" if reason else ""), package.step)
        else:
            wanted = dict(question.evidence if question and question.evidence else package.evidence)
            evidence = {name: EVIDENCE.get(kind, "rehearsed") for name, kind in wanted.items()}
            wish = Done(id=self.new_id(), by=ANSWERED_BY, task=task, evidence=evidence, automatic=True)
            self._hosts.done.add(task)
            given = "".join(f" --evidence {name}=…" for name in wanted)
            self.type(f"runbook done {run.id} {task}{given}", package.step)
        self._note(run, task, package, wish.choice if isinstance(wish, Decide) else "done")
        return wish

    def _choice(self, package: Package, question: AskPerson) -> tuple[str, str]:
        for fault in self._faults:
            if fault.fault.kind is FaultKind.NO_GO and fault.means(package.id, None):
                self._hosts.met.add(fault)
                return fault.choice, "as was to be rehearsed"
        usual = next((c for c in question.choices if c.goes_on), question.choices[0])
        return usual.name, "" if usual.goes_on else "there is no other answer"

    def _note(self, run: Run, task: TaskId, package: Package, answer: str) -> None:
        opened = self._opened[task]
        waited_s = (self._clock() - opened).total_seconds()
        last = self.asked[-1] if self.asked else None
        if last and last.step == package.step and last.answer == answer:
            waited_s = (self._clock() - last.at).total_seconds()
            self.asked[-1] = replace(last, times=last.times + 1, waited_s=waited_s)
        else:
            prompt = run.task(task).prompt
            self.asked.append(Asked(at=opened, step=package.step, prompt=prompt, answer=answer, waited_s=waited_s))

    def type(self, command: str, step: str = "") -> None:
        """A command is typed; the same for another host of a step is counted with the one before."""
        last = self.typed[-1] if self.typed else None
        like = last and step and _like(last.command, command)
        if last and like:
            self.typed[-1] = replace(last, times=last.times + 1)
        else:
            self.typed.append(Typed(at=self._clock(), command=command))


def _no_plans(digest: str) -> NoReturn:
    """Nobody here changes the plan."""
    raise KeyError(digest)


def _like(one: str, other: str) -> bool:
    """Whether two commands differ by the host, or the batch, of their task alone."""
    return [w.partition("@")[0].partition("#")[0] for w in one.split()] == [
        w.partition("@")[0].partition("#")[0] for w in other.split()
    ]
