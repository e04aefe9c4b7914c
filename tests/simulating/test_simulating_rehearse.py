"""A rehearsal as a whole: the same bytes each time, times that the author stated, and nothing that is touched."""

import builtins
import io
import os
import socket
import subprocess
import time
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.model.rehearsal import BranchKind, Fault, FaultKind
from runbook_engine.model.wire import canonical, to_data
from runbook_engine.model.words import Repeat, Status
from runbook_engine.model.world import Hold, World
from runbook_engine.simulating import body_of, rehearsal_of, rehearse, rehearse_all, standard_faults
from simulating.small_plans import HOSTS, MINUTE, SHIPPED, night, one_step, shipped, taken, upgrade
from stand import START, manual, package, pause, phase, plan


def bytes_of(rehearsal):
    """All of it, the events too."""
    events = [canonical([to_data(event) for event in one.events]) for one in rehearsal.scenarios]
    return body_of(rehearsal), events


@pytest.mark.parametrize("name", SHIPPED)
def test_the_same_plan_faults_and_seed_give_the_same_bytes(name):
    """Every event of every standard night of the shipped runbooks."""
    made = shipped(name)
    first, second = (rehearse_all(made, standard_faults(made), 7, START) for _ in range(2))

    assert bytes_of(first) == bytes_of(second)


def test_another_seed_gives_another_night():
    """Chance comes from the seed."""
    made = upgrade()

    assert bytes_of(rehearse(made, (), 1, START)) != bytes_of(rehearse(made, (), 2, START))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_quiet_night_takes_as_long_as_was_stated(name, seed):
    """Each phase lies between the lower and the upper ends of its steps, and every task ends well."""
    _, quiet = night(shipped(name), seed=seed)

    assert quiet.ended == "done"
    assert set(quiet.counts) == {Status.OK}
    for phase_ in quiet.phases:
        assert phase_.low_s - 1 <= phase_.simulated_s <= phase_.high_s + 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_a_quiet_night_lies_within_its_limits_whatever_is_drawn(seed, parallel):
    """The same for a rolling phase on few or many places at a time."""
    _, quiet = night(upgrade(), seed=seed, parallel=parallel)

    assert all(one.low_s <= one.simulated_s <= one.high_s for one in quiet.phases)


def test_pauses_and_soaks_pass_in_virtual_time():
    """An hour's pause between batches, and a timer of two hours, take no real time and all of the virtual."""
    made = plan(
        phase("p", [package("p/a", HOSTS[:1], takes=MINUTE)], [package("p/a#2", HOSTS[1:], takes=MINUTE)], pause_s=3600.0),
        phase("q", [pause("q/soak", 7200.0)]),
    )
    began = time.monotonic()
    _, quiet = night(made)

    assert time.monotonic() - began < 2
    assert timedelta(hours=3) <= quiet.over - quiet.began <= timedelta(hours=3, minutes=4)


def test_several_hosts_go_side_by_side_up_to_parallel():
    """Four hosts of a minute or two: all at once, or one after the other."""
    _, wide = night(one_step(), parallel=4)
    _, narrow = night(one_step(), parallel=1)

    assert wide.over - wide.began <= timedelta(minutes=2)
    assert narrow.over - narrow.began >= timedelta(minutes=4)
    assert (wide.hosts_out, narrow.hosts_out) == (4, 1)


def test_one_crew_does_the_tasks_of_a_step_one_after_the_other():
    """Four hosts by hand take four times as long, however many places there are; it is told and typed once."""
    _, quiet = night(plan(phase("p", [manual("p/mount", hosts=HOSTS, takes=MINUTE, evidence=(("photo", "photo"),))])))

    assert timedelta(minutes=4) <= quiet.over - quiet.began <= timedelta(minutes=8)
    (asked,) = quiet.asked
    assert (asked.step, asked.answer, asked.times) == ("p/mount", "done", 4)
    assert [(t.command, t.times) for t in quiet.typed] == [
        ("runbook run PLAN", 1),
        ("runbook done rehearsal p/mount@h1 --evidence photo=…", 4),
    ]


def test_what_is_kept_can_be_read_back():
    """The body holds all but the events."""
    made = upgrade()
    found = rehearse_all(made, standard_faults(made), 3, START)

    assert rehearsal_of(body_of(found)) == found
    assert all(one.events == () for one in rehearsal_of(body_of(found)).scenarios)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_standard_night_of_the_shipped_runbooks_ends_as_planned(name):
    """Done, rolled back, stopped, or a no-go; nobody is left in a dead end, and no time to speak of passes."""
    made, began = shipped(name), time.monotonic()
    found = rehearse_all(made, standard_faults(made), 1, START)

    assert time.monotonic() - began < 10
    assert found.as_planned
    assert {one.ended for one in found.scenarios} <= {"done", "rolled_back", "stopped", "refused"}


