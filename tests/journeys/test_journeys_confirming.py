"""A change that shuts everybody out of a real machine: it is undone there by itself, whatever becomes of the engine."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from journeys.command_line import Person
from journeys.machines import step, steps


@pytest.fixture
def keys(sshd) -> Path:
    """The file that says who may log in; without it nobody can, and open connections notice nothing."""
    return Path(sshd.key).parent / "authorized_keys"


def until(true: Callable[[], bool], within_s: float = 30.0) -> None:
    """Wait for something that must come about."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def locking_out(keys: Path, more: str = "") -> str:
    """A runbook whose only step takes the keys away."""
    away = f"mv {keys} {keys}.away{more}"
    return steps(
        step("lock", away, f"confirm_within: 3s, timeout: 30s, roll_back: {{run: mv {keys}.away {keys}}}"), name="lock"
    )


def test_a_change_that_shuts_everybody_out_is_undone_by_the_host(engineer: Person, keys: Path) -> None:
    """The step has failed, and says why; the machine is as before, and can be reached."""
    engineer.writes("runbooks/lock.yml", locking_out(keys))
    assert "undone by the host unless confirmed within 3s" in engineer.types("plan", "runbooks/lock.yml").out
    engineer.types("run", "runbooks/lock.yml", "-y", code=1)
    assert keys.exists()
    said = engineer.types("status", code=1).out
    assert "it was not confirmed in time; the host has undone it by itself" in said
    engineer.writes("runbooks/look.yml", steps(step("look", "true"), name="look"))
    engineer.types("run", "runbooks/look.yml", "-y")


def test_a_change_that_is_well_stays(engineer: Person, tmp_path: Path) -> None:
    """Confirmed, and not undone afterwards."""
    file = tmp_path / "rules"
    text = step("change", f"touch {file}", f"confirm_within: 2s, roll_back: {{run: rm {file}}}")
    engineer.writes("runbooks/change.yml", steps(text, step("wait", "sleep 3"), name="change"))
    engineer.types("run", "runbooks/change.yml", "-y")
    assert file.exists()
    assert (
        "reached over a new connection, and confirmed: it stays" in engineer.types("log", "last", "--step", "work/change").out
    )


def test_a_dead_engine_leaves_nobody_shut_out(engineer: Person, keys: Path) -> None:
    """It dies right after the change; the host goes back by itself, and the next engine tells that."""
    engineer.writes("runbooks/lock.yml", locking_out(keys, "; sleep 4"))
    run = engineer.starts("run", "runbooks/lock.yml", "-y")
    try:
        until(lambda: not keys.exists())
        run.kill()
        until(keys.exists)
    finally:
        run.kill()
        run.communicate()
    engineer.types("resume", "last", code=1)
    assert "undone it by itself" in engineer.types("status", code=1).out
    assert keys.exists()
