"""Thousands of bad nights on the real core: nothing is done twice, nothing is called done that was not, every run ends."""

import os

import pytest

from running.worlds import Rules, lived, wrong

SOAK = bool(os.environ.get("RUNBOOK_SOAK"))
NIGHTS = 1_000_000 if SOAK else 20_000
PARTS = 4  # so that they can go side by side
ENOUGH = 5_000  # nights within which a rule that is off must be noticed


@pytest.mark.law(2)
@pytest.mark.law(9)
@pytest.mark.timeout(7200 if SOAK else 300)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_night_makes_the_engine_lie(part) -> None:
    """Each night is a seed; what goes wrong in one goes wrong again with its number."""
    for seed in range(part, NIGHTS, PARTS):
        night, course, _ = lived(seed)
        assert wrong(night, course) == [], f"seed {seed}"


def test_a_seed_is_the_same_night_again() -> None:
    """Byte for byte: the same events, the same truth."""
    for seed in range(200):
        (night, _, events), (again, _, the_same) = lived(seed), lived(seed)
        assert (events, night.done) == (the_same, again.done)


@pytest.mark.law(2)
@pytest.mark.parametrize("rule", ["intent_first", "fence", "restart_is_doubt", "boot_in_request", "doubt_is_a_state", "claim"])
def test_a_rule_that_is_off_is_noticed(rule) -> None:
    """The nights are bad enough: without any one of the rules something is done twice, or called done that was not."""
    off = Rules(**{rule: False})
    assert any(noticed(seed, off) for seed in range(ENOUGH))


def noticed(seed: int, rules: Rules) -> bool:
    """Whether a night shows that something is wrong."""
    try:
        night, course, _ = lived(seed, rules)
    except AssertionError:
        return True
    return bool(wrong(night, course))
