"""Connections of Fabric's are copies of one that was made once: none has anything of another's, in whatever thread."""

import sys
from concurrent.futures import ThreadPoolExecutor

import fabric

from runbook_engine.transports.connecting import connection_to
from runbook_engine.transports.routes import Hop


def hop(number: int) -> Hop:
    """Where a connection is to go."""
    return Hop(
        name=f"h{number}", address=f"127.1.0.{number}", user=f"u{number}", port=2200 + number, identity=None, known_hosts=()
    )


def test_a_connection_goes_where_its_own_hop_says() -> None:
    """Address, user, port, client and options are its own; nothing is taken from Fabric's or SSH's configuration."""
    one, two = connection_to(hop(1), {"timeout": 1}), connection_to(hop(2), {"timeout": 2})

    told = [(c.host, c.user, c.port, c.connect_kwargs, c.is_connected, c.gateway) for c in (one, two)]
    assert told == [
        ("127.1.0.1", "u1", 2201, {"timeout": 1}, False, None),
        ("127.1.0.2", "u2", 2202, {"timeout": 2}, False, None),
    ]
    assert one.client is not two.client


def test_a_copy_is_what_fabric_itself_would_have_made() -> None:
    """Every attribute that Fabric gives a connection is there, so that `open` finds what it looks for."""
    made, copied = fabric.Connection("h", user="ops", port=22), connection_to(hop(3), {})
    assert vars(copied).keys() == vars(made).keys()
    assert not hasattr(copied, "nothing")


def test_connections_can_be_made_in_many_threads_at_once() -> None:
    """A setting that threads share must never be seen while another connection is made."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns after every few instructions
    try:
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda number: connection_to(hop(number), {}), range(200)))
    finally:
        sys.setswitchinterval(before)
    assert [(c.host, c.user, c.port) for c in made] == [(f"127.1.0.{n}", f"u{n}", 2200 + n) for n in range(200)]
    assert {c.authentication.strategy_class for c in made} == {None}
