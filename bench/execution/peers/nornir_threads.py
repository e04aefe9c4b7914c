"""nornir with its threaded runner and the paramiko plugin. Run as a program, this file is what is measured."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import environments
from work import Answers, Work, answer, answered, folder_told, read, write

NOTE = "accepts any host key; keeps no record"


def missing() -> str:
    """Why this peer cannot run here; empty when it can."""
    return environments.missing("nornir")


def prepare(work: Work, folder: Path) -> list[str]:
    """Write what it needs; the command that is measured."""
    write(work, folder)
    (folder / "hosts.yml").write_text("".join(f"'{h}': {{hostname: '{h}'}}\n" for h in work.hosts))
    (folder / "groups.yml").write_text("{}\n")
    extras = f"{{key_filename: {work.key}, allow_agent: false, look_for_keys: false}}"
    (folder / "defaults.yml").write_text(
        f"port: {work.port}\nusername: {work.user}\nconnection_options: {{paramiko: {{extras: {extras}}}}}\n"
    )
    return [str(environments.program("nornir")), __file__, str(folder)]


def environment(folder: Path) -> Mapping[str, str]:  # noqa: ARG001 - every peer is asked in the same way
    """What the command finds in its environment."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}


def answers(work: Work, folder: Path) -> Answers:  # noqa: ARG001 - every peer is asked in the same way
    """As the program handed them over."""
    return answered(folder)


def main() -> None:
    from nornir import InitNornir
    from nornir.core.exceptions import NornirSubTaskError
    from nornir_paramiko.plugins.tasks import paramiko_command

    folder = folder_told()
    work = read(folder)

    def steps(task):
        said = []
        for step in range(work.steps):
            try:
                told = task.run(paramiko_command, command=work.command(step))[0]
                said.append((0, told.stdout, told.stderr))
            except NornirSubTaskError as error:
                failed = error.result[0].exception
                said.append((failed.status_code, failed.stdout, failed.stderr))
        return said

    files = {"host_file": "hosts.yml", "group_file": "groups.yml", "defaults_file": "defaults.yml"}
    nornir = InitNornir(
        runner={"plugin": "threaded", "options": {"num_workers": work.parallel}},
        inventory={"plugin": "SimpleInventory", "options": files},
        logging={"enabled": False},
    )
    results = nornir.run(task=steps)
    answer(folder, {host: result[0].result for host, result in results.items() if not result[0].failed})
    for host, result in results.failed_hosts.items():
        print(host, repr(result[0].exception), file=sys.stderr)
    nornir.close_connections(on_failed=True)


if __name__ == "__main__":
    main()
