"""What a power cut leaves behind: the log cut off, torn or damaged at any place."""

import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from recording.journals import a_run, database, driving, group
from runbook_engine.recording import Store, open_store, verify_chain

SOAK = os.environ.get("RUNBOOK_SOAK") == "1"
HEADER, FRAME = 32, 24 + 4096


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, int]]]:
    """A journal as it lay on the disk before it was closed, and (bytes of log, events) at each acknowledgement."""
    folder = tmp_path_factory.mktemp("power")
    path = database(folder)
    store = open_store(str(path))
    run = a_run(store)
    store.close()
    store = open_store(str(path))
    acknowledged = [(0, 1)]
    with driving(store, run) as journal:
        for number in range(12):
            acknowledged.append((path.with_name("journal.db-wal").stat().st_size, store.head(run)[0]))
            journal.commit(group(number, 1 + 7 * (number % 4)))
        acknowledged.append((path.with_name("journal.db-wal").stat().st_size, store.head(run)[0]))
        shutil.copytree(path.parent, folder / "disk")
    store.close()
    return folder / "disk", acknowledged


def reopened(disk: Path, place: Path, log: bytes) -> Iterator[Store]:
    """The journal as the next process finds it, with another log."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    shutil.copy(disk / "journal.db", place)
    (place / "journal.db-wal").write_bytes(log)
    with open_store(str(place / "journal.db")) as store:
        yield store


def cuts(size: int) -> list[int]:
    """At every frame's border, one byte beside it, within its header and at places within its page."""
    borders = range(HEADER, size + 1, FRAME)
    inside = (1, 23, 24, 512, 2048, FRAME - 1) if SOAK else (1, 24, 2048)
    return sorted({0, 1, HEADER - 1, *borders, *(min(size, b + more) for b in borders for more in inside)})


def test_a_log_that_ends_anywhere_keeps_what_was_acknowledged_before(
    cut_off: tuple[Path, list[tuple[int, int]]], tmp_path: Path
) -> None:
    """Cut at every frame and inside frames, the log yields exactly the commits that lie before the cut, chain intact."""
    disk, acknowledged = cut_off
    log = (disk / "journal.db-wal").read_bytes()
    places = cuts(len(log))
    assert len(places) > 100
    for at in places:
        for store in reopened(disk, tmp_path / "image", log[:at]):
            run = store.run_id("last")
            verify_chain(store, run)
            assert store.head(run)[0] == max(events for size, events in acknowledged if size <= at), f"cut at {at}"


def test_garbage_in_the_log_costs_nothing_that_lies_before_it(
    cut_off: tuple[Path, list[tuple[int, int]]], tmp_path: Path
) -> None:
    """With a damaged byte anywhere in the log, every commit before it is there and the chain holds."""
    disk, acknowledged = cut_off
    log = (disk / "journal.db-wal").read_bytes()
    chance = random.Random(7)
    for at in sorted(chance.randrange(len(log)) for _ in range(400 if SOAK else 40)):
        damaged = log[:at] + bytes([log[at] ^ 0x40]) + log[at + 1 :]
        for store in reopened(disk, tmp_path / "image", damaged):
            run = store.run_id("last")
            verify_chain(store, run)
            assert store.head(run)[0] >= max(events for size, events in acknowledged if size <= at), f"damaged at {at}"


def test_a_left_over_log_makes_the_next_opening_check_the_file(
    cut_off: tuple[Path, list[tuple[int, int]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an unclean end the whole file is checked once; after a clean one it is not."""
    disk, _ = cut_off
    place = tmp_path / "image"
    shutil.copytree(disk, place)
    asked: list[str] = []
    real = sqlite3.connect

    def listening(*args: object, **options: object) -> sqlite3.Connection:
        connection = real(*args, **options)  # type: ignore[call-overload]
        connection.set_trace_callback(asked.append)
        return connection

    monkeypatch.setattr(sqlite3.dbapi2, "connect", listening)
    open_store(str(place / "journal.db")).close()
    assert [words for words in asked if "quick_check" in words] == ["PRAGMA quick_check(1)"]
    asked.clear()
    open_store(str(place / "journal.db")).close()
    assert asked
    assert not [words for words in asked if "quick_check" in words]
