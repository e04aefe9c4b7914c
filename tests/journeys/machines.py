"""Inventories and runbooks of a line or two, for one real machine."""

from typing import Any

HEAD = """format: 1
runbook: {name}
title: Two steps on one machine
kind: maintenance
owner: ana.duarte
why: To see what happens.
impact: Nobody notices.
"""


def box_inventory(sshd: Any, name: str = "box", **changes: Any) -> str:
    """An inventory with the test server in it; `changes` replace how it is reached."""
    ssh = {"user": sshd.user, "port": sshd.port, "key": sshd.key, "known_hosts": sshd.known_hosts} | changes
    told = ", ".join(f'{key}: "{value}"' if key != "port" else f"port: {value}" for key, value in ssh.items() if value)
    return f"format: 1\nhosts:\n  {name}: {{address: 127.0.0.1, ssh: {{{told}}}}}\n"


def steps(*lines: str, name: str = "quick", hosts: str = "box") -> str:
    """A runbook with one phase, `work`, of these steps (each the inside of a YAML mapping)."""
    body = "".join(f"      - {{{line}, takes: 1m}}\n" for line in lines)
    return HEAD.format(name=name) + f"phases:\n  - id: work\n    title: Work\n    hosts: {hosts}\n    steps:\n{body}"


def step(name: str, run: str, more: str = "") -> str:
    """The inside of a step that runs a command."""
    return f"id: {name}, title: Do {name}, run: '{run}'" + (f", {more}" if more else "")
