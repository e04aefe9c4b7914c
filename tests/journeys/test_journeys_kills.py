"""The engine is killed at every event of the shipped installation, and what it does afterwards is counted on the hosts."""

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock

import pytest

from journeys.deaths import Engine, History, survived
from journeys.racks import NEW, Rack

SOAK = bool(os.environ.get("RUNBOOK_SOAK"))
HOSTS = 12 if SOAK else 2
LANES = 4  # racks that are killed side by side: most of the time goes by waiting
MOMENTS = ("before", "after")


@contextmanager
def lane(hosts: int = HOSTS) -> Iterator[tuple[Rack, Engine]]:
    """A rack and the engine that works on it."""
    rack = Rack(hosts)
    try:
        engine = Engine(rack)
        try:
            yield rack, engine
        finally:
            engine.close()
    finally:
        rack.close()


class Sweep:
    """The deaths that are still to be died. Events of one commit share its deaths; in a soak each has its own."""

    def __init__(self, names: list[str]) -> None:
        self._left = dict.fromkeys((name, moment) for name in names for moment in MOMENTS)
        self._lock = Lock()
        self.histories: list[History] = []

    def next(self) -> tuple[str, str] | None:
        """A death for one lane."""
        with self._lock:
            death = next(iter(self._left), None)
            self._left.pop(death, None)
            return death

    def give_up(self) -> None:
        """A lane has failed: the others need not go on."""
        with self._lock:
            self._left.clear()

    def note(self, history: History) -> None:
        """A death was survived: so are those of the other events of the same commit."""
        with self._lock:
            self.histories.append(history)
            for name in () if SOAK else history.at_stake:
                self._left.pop((name, history.moment), None)


def work(sweep: Sweep) -> None:
    """One lane: die and survive until nothing is left."""
    with lane() as (rack, engine):
        while death := sweep.next():
            try:
                sweep.note(survived(rack, engine, rack.folder / "state", *death))
            except BaseException:
                sweep.give_up()
                raise
            shutil.rmtree(rack.folder / "state")


def every_event() -> list[str]:
    """The names of all events of a run that nobody kills."""
    with lane() as (rack, engine):
        rack.as_new()
        state = rack.folder / "whole"
        state.mkdir()
        code, names = engine.life(state)
        assert code == 0, (state / "said.txt").read_text(encoding="utf-8")
    return names


@pytest.mark.law(2)
@pytest.mark.law(9)
@pytest.mark.timeout(7200 if SOAK else 600)
def test_killed_at_every_event_the_engine_goes_on_and_repeats_nothing(record_property) -> None:
    """SIGKILL just before and just after the commit of every event: nothing is silently done twice, all is done at last."""
    names = every_event()
    sweep = Sweep(names)
    with ThreadPoolExecutor(LANES) as lanes:
        for done in [lanes.submit(work, sweep) for _ in range(LANES)]:
            done.result()

    stakes = {(name, h.moment) for h in sweep.histories for name in h.at_stake}
    assert {(name, moment) for name in names for moment in MOMENTS} <= stakes
    kills, unknown = len(sweep.histories), sum(h.unknown for h in sweep.histories)
    asked = sum(h.asked for h in sweep.histories)
    record_property("kills", kills)
    print(f"\n{len(names)} events, {kills} kills, {unknown} attempts UNKNOWN, {asked} of them settled by a person")
    assert unknown > 0
    assert asked == 0  # every host could say what had become of its steps


@pytest.mark.law(9)
def test_killed_again_while_it_recovers() -> None:
    """The second death is at every event by which the engine finds out about the first: doubt, probe, answer."""
    flash = "firmware/flash@r12-u01"
    recovery = ("ControllerTookOver", f"AttemptEnded {flash}", f"AttemptStarted {flash}")
    again = [(f"{name} #1", moment) for name in recovery for moment in MOMENTS]
    again += [(f"AttemptEnded {flash} #2", moment) for moment in MOMENTS]
    with lane(2) as (rack, engine):
        for number, then in enumerate(again):
            first = (f"AttemptEnded {flash} #1", "before")
            history = survived(rack, engine, rack.folder / f"state-{number}", *first, then=then)
            assert history.unknown >= 1
            assert history.effects["r12-u01"].count(f"fwtool --install {NEW}") == 1


@pytest.mark.law(2)
def test_an_engine_that_acts_before_it_records_is_caught() -> None:
    """The same kill with a journal that promises too early: the counting on the hosts notices.

    One host: the end of another's step would make the first one's start durable all the same.
    """
    with lane(1) as (rack, engine):
        death = ("AttemptEnded power-on/switch-on@r12-u01 #1", "before")
        assert survived(rack, engine, rack.folder / "honest", *death).codes[-1] == 0

        with pytest.raises(AssertionError, match="controller power On on r12-u01 1 times, announced 0 times"):
            survived(rack, engine, rack.folder / "hasty", *death, hasty=True)
