"""Several runs in one journal, crashes included: no rule of capacity is broken, no host has two runs, none waits for ever."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runbook_engine.model.decisions import Retry
from runbook_engine.model.events import ControllerTookOver, HostsTaken, RunCreated
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import HostName, Repeat, RunStatus, Status
from runbook_engine.model.world import Pool
from runbook_engine.recording import open_store
from runbook_engine.running.blockers import blockers
from runbook_engine.running.course import replay
from runbook_engine.running.execute import execute
from runbook_engine.running.focus import Focus, Habits
from stand import OK, START, Clock, Stand, package, phase, plan

HOSTS = tuple(f"h{n}" for n in range(1, 6))
TURNS = 90
CAPACITY = {"lift": 1, "cart": 2}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a phase of a project is made of: batches of hosts, what it uses, and whether it begins with a step without hosts."""

    batches: tuple[tuple[str, ...], ...]
    uses: dict[str, int]
    used_in: int
    begins_elsewhere: bool

    def made(self, name):
        stages = [[package(f"{name}/a#{n}" if n > 1 else f"{name}/a", hosts)] for n, hosts in enumerate(self.batches, 1)]
        at = self.used_in % len(stages)
        stages[at] = [replace(p, uses=self.uses) for p in stages[at]]
        first = [[package(f"{name}/first", uses=self.uses, repeat=Repeat.SAFE)]] if self.begins_elsewhere else []
        return phase(name, *first, *stages)


some_pools = st.builds(
    lambda hosts, out: Pool(name="p", hosts=frozenset(map(HostName, hosts)), out=out),
    st.sets(st.sampled_from(HOSTS), min_size=2),
    st.integers(2, 3),  # as planning makes them: no batch is larger than the rules allow
)
some_hosts = st.lists(st.sampled_from(HOSTS), min_size=1, max_size=2, unique=True).map(tuple)
some_phases = st.builds(
    Wanted,
    st.lists(some_hosts, min_size=1, max_size=3).map(lambda sets: _apart(tuple(sets))),
    st.dictionaries(st.sampled_from(tuple(CAPACITY)), st.just(1), max_size=2),
    st.integers(0, 2),
    st.booleans(),
)
some_places = st.lists(st.sampled_from(HOSTS), min_size=2, max_size=5, unique=True).map(tuple)
some_projects = st.tuples(st.lists(some_phases, min_size=1, max_size=2), st.booleans(), st.one_of(st.just(()), some_places))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def _apart(sets):
    """The batches of a phase: each host is in one of them."""
    seen, batches = set(), []
    for hosts in sets:
        if new := tuple(host for host in hosts if host not in seen):
            batches.append(new)
            seen.update(new)
    return tuple(batches)


class Crash(Exception):
    """The engine dies here."""


def by_chance(data):
    return lambda others: data.draw(st.sampled_from(others)) if others and data.draw(st.booleans()) else None


def mortal(data, *, deaths):
    """One in four, so many times."""
    left = iter(range(deaths))
    return lambda: data.draw(st.integers(0, 3)) == 0 and next(left, None) is not None


class Night:
    """Projects that are driven in turns, one inside another's step, each until it crashes or can do no more."""

    def __init__(self, store, pools, meets, dies):
        """`meets`: which of the other runs has its turn in the middle of a step, or None; `dies`: whether the engine does."""
        self.store, self.pools, self.meets, self.dies = store, tuple(pools), meets, dies
        self.clock, self.driven, self.numbers = Clock(), set(), count(1)

    def add(self, name, wanted, *, together, alone):
        """A project of phases, one after the other or at the same time, and one that has some hosts for itself."""
        phases = [one.made("pq"[n]) for n, one in enumerate(wanted)]
        if alone:
            steps = [package("z/a", alone[:1]), package("z/b", alone[1:2])]
            phases.append(phase("z", steps, alone_at=("site",), alone_with=alone))
        made = replace(plan(*phases, digest=name * 8), runbook=name)
        if together:
            made = replace(made, phases=tuple(replace(planned, needs=()) for planned in made.phases))
        return self.store.create_run(
            made,
            lambda run: RunCreated(at=START, run=run, digest=made.digest, runbook=name, title=name, by="ana", version="0"),
        )

    def turn(self, run, runs):
        """Drive a run until it crashes by chance, or waits; other runs get their turn in the middle of its steps."""
        self.driven.add(run)
        journal = self.store.control(run, by="ana", machine="m", pid=1, now=self.clock.now)
        try:
            journal.append([ControllerTookOver(at=self.clock.now, epoch=journal.epoch, by="ana", machine="m", pid=1)])
            journal.commit()
            workers = Stand(lambda _: self._play(runs), self.clock)
            execute(
                self.store.plan,
                journal,
                journal.inbox(),
                workers,
                lambda: self.world(run),
                self.clock,
                lambda: f"a{next(self.numbers)}",
                lambda *_: self.look(),
                Focus(),
                Habits(patience_s=0.0, group_s=0.0),
            )
        finally:
            journal.close()
            self.driven.discard(run)

    def world(self, run):
        """As the run sees it."""
        return replace(self.store.world(run), pools=self.pools, capacity=CAPACITY)

    def _play(self, runs):
        self.clock.pass_s(1)
        met = self.meets([run for run in runs if run not in self.driven])
        if met is not None:
            with suppress(Crash):
                self.turn(met, runs)
        if self.dies():
            raise Crash
        return OK

    def look(self):
        """What the database says is out, over all runs."""
        seen = [replay(self.store.journal(row.run).read(), self.store.plan) for row in self.store.runs()]
        out = {host for course in seen for host in course.run.out}
        for pool in self.pools:
            assert len(out & pool.hosts) <= pool.out, (out, pool)
        taken = [host for course in seen for host in course.run.taken]
        assert len(taken) == len(set(taken)), taken
        for course in seen:
            others = {host for other in seen if other is not course for host in other.run.taken}
            for planned in course.shape.plan.phases:
                if (state := course.run.phases[planned.id]).begun >= 0 and state.ended is None:
                    assert not others & {*planned.alone_with}, (others, planned)


