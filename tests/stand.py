"""Stand-ins at the seams that the design names (journal, inbox, workers), and small plans made by hand."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from runbook_engine.model.attempts import Attempt, Ended
from runbook_engine.model.commands import AskPerson, Choice, Pause, Procedure, Shell
from runbook_engine.model.decisions import Decision
from runbook_engine.model.events import Event, Outcome, RunCreated
from runbook_engine.model.plan import Edge, Package, Plan, PlannedPhase, Stage, Target
from runbook_engine.model.text import plain, shell
from runbook_engine.model.words import Digest, EdgeKind, Kind, Per, Repeat, RunId, StageKind, Status
from runbook_engine.model.world import World
from runbook_engine.running.following import next_of

START = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
OK = Outcome(status=Status.OK, exit_code=0)
FAILED = Outcome(status=Status.FAILED, exit_code=1, message="no")
UNKNOWN = Outcome(status=Status.UNKNOWN, message="the link was lost", host_asked=True)
SAME, ALL = EdgeKind.SAME_HOST, EdgeKind.ALL_HOSTS


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class MemoryJournal:
    """A journal in memory: what was appended is lost by `crash`, what was committed is not."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.durable: list[Event] = list(events)
        self.pending: list[Event] = []
        self.consumed: set[str] = set()
        self.commits = 0
        self.version = 0

    def read(self) -> Sequence[Event]:
        return tuple(self.durable)

    def append(self, events: Sequence[Event], *, consumes: str = "") -> None:
        self.pending.extend(events)
        if consumes:
            self.consumed.add(consumes)

    def commit(self, starts: Sequence[Event] = (), *, if_still: int | None = None) -> bool:
        self.commits += 1
        self.durable.extend(self.pending)
        self.pending.clear()
        if if_still is not None and if_still != self.version:
            return False
        self.durable.extend(starts)
        return True


class ListInbox:
    """Decisions that wait until the journal has consumed them."""

    def __init__(self, journal: MemoryJournal, decisions: Iterable[Decision] = ()) -> None:
        self._journal = journal
        self.decisions = list(decisions)

    def waiting(self) -> Sequence[Decision]:
        return [d for d in self.decisions if d.id not in self._journal.consumed]


class Stand:
    """Workers on a stage: `play` says how each attempt ends; everything is remembered."""

    def __init__(self, play: Callable[[Attempt], Outcome], clock: Clock, parallel: int = 10) -> None:
        self._play, self._clock, self._parallel = play, clock, parallel
        self._running: deque[Attempt] = deque()
        self.started: list[Attempt] = []
        self.most_at_once: dict[str, int] = {}
        self.boots: dict[str, str | None] = {}
        self.held = False
        self.lent_places = 0

    def boot(self, host: str) -> str | None:
        return self.boots.get(host, "b1")

    def room(self) -> int:
        return self._parallel + self.lent_places - len(self._running)

    def lent(self) -> int:
        return self.lent_places

    def start(self, attempts: Sequence[Attempt]) -> None:
        self._running.extend(attempts)
        self.started.extend(attempts)
        hosts = [a.target.name for a in self._running if a.target]
        for host in hosts:
            self.most_at_once[host] = max(self.most_at_once.get(host, 0), hosts.count(host))
        assert len(self._running) <= self._parallel + self.lent_places

    def hold(self, *, on: bool) -> None:
        self.held = on

    def outcomes(self, wait_s: float) -> Sequence[Ended]:
        if not self._running:
            self._clock.pass_s(max(wait_s, 0.01))
            return ()
        self._clock.pass_s(0.01)
        attempt = self._running.popleft()
        outcome = self._play(attempt)
        well = outcome.status in (Status.OK, Status.SKIPPED)
        following = self._after(attempt, outcome) if well and not self.held else None
        return (Ended(task=attempt.task, attempt=attempt.id, outcome=outcome, purpose=attempt.purpose, went_on=following),)

    def _after(self, attempt: Attempt, outcome: Outcome) -> Attempt | None:
        following = next_of(attempt, outcome.saved)
        if following is None:
            return None
        self._running.appendleft(following)
        self.started.append(following)
        return following

    def idle(self) -> bool:
        return not self._running


