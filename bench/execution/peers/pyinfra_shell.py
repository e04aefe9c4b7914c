"""The pyinfra command with one server.shell operation per step; a last operation writes down what they said."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import environments
from work import Answers, Said, Work

NOTE = "host keys checked; tells only whether a step failed, not its exit code"
DEPLOY = """\
import json
from pathlib import Path
from pyinfra import host
from pyinfra.operations import python, server

said = [server.shell(name=f"s{{i}}", commands=[c], _ignore_errors=True) for i, c in enumerate({commands!r})]


def write():
    told = [(s.did_succeed(_raise_if_not_complete=False), s.stdout, s.stderr) for s in said]
    Path({folder!r}, host.name + ".json").write_text(json.dumps(told))


python.call(name="write", function=write)
"""


def missing() -> str:
    """Why this peer cannot run here; empty when it can."""
    return environments.missing("pyinfra")


def prepare(work: Work, folder: Path) -> list[str]:
    """Write what it needs; the command that is measured."""
    data = {
        "ssh_port": work.port,
        "ssh_user": work.user,
        "ssh_key": work.key,
        "ssh_known_hosts_file": work.known_hosts,
        "ssh_strict_host_key_checking": "yes",
    }
    (folder / "inventory.py").write_text(f"hosts = ({list(work.hosts)!r}, {data!r})\n")
    commands = [work.command(i) for i in range(work.steps)]
    (folder / "deploy.py").write_text(DEPLOY.format(commands=commands, folder=str(folder)))
    return [str(environments.program("pyinfra", "pyinfra")), "-y", "inventory.py", "deploy.py"]


def environment(folder: Path) -> Mapping[str, str]:  # noqa: ARG001 - every peer is asked in the same way
    """What the command finds in its environment."""
    return os.environ


def answers(work: Work, folder: Path) -> Answers:
    """From the files that the last operation wrote."""
    found: dict[str, list[Said]] = {}
    for host in work.hosts:
        file = folder / f"{host}.json"
        told = json.loads(file.read_text()) if file.exists() else []
        found[host] = [(0 if well else None, out, err) for well, out, err in told]
    return found
