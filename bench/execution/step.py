"""What one step costs on one open connection to one host, way by way: milliseconds of waiting and of client CPU.

    python bench/execution/step.py [STEPS]        default: 200

A step runs `uname -r; echo … >&2` and its exit code, stdout and stderr are collected. Ours is measured twice: the room
`transports` alone, and the whole engine (a run of one host and so many dependent steps, from its journal). Three rounds,
all ways in turn; then the goals, by the medians of the rounds.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import fabric
import sshd
from goals import Goal, show
from measuring import measure
from peers import ours
from work import Work, mistakes

sys.path.insert(0, str(Path(__file__).parent.parent))

import journal

from runbook_engine.model.commands import Shell
from runbook_engine.model.estate import SshSettings
from runbook_engine.model.events import AttemptEnded
from runbook_engine.model.plan import Target
from runbook_engine.model.text import shell
from runbook_engine.model.words import HostName, Lane
from runbook_engine.recording import open_store
from runbook_engine.transports import Links, LinkSettings

WARM = 5  # steps before the clock is looked at
ROUNDS = 3
ENGINE_S = 120.0
MASTER = "ssh through ControlMaster"
BY_SHELL = "read -r release </proc/sys/kernel/osrelease; echo $release"  # what uname says, by the shell alone


@dataclass(frozen=True, slots=True)
class Steps:
    """Each step's milliseconds, and the client's CPU milliseconds for a step (None where it cannot be told)."""

    waits: Sequence[float]
    cpu: float | None


def timed(work: Work, one: Callable[[int], tuple[int, str, str]]) -> Steps:
    """Carry out `one` again and again; every answer is checked."""
    said, waits = [], []
    for step in range(WARM):
        one(step)
    used = time.process_time()
    for step in range(work.steps):
        began = time.perf_counter()
        said.append(one(step))
        waits.append((time.perf_counter() - began) * 1000)
    cpu = (time.process_time() - used) * 1000 / work.steps
    fault = mistakes(work, {work.hosts[0]: said}, os.uname().release)
    assert not fault, fault
    return Steps(waits, cpu)


def transports_alone(work: Work, folder: Path, lane: Lane = Lane.QUICK, script: str = "") -> Steps:
    """Our links, without journal, logs and spine; another script must give the same answer."""
    ssh = SshSettings(user=work.user, port=work.port, key=work.key, known_hosts=work.known_hosts)
    target = Target(name=HostName("h"), address=work.hosts[0], ssh=ssh)
    links = Links(LinkSettings(run_folder=folder, ssh_config=(), use_agent=False))
    link = links(target)

    def one(step: int) -> tuple[int, str, str]:
        command = f"{script}; echo heard-{step} >&2" if script else work.command(step)
        answer = link.perform(Shell(script=shell(command)), lambda *_: None, lane=lane)
        return answer.exit_code or 0, answer.stdout.decode(), answer.stderr.decode()

    try:
        return timed(work, one)
    finally:
        links.close()


def whole_engine(work: Work, folder: Path, repeat: str, *, reads: bool = False) -> Steps:
    """A run of dependent steps: from the end of each, as the journal has it, to the end of the next.

    `reads`: each needs to know what the one before said, so that none can be sent before that.
    """
    folder.mkdir()
    command = ours.prepare(work, folder, repeat, reads=reads)
    cost = measure(command, ours.environment(folder), folder, ENGINE_S)
    assert cost.exit_code == 0, cost.stderr
    fault = mistakes(work, ours.answers(work, folder), os.uname().release)
    assert not fault, fault
    with open_store(f"sqlite:///{folder / 'state' / 'journal.db'}") as store:
        ends = [event.at for event in store.journal(store.run_id("last")).read() if isinstance(event, AttemptEnded)]
    return Steps(spread([end.timestamp() * 1000 for end in ends])[WARM:], None)


def spread(ends: Sequence[float]) -> list[float]:
    """How long each took from the end before it. Ends that were noticed together share the wait for them."""
    moments = Counter(ends)
    return [(after - before) / moments[after] for before, after in pairwise(moments) for _ in range(moments[after])]


def stock_fabric(work: Work, _: Path) -> Steps:
    """Fabric as its documentation shows it."""
    with fabric.Connection(work.hosts[0], work.user, work.port, connect_kwargs={"key_filename": work.key}) as connection:

        def one(step: int) -> tuple[int, str, str]:
            result = connection.run(work.command(step), hide=True, warn=True)
            return result.exited, result.stdout, result.stderr

        return timed(work, one)


def control_master(work: Work, folder: Path) -> Steps:
    """A process per step over one shared connection."""
    options = f"-p {work.port} -l {work.user} -i {work.key} -o IdentitiesOnly=yes -o IdentityAgent=none -o LogLevel=ERROR"
    files = f"-o UserKnownHostsFile={work.known_hosts} -o ControlPath={folder}/c -o ControlMaster=auto -o ControlPersist=60"
    ssh = ["ssh", "-F", "none", *options.split(), *files.split(), work.hosts[0]]

    def one(step: int) -> tuple[int, str, str]:
        done = subprocess.run([*ssh, work.command(step)], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    try:
        return Steps(timed(work, one).waits, None)
    finally:
        subprocess.run([*ssh, "-O", "exit"], check=False, capture_output=True)


def with_asyncssh(work: Work, _: Path) -> Steps:
    """asyncssh: one connection, a process after the other."""
    import asyncssh

    with asyncio.Runner() as runner:
        connecting = asyncssh.connect(
            work.hosts[0],
            work.port,
            username=work.user,
            client_keys=[work.key],
            known_hosts=work.known_hosts,
            config=[],
            agent_path=None,
        )

        async def connected() -> asyncssh.SSHClientConnection:
            return await connecting

        connection = runner.run(connected())

        def one(step: int) -> tuple[int, str, str]:
            done = runner.run(connection.run(work.command(step)))
            return done.returncode or 0, str(done.stdout), str(done.stderr)

        found = timed(work, one)
        connection.close()
        runner.run(connection.wait_closed())
        return found


WAYS: dict[str, Callable[[Work, Path], Steps]] = {
    "ours: transports alone": transports_alone,
    "ours: the same, no process started": lambda work, folder: transports_alone(work, folder, script=BY_SHELL),
    "ours: the same, a channel each": lambda work, folder: transports_alone(work, folder, Lane.CHANNEL),
    "ours: whole engine, in a row": lambda work, folder: whole_engine(work, folder / "safe", "safe"),
    "ours: whole engine, one by one": lambda work, folder: whole_engine(work, folder / "read", "safe", reads=True),
    "ours: whole engine, changing step": lambda work, folder: whole_engine(work, folder / "once", "once"),
    "asyncssh": with_asyncssh,
    MASTER: control_master,
    "fabric Connection.run, as documented": stock_fabric,
}


def main() -> None:
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"{'one step on an open connection':<38} {'median ms':>10} {'best ms':>9} {'CPU ms':>8}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, sshd.server(Path(name)) as server:
        work = Work(
            hosts=sshd.hosts(1),
            steps=steps,
            port=server.port,
            user=server.user,
            key=str(server.key),
            known_hosts=str(server.known_hosts),
        )
        medians: dict[str, list[float]] = {way: [] for way in WAYS}
        for number in range(ROUNDS):
            for way, measured in WAYS.items():
                folder = Path(name) / f"round{number}"
                folder.mkdir(exist_ok=True)
                found = measured(work, folder)
                cpu = "-" if found.cpu is None else f"{found.cpu:.2f}"
                medians[way].append(statistics.median(found.waits))
                print(f"{way:<38} {medians[way][-1]:>10.2f} {min(found.waits):>9.2f} {cpu:>8}", flush=True)
        with open_store(str(Path(name) / "commits.db")) as store:
            print(f"{'the journal: ' + journal.one_by_one(store)}")
    show(goals({way: statistics.median(waits) for way, waits in medians.items()}))


def goals(medians: Mapping[str, float]) -> list[Goal]:
    """What is set for a step; medians of the rounds' medians, in ms."""
    quick, changing = medians["ours: whole engine, in a row"], medians["ours: whole engine, changing step"]
    return [
        Goal(what="a quick step, whole engine, ms", measured=quick, limit=1.0),
        Goal(what="the same, ms: 1/8 of ssh through ControlMaster", measured=quick, limit=medians[MASTER] / 8),
        Goal(what="the same, ms: 1/2 of asyncssh", measured=quick, limit=medians["asyncssh"] / 2),
        Goal(what="a changing step, whole engine, ms", measured=changing, limit=10.0),
    ]


if __name__ == "__main__":
    main()
