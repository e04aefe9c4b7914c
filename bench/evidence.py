"""How long `runbook verify FILE` takes, as a whole process, for an evidence file of many events.

    python bench/evidence.py [EVENTS]        default: 10000; the outputs of as many attempts are in it

Goal: 10,000 events are verified in 2 s.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from runbook_engine import __version__
from runbook_engine.model.commands import Procedure, Shell
from runbook_engine.model.events import (
    AttemptEnded,
    AttemptStarted,
    ControllerTookOver,
    Event,
    HostsTaken,
    Outcome,
    RunCreated,
    RunEnded,
)
from runbook_engine.model.plan import Package, Plan, PlannedPhase, Stage, Target
from runbook_engine.model.text import plain, shell
from runbook_engine.model.wire import canonical, to_data
from runbook_engine.model.words import (
    AttemptId,
    HostName,
    Kind,
    PackageId,
    Per,
    PhaseId,
    Repeat,
    RunId,
    StageKind,
    Status,
    StepId,
    TaskId,
)
from runbook_engine.planning.digests import sealed
from runbook_engine.recording.chain import Link, extend
from runbook_engine.reporting.evidence_file import Entry, Evidence, Kept, write
from runbook_engine.reporting.evidence_logs import log_name
from runbook_engine.reporting.evidence_page import evidence_page

EVENTS, LIMIT_S, TIMES = 10_000, 2.0, 3
AT = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
RUN = RunId("bench-1")
LOG = "2026-11-30T22:00:00.000Z == attempt 1, to do, {0}\n2026-11-30T22:00:00.100Z out 2.20.0 {0}\n"
STEP = PackageId("work/flash")


def made_plan(hosts: tuple[HostName, ...]) -> Plan:
    package = Package(
        id=STEP,
        phase=PhaseId("work"),
        step=StepId(STEP),
        title=plain("Flash"),
        action="run",
        action_version=1,
        per=Per.HOST,
        hosts=hosts,
        procedure=Procedure(apply=(Shell(script=shell("fwtool --install 2.20.0")),)),
        repeat=Repeat.SAFE,
    )
    stage = Stage(number=0, kind=StageKind.BEFORE, hosts=hosts, packages=(STEP,))
    phase = PlannedPhase(id=PhaseId("work"), title="Work", needs=(), stages=(stage,), hosts=hosts)
    return sealed(
        Plan(
            runbook="bench",
            title="Bench",
            kind=Kind.MAINTENANCE,
            owner="bench",
            why="To see how long it takes",
            impact="None",
            phases=(phase,),
            packages={STEP: package},
            targets={host: Target(name=host, address=host) for host in hosts},
        )
    )


def made(number: int) -> Evidence:
    """Evidence of a run with so many events, half of them starts and half ends, each with its output."""
    hosts = tuple(HostName(f"r12-u{n:05}") for n in range((number - 4) // 2))
    plan = made_plan(hosts)
    created = RunCreated(at=AT, run=RUN, digest=plan.digest, runbook="bench", title="Bench", by="bench", version=__version__)
    events: list[Event] = [created, ControllerTookOver(at=AT, epoch=1, by="bench", machine="bench", pid=1)]
    events.append(HostsTaken(at=AT, hosts=hosts))
    outputs = []
    for n, host in enumerate(hosts):
        task, attempt = TaskId(f"{STEP}@{host}"), AttemptId(f"a-{n:016x}")
        log = LOG.format(attempt).encode()
        digest = sha256(log).hexdigest()
        at = AT + timedelta(seconds=n)
        outcome = Outcome(status=Status.OK, exit_code=0, duration_s=1.25, output_bytes=7, log=digest)
        events.append(AttemptStarted(at=at, task=task, attempt=attempt))
        events.append(AttemptEnded(at=at, task=task, attempt=attempt, outcome=outcome))
        outputs.append(Kept(name=log_name(task), size=len(log), sha256=digest, data=log))
    events.append(RunEnded(at=AT + timedelta(seconds=number)))
    records = extend(RUN, Link(), (canonical(to_data(event)) for event in events))
    return Evidence(
        run=RUN,
        made=AT,
        by="bench",
        version=__version__,
        records=tuple(Entry(r.seq, r.hash.hex(), r.body) for r in records),
        plans={plan.digest: canonical(to_data(plan))},
        outputs=tuple(outputs),
    )


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        evidence = made(number)
        data, seal = write(evidence, evidence_page(evidence))
        print(f"made in {time.perf_counter() - began:.2f} s: {len(evidence.records):,} events, {len(data) / 1e6:.1f} MB")
        file = Path(folder) / "bench.html"
        file.write_bytes(data)
        took = []
        for _ in range(TIMES):
            began, cpu = time.perf_counter(), os.times()
            said = subprocess.run(
                [str(Path(sys.executable).parent / "runbook"), "verify", str(file), "--seal", f"sha256:{seal}"],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "RUNBOOK_STATE": folder},
            )
            after = os.times()
            took.append(
                (
                    time.perf_counter() - began,
                    after.children_user + after.children_system - cpu.children_user - cpu.children_system,
                )
            )
            assert said.returncode == 0, said.stdout + said.stderr
        wall, used = min(took)
        met = "met" if wall <= LIMIT_S else "MISSED"
        print(f"verify {len(evidence.records):,} events: {wall:.2f} s, {used:.2f} s CPU; at most {LIMIT_S:.0f} s: {met}")


if __name__ == "__main__":
    main()
