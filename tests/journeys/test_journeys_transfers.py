"""A big file on its way while the link is cut or the engine is killed: nobody is asked anything, and every byte is right."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from journeys.command_line import Person, Terminal, plain
from journeys.machines import box_inventory, step, steps
from transports.cutting import Cutting, cutting

pytestmark = [pytest.mark.sshd, pytest.mark.law(2)]
SIZE = 24 << 20  # more than what planning holds in memory of any file
RUN = ("run", "runbooks/quick.yml", "--yes")


@pytest.fixture
def proxy(engineer: Person, sshd: Any) -> Iterator[Cutting]:
    """Something between the engineer and the machine that can cut and hold."""
    with cutting(sshd.port) as cuts:
        known = engineer.folder / "known_hosts"
        known.write_text(sshd.known_hosts.read_text().replace(f":{sshd.port} ", f":{cuts.port} "))
        engineer.writes("inventory/hosts.yml", box_inventory(sshd, port=cuts.port, known_hosts=known))
        yield cuts


@pytest.fixture
def target(engineer: Person) -> Path:
    """A runbook that replaces a file on the machine; that file."""
    place = engineer.folder / "on the machine" / "image"
    place.parent.mkdir()
    place.write_text("old")
    upload = f'upload: {{from: ../files/image, to: "{place}", mode: "0640", backup: true}}'
    counted = step("after", f"echo x >>{engineer.folder}/count")
    engineer.writes("runbooks/quick.yml", steps(f"id: image, title: Bring the image, {upload}", counted))
    engineer.writes("files/image", "")
    (engineer.folder / "files" / "image").write_bytes(os.urandom(1 << 20) * (SIZE >> 20))
    return place


def right(engineer: Person, target: Path) -> None:
    """The file is whole, the old one is kept, nothing else is there, and the next step ran once."""
    assert target.read_bytes() == (engineer.folder / "files" / "image").read_bytes()
    assert oct(target.stat().st_mode)[-3:] == "640"
    backup, image = sorted(target.parent.iterdir(), key=lambda path: len(path.name), reverse=True)
    assert image == target
    assert backup.read_text() == "old"
    assert (engineer.folder / "count").read_text() == "x\n"


def arrives(target: Path) -> None:
    """Wait until a good part of it is on the machine."""
    until = time.monotonic() + 60
    while not any(p.stat().st_size > SIZE // 4 for p in target.parent.iterdir()):
        assert time.monotonic() < until, "nothing arrives"
        time.sleep(0.02)


def test_a_cut_in_the_middle_is_nobodys_business(engineer: Person, proxy: Cutting, target: Path) -> None:
    """The link is opened anew, and only the rest is sent."""
    proxy.after(SIZE // 2)
    engineer.types(*RUN, code=0)
    right(engineer, target)
    told = next((engineer.state / "runs").rglob("*image*.log")).read_text()
    assert "what has arrived is gone on with" in told
    assert proxy.passed < SIZE * 7 // 5  # all of it again would be half of it more


def test_after_the_death_of_the_engine_the_machine_tells(engineer: Person, proxy: Cutting, target: Path) -> None:
    """SIGKILL in the middle: the next engine asks for the file, starts the upload anew, and goes on with what is there."""
    proxy.after(SIZE // 2, hold=True)
    engine = engineer.starts(*RUN)
    arrives(target)
    engine.send_signal(signal.SIGKILL)
    engine.communicate()
    proxy.let_go()
    assert target.read_text() == "old"
    said = plain(engineer.types("status", "last", code=6).out)
    assert "asked" in said
    proxy.after(1 << 40)
    engineer.types("resume", "last", code=0)
    right(engineer, target)
    assert proxy.passed < SIZE * 7 // 8


NOISE = (
    b"x" * 1_000_000
    + b"\n"
    + bytes(50_000)
    + bytes(range(256)) * 200
    + b"\xff\xfe \x1b[31m \\ text\n"
    + "Grüße\n".encode() * 900
    + b"end"
)


@pytest.mark.law(7)
@pytest.mark.parametrize("more", ["repeat: safe", "repeat: once"])
def test_the_very_bytes_that_a_step_printed(engineer: Person, tmp_path: Path, more: str) -> None:
    """In both lanes, whatever they are: `log --raw` gives them back, those of the last attempt, and never to a terminal."""
    (tmp_path / "noise").write_bytes(NOISE)
    first = step("other", "echo other; echo err >&2")
    engineer.writes("runbooks/quick.yml", steps(first, step("noise", f"cat {tmp_path}/noise; echo loud >&2", more)))
    engineer.types(*RUN, code=0)
    with (tmp_path / "had back").open("wb") as file:
        writing = engineer.starts("log", "last", "--step", "noise", "--raw", stdout=file)
        assert (writing.communicate(timeout=60), writing.returncode) == ((None, ""), 0)
    assert (tmp_path / "had back").read_bytes() == NOISE
    said = engineer.types("log", "last", "--step", "*", "--raw", code=2)
    assert "2 tasks have printed something" in said.err
    terminal = Terminal(engineer, "log", "last", "--step", "noise", "--raw")
    assert "could act on it" in terminal.ends(2)
