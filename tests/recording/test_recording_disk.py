"""Disks that are full, read-only or damaged: a plain message, and nothing acknowledged is lost."""

import json
import os
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recording.journals import a_run, database, driving, group
from runbook_engine.model.errors import JournalFault
from runbook_engine.recording import open_store, verify_chain

NOBODY = 65534


def in_a_child(work: Callable[[], object]) -> object:
    """Do it in a process of its own, which may give up rights; what it returns, as JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return json.loads(said)


def write_until_it_fails(path: Path) -> tuple[int, list[str], str]:
    """The last acknowledged record, what the next three attempts to write said, and the way out that was named."""
    store = open_store(str(path))
    journal = driving(store, store.run_id("last"))
    acknowledged, said, way_out = 0, [], ""
    for number in range(2000):
        try:
            journal.commit(group(number, 40))
            acknowledged = journal.head[0]
        except JournalFault as fault:
            said.append(fault.message)
            way_out = way_out or fault.next_command
        if len(said) == 3:
            break
    return acknowledged, said, way_out


def check_afterwards(path: Path, acknowledged: int) -> None:
    """With room again, the journal opens, has everything acknowledged, and goes on."""
    with open_store(str(path)) as store:
        run = store.run_id("last")
        verify_chain(store, run)
        assert store.head(run)[0] == acknowledged
        with driving(store, run) as journal:
            assert journal.commit(group(0, 40))
        verify_chain(store, run)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small file system (root)")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_stops_the_journal_and_loses_nothing(small_disk: Path) -> None:
    """On a disk that is full, the commit says so; nothing is written after it; with room again all is there."""
    path = small_disk / "journal.db"
    with open_store(str(path)) as store:
        a_run(store)
    acknowledged, said, way_out = in_a_child(lambda: write_until_it_fails(path))  # type: ignore[misc]
    assert "the disk is full" in said[0]
    assert all("Nothing more is recorded" in words for words in said[1:])
    assert way_out == f"df -h {small_disk}"
    assert acknowledged > 100
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    check_afterwards(path, acknowledged)


def test_a_full_disk_at_the_opening_is_said_so(small_disk: Path) -> None:
    """A journal that cannot even be made says that the disk is full."""
    with (small_disk / "filler").open("wb") as filler, pytest.raises(OSError, match="No space"):
        filler.write(bytes(4_000_000))
    with pytest.raises(JournalFault, match="the disk is full"):
        open_store(str(small_disk / "journal.db"))


def test_a_file_that_may_not_grow_stops_the_journal_and_loses_nothing(tmp_path: Path) -> None:
    """When the system refuses a write in the middle of a commit, what was acknowledged before is there afterwards."""
    path = database(tmp_path)
    with open_store(str(path)) as store:
        a_run(store)

    def limited() -> object:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
        return write_until_it_fails(path)

    acknowledged, said, way_out = in_a_child(limited)  # type: ignore[misc]
    assert str(path) in said[0]
    assert way_out
    assert all("Nothing more is recorded" in words for words in said[1:])
    assert acknowledged > 100
    check_afterwards(path, acknowledged)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that other users can reach."""
    with tempfile.TemporaryDirectory(prefix="runbook-") as place:
        Path(place).chmod(0o755)
        yield Path(place)


@pytest.mark.parametrize("what", ["file", "folder", "new"])
def test_a_read_only_place_is_said_so(open_place: Path, what: str) -> None:
    """Where this user may not write, opening a journal fails with the place, the user and the command to look."""
    path = open_place / "state" / "journal.db"
    if what != "new":
        with open_store(str(path)) as store:
            a_run(store)
        path.parent.chmod(0o777 if what == "file" else 0o555)
        path.chmod(0o444 if what == "file" else 0o666)
        for lock in path.with_name("journal.db.locks").rglob("*"):
            lock.chmod(0o666)
        path.with_name("journal.db.locks").chmod(0o777)

    def as_nobody() -> object:
        if os.getuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        try:
            with open_store(str(path), patience_s=0.2) as store:
                a_run(store)
        except JournalFault as fault:
            return [fault.message, fault.why, fault.next_command]
        return ["written", "", ""]

    message, why, next_command = in_a_child(as_nobody)  # type: ignore[misc]
    assert "cannot be written" in message
    assert str(NOBODY if os.getuid() == 0 else os.getuid()) in why
    assert next_command.startswith("ls -ld")
    path.parent.exists() and path.parent.chmod(0o755)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda whole: whole.replace(b"SQLite", b"Butter", 1), "not a journal"),
        (lambda whole: whole[:4096] + bytes(len(whole) - 4096), "damaged"),
        (lambda whole: whole[:5000], "damaged"),
    ],
)
def test_a_damaged_file_is_said_so(tmp_path: Path, damage: Callable[[bytes], bytes], words: str) -> None:
    """What is no database, or no longer a whole one, is refused with a message and left as it is."""
    path = database(tmp_path)
    with open_store(str(path)) as store, driving(store, a_run(store)) as journal:
        journal.commit(group(0, 400))
    spoilt = damage(path.read_bytes())
    path.write_bytes(spoilt)

    def use() -> None:
        with open_store(str(path)) as store:
            verify_chain(store, store.run_id("last"))

    with pytest.raises(JournalFault, match=words) as found:
        use()
    assert found.value.next_command
    assert path.read_bytes() == spoilt


def test_a_folder_instead_of_a_file_is_said_so(tmp_path: Path) -> None:
    """A path that cannot hold a file gives a message, not a trace."""
    with pytest.raises(JournalFault):
        open_store(str(tmp_path))
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalFault):
        open_store(str(tmp_path / "file" / "journal.db"))
