"""The process of a lab: `python -m runbook_engine.lab --state FOLDER r12-u01 r12-u02 [--fault r12-u01:down]`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from runbook_engine.model.errors import Exit, RunbookError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a lab until it is told to end; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m runbook_engine.lab", description="Make-believe hosts over real SSH on loopback."
    )
    parser.add_argument("--state", type=Path, required=True, help="folder of the lab; it is kept from one start to the next")
    parser.add_argument(
        "names", nargs="*", metavar="HOST", help="names of hosts (with commas or blanks between them), or a number"
    )
    parser.add_argument("--hosts", nargs="+", default=[], metavar="HOST", help="the same")
    parser.add_argument(
        "--fault", action="append", default=[], help="HOST:down|mute|slow|off or HOST:TOOL=fail-first|fail-always"
    )
    parser.add_argument("--speed", type=float, help="1 is the usual pace, 10 is ten times as fast (or RUNBOOK_LAB_SPEED)")
    parser.add_argument(
        "--walls", choices=("namespaces", "landlock"), default="", help="isolation; the strongest if not stated"
    )
    given = parser.parse_args(arguments)
    from runbook_engine.lab.serving import serve

    try:
        serve(host_names([*given.names, *given.hosts]), given.state, faults=given.fault, speed=given.speed, walls=given.walls)
    except RunbookError as error:
        lines = (error.message, error.why, error.next_command and f"next: {error.next_command}")
        sys.stderr.write("\n".join(line for line in lines if line) + "\n")
        return error.exit_code
    return Exit.DONE


def host_names(words: Sequence[str]) -> tuple[str, ...]:
    """Names as given, or h01, h02 … for a number."""
    names = tuple(name for word in words for name in word.split(",") if name)
    if len(names) == 1 and names[0].isdigit():
        return tuple(f"h{number:02}" for number in range(1, int(names[0]) + 1))
    return names


if __name__ == "__main__":
    sys.exit(main())
