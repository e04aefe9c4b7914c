"""Attack 19: no list of processes shows a secret, and no environment of a process, on either side."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runbook_engine.model.attempts import Ticket
from runbook_engine.model.commands import Shell, Upload
from runbook_engine.model.plan import Target
from runbook_engine.model.text import SecretRef, Text, plain
from runbook_engine.model.words import Lane
from runbook_engine.transports import Link, Links, Secrets
from transports.conftest import Log

STEPS = 2_000 if os.environ.get("RUNBOOK_SOAK") else 200
MARK = "C4nary"


LOOK = """
import json, os, select, sys
found, looked = set(), set()
older = {process for process in os.listdir("/proc") if process.isdigit()}
print("looks", flush=True)
while not select.select([sys.stdin], [], [], 0.004)[0]:
    there = {process for process in os.listdir("/proc") if process.isdigit()}
    older &= there
    for process in there - older:
        for kind in ("cmdline", "environ"):
            try:
                with open(f"/proc/{process}/{kind}", "rb") as file:
                    data = file.read()
            except OSError:
                continue
            looked.add(process)
            if b"C4" b"nary-" in data and kind not in found:
                found.add(kind)
                print(kind, flush=True)
print(len(looked), flush=True)
"""  # reads argument lists and environments of all processes of this machine, which is also the host, until it is told to end;
# those that were there before it belong to nobody whom the test starts, and would cost ten times the time


@pytest.fixture
def sampler() -> Iterator["subprocess.Popen[str]"]:
    """A process that looks while a test runs, and prints where it has found a value."""
    with subprocess.Popen([sys.executable, "-c", LOOK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as made:
        assert made.stdout
        assert made.stdout.readline() == "looks\n"
        yield made
        made.kill()


def commands(number: int, folder: Path) -> tuple[Lane, Shell | Upload]:
    """The steps in turn: each way to a host, here, in scripts and in files; external programs read the value from a pipe."""
    secret = SecretRef(f"env:S{number}")
    if number % 5 == 4:
        return Lane.CHANNEL, Upload(target=plain(f"{folder}/file"), content=Text(("token=", secret, "\n")))
    script = Text(("x=", secret, f'; printf %s "$x" | cksum >{folder}/sum; /bin/sleep 0; [ "$x" ]'), shell=True)
    lane = (Lane.CHANNEL, Lane.QUICK, Lane.DURABLE, Lane.CHANNEL)[number % 5]
    return lane, Shell(script=script, on_controller=number % 5 == 3)


@pytest.mark.sshd
@pytest.mark.law(5)
def test_attack_19_no_process_shows_a_secret_during_two_hundred_steps(
    new_links: Callable[..., Links], target: Target, log: Log, tmp_path: Path, sampler: "subprocess.Popen[str]"
) -> None:
    """Two hundred steps over every way that commands go, while all processes are looked at without a pause."""
    secrets = Secrets({f"S{n}": f"{MARK}-{n:05}-value" for n in range(STEPS)})
    link: Link = new_links(secrets=secrets)(target)
    boot = link.greet().boot
    assert boot
    for number in range(STEPS):
        lane, command = commands(number, tmp_path)
        ticket = Ticket(id=f"a-{os.getpid()}-{number}", boot=boot) if lane is Lane.DURABLE else None
        assert link.perform(command, log, lane=lane, ticket=ticket).exit_code == 0
    told = sampler.communicate("enough\n")[0].split()
    assert len(told) == 1, f"found in {told[:-1]}"
    assert int(told[0]) > 20, "processes came and went while it looked"
    assert (tmp_path / "file").read_text().startswith(f"token={MARK}-")
    assert MARK.encode() not in log.text(1) + log.text(2)


def test_attack_19_the_search_finds_what_is_there(sampler: "subprocess.Popen[str]") -> None:
    """A value in an argument list and one in an environment are found."""
    assert sampler.stdout
    with subprocess.Popen(["sleep", "60"], env={"X": f"{MARK}-env"}) as one:
        assert sampler.stdout.readline() == "environ\n"
        one.kill()
    with subprocess.Popen(["sh", "-c", f": {MARK}-arg; read x"], stdin=subprocess.PIPE) as two:
        assert sampler.stdout.readline() == "cmdline\n"
        two.kill()