@pytest.fixture
def nothing_may_be_touched(monkeypatch):
    """No socket, no process, no sleep, no file that is opened for writing."""

    def forbidden(*args, **kwargs):
        raise AssertionError(f"a rehearsal did something: {args}")

    def only_reading(real):
        def opened(file, mode="r", *args, **kwargs):
            assert not set("wax+") & set(str(mode)), f"{file} was opened to be written"
            return real(file, mode, *args, **kwargs)

        return opened

    real_open = os.open
    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr(subprocess, "Popen", forbidden)
    monkeypatch.setattr(time, "sleep", forbidden)
    monkeypatch.setattr(builtins, "open", only_reading(builtins.open))
    monkeypatch.setattr(io, "open", only_reading(io.open))

    def os_open(path, flags, *args, **kwargs):
        assert not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT), f"{path} was opened to be written"
        return real_open(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", os_open)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_rehearsal_touches_nothing(name, nothing_may_be_touched):
    """Not a file, not a socket, not a process, not the real clock's patience."""
    made = shipped(name)

    assert rehearse_all(made, standard_faults(made), 1, START).scenarios


def test_a_thousand_hosts_take_seconds():
    """Five steps on a thousand hosts: 10,000 events."""
    hosts = tuple(f"h{n:04}" for n in range(1000))
    made = plan(phase("p", [package(f"p/s{n}", hosts, repeat=Repeat.SAFE, takes=MINUTE) for n in range(5)]))
    began = time.monotonic()
    found = rehearse(made, (), 1, START, parallel=50)

    assert found.scenarios[0].recorded >= 10_000
    assert time.monotonic() - began < 15


def test_a_closed_window_is_waited_for():
    """The world may forbid a start: the night waits until it does not. Nothing had begun, so nothing was cut short."""
    opens = START + timedelta(hours=6)
    found = rehearse(upgrade(), (), 1, START, world=shut(START, opens))

    (quiet,) = found.scenarios
    assert quiet.ended == "done"
    assert quiet.over > opens
    assert all(event.at >= opens for event in quiet.events if (getattr(event, "task", None) or "").startswith("up/"))
    assert (BranchKind.CLOSES, "up") not in taken(found)


def test_a_window_that_closes_in_the_midst_of_a_phase_is_a_branch_that_was_taken():
    """The first batch is through, the second waits for the next opening."""
    opens = START + timedelta(hours=6)
    made = upgrade()
    made = replace(made, phases=tuple(replace(p, window="night") for p in made.phases))
    found = rehearse(made, (), 1, START, world=shut(START + timedelta(minutes=10), opens))

    (quiet,) = found.scenarios
    assert quiet.ended == "done"
    assert quiet.over > opens
    assert (BranchKind.CLOSES, "up") in taken(found)


def shut(since, until):
    """A world in which the phase `up` may not start for some hours."""

    def world(at):
        if not since <= at < until:
            return World(version=int(at >= until) * 2, moment=int(at >= until) * 2)
        return World(version=1, moment=1, holds={"up": (Hold(kind="window", reason="it is shut", until=until),)})

    return world


def test_hosts_out_are_counted_from_their_first_change_to_their_last_check():
    """A batch of three is out at once; what only looks takes nobody out."""
    _, quiet = night(upgrade())
    _, looking = night(one_step(repeat=Repeat.SAFE))

    assert quiet.hosts_out == 3
    assert looking.hosts_out == 0


def test_the_standard_nights_are_a_quiet_one_and_one_for_each_kind_that_can_be_met():
    """No night for what the plan has not: here nobody restarts, nobody is asked, nothing goes back."""
    kinds = defaultdict(int)
    for faults in standard_faults(one_step()):
        kinds[tuple(fault.kind for fault in faults)] += 1

    wanted = [(), FaultKind.UNREACHABLE, FaultKind.SLOW, FaultKind.LOST_LINK, FaultKind.ENGINE_DIES, FaultKind.FAILS]
    assert dict(kinds) == {(kind,) if kind else (): 1 for kind in wanted}
    assert standard_faults(one_step())[0] == ()
    assert all(isinstance(fault, Fault) for faults in standard_faults(upgrade()) for fault in faults)
