"""Trouble on the control machine: a full disk, a locked journal, two at once, a damaged plan."""

import os
import re
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from journeys.command_line import Person, wait_for
from journeys.machines import box_inventory, step, steps

LONG = steps(step("first", "touch {folder}/begun; while [ ! -e {folder}/go ]; do sleep 0.05; done"), step("second", "true"))


@contextmanager
def small_disk(folder: Path) -> Iterator[dict[str, Any]]:
    """A place that is full after a megabyte; without the right to mount, a limit for the size of a file does the same."""
    folder.mkdir(parents=True)
    mounted = os.getuid() == 0 and _mount("-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(folder))
    try:
        yield {} if mounted else {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))}
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def _mount(*words: str) -> bool:
    return subprocess.run(["mount", *words], check=False, capture_output=True).returncode == 0


def test_a_full_disk_stops_before_anything_starts(engineer: Person) -> None:
    """The journal cannot be written, so nothing runs on the host; which file, why, and where to look."""
    engineer.writes("runbooks/quick.yml", steps(step("first", f"touch {engineer.folder}/effect")))
    with small_disk(engineer.state) as limits:
        if not limits:
            (engineer.state / "ballast").write_bytes(b"x" * (1 << 20 - 1))
            _fill(engineer.state / "more")
        said = engineer.hears(engineer.starts("run", "runbooks/quick.yml", **limits), 4)

    assert "the disk is full" in said.err
    assert str(engineer.state) in said.err
    assert "df -h" in said.err
    assert not (engineer.folder / "effect").exists()


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as target:
        try:
            while target.write(b"x" * 4096):
                pass
        except OSError:
            return


def test_a_journal_that_another_process_locks_is_waited_for_and_then_named(engineer: Person) -> None:
    """After some seconds: which file, which process, and the command that shows who works."""
    engineer.writes("runbooks/quick.yml", steps(step("first", "true")))
    engineer.types("run", "runbooks/quick.yml", code=0)
    with closing(sqlite3.connect(engineer.state / "journal.db", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")

        said = engineer.types("run", "runbooks/quick.yml", code=4)

    assert f"{engineer.state / 'journal.db'}: locked by process {os.getpid()}" in said.err
    assert "runbook runs" in said.err


@pytest.fixture
def long_run(engineer: Person) -> Iterator[Callable[[], None]]:
    """A run that works on the host until it is told to go on."""
    engineer.writes("runbooks/quick.yml", LONG.replace("{folder}", str(engineer.folder)))
    process = engineer.starts("run", "runbooks/quick.yml")

    def goes_on() -> None:
        (engineer.folder / "go").touch()
        engineer.hears(process, 0)

    wait_for(engineer.folder / "begun")
    yield goes_on
    (engineer.folder / "go").touch()
    if process.returncode is None:
        process.communicate(timeout=60)


@pytest.mark.law(12)
def test_a_host_is_worked_on_by_one_run_and_the_second_says_by_which(engineer: Person, long_run: Callable[[], None]) -> None:
    """L12: the second run starts nothing there and names the first; when that has ended, it goes on."""
    engineer.writes("runbooks/other.yml", steps(step("mine", f"touch {engineer.folder}/second"), name="other"))

    said = engineer.types("run", "runbooks/other.yml", code=4)
    assert "Run quick-1 works on box" in said.err
    assert "runbook status quick-1" in said.err
    assert not (engineer.folder / "second").exists()
    assert "box is worked on by run quick-1" in engineer.types("why", "last", "mine@box", code=0).out

    long_run()
    engineer.types("resume", "other-1", code=0)
    assert (engineer.folder / "second").exists()


@pytest.mark.law(12)
def test_a_phase_that_is_alone_at_a_site_waits_for_the_run_that_works_there(
    engineer: Person, sshd: Any, long_run: Callable[[], None]
) -> None:
    """L12: it works on no host of the other run, and still starts nothing while that one is at the site."""
    inventory = box_inventory(sshd).replace("{address", "{site: ams1, address") + "sites: {ams1: {title: Amsterdam 1}}\n"
    engineer.writes("inventory/hosts.yml", inventory)
    alone = steps(step("breaker", f"touch {engineer.folder}/off"), name="power").replace("hosts: box", "alone_at: [ams1]")
    engineer.writes("runbooks/power.yml", alone.replace("run:", "local:"))

    assert re.search(r"alone at +ams1 \(1 host, on which", engineer.types("plan", "runbooks/power.yml", code=0).out)
    said = engineer.types("run", "runbooks/power.yml", code=4)
    assert "must be alone at ams1; run quick-1 works on box there, by its plan until 20" in said.err
    assert not (engineer.folder / "off").exists()
    assert "must be alone at ams1" in engineer.types("why", "last", "breaker", code=0).out

    long_run()
    engineer.writes("inventory/hosts.yml", inventory.replace("hosts:", "hosts:\n  new: {site: ams1}", 1))
    added = engineer.types("resume", "power-1", code=5).err
    assert "it must be alone there, and new came to ams1 after this was planned" in added
    assert "runbook amend power-1 runbooks/power.yml" in added
    engineer.writes("inventory/hosts.yml", inventory)
    engineer.types("resume", "power-1", code=0)
    assert (engineer.folder / "off").exists()


@pytest.mark.law(12)
def test_a_run_is_driven_by_one_process(engineer: Person, long_run: Callable[[], None]) -> None:
    """A second resume is refused with the number of the process that drives it; done by others it changes nothing."""
    said = engineer.types("resume", "last", code=4)

    assert re.search(r"quick-1 is being driven by process \d+", said.err)
    assert "runbook status quick-1" in said.err
    long_run()


@pytest.mark.law(12)
def test_a_run_that_is_stopped_leaves_its_hosts(engineer: Person) -> None:
    """Nobody drives it any more, and still its host is free for others afterwards."""
    engineer.writes("runbooks/quick.yml", steps(step("first", "exit 3")))
    engineer.writes("runbooks/other.yml", steps(step("mine", "true"), name="other"))
    engineer.types("run", "runbooks/quick.yml", code=1)
    engineer.types("run", "runbooks/other.yml", code=4)

    engineer.types("stop", "quick-1", "--yes", code=0)

    assert "work/mine@box ok" in engineer.types("resume", "other-1", code=0).err


@pytest.mark.law(1)
@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "other"])
def test_a_damaged_plan_file_is_not_carried_out(engineer: Person, damage: str) -> None:
    """L1: whatever is not exactly the plan that was written is refused, with how to make it again."""
    engineer.writes("runbooks/quick.yml", steps(step("first", f"touch {engineer.folder}/effect")))
    engineer.types("plan", "runbooks/quick.yml", "-o", "quick.plan", code=0)
    plan = engineer.folder / "quick.plan"
    whole = plan.read_bytes()
    plan.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "changed": whole.replace(b"touch", b"rm -r"),
            "empty": b"",
            "other": b'{"kind": "shopping-list"}\n',
        }[damage]
    )

    said = engineer.types("run", "quick.plan", code=3)

    assert "quick.plan:1:" in said.err
    assert "runbook plan FILE -o PLAN" in said.err
    assert not (engineer.folder / "effect").exists()
