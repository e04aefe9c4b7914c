"""Fabric's settings are emptied and merged anew by each new connection: threads must not see each other's."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import fabric

from runbook_engine.transports.connecting import thread_config


def test_each_thread_has_settings_of_its_own() -> None:
    """One object in a thread, however often it is asked for; another one in every other thread."""
    both = threading.Barrier(2)

    def two() -> tuple[fabric.Config, fabric.Config]:
        both.wait()
        return thread_config(), thread_config()

    with ThreadPoolExecutor(2) as pool:
        (a, again), (b, _) = (f.result() for f in [pool.submit(two), pool.submit(two)])

    assert a is again
    assert a is not b


def test_connections_can_be_made_in_many_threads_at_once() -> None:
    """With settings that all share, one of these would soon read them while they are empty."""

    def make(number: int) -> str:
        return str(fabric.Connection(f"h{number}", user="ops", port=22, config=thread_config(), connect_kwargs={}).host)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns after every few instructions
    try:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(make, range(200))) == [f"h{number}" for number in range(200)]
    finally:
        sys.setswitchinterval(before)
