"""Plans, runs and events for the tests of this room; also imported by the programs that the tests start."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runbook_engine.model.events import AttemptEnded, AttemptStarted, ControllerTookOver, Event, Outcome, RunCreated
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import AttemptId, Digest, Kind, RunId, Status, TaskId
from runbook_engine.recording import RunJournal, Store

T0 = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)


def a_plan(runbook: str = "rack12", digest: str = "ab" * 32) -> Plan:
    """A plan as small as it can be."""
    return Plan(
        runbook=runbook,
        title="Install 20 servers",
        kind=Kind.INSTALL,
        owner="ana.duarte",
        why="Space",
        impact="None",
        phases=(),
        packages={},
        targets={},
        digest=Digest(digest),
    )


def a_run(store: Store, plan: Plan | None = None, *, minute: int = 0) -> RunId:
    """A new run of a plan."""
    plan = plan or a_plan()
    at = T0 + timedelta(minutes=minute)

    def created(run: RunId) -> RunCreated:
        return RunCreated(
            at=at, run=run, digest=plan.digest, runbook=plan.runbook, title=plan.title, by="ana.duarte", version="0.1.0"
        )

    return store.create_run(plan, created)


def driving(store: Store, run: RunId) -> RunJournal:
    """Control of a run, with the event that says so."""
    journal = store.control(run, by="ana.duarte", machine="ops1", pid=os.getpid(), now=T0)
    journal.append([ControllerTookOver(at=T0, epoch=journal.epoch, by="ana.duarte", machine="ops1", pid=os.getpid())])
    journal.commit()
    return journal


def intent(number: int) -> AttemptStarted:
    """An attempt begins."""
    return AttemptStarted(
        at=T0 + timedelta(seconds=number), task=TaskId(f"firmware/flash@r12-u{number:05d}"), attempt=AttemptId(f"a{number}")
    )


def result(number: int, stdout: str = "2.19.1\n") -> AttemptEnded:
    """The attempt came back well."""
    outcome = Outcome(status=Status.OK, exit_code=0, duration_s=1.25, output_bytes=len(stdout), saved={"stdout": stdout})
    return AttemptEnded(
        at=T0 + timedelta(seconds=number),
        task=TaskId(f"firmware/flash@r12-u{number:05d}"),
        attempt=AttemptId(f"a{number}"),
        outcome=outcome,
    )


def group(number: int, size: int) -> list[Event]:
    """`size` events as a tick of the engine could record them."""
    return [(intent if i % 2 == 0 else result)(number * size + i) for i in range(size)]


def database(folder: Path) -> Path:
    """Where the tests keep their journal."""
    return folder / "state" / "journal.db"
