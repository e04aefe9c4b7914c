"""The commands that a report offers are those that would be taken now; what may not end yet says from when."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from runbook_engine.model.commands import Choice
from runbook_engine.model.plan import Edge, Plan
from runbook_engine.model.run import PhaseState, Run, TaskState
from runbook_engine.model.runbook import Lag, LinkKind
from runbook_engine.model.words import Digest, PhaseId, RunId, RunStatus, Status, TaskId
from runbook_engine.model.world import Blocker
from runbook_engine.reporting.people_tasks import task_rows
from runbook_engine.reporting.standing import waiting_commands
from stand import SAME, START, manual, phase, plan

HOSTS = ("h1", "h2")
UNTIL = (START + timedelta(hours=3)).isoformat()


def made(*choices: Choice) -> tuple[Plan, Run]:
    """A step on two hosts that may not end before another one has."""
    edge = Edge(before="p/a", kind=SAME, lag=Lag(kind=LinkKind.FINISH_FINISH, lag_s=3600))
    second = replace(manual("p/b", choices), hosts=HOSTS, needs=(edge,))
    found = plan(phase("p", [replace(manual("p/a"), hosts=HOSTS), second]))
    run = Run(id=RunId("r-1"), digest=Digest("d"), created=START)
    run.phases[PhaseId("p")] = PhaseState()
    run.tasks.update({TaskId(f"p/b@{host}"): TaskState(status=Status.WAITING, started=START) for host in HOSTS})
    return found, run


def offered(held: dict[str, tuple[Blocker, ...]], *choices: Choice) -> list[str]:
    """What is offered for both hosts when some are held."""
    found, run = made(*choices)
    person = Blocker(kind="person", reason="it waits for a person")
    tasks = [TaskId(f"p/b@{host}") for host in HOSTS]
    return waiting_commands(found, run, tasks, lambda task: (*held.get(task[-2:], ()), person), UTC)


TIME = (Blocker(kind="time", reason="not long enough ago", until=UNTIL),)
NEEDS = (Blocker(kind="needs", reason="it ends after p/a has ended"),)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ({}, ["runbook done r-1 p/b@h1"]),
        ({"h1": NEEDS}, ["runbook done r-1 p/b@h2"]),
        ({"h1": TIME, "h2": NEEDS}, ["from Tue 1 Dec 2026 01:00:00 on: runbook done r-1 p/b@h1"]),
        ({"h1": (*NEEDS, *TIME), "h2": TIME}, ["from Tue 1 Dec 2026 01:00:00 on: runbook done r-1 p/b@h2"]),
        ({"h1": (*NEEDS, *TIME), "h2": NEEDS}, []),
        ({"h1": NEEDS, "h2": NEEDS}, []),
    ],
    ids=["free", "the other host", "from when on", "the other host later", "both reasons", "nobody knows when"],
)
def test_only_what_would_be_taken_is_offered(held: dict[str, tuple[Blocker, ...]], told: list[str]) -> None:
    """The first host that may end now; else from when on; else nothing."""
    assert offered(held) == told


def test_a_choice_that_goes_nowhere_is_always_offered() -> None:
    """Going on is held, staying is not."""
    choices = (Choice(name="go", goes_on=True), Choice(name="no", goes_on=False))
    told = offered({"h1": TIME, "h2": TIME}, *choices)
    assert told == [
        "from Tue 1 Dec 2026 01:00:00 on: runbook decide r-1 p/b@h1 --choice go",
        "runbook decide r-1 p/b@h1 --choice no --reason …",
    ]


def test_nothing_is_offered_when_the_run_is_over() -> None:
    """What was open when it was stopped is not ready, and says why."""
    found, run = made()
    run.status = RunStatus.STOPPED
    tasks = [TaskId(f"p/b@{host}") for host in HOSTS]
    assert waiting_commands(found, run, tasks) == []
    rows = task_rows(found, run, lambda _task: (), START)
    open_ = [row for row in rows if row.status is Status.WAITING]
    assert [(row.ready, row.commands, row.blocked_by) for row in open_] == [(False, (), ("the run is over (stopped)",))] * 2
