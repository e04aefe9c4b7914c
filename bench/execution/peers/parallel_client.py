"""parallel-ssh with its native client (libssh2). Run as a program, this file is what is measured."""

import os
from collections.abc import Mapping
from pathlib import Path

import environments
from work import Answers, Work, answer, answered, folder_told, read, write

NOTE = "accepts any host key; a hundred hosts at once; a barrier after each step; keeps no record"


def missing() -> str:
    """Why this peer cannot run here; empty when it can."""
    return environments.missing("parallel-ssh")


def prepare(work: Work, folder: Path) -> list[str]:
    """Write what it needs; the command that is measured."""
    write(work, folder)
    return [str(environments.program("parallel-ssh")), __file__, str(folder)]


def environment(folder: Path) -> Mapping[str, str]:  # noqa: ARG001 - every peer is asked in the same way
    """What the command finds in its environment."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}


def answers(work: Work, folder: Path) -> Answers:  # noqa: ARG001 - every peer is asked in the same way
    """As the program handed them over."""
    return answered(folder)


def main() -> None:
    from pssh.clients import ParallelSSHClient

    folder = folder_told()
    work = read(folder)
    client = ParallelSSHClient(work.hosts, user=work.user, port=work.port, pkey=work.key, num_retries=1, allow_agent=False)
    said = {host: [] for host in work.hosts}
    for step in range(work.steps):
        outputs = client.run_command(work.command(step))
        client.join(outputs)  # before it, an exit code may be read as 0 although it has not come yet
        for output in outputs:
            out, err = "\n".join(output.stdout), "\n".join(output.stderr)
            said[output.host].append((output.exit_code, out, err))
    answer(folder, said)


if __name__ == "__main__":
    main()
