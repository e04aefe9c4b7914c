"""Ours: the real command `runbook run`, with a fresh state folder, its journal and a log per task."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from work import Answers, Said, Work

NOTE = "journal and logs on disk; host keys checked"
RUNBOOK = """\
runbook: bench
title: Read from every host
kind: maintenance
owner: bench
why: To see how long it takes.
impact: Nothing is changed.
phases:
  - id: read
    title: Read
    hosts: all
    steps:
"""


def missing() -> str:
    """Why this peer cannot run here; empty when it can."""
    return "" if _program().exists() else "not installed: pip install -e ."


def prepare(
    work: Work, folder: Path, repeat: str = "safe", *, reads: bool = False, more: Mapping[str, Any] = MappingProxyType({})
) -> list[str]:
    """Write what it needs; the command that is measured.

    `reads`: each step needs to know what the one before said. `more`: entries of further hosts, by name, for the inventory.
    """
    _project(work, folder, more)
    _runbook(work, folder, repeat, reads=reads)
    return [str(_program()), "run", "bench.yml", "--yes", "--no-input", "--parallel", str(work.parallel)]


def environment(folder: Path) -> Mapping[str, str]:
    """What the command finds in its environment."""
    return {**os.environ, "RUNBOOK_STATE": str(folder / "state")}


def answers(work: Work, folder: Path) -> Answers:
    """Exit codes from the journal, output from the logs."""
    from runbook_engine.model.events import AttemptEnded
    from runbook_engine.recording import open_store

    found: dict[str, list[Said]] = {}
    with open_store(f"sqlite:///{folder / 'state' / 'journal.db'}") as store:
        run = store.run_id("last")
        logs = next((folder / "state").rglob("logs"))
        for event in store.journal(run).read():
            if isinstance(event, AttemptEnded):
                step, _, host = event.task.partition("@")
                if not host.startswith("h0"):
                    continue  # one of `more`
                out, err = _said(logs / f"{step}@{host}.log")
                found.setdefault(work.hosts[int(host[1:])], []).append((event.outcome.exit_code, out, err))
    return found


def _program() -> Path:
    return Path(sys.executable).parent / "runbook"


def _project(work: Work, folder: Path, more: Mapping[str, Any]) -> None:
    """The inventory. Further hosts stand among the others, at equal distances."""
    ssh = {"user": work.user, "port": work.port, "key": work.key, "known_hosts": work.known_hosts}
    hosts: dict[str, Any] = {f"h{i:05}": {"address": address} for i, address in enumerate(work.hosts)}
    order, apart = list(hosts), len(hosts) // (len(more) + 1)
    for number, name in enumerate(more):
        order.insert((number + 1) * apart + number, name)
    (folder / "inventory").mkdir()
    inventory = {"groups": {"all": {"hosts": order, "ssh": ssh}}, "hosts": hosts | dict(more)}
    (folder / "inventory" / "hosts.yml").write_text(json.dumps(inventory, indent=1), encoding="utf-8")


def _runbook(work: Work, folder: Path, repeat: str, *, reads: bool) -> None:
    steps = [{"id": f"s{i}", "title": f"Read {i}", "run": work.command(i), "repeat": repeat} for i in range(work.steps)]
    for i, step in enumerate(steps if reads else ()):
        step["save_as"] = f"o{i}"
        step["run"] = f": {{{{ o{i - 1}.stdout }}}}; {step['run']}" if i else step["run"]
    lines = "".join(f"      - {json.dumps(step)}\n" for step in steps)
    (folder / "bench.yml").write_text(RUNBOOK + lines, encoding="utf-8")


def _said(log: Path) -> tuple[str, str]:
    """Stdout and stderr of a task, from its log."""
    lines = [line.split(" ", 2) for line in log.read_text(encoding="utf-8").splitlines()]
    out, err = ("".join(f"{rest}\n" for _, mark, rest in lines if mark == stream) for stream in ("out", "err"))
    return out, err