def package(step: str, hosts: Sequence[str] = (), **changes: object) -> Package:
    """A package `phase/step` that runs `true`."""
    made = Package(
        id=step,
        phase=step.partition("/")[0],
        step=step.partition("#")[0],
        title=plain(step),
        action="run",
        action_version=1,
        per=Per.HOST if hosts else Per.PHASE,
        hosts=tuple(hosts),
        procedure=Procedure(apply=(Shell(script=shell("true")),)),
    )
    return replace(made, **changes)


def needs(*pairs: tuple[str, EdgeKind]) -> tuple[Edge, ...]:
    """Edges from (package, kind) pairs."""
    return tuple(Edge(before=before, kind=kind) for before, kind in pairs)


def manual(
    step: str, choices: tuple[Choice, ...] = (), evidence: tuple[tuple[str, str], ...] = (), **changes: object
) -> Package:
    """A package that a person does."""
    question = AskPerson(prompt=plain(f"Do {step}"), choices=choices, evidence=evidence)
    return package(step, **{"procedure": Procedure(apply=(question,)), "repeat": Repeat.MANUAL, "action": "manual", **changes})


def pause(step: str, for_s: float, **changes: object) -> Package:
    """A package that lets time pass."""
    return package(step, procedure=Procedure(apply=(Pause(for_s=for_s),)), repeat=Repeat.SAFE, **changes)


def phase(name: str, *stages: Sequence[Package], pause_s: float = 0.0, **changes: object) -> tuple[PlannedPhase, list[Package]]:
    """A phase of stages of packages, with the packages; `pause_s` passes after each stage."""
    made = [
        Stage(
            number=number,
            kind=StageKind.BATCH,
            hosts=tuple(dict.fromkeys(h for p in packages for h in p.hosts)),
            packages=tuple(p.id for p in packages),
            pause_s=pause_s,
        )
        for number, packages in enumerate(stages, 1)
    ]
    hosts = tuple(dict.fromkeys(h for stage in made for h in stage.hosts))
    planned = PlannedPhase(id=name, title=name.title(), needs=(), stages=tuple(made), hosts=hosts)
    return replace(planned, **changes), [p for packages in stages for p in packages]


def stages_of_kind(planned: PlannedPhase, kind: StageKind, *, last: bool) -> PlannedPhase:
    """The same phase with another kind for its first or last stage."""
    stages = list(planned.stages)
    at = -1 if last else 0
    stages[at] = replace(stages[at], kind=kind)
    return replace(planned, stages=tuple(stages))


def plan(*phases: tuple[PlannedPhase, list[Package]], digest: str = "d1") -> Plan:
    """A plan; each phase needs the one before it unless it says otherwise."""
    chained: list[PlannedPhase] = []
    for planned, _ in phases:
        chained.append(replace(planned, needs=planned.needs or ((chained[-1].id,) if chained else ())))
    packages = {p.id: p for _, some in phases for p in some}
    hosts = dict.fromkeys(h for p in packages.values() for h in p.hosts)
    return Plan(
        runbook="test",
        title="A test",
        kind=Kind.UPGRADE,
        owner="ana",
        why="to see",
        impact="none",
        phases=tuple(chained),
        packages=packages,
        targets={h: Target(name=h, address=h) for h in hosts},
        digest=Digest(digest),
    )


def created(made: Plan) -> RunCreated:
    """The first event of a run of a plan."""
    return RunCreated(
        at=START, run=RunId("test-1"), digest=made.digest, runbook=made.runbook, title=made.title, by="ana", version="0"
    )


def ids() -> Callable[[], str]:
    """Attempt ids in sequence."""
    numbers = count(1)
    return lambda: f"a{next(numbers)}"


def no_world() -> World:
    """Nothing forbids anything."""
    return World()


def statuses(tasks: Mapping[str, object]) -> dict[str, str]:
    """Task → status word, for comparisons."""
    return {task: str(state.status) for task, state in tasks.items()}  # type: ignore[attr-defined]
