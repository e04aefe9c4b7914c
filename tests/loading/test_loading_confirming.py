"""confirm_within: what it needs, and the place of each mistake."""

from pathlib import Path

import pytest

from loading.test_loading_rolling import loaded, mistakes

BACK = "roll_back: {run: nft -f /etc/nftables.old}"


def step(keys: str) -> str:
    """A step with these keys."""
    return f"    steps:\n      - {{id: a, title: A, confirm_within: 2m, {keys}}}\n"


def test_it_is_read(tmp_path: Path) -> None:
    """In seconds."""
    assert loaded(tmp_path, step(f"run: nft -f new, {BACK}")).steps[0].confirm_within_s == 120.0


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("run: x", "the host undoes the step by itself, so it needs a way back that is one command / add"),
        (f"run: x, {BACK}, repeat: safe", "only what changes a host, and may not simply be repeated, is confirmed"),
        (f"manual: x, {BACK}", "only what changes a host, and may not simply be repeated, is confirmed"),
        (f"run: x, {BACK}, reboots: true", "a host that restarts forgets that it was to go back / take it out"),
        ("run: x, roll_back: {manual: x}", "the host undoes the step by itself, so it needs a way back that is one command"),
    ],
)
def test_what_it_does_not_go_with(tmp_path: Path, keys: str, message: str) -> None:
    """Each with its repair."""
    found = mistakes(tmp_path, step(keys))
    assert [m.partition(" ")[2].startswith(message) for m in found] == [True]
