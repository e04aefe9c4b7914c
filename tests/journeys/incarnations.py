"""A process that has everything imported, and forks a child for each life of the engine. The kill test starts it.

A child drives a run with the real `drive`, over a store whose journal ends the process (SIGKILL) just before or just
after the commit that holds a given event. Orders come as lines of JSON on stdin, answers go to stdout.
"""

import gc
import json
import os
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, get_type_hints

from runbook_engine.cli import opening
from runbook_engine.cli.driving import Drive, drive
from runbook_engine.cli.entry import outcome
from runbook_engine.cli.settings import settings
from runbook_engine.loading import load_estate
from runbook_engine.model.decisions import Decide, Decision, Done
from runbook_engine.model.events import Event, HostsReleased, HostsTaken, TaskOpened
from runbook_engine.model.wire import WireError, decoder
from runbook_engine.model.words import RunId, Status, TaskId
from runbook_engine.planning import read_plan
from runbook_engine.recording import RunJournal, Store, open_store
from runbook_engine.running.course import Course, replay
from runbook_engine.running.focus import Focus
from runbook_engine.workers import restart

BROKEN = 99  # the exit code of a child that ended by an error
Child = Callable[[dict[str, Any], int], int]  # what a forked process does: an order, and a pipe for what it tells
ROOMS = ("cli", "reporting", "workers", "running", "approving", "loading", "planning", "recording", "transports", "calendars")
LOOK_AGAIN_S = 0.05  # how often a host that restarts is looked at; two seconds in earnest


class Fate:
    """Counts the events of a life by name, and ends the process around the commit that holds the fatal one."""

    def __init__(self, fatal: str, moment: str, tell: Callable[[list[str]], None]) -> None:
        self._fatal, self._moment, self._tell = fatal, moment, tell
        self._seen: Counter[str] = Counter()

    def name(self, events: Sequence[Event]) -> list[str]:
        """The names of events that are about to be recorded: kind, what it is about, and the how many-th of these."""
        names = []
        for about in (one for event in events for one in _abouts(event)):
            self._seen[about] += 1
            names.append(f"{about} #{self._seen[about]}")
        return names

    def meet(self, names: list[str], moment: str) -> None:
        """End the process if this is the moment, after telling which events were at stake."""
        if moment == self._moment and self._fatal in names:
            self._tell(names)
            os.kill(os.getpid(), signal.SIGKILL)
        elif not self._fatal and moment == "after":
            self._tell(names)


def _abouts(event: Event) -> list[str]:
    kind = type(event).__name__
    if isinstance(event, HostsTaken | HostsReleased):
        return [f"{kind} {host}" for host in event.hosts]
    return [f"{kind} {getattr(event, 'task', '')}".rstrip()]


class DoomedJournal:
    """The journal of a run, with a fate. `hasty`: it says that starts are durable when they are not yet."""

    def __init__(self, journal: RunJournal, fate: Fate, *, hasty: bool) -> None:
        self._journal, self._fate, self._hasty = journal, fate, hasty
        self._at_stake: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def append(self, events: Sequence[Event], *, consumes: str = "") -> None:
        """As the real one."""
        self._journal.append(events, consumes=consumes)
        self._at_stake += self._fate.name(events)

    def commit(self, starts: Sequence[Event] = (), *, if_still: int | None = None) -> bool:
        """As the real one, if the process lives to see it."""
        if self._hasty and starts:
            self.append(starts)
            return True
        names = self._at_stake + self._fate.name(starts)
        self._fate.meet(names, "before")
        allowed = self._journal.commit(starts, if_still=if_still)
        self._at_stake = []
        self._fate.meet(names, "after")
        return allowed


class DoomedStore:
    """The store, with journals that have a fate."""

    def __init__(self, store: Store, fate: Fate, *, hasty: bool) -> None:
        self._store, self._fate, self._hasty = store, fate, hasty

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def control(self, run: RunId, **who: Any) -> DoomedJournal:
        """As the real one."""
        return DoomedJournal(self._store.control(run, **who), self._fate, hasty=self._hasty)

    def create_run(self, plan: Any, created: Any) -> RunId:
        """As the real one; the event that creates the run is at stake."""
        names = ["RunCreated #1"]
        self._fate.meet(names, "before")
        run = self._store.create_run(plan, created)
        self._fate.meet(names, "after")
        return run


