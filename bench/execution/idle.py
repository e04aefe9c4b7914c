"""What open connections cost while nothing is done on them: CPU, wake-ups, memory and threads of the client.

    python bench/execution/idle.py [CONNECTIONS] [SECONDS]        default: 500 connections, 20 seconds

Each has done one step in its kept shell, which stays open. Afterwards each does another step, so that none is dead.
"""

import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sshd
from goals import Goal, show
from measuring import anonymous_kib

from runbook_engine.model.commands import Shell
from runbook_engine.model.estate import SshSettings
from runbook_engine.model.plan import Target
from runbook_engine.model.text import shell
from runbook_engine.model.words import HostName, Lane
from runbook_engine.transports import Links, LinkSettings
from runbook_engine.transports.links import Link

AT_ONCE = 8
SETTLE_S = 2.0


def one(link: Link) -> None:
    """A step, and its answer."""
    answer = link.perform(Shell(script=shell("echo here")), lambda *_: None, lane=Lane.QUICK)
    assert (answer.exit_code, answer.stdout) == (0, b"here\n"), answer


def on_all(links: Sequence[Link]) -> None:
    """One step on each."""
    with ThreadPoolExecutor(AT_ONCE) as workers:
        list(workers.map(one, links))


def wake_ups() -> int:
    """How often threads of this process have been woken so far."""
    told = ((thread / "status").read_text() for thread in Path("/proc/self/task").iterdir())
    return sum(int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0]) for status in told)


def idle(seconds: float) -> tuple[float, float]:
    """Milliseconds of CPU, and wake-ups, a second."""
    time.sleep(SETTLE_S)
    woken, cpu, began = wake_ups(), time.process_time(), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    return (time.process_time() - cpu) * 1000 / took, (wake_ups() - woken) / took


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 20.0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, sshd.server(Path(name)) as server:
        ssh = SshSettings(user=server.user, port=server.port, key=str(server.key), known_hosts=str(server.known_hosts))
        targets = [Target(name=HostName(f"h{i}"), address=address, ssh=ssh) for i, address in enumerate(sshd.hosts(number))]
        links = Links(LinkSettings(run_folder=Path(name), ssh_config=(), use_agent=False))
        on_all([links(targets[0])])
        before = anonymous_kib(os.getpid())
        opened = [links(target) for target in targets]
        on_all(opened)
        each = (anonymous_kib(os.getpid()) - before) / number
        threads = threading.active_count()
        cpu_ms, woken = idle(seconds)
        on_all(opened)
        links.close()
    print(f"{number} connections: {each:.0f} KiB each, {threads} threads, {woken:.0f} wake-ups a second")
    show([Goal(what="client CPU of so many idle connections, ms a second", measured=cpu_ms, limit=1.0)])


if __name__ == "__main__":
    main()
