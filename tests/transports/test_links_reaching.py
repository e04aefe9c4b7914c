"""Reaching a host before anything is done on it: one connection, and a fault that is told once."""

import gc
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.model.text import shell
from runbook_engine.model.words import Cause, Lane
from runbook_engine.transports import Links
from runbook_engine.transports.links import Link

STEP = Shell(script=shell("echo here"))


def nowhere(_stream: int, _data: bytes) -> None:
    """A sink that keeps nothing."""


@pytest.fixture
def rude() -> Iterator[tuple[int, list[object]]]:
    """A port that hangs up on everybody, and who came so far."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            for caller, address in iter(listener.accept, None):
                came.append(address)
                caller.close()

        threading.Thread(target=hang_up, daemon=True).start()
        yield listener.getsockname()[1], came


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_host_that_is_not_reached_is_dialled_once(
    new_links: Callable[..., Links], target: Target, rude: tuple[int, list[object]]
) -> None:
    """Whoever reaches it first leaves the fault to the command that needs the host; the one after that dials anew."""
    port, came = rude
    link = new_links()(replace(target, address="127.0.0.1", ssh=replace(target.ssh, port=port)))
    assert not link.reach()
    link.send_row([STEP, STEP])
    for times in (1, 2):
        with pytest.raises(TransportFault) as fault:
            link.perform(STEP, nowhere, lane=Lane.QUICK)
        assert (fault.value.cause, fault.value.started, len(came)) == (Cause.NO_BANNER, False, times)


@pytest.mark.sshd
def test_reaching_a_host_opens_the_connection(link: Link) -> None:
    """What is done next goes over it."""
    place: Any = link._place
    assert link.reach()
    connection = place.connection
    assert link.reach()
    assert link.perform(STEP, nowhere, lane=Lane.QUICK).stdout == b"here\n"
    assert connection is not None
    assert place.connection is connection


@pytest.mark.sshd
def test_nothing_is_kept_of_a_connection_that_was_ended(new_links: Callable[..., Links], target: Target) -> None:
    """Although whoever worked on the host still has its link."""
    links = new_links()
    link = links(target)
    assert link.perform(STEP, nowhere, lane=Lane.QUICK).stdout == b"here\n"
    transport = weakref.ref(link._place._connected.transport)  # type: ignore[union-attr]
    links.drop(target.name)
    until = time.monotonic() + 60
    while transport() is not None and time.monotonic() < until:
        gc.collect()  # paramiko's objects know each other
        time.sleep(0.05)

    assert transport() is None
    assert links(target).perform(STEP, nowhere, lane=Lane.QUICK).stdout == b"here\n"
