"""The engine is killed with all its workers at work on a real OpenSSH server, again and again; nothing is done twice."""

import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from journeys.command_line import PATIENCE_S, Person
from journeys.machines import box_inventory, step, steps
from recording.second_reader import read_copy

pytestmark = pytest.mark.sshd

SOAK = bool(os.environ.get("RUNBOOK_SOAK"))
HOSTS, STEPS = 6, 7
KILLS = 20
ROUNDS = 50 if SOAK else 1


def lines(file: Path) -> list[str]:
    """What was done, in order."""
    return file.read_text().split() if file.exists() else []


def killed_after(person: Person, effects: Path, command: list[str], number: int) -> bool:
    """Kill the engine when so many steps have had their effect; False when it was done before."""
    process = person.starts(*command)
    until = time.monotonic() + PATIENCE_S
    while len(lines(effects)) < number and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.002)
    process.kill()
    person.hears(process)
    return process.returncode == -9


def under_way(person: Person) -> int:
    """How many attempts have begun and not ended, as the file tells."""
    open_ones: Counter[str] = Counter()
    for event in read_copy(person.state):
        if event["is"] in ("AttemptStarted", "AttemptEnded"):
            open_ones[event["task"]] += 1 if event["is"] == "AttemptStarted" else -1
    return sum(open_ones.values())


@pytest.mark.law(2)
@pytest.mark.law(9)
@pytest.mark.timeout(7200 if SOAK else 300)
def test_an_engine_killed_with_all_its_workers_at_work_goes_on(person: Person, sshd: Any) -> None:
    """Twenty deaths of one run over six hosts; every step has happened once, and no person was asked."""
    hosts = [box_inventory(sshd, f"box-{number}").splitlines()[-1] for number in range(HOSTS)]
    person.writes("inventory/hosts.yml", "format: 1\nhosts:\n" + "\n".join(hosts) + "\n")
    for number in range(ROUNDS):
        effects = person.folder / f"effects{number}"
        work = "echo {{ host.name }}." + f"%s >>{effects}; sleep 0.05"
        person.writes("runbooks/quick.yml", steps(*(step(f"s{n}", work % n) for n in range(STEPS)), hosts="all"))
        person.env["RUNBOOK_STATE"] = str(person.folder / f"state{number}")
        killed_with_work(person, effects)
        done = Counter(lines(effects))
        assert done == Counter(f"box-{host}.{n}" for host in range(HOSTS) for n in range(STEPS))


def killed_with_work(person: Person, effects: Path) -> None:
    """Kill one run twenty times, and let it come to its end."""
    kills, at_stake = 0, 0
    command = ["run", "runbooks/quick.yml", "--yes", "--no-input"]
    for kill in range(KILLS):
        kills += killed_after(person, effects, command, 1 + kill * 2)
        at_stake += under_way(person)
        command = ["resume", "last", "--no-input"]
    person.types(*command, code=0)
    print(f"\n{kills} kills, {at_stake} attempts were under way")
    assert kills == KILLS
    assert at_stake > KILLS
    assert not [event for event in read_copy(person.state) if event["is"] == "AttemptResolved"]
