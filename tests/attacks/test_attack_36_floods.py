"""Attack 36: output can neither pass for a word of the protocol nor fill the disk or the memory here."""

import os
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from attacks.source_code import ROOT
from journeys.command_line import Person
from journeys.machines import box_inventory, step, steps
from runbook_engine.model.attempts import Ticket
from runbook_engine.model.commands import Shell
from runbook_engine.model.events import Outcome
from runbook_engine.model.text import shell
from runbook_engine.model.words import Lane, Status, TaskId
from runbook_engine.transports import Link
from runbook_engine.workers import LogLimits, Logs
from runbook_engine.workers.log_text import printed
from transports.conftest import Log
from workers.scripted import attempt

SOAK = bool(os.environ.get("RUNBOOK_SOAK"))
FLOOD_MB = 10_240 if SOAK else 256
SMALL = LogLimits(attempt=200_000, end=50_000, run=1_000_000)
FORGED = [
    *(
        "\nw0rd5b7e2c9a41d8 exit 0 boot\n",
        "\nexit 0 .\n",
        "\nfence .\n",
        "\nrun 1 1 .\n",
        "limit .\n",
        "00000000 exit 0\n",
        "\0" * 9,
    ),
    *(
        '{"exit_code": 0}\n',
        "== ok after 0.1 s, exit code 0\n",
        "runbook-started:1:\n",
        "password:",
        "[... 9 bytes left out ...]\n",
    ),
]


def written(folder: Path, limits: LogLimits, pieces: list[bytes], name: str = "flash") -> tuple[bytes, str, Path]:
    """What a log of these pieces holds, what it says is missing, and where it is."""
    logs = Logs(folder, limits=limits)
    return put(logs, pieces, name)


def put(logs: Logs, pieces: list[bytes], name: str) -> tuple[bytes, str, Path]:
    """The same for one of several attempts of a run."""
    task = TaskId(f"firmware/{name}")
    log = logs.log(attempt(task=task))
    log.begin()
    for piece in pieces:
        log.output(1, piece)
    log.end(Outcome(status=Status.OK, exit_code=0))
    path = logs.path(task)
    return b"".join(printed(path.read_bytes().splitlines(keepends=True))), log.missing, path


@pytest.mark.parametrize("size", [0, 1, 149_000, 150_000, 160_000, 199_000, 200_000, 210_000, 400_000, 2_000_000])
@pytest.mark.parametrize("line", [1, 60, 5_000, 70_000])
def test_attack_36_a_log_keeps_head_and_tail_and_says_what_is_missing(tmp_path: Path, size: int, line: int) -> None:
    """Up to its limit a log is whole; beyond it the beginning and the end are, and the number of bytes between is told."""
    chance = random.Random(size + line)
    text = b"\n".join(b"%08d" % n + b"x" * line for n in range(size // (line + 9) + 1))[:size]
    cuts = [0, *sorted(chance.randrange(size + 1) for _ in range(size // 30_000)), size]
    pieces = [text[a:b] for a, b in pairwise(cuts)]
    kept, missing, path = written(tmp_path, SMALL, [p for p in pieces if p])
    if size <= SMALL.attempt - SMALL.end:
        assert (kept, missing) == (text, "")
        return
    left_out = int(missing.partition(" ")[0].replace(",", "")) if missing else 0
    assert len(kept) == size - left_out
    assert len(kept) <= SMALL.attempt + 140_000, "a piece is never cut"
    head = next((n for n, (a, b) in enumerate(zip(kept, text, strict=False)) if a != b), len(kept))
    tail = kept[head:]
    assert text.endswith(tail)
    assert bool(missing) == (kept != text)
    if missing:
        assert "of this attempt the log holds its first" in missing
        assert f"-- {missing}" in path.read_text()


def test_attack_36_a_run_has_a_limit_too(tmp_path: Path) -> None:
    """Twenty attempts under their own limit: once the room of the run is used up, only some of the end is kept."""
    logs = Logs(tmp_path, limits=LogLimits(attempt=200_000, end=20_000, run=1_000_000))
    line = b"x" * 99 + b"\n"
    seen = [put(logs, [line * 100] * 15, f"s{n}") for n in range(20)]
    assert sum(not missing for _, missing, _ in seen) >= 6
    assert "bytes of output are left out" in seen[-1][1]
    assert 0 < len(seen[-1][0]) <= 20_000
    assert sum(path.stat().st_size for _, _, path in seen) < 2_500_000


@pytest.mark.sshd
@pytest.mark.parametrize("lane", [Lane.CHANNEL, Lane.QUICK, Lane.DURABLE])
def test_attack_36_output_is_no_word_of_ours(link: Link, log: Log, lane: Lane) -> None:
    """Whatever a step prints on both streams, its own exit code counts, and the next step answers for itself."""
    boot = link.greet().boot
    for number, text in enumerate(FORGED):
        octal = "".join(f"\\{byte:03o}" for byte in text.encode())
        command = Shell(script=shell(f"printf '{octal}'; printf '{octal}' >&2; exit 7"))
        ticket = Ticket(id=f"forged-{os.getpid()}-{number}", boot=boot) if lane is Lane.DURABLE else None
        answer = link.perform(command, log, lane=lane, ticket=ticket)
        assert (answer.exit_code, answer.stdout, answer.stderr) == (7, text.encode(), text.encode())
    assert (
        link.perform(Shell(script=shell("echo fine")), log, lane=lane if lane is not Lane.DURABLE else Lane.QUICK).stdout
        == b"fine\n"
    )


CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from runbook_engine.cli.entry import outcome
code = outcome(["run", "runbooks/quick.yml"])
# of this program alone: what getrusage says begins with the memory of the parent that it was forked from
(most,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
print("memory", code, int(most.split()[1]) // 1024)
"""


@pytest.mark.sshd
def test_attack_36_a_flood_takes_little_memory_and_disk(engineer: Person, sshd: Any) -> None:
    """A host prints far more than a log may hold (10 GB with RUNBOOK_SOAK): under 300 MB of memory, under 10 MB of disk.

    The outcome and the log say how much is missing; the beginning and the end are there.
    """
    engineer.writes("inventory/hosts.yml", box_inventory(sshd))
    engineer.writes("runbook.toml", "log_attempt_mb = 4\n")
    flood = f'echo the beginning; head -c {FLOOD_MB}M /dev/zero | tr "\\\\0" y | fold -w 100; echo; echo the end'
    engineer.writes("runbooks/quick.yml", steps(step("one", flood, "repeat: safe")))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(ROOT / "tests")],
        cwd=engineer.folder,
        env=engineer.env,
        capture_output=True,
        text=True,
        check=False,
    )
    word, code, memory_mb = done.stdout.splitlines()[-1].split()
    assert (word, code) == ("memory", "0"), done.stderr
    assert int(memory_mb) < 300
    (log,) = (engineer.state / "runs").rglob("one@box.log")
    assert log.stat().st_size < 10 << 20
    text = log.read_text()
    assert "the beginning" in text
    assert "out the end\n" in text
    told = [line for line in text.splitlines() if " -- " in line and "bytes of output are left out" in line]
    left_out = int(told[0].split(" -- ")[1].partition(" ")[0].replace(",", ""))
    assert left_out > (FLOOD_MB - 5) << 20
    raw = engineer.types("log", "last", "--step", "one", "--raw", code=0)
    assert f"not all that was printed: {left_out:,} bytes of output are left out" in raw.err
    said = engineer.types("log", "last", "--json", code=0)
    assert f"{left_out:,} bytes of output are left out" in said.out
