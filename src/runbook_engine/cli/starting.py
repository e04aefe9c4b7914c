"""init: a project folder that validates, plans and explains itself; or a worked example of one."""

import os
import re
from datetime import date, timedelta
from pathlib import Path

import click

from runbook_engine.cli import opening, options
from runbook_engine.cli.private import persons_umask
from runbook_engine.model.errors import Refused

EXAMPLES = ("disks-replace",)  # folders of `examples`, each a whole project

HOSTS = """\
# The hosts, and what belongs together. More: docs/inventory.md
format: 1
groups:
  web: {hosts: ["web[01:02]"], ssh: {user: ops}}
hosts:
  web01: {address: 192.0.2.11}
  web02: {address: 192.0.2.12}
"""

RUNBOOK = """\
# What will be done, in phases and steps. Try: runbook validate, runbook plan runbooks/first.yml
format: 1
runbook: first
title: See that every web server answers
kind: maintenance
owner: {owner}
why: To see a plan, and a run, before anything is changed.
impact: Nobody notices; nothing is changed.
phases:
  - id: look
    title: Look at each server
    hosts: web
    steps:
      - {{id: uptime, title: Read how long it has been up, run: uptime, repeat: safe, takes: 1m}}
      - id: disk
        title: See that the disk has room
        run: df --output=pcent / | tail -1 | tr -dc 0-9
        save_as: disk
        repeat: safe
        takes: 1m
  - id: agree
    title: Agree on what comes next
    steps:
      - {{id: go, title: Is this what you expected?, decide: {{question: Go on?, choices: [go, no-go]}}}}
"""


@click.command("init")
@click.argument("folder", default=".")
@click.option("--example", type=click.Choice(EXAMPLES), help="Start with a worked example instead of the first steps.")
def init_command(folder: str, example: str | None) -> None:
    """Start a project: an inventory and a first runbook, both with comments. Nothing that exists is changed.

    \b
    runbook init
    runbook init ~/projects/rack12
    runbook init ~/projects/disks --example disks-replace

    \b
    Next: runbook plan runbooks/first.yml
    """
    root = Path(folder)
    files = {root / name: text for name, text in (_example(example) if example else _first()).items()}
    there = [str(f) for f in files if f.exists()]
    if there:
        raise Refused(
            f"{', '.join(there)} exists already", why="init changes nothing that exists.", next_command="runbook validate"
        )
    os.umask(persons_umask())  # a project is for the people who work on it
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        options.show(f"wrote {file}")
    if example:
        options.say(f"Next: cd {folder}, then runbook plan runbooks/{example}.yml")
    else:
        options.say("Next: put your hosts into inventory/hosts.yml, then runbook plan runbooks/first.yml")


def _first() -> dict[str, str]:
    return {"inventory/hosts.yml": HOSTS, "runbooks/first.yml": RUNBOOK.format(owner=options.me())}


def _example(name: str) -> dict[str, str]:
    """The files of a worked example, by their path in the project, with dates that lie ahead."""
    folder = Path(__file__).parent / "examples" / name
    files = {str(file.relative_to(folder)): file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.yml"))}
    start = date.fromisoformat(re.findall(r"^start: (\S+)", "\n".join(files.values()), re.MULTILINE)[0])
    weeks = max(0, (opening.now().date() - start).days // 7 + 1)
    return {file: later(text, weeks) for file, text in files.items()}


def later(text: str, weeks: int) -> str:
    """The same text, in which every date is so many weeks later, so that days of the week stay what they are."""

    def moved(found: re.Match[str]) -> str:
        return (date.fromisoformat(found[0]) + timedelta(weeks=weeks)).isoformat()

    return re.sub(r"\b20\d\d-\d\d-\d\d\b", moved, text)
