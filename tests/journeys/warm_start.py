"""A process that has everything imported, and forks a child for each command that somebody types. `warm` starts it.

Orders come as lines of JSON on stdin, answers go to stdout. The child has the folder, the environment and the streams of the
order, and does from there what the program `runbook` does.
"""

import atexit
import os
import sys
import threading
import time
from typing import Any

from journeys.command_line import RUNBOOK
from journeys.incarnations import main as obey
from runbook_engine.cli import main


def child(order: dict[str, Any], pipe: int) -> int:
    """One command line, from its first line to its exit code."""
    os.close(pipe)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    for number, (name, how) in enumerate(((os.devnull, os.O_RDONLY), (order["out"], os.O_WRONLY), (order["err"], os.O_WRONLY))):
        os.dup2(os.open(name, how), number)
    sys.argv = [RUNBOOK, *order["words"]]
    return ended()


def ended() -> int:
    """The exit code, after all that Python does at the end of a process."""
    try:
        main()
    except SystemExit as leave:
        code = int(leave.code or 0)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    obey(child)
