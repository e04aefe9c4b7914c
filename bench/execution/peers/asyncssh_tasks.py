"""asyncssh on one event loop: a task per host, as many at once as asked. Run as a program, this file is what is measured."""

import asyncio
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from work import Answers, Said, Work, answer, answered, folder_told, read, write

NOTE = "host keys checked; keeps no record"


def missing() -> str:
    """Why this peer cannot run here; empty when it can. It runs in the project's own environment."""
    return "" if importlib.util.find_spec("asyncssh") else "not installed: pip install asyncssh"


def prepare(work: Work, folder: Path) -> list[str]:
    """Write what it needs; the command that is measured."""
    write(work, folder)
    return [sys.executable, __file__, str(folder)]


def environment(folder: Path) -> Mapping[str, str]:  # noqa: ARG001 - every peer is asked in the same way
    """What the command finds in its environment."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}


def answers(work: Work, folder: Path) -> Answers:  # noqa: ARG001 - every peer is asked in the same way
    """As the program handed them over."""
    return answered(folder)


async def carry_out(work: Work) -> Answers:
    """All steps of all hosts; files are read once, and a step waits only for the one before on its host."""
    import asyncssh

    key, known = asyncssh.read_private_key(work.key), asyncssh.read_known_hosts(work.known_hosts)
    places = asyncio.Semaphore(work.parallel)
    said: dict[str, list[Said]] = {}

    async def one(host: str) -> None:
        login = {"username": work.user, "client_keys": [key], "known_hosts": known, "agent_path": None, "config": None}
        async with places, asyncssh.connect(host, work.port, login_timeout=120, connect_timeout=120, **login) as connection:
            for step in range(work.steps):
                done = await connection.run(work.command(step))
                said.setdefault(host, []).append((done.exit_status, str(done.stdout), str(done.stderr)))

    await asyncio.gather(*map(one, work.hosts))
    return said


def main() -> None:
    folder = folder_told()
    answer(folder, asyncio.run(carry_out(read(folder))))


if __name__ == "__main__":
    main()