def live(order: dict[str, Any], doom: Callable[[Store], Any]) -> int:
    """One life: create the run or take it up, answer what waits for people, drive. The exit code of the command.

    `doom` puts the store into other hands, which may end the process.
    """
    place = settings()
    with opening.store_of(place) as store:
        doomed = doom(store)
        run = RunId(order["run"])
        if not order["run"]:
            plan = Path(order["plan"])
            run = opening.create_run(doomed, read_plan(plan.read_bytes(), str(plan)))
        how = Drive(
            place=place, store=doomed, run=run, focus=Focus(), parallel=place.parallel, wait=False, ask=False, verbose=0
        )
        course = replay(store.journal(run).read(), store.plan)
        answer(store, course, [task for task, state in course.run.tasks.items() if state.status is Status.WAITING])
        return drive(how, watch=lambda course, events: answer(store, course, opened(events)))


def opened(events: Sequence[Event]) -> list[TaskId]:
    """The tasks among these events that begin to wait for a person."""
    return [event.task for event in events if isinstance(event, TaskOpened) and event.until is None]


def answer(store: Store, course: Course, tasks: Sequence[TaskId]) -> None:
    """What people say, through the inbox: done, with evidence, and go."""
    for task in tasks:
        store.decide(course.run.id, _said(course, task))


def _said(course: Course, task: TaskId) -> Decision:
    package, _ = course.shape.parts(task)
    question = package.procedure.question
    if question and question.choices:
        return Decide(id=opening.new_id(), by="ana.duarte", task=task, choice=question.choices[0].name)
    wanted = question.evidence if question and question.evidence else package.evidence
    proof = {name: "yes" if kind == "yes_no" else "seen" for name, kind in wanted}
    return Done(id=opening.new_id(), by="ben.ode", task=task, evidence=proof)


def child(order: dict[str, Any], pipe: int) -> int:
    """What the forked process does: a life, or a whole command line."""
    settle_in(order)
    if "command" in order:
        return outcome(order["command"])
    restart.EVERY_S = LOOK_AGAIN_S
    fate = Fate(order["fatal"], order["moment"], lambda names: write_all(pipe, "".join(f"{n}\n" for n in names).encode()))
    return live(order, lambda store: DoomedStore(store, fate, hasty=order["hasty"]))


def settle_in(order: dict[str, Any]) -> None:
    """The state folder of this life, and the file that holds what it says."""
    os.environ["RUNBOOK_STATE"] = order["state"]
    said = os.open(order["said"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, target in ((0, nothing), (1, said), (2, said)):
        os.dup2(target, number)


def write_all(pipe: int, data: bytes) -> None:
    """Every byte of it."""
    while data:
        data = data[os.write(pipe, data) :]


def forked(order: dict[str, Any], child: Child) -> dict[str, Any]:
    """Fork, wait, and say how the child ended and which events it told about."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        code = BROKEN
        try:
            code = child(order, theirs)
        except BaseException:  # noqa: BLE001 - nothing of the child may go on in the parent's code
            traceback.print_exc()
        os._exit(code)
    os.close(theirs)
    with os.fdopen(ours, encoding="utf-8") as told:
        names = told.read().splitlines()
    _, status = os.waitpid(pid, 0)
    return {"code": os.waitstatus_to_exitcode(status), "names": names}


def load_all() -> None:
    """What a life would load, and make when it is first used, is loaded and made before the first fork."""
    for room in (import_module(f"runbook_engine.{name}") for name in ROOMS):
        for module in walk_packages(room.__path__, f"{room.__name__}."):
            import_module(module.name)
    with tempfile.TemporaryDirectory() as folder, open_store(f"{folder}/warm.db"):
        (Path(folder) / "hosts.yml").write_text("format: 1\nhosts: {one: {address: 127.0.0.1}}\n")
        load_estate(Path(folder))
    for kind in values("runbook_engine."):
        with suppress(TypeError):  # for want of arguments; but now the class knows how a value of it is made
            kind()
    for kind in values("runbook_engine.model."):
        for part in (kind, *get_type_hints(kind).values()):
            with suppress(TypeError, WireError):
                decoder(part)


def values(room: str) -> set[type]:
    """The classes of frozen values in the modules of a room."""
    modules = [module for name, module in sys.modules.items() if name.startswith(room)]
    return {kind for module in modules for kind in vars(module).values() if isinstance(kind, type) and is_dataclass(kind)}


def main(child: Child = child) -> None:
    """Obey until stdin ends."""
    load_all()
    gc.freeze()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(forked(json.loads(line), child)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
