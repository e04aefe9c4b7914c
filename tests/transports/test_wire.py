"""The socket under a connection: a read that rests costs nothing and can be woken, a write that does not move ends."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from runbook_engine.transports.wire import Wire

Pair = tuple[Wire, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A wire at rest, and its other end."""
    here, there = socket.socketpair()
    here.settimeout(0.1)
    wire = Wire(here, 0.3, time.monotonic)
    wire.rest(15.0)
    yield wire, there
    wire.close()
    there.close()


def test_a_read_at_rest_waits_without_an_end(pair: Pair) -> None:
    """Longer than the limits of the login and of a write."""
    wire, there = pair
    threading.Timer(0.5, there.send, [b"late"]).start()

    assert wire.recv(100) == b"late"


def test_closing_wakes_a_read_at_rest(pair: Pair) -> None:
    """The thread that reads must not be left behind."""
    wire, _ = pair
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(wire.recv(100)))
    reader.start()
    time.sleep(0.2)  # a read that has not begun yet finds the wire closed, which is another matter
    wire.close()
    reader.join(60)

    assert read == [b""]


def test_a_write_that_does_not_move_ends(pair: Pair) -> None:
    """Nobody reads: when the buffers are full, the write fails instead of waiting for ever."""
    wire, _ = pair

    def fill() -> None:
        for _ in range(10_000):
            wire.send(bytes(65_536))

    with pytest.raises(OSError, match="takes no more data"):
        fill()


def test_a_write_goes_on_when_the_other_side_reads_again(pair: Pair) -> None:
    """Every byte arrives, in its order."""
    wire, there = pair
    data = bytes(range(256)) * 20_000
    seen = bytearray()

    def read() -> None:
        while len(seen) < len(data):
            seen.extend(there.recv(100_000))

    reader = threading.Thread(target=read)
    reader.start()
    left = data
    while left:
        left = left[wire.send(left) :]
    reader.join(60)

    assert bytes(seen) == data
