"""Forty steps, and SIGKILL at every change of a file that the engine makes: after each, what must hold is seen from outside."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from journeys.forty import LANES, Story, engines, lived, runbook

SOAK = bool(os.environ.get("RUNBOOK_SOAK"))
ROUNDS = 10 if SOAK else 1
FARTHEST = 24  # more changes than that follow few events before the next commit
WHOLE = [(at, False) for at in range(1, FARTHEST + 1)]
TORN = [(at, True) for at in (range(1, FARTHEST + 1) if SOAK else (1, 2, 4, 6, 8, 10))]
ENOUGH = 20_000 if SOAK else 1500


@pytest.mark.law(2)
@pytest.mark.law(5)
@pytest.mark.law(9)
@pytest.mark.timeout(7200 if SOAK else 3600)  # each life has a limit of its own
def test_killed_at_every_change_of_a_file_nothing_is_broken(crash_library: Path) -> None:
    """The engine dies at the n-th change after each event of the run, and after each event of its recoveries, for every n."""
    with engines(crash_library, runbook()) as waiting, ThreadPoolExecutor(LANES) as lanes:

        def story(death: tuple[int, bool]) -> Story:
            near = waiting.get()
            try:
                return lived(near, death[0], torn=death[1])
            finally:
                waiting.put(near)

        stories = list(lanes.map(story, [*WHOLE, *TORN] * ROUNDS))
    assert [words for story in stories for words in story.broken] == []
    kills, events = sum(story.kills for story in stories), max(len(story.met) for story in stories)
    print(f"\n{kills} kills in {len(stories)} runs, after as many as {events} different events")
    assert kills >= ENOUGH


@pytest.mark.law(2)
def test_effects_before_intents_are_caught(crash_library: Path) -> None:
    """The same deaths with a journal that says too early that a start is durable: the effects on the hosts give it away."""
    with engines(crash_library, runbook(), 1) as waiting:
        near = waiting.get()
        stories = [lived(near, at, torn=False, hasty=True) for at in (1, 3, 5)]
    for story in stories:
        assert any("I3: " in words and "never announced" in words for words in story.broken), story
