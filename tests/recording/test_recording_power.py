"""What a power cut leaves behind: the log cut off, torn or damaged at any place."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from recording.journals import a_run, database, driving, group
from recording.power_images import Disk, Image, kept
from recording.power_scene import DECIDED
from recording.second_reader import read
from runbook_engine.recording import Store, open_store, verify_chain

HERE = Path(__file__).parent
SOAK = os.environ.get("RUNBOOK_SOAK") == "1"
HEADER, FRAME = 32, 24 + 4096
NIGHTS = range(100 if SOAK else 2)  # seeds
IMAGES = 500_000 if SOAK else 10_000  # at least, each different from all others
OPENED = 50  # one image of so many is opened by the engine itself


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

    monkeypatch.setattr(sqlite3, "connect", listening)
    open_store(str(place / "journal.db")).close()
    assert [words for words in asked if "quick_check" in words] == ["PRAGMA quick_check(1)"]
    asked.clear()
    open_store(str(place / "journal.db")).close()
    assert asked
    assert not [words for words in asked if "quick_check" in words]


def told(library: Path, folder: Path, seed: int, sync: str) -> bytes:
    """Every change of a file that the scene of a seed makes."""
    environment = {**os.environ, "CRASH_DIR": str(folder / "disk"), "LD_PRELOAD": str(library), "PYTHONPATH": path_of_tests()}
    command = [sys.executable, str(HERE / "power_scene.py"), str(seed), sync, str(folder / "told")]
    subprocess.run(command, env=environment, check=True)
    return (folder / "told").read_bytes()


def path_of_tests() -> str:
    """Where the programs that the tests start find what they share."""
    return os.pathsep.join(filter(None, (str(HERE.parent), os.environ.get("PYTHONPATH"))))


def moments(changes_told: bytes, chance: random.Random) -> Iterator[tuple[Image, int, bool]]:
    """Each different image with the number of events that were acknowledged by then, and whether the decision was."""
    disk, acknowledged, decided, seen = Disk(), 0, False, set[bytes]()
    for change in kept(changes_told):
        if change.letter == "A":
            acknowledged, decided = max(acknowledged, change.at), decided or change.at == DECIDED
            continue
        disk.take(change)
        for image in disk.images(chance):
            key = sha256(b"".join(name.encode() + sha256(data).digest() for name, data in sorted(image.items()))).digest()
            if key not in seen:
                seen.add(key)
                yield image, acknowledged, decided


def laid_out(image: Image, place: Path) -> Path:
    """The files of an image, alone in a folder; the journal among them."""
    for file in place.iterdir():
        file.unlink()
    for name, data in image.items():
        (place / name).write_bytes(data)
    return place / "journal.db"


def wrong(file: Path, acknowledged: int, *, decided: bool) -> str:
    """What is not as it must be, seen by a reader that is not ours; empty when all is well."""
    try:
        found = len(read(file)) if file.exists() else 0
    except (AssertionError, sqlite3.DatabaseError) as error:
        return f"it cannot be trusted: {error}"
    if found < acknowledged:
        return f"{acknowledged} events were acknowledged, {found} are there"
    if decided:
        with closing(sqlite3.connect(file)) as database:
            if not database.execute("SELECT 1 FROM decisions").fetchall():
                return "a decision is gone"
    return ""


def goes_on(place: Path, acknowledged: int) -> None:
    """The engine opens what it finds, or makes it anew if nothing was acknowledged, and writes on."""
    with open_store(str(place / "journal.db")) as store:
        run = store.run_id("last") if store.runs() else a_run(store)
        verify_chain(store, run)
        before = store.head(run)[0]
        with driving(store, run) as journal:
            journal.commit(group(0, 4))
            assert journal.head[0] == before + 5
        assert before >= acknowledged


@pytest.mark.law(9)
@pytest.mark.timeout(7200 if SOAK else 600)
def test_no_image_of_a_power_cut_lacks_what_was_acknowledged(crash_library: Path, tmp_path: Path) -> None:
    """At every change, in thousands of ways: what was synced is there, of the rest any part; a reader of another hand looks."""
    images, memory = 0, Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as fast:
        for seed in NIGHTS:
            folder = tmp_path / str(seed)
            folder.mkdir()
            changes_told = told(crash_library, folder, seed, "full")
            for image, acknowledged, decided in moments(changes_told, random.Random(seed)):
                images += 1
                file = laid_out(image, Path(fast))
                assert wrong(file, acknowledged, decided=decided) == "", f"seed {seed}, image {images}"
                if images % OPENED == 0:
                    shutil.copytree(fast, tmp_path / "again")
                    laid_out(image, tmp_path / "again")
                    goes_on(tmp_path / "again", acknowledged)
                    shutil.rmtree(tmp_path / "again")
    print(f"\n{images} images")
    assert images >= IMAGES


@pytest.mark.law(9)
def test_images_show_what_a_weaker_setting_loses(crash_library: Path, tmp_path: Path) -> None:
    """With synchronous=NORMAL, which many recommend, the same images lack what was acknowledged."""
    changes_told = told(crash_library, tmp_path, 1, "normal")
    (tmp_path / "image").mkdir()
    found = (
        wrong(laid_out(image, tmp_path / "image"), acknowledged, decided=decided)
        for image, acknowledged, decided in moments(changes_told, random.Random(1))
    )
    assert any("were acknowledged" in words for words in found)
