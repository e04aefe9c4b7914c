"""Rehearse a plan: the very spine of the real night, on stand-in hosts and a virtual clock. Start reading at `rehearse`."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count

from runbook_engine.model.attempts import Attempt
from runbook_engine.model.events import ControllerTookOver, Event, RunCreated
from runbook_engine.model.plan import Plan
from runbook_engine.model.rehearsal import Fault, FaultKind, Rehearsal, Scenario
from runbook_engine.model.wire import canonical, from_data, to_data
from runbook_engine.model.words import RunId
from runbook_engine.model.world import World
from runbook_engine.running.course import Course, replay
from runbook_engine.running.execute import execute
from runbook_engine.running.focus import Focus, Habits
from runbook_engine.simulating.branches import branches_of, looked_at
from runbook_engine.simulating.crew import Crew, EngineDied
from runbook_engine.simulating.drawing import ENGINE_AWAY_S, REACTING, Clock, assumptions, drawn_s, with_times
from runbook_engine.simulating.ending import scenario_of
from runbook_engine.simulating.hosts import Hosts
from runbook_engine.simulating.leading import Leader, Turn
from runbook_engine.simulating.pages import Pages
from runbook_engine.simulating.people import People
from runbook_engine.simulating.placing import Placed, place
from runbook_engine.simulating.scenarios import standard_faults
from runbook_engine.simulating.watching import Taken, Watcher

PARALLEL = 20
RUN = RunId("rehearsal")
BY = "rehearsal"
COMMANDS_AT_MOST = 12  # that a person types in one night to lead on
LIVES_AT_MOST = 10_000  # calls of the engine in one night, after which something is wrong with us
LONG_S = 3650 * 86400.0
HABITS = Habits(patience_s=LONG_S, glance_s=LONG_S, group_s=LONG_S)

Worlds = Callable[[datetime], World]


def open_world(at: datetime) -> World:  # noqa: ARG001 - the same at any time
    """Nothing forbids anything."""
    return World()


def rehearse(
    plan: Plan,
    faults: Sequence[Fault],
    seed: int,
    start: datetime,
    *,
    parallel: int = PARALLEL,
    world: Worlds = open_world,
) -> Rehearsal:
    """One night with these faults. The same arguments give the same bytes. Raises Usage for a fault that has no place."""
    return rehearse_all(plan, (tuple(faults),), seed, start, parallel=parallel, world=world)


def rehearse_all(
    plan: Plan,
    nights: Sequence[Sequence[Fault]],
    seed: int,
    start: datetime,
    *,
    parallel: int = PARALLEL,
    world: Worlds = open_world,
) -> Rehearsal:
    """Several nights of one plan, and which of its branches they took. `world`: what could forbid a start at a moment."""
    timed = with_times(plan)
    placed = [[place(plan, fault, seed) for fault in faults] for faults in nights]
    scenarios: list[Scenario] = []
    taken: dict[str, set[Taken]] = {}
    for number, faults in enumerate(placed, 1):
        night = _Night(timed, faults, seed, start, parallel, world)
        scenario = night.played(_name(number, faults))
        scenarios.append(scenario)
        taken[scenario.name] = night.watcher.taken
    return Rehearsal(
        plan=plan.digest,
        runbook=plan.runbook,
        title=plan.title,
        seed=seed,
        start=start,
        parallel=parallel,
        standard={tuple(faults) for faults in nights} >= set(standard_faults(plan)),
        scenarios=tuple(scenarios),
        branches=looked_at(branches_of(plan), taken),
        assumed=assumptions(plan),
    )


def body_of(rehearsal: Rehearsal) -> bytes:
    """The rehearsal as it is kept: canonical JSON, without the events, which the seed brings back."""
    return canonical(to_data(rehearsal))


def rehearsal_of(body: bytes) -> Rehearsal:
    """The rehearsal that `body_of` wrote. Raises ValueError for anything else."""
    found: Rehearsal = from_data(Rehearsal, json.loads(body))
    return found


def _name(number: int, faults: Sequence[Placed]) -> str:
    return f"{number} {' + '.join(str(f.fault) for f in faults) or 'quiet night'}"


class _Night:
    """One rehearsed night: the journal, the hosts, the people and the clock outlive the engine."""

    def __init__(self, plan: Plan, faults: Sequence[Placed], seed: int, start: datetime, parallel: int, world: Worlds) -> None:
        self.plan, self.faults, self._seed, self.parallel, self._world = plan, faults, seed, parallel, world
        self.clock = Clock(start)
        self.hosts = Hosts(plan, seed, faults)
        created = RunCreated(
            at=start, run=RUN, digest=plan.digest, runbook=plan.runbook, title=plan.title, by=BY, version="rehearsal"
        )
        self.course = replay([created], self._plan)
        self.watcher = Watcher(self.course)
        self.people = People(self.course.shape, self.course.run, self.clock, self.hosts, seed, faults)
        self.pages = Pages(self._heard, self.people.taken)
        self.pages.durable.append(created)
        self._leader = Leader(self.hosts, self.people.new_id)
        self._attempts = count(1)
        self._deaths = {f for f in faults if f.fault.kind is FaultKind.ENGINE_DIES}

    def _plan(self, digest: str) -> Plan:  # noqa: ARG002 - a night has one plan
        return self.plan

    def _heard(self, events: Sequence[Event]) -> None:
        self.watcher.heard(events)
        self.people.heard(events)

    def played(self, name: str) -> Scenario:
        """The night from its start to its end, or to where no command leads on."""
        self.people.type("runbook run PLAN")
        self._take_over()
        led = 0
        for _ in range(LIVES_AT_MOST):
            if not self._lived():
                continue
            if self.people.next_time():
                continue
            turn = self._leader.turn(self.course, self.clock()) if led < COMMANDS_AT_MOST else None
            if turn is None:
                break
            led += 1
            self._typed(turn, led)
        return scenario_of(name, self.plan, self, out_of_commands=led >= COMMANDS_AT_MOST)

    def _lived(self) -> bool:
        """One life of the engine. False: it died, and another takes over from the journal alone."""
        crew = Crew(self.clock, self.hosts, self.people, self.parallel, self._dies)
        try:
            execute(
                self._plan,
                self.pages,
                self.people,
                crew,
                lambda: self._world(self.clock()),
                self.clock,
                lambda: f"a{next(self._attempts)}",
                lambda _run, _events: None,
                Focus(),
                HABITS,
                self.course,
            )
        except EngineDied:
            self.pages.crash(self.clock())
            self._follow(replay(self.pages.read(), self._plan))
            self.clock.pass_s(ENGINE_AWAY_S)
            self.people.type(f"runbook resume {RUN}")
            self._take_over()
            return False
        return True

    def _dies(self, attempt: Attempt) -> bool:
        host = attempt.target.name if attempt.target else None
        found = next((f for f in self._deaths if f.means(attempt.package.id, host)), None)
        if found is not None:
            self._deaths.discard(found)
            self.hosts.met.add(found)
        return found is not None

    def _follow(self, course: Course) -> None:
        self.course = self.watcher.course = course
        self.people.run = course.run

    def _take_over(self) -> None:
        event = ControllerTookOver(at=self.clock(), epoch=self.course.run.epoch + 1, by=BY, machine="rehearsal", pid=1)
        self.course.note(event)
        self.pages.append([event])
        self.pages.commit()

    def _typed(self, turn: Turn, number: int) -> None:
        self.clock.pass_s(drawn_s(REACTING, self._seed, "keyboard", number))
        for command in turn.commands:
            self.people.type(command)
        for decision in turn.decisions:
            self.people.say(decision)
        self._take_over()
