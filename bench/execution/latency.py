"""How many round trips a step costs on an open connection whose other end is 20 ms away.

    python bench/execution/latency.py [STEPS] [MILLISECONDS]        default: 64 steps, 20 ms there and back

The delay is made by a process between client and server (delay.py); what a round trip takes is measured with one byte through
the same process. A step that reads what the one before said cannot be sent before that; steps in a row need no decision in
between. Every answer is checked.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import sshd
from delay import late, round_trip_ms
from goals import Goal, show
from step import Steps, control_master, transports_alone, whole_engine, with_asyncssh
from work import Work

LATE, PING, ECHO = 2298, 2297, 2296  # ports: to the server, and to what says back one byte
ONE_BY_ONE, IN_A_ROW = "ours: whole engine, one by one", "ours: whole engine, in a row"
WAYS: dict[str, Callable[[Work, Path], Steps]] = {
    ONE_BY_ONE: lambda work, folder: whole_engine(work, folder / "read", "safe", reads=True),
    IN_A_ROW: lambda work, folder: whole_engine(work, folder / "safe", "safe"),
    "ours: whole engine, changing step": lambda work, folder: whole_engine(work, folder / "once", "once"),
    "ours: transports alone": transports_alone,
    "asyncssh": with_asyncssh,
    "ssh through ControlMaster": control_master,
}


def main() -> None:
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    delay_ms = float(sys.argv[2]) if len(sys.argv) > 2 else 20.0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, sshd.server(Path(name)) as server:
        near, known = sshd.hosts(1), Path(name) / "late_hosts"
        known.write_text(server.known_hosts.read_text().replace(f"]:{server.port} ", f"]:{LATE} "))
        work = Work(hosts=near, steps=steps, port=server.port, user=server.user, key=str(server.key), known_hosts=str(known))
        with late(near[0], {LATE: server.port, PING: ECHO, ECHO: 0}, delay_ms / 2):
            trip_ms = round_trip_ms(near[0], PING)
            trips = measured(replace(work, port=LATE), Path(name), trip_ms)
    show(
        [
            Goal(what="a step that depends on the one before, round trips", measured=trips[ONE_BY_ONE], limit=1.15),
            Goal(what="steps in a row, round trips for each beyond the first of the row", measured=trips[IN_A_ROW], limit=0.15),
        ]
    )


def measured(work: Work, folder: Path, trip_ms: float) -> dict[str, float]:
    """The median of each way in round trips; prints the table."""
    print(f"a round trip takes {trip_ms:.2f} ms")
    print(f"{'one step on an open connection':<38} {'median ms':>10} {'best ms':>9} {'round trips':>12}")
    trips = {}
    for way, carried_out in WAYS.items():
        waits = carried_out(work, folder).waits
        trips[way] = statistics.median(waits) / trip_ms
        print(f"{way:<38} {statistics.median(waits):>10.2f} {min(waits):>9.2f} {trips[way]:>12.2f}", flush=True)
    return trips


if __name__ == "__main__":
    main()
