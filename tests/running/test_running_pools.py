"""Several runs in one journal, crashes included: no rule of capacity is ever broken, and no host has two runs."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runbook_engine.model.events import ControllerTookOver, RunCreated
from runbook_engine.model.words import HostName, RunStatus
from runbook_engine.model.world import Pool
from runbook_engine.recording import open_store
from runbook_engine.running.course import replay
from runbook_engine.running.execute import execute
from runbook_engine.running.focus import Focus, Habits
from stand import OK, START, Clock, Stand, package, phase, plan

HOSTS = tuple(f"h{n}" for n in range(1, 6))
TURNS = 60
some_pools = st.builds(
    lambda hosts, out: Pool(name="p", hosts=frozenset(map(HostName, hosts)), out=out),
    st.sets(st.sampled_from(HOSTS), min_size=2),
    st.integers(1, 2),
)
some_batches = st.lists(st.sampled_from([(h,) for h in HOSTS]), min_size=1, max_size=4, unique=True)
some_places = st.lists(st.sampled_from(HOSTS), min_size=2, max_size=5, unique=True).map(tuple)
ANY = Pool(name="any", hosts=frozenset(map(HostName, HOSTS)), out=len(HOSTS))  # hosts are given back after their batch
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


class Crash(Exception):
    """The engine dies here."""


class Night:
    """Projects that are driven in turns, one inside another's step, each until it crashes or can do no more."""

    def __init__(self, store, pools, data):
        self.store, self.pools, self.data = store, tuple(pools), data
        self.clock, self.driven, self.numbers = Clock(), set(), count(1)
        self.deaths = 10

    def add(self, name, stages, alone=()):
        """A project of batches, and a phase that has some hosts for itself while it works on the first of them."""
        packages = [[package(f"p/a#{n}" if n > 1 else "p/a", hosts)] for n, hosts in enumerate(stages, 1)]
        phases = [phase("p", *packages)]
        if alone:
            phases.append(
                phase("q", [package("q/a", alone[:1]), package("q/b", alone[1:2])], alone_at=("site",), alone_with=alone)
            )
        made = replace(plan(*phases, digest=name * 8), runbook=name)
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
                lambda: replace(self.store.world(run), pools=self.pools),
                self.clock,
                lambda: f"a{next(self.numbers)}",
                lambda *_: self.look(),
                Focus(),
                Habits(patience_s=0.0, group_s=0.0),
            )
        finally:
            journal.close()
            self.driven.discard(run)

    def _play(self, runs):
        self.clock.pass_s(1)
        others = [run for run in runs if run not in self.driven]
        if others and self.data.draw(st.booleans()):
            with suppress(Crash):
                self.turn(self.data.draw(st.sampled_from(others)), runs)
        if self.deaths and self.data.draw(st.integers(0, 3)) == 0:
            self.deaths -= 1
            raise Crash
        return OK

    def look(self):
        """What the database says is out, over all runs."""
        seen = [replay(self.store.journal(row.run).read(), self.store.plan) for row in self.store.runs()]
        out = {host for course in seen for host in course.run.out}
        for pool in self.pools:
            assert len(out & pool.hosts) <= pool.out, (out, pool)
        for course in seen:
            others = {host for other in seen if other is not course for host in other.run.taken}
            for planned in course.shape.plan.phases:
                if (state := course.run.phases[planned.id]).begun >= 0 and state.ended is None:
                    assert not others & {*planned.alone_with}, (others, planned)


@pytest.mark.law(12)
@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=SLOW)
@given(st.lists(some_pools, min_size=1, max_size=3), st.lists(some_batches, min_size=2, max_size=3), st.data())
def test_no_interleaving_of_projects_breaks_a_rule(tmp_path_factory, pools, projects, data):
    """Two or three projects, batches of one host each, crashes anywhere: at most so many out at any time, and all are done."""
    with open_store(str(tmp_path_factory.mktemp("pools") / "journal.db")) as store:
        night = Night(store, pools, data)
        runs = [night.add(name, stages) for name, stages in zip("abc", projects, strict=False)]
        assert to_the_end(night, runs) == {RunStatus.DONE}


@pytest.mark.law(12)
@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=SLOW)
@given(st.lists(st.tuples(some_batches, some_places), min_size=2, max_size=3), st.data())
def test_no_other_run_works_where_a_phase_is_alone(tmp_path_factory, projects, data):
    """Two or three projects that want sites for themselves, crashes anywhere: nobody else is there, and all are done."""
    with open_store(str(tmp_path_factory.mktemp("places") / "journal.db")) as store:
        night = Night(store, [ANY], data)
        runs = [night.add(name, *wanted) for name, wanted in zip("abc", projects, strict=False)]
        assert to_the_end(night, runs) == {RunStatus.DONE}


def to_the_end(night, runs):
    """Drive the runs in turns until all are over, and look after every turn; what they came to."""
    for number in range(TURNS):
        with suppress(Crash):
            night.turn(runs[number % len(runs)], runs)
        night.clock.now += timedelta(minutes=1)
        night.look()
        if all(row.ended for row in night.store.runs()):
            break
    return {replay(night.store.journal(run).read(), night.store.plan).run.status for run in runs}