@pytest.mark.law(12)
@settings(max_examples=30, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=SLOW)
@given(st.lists(some_pools, max_size=3), st.lists(some_projects, min_size=2, max_size=3), st.data())
def test_no_interleaving_of_projects_breaks_a_rule_or_stands_still(tmp_path_factory, pools, projects, data):
    """Projects that want the same hosts and tools in any order and sites for themselves, crashes anywhere: all are done."""
    with open_store(str(tmp_path_factory.mktemp("pools") / "journal.db")) as store:
        night = Night(store, pools, by_chance(data), mortal(data, deaths=10))
        runs = [
            night.add(name, wanted, together=together, alone=alone)
            for name, (wanted, together, alone) in zip("abc", projects, strict=False)
        ]
        assert to_the_end(night, runs) == {RunStatus.DONE}, why(night, runs)


@pytest.mark.law(12)
@pytest.mark.parametrize("pools", [(), (Pool(name="p", hosts=frozenset(map(HostName, HOSTS)), out=2),)])
def test_two_runs_that_take_the_same_hosts_in_opposite_order_are_both_done(tmp_path, pools):
    """Each would have the first host of the other when it comes to its second batch: whoever begins takes both."""
    with open_store(str(tmp_path / "journal.db")) as store:
        night = Night(store, pools, lambda others: next(iter(others), None), lambda: False)
        runs = [
            night.add(name, [Wanted(batches, {}, 0, False)], together=False, alone=())
            for name, batches in (("a", (("h1",), ("h2",))), ("b", (("h2",), ("h1",))))
        ]
        assert to_the_end(night, runs) == {RunStatus.DONE}, why(night, runs)


@pytest.mark.law(12)
def test_a_host_that_another_phase_of_the_run_wants_too_is_back_in_service_before_that_phase_begins_there(tmp_path):
    """The second phase waits for the lift of the first, and the first for the hosts that it has left itself."""
    pool = Pool(name="p", hosts=frozenset(map(HostName, HOSTS)), out=2)
    with open_store(str(tmp_path / "journal.db")) as store:
        night = Night(store, [pool], lambda _: None, lambda: False)
        wanted = [Wanted((("h1", "h2"), ("h3", "h4")), {"lift": 1}, 0, False), Wanted((("h1", "h5"),), {"lift": 1}, 0, False)]
        runs = [night.add("a", wanted, together=True, alone=())]
        assert to_the_end(night, runs) == {RunStatus.DONE}, why(night, runs)
        events = store.journal(runs[0]).read()
    seen = [(e.phase, e.hosts) for e in events if isinstance(e, HostsTaken) and e.out]
    assert seen == [("p", ("h1", "h2")), ("p", ("h3", "h4")), ("q", ("h1", "h5"))]


def to_the_end(night, runs):
    """Drive the runs in turns until all are over, and look after every turn; what they came to.

    What failed, because the engine died too often while it was done, is tried again by a person.
    """
    for number in range(TURNS):
        run = runs[number % len(runs)]
        with suppress(Crash):
            night.turn(run, runs)
        for task, state in replay(night.store.journal(run).read(), night.store.plan).run.tasks.items():
            if state.status is Status.FAILED:
                night.store.decide(run, Retry(id=f"d{next(night.numbers)}", by="ana", task=task))
        night.clock.now += timedelta(minutes=1)
        night.look()
        if all(row.ended for row in night.store.runs()):
            break
    return {replay(night.store.journal(run).read(), night.store.plan).run.status for run in runs}


def why(night, runs):
    """What keeps each task that has not started from doing so, for whoever reads that this test has failed."""
    told = []
    for run in runs:
        course, world = replay(night.store.journal(run).read(), night.store.plan), night.world(run)
        told.append(f"{run} has {sorted(course.run.taken)} {course.run.uses}, out: {sorted(course.run.out)}")
        tasks = [task for name in course.shape.packages for task in course.shape.tasks(name)]
        left = [task for task in tasks if course.run.task(task).status is not Status.OK]
        told += [f"  {task}: {[b.reason for b in blockers(course, task, world, night.clock.now)]}" for task in left]
    return "\n".join(told)
