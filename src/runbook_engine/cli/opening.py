"""Open the journal and look at a run: what every command about runs begins with."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from runbook_engine import __version__
from runbook_engine.cli.options import me
from runbook_engine.cli.settings import Settings, settings
from runbook_engine.model.errors import Usage
from runbook_engine.model.events import RunCreated
from runbook_engine.model.plan import Plan
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import RunId, TaskId

if TYPE_CHECKING:
    from runbook_engine.recording import Store
    from runbook_engine.running.course import Course


def now() -> datetime:
    """The present time, aware, in UTC: the one clock of the real night."""
    return datetime.now(UTC)


def new_id() -> str:
    """An id that is never used again and does not look like a number."""
    return f"a-{uuid4().hex[:16]}"


def machine() -> str:
    """The name of this machine."""
    return socket.gethostname()


@dataclass(frozen=True, slots=True)
class Opened:
    """A run as it stands, with the store that it is in."""

    place: Settings
    store: "Store"
    run: RunId
    course: "Course"

    @property
    def logs(self) -> Path:
        """Where the run's output is kept."""
        return run_folder(self.place, self.run) / "logs"


def run_folder(place: Settings, run: RunId) -> Path:
    """The folder of a run, for logs and what was fetched from hosts."""
    return place.state / "runs" / run


@contextmanager
def opened(name: str, journal: str | None = None) -> Iterator[Opened]:
    """The run that a person means: its id, the beginning of one, or `last`."""
    from runbook_engine.running.course import replay
    from runbook_engine.running.recovery import left_open

    place = settings(journal=journal)
    with store_of(place) as store:
        run = store.run_id(name)
        course = replay(store.journal(run).read(), store.plan)
        if not store.run(run).alive:  # nobody drives it: what was in the air is not known, as resume will record
            for event in left_open(course, now()):
                course.note(event)
        yield Opened(place, store, run, course)


def has_journal(place: Settings) -> bool:
    """Whether there is a journal: who only asks need not make one. What is on a server is taken to be there."""
    file = place.journal.removeprefix("sqlite:///")
    return file == place.journal or Path(file).exists()


def open_elsewhere(store: "Store", runbook: str) -> list[tuple[str, Plan]]:
    """The open runs of other runbooks, with their plans."""
    rows = [row for row in store.runs() if row.ended is None and row.runbook != runbook]
    return [(str(row.run), store.plan(row.digest)) for row in rows]


@contextmanager
def store_of(place: Settings) -> Iterator["Store"]:
    """The store of these settings."""
    from runbook_engine.recording import open_store

    with open_store(place.journal) as store:
        yield store


def task_meant(course: "Course", name: str) -> TaskId:
    """The task that a person means: its id, or step@host whatever the batch; the step alone where it is one task.

    Raises Usage with what is near.
    """
    from difflib import get_close_matches

    packages = course.shape.plan.packages
    step, _, host = name.partition("@")
    found = [
        task
        for package in packages.values()
        if step in {package.id, package.step, package.step.partition("/")[2]}
        for task in course.shape.tasks(package.id)
        if not host or task.partition("@")[2] == host
    ]
    if len(found) == 1:
        return found[0]
    known = [task for package in packages.values() for task in course.shape.tasks(package.id)]
    near = found[:5] or get_close_matches(name, known, 3) or [t for t in known if t.startswith(step)][:3]
    why = f"Did you mean {', '.join(near)}?" if near else "A task is written phase/step@host, or phase/step."
    raise Usage(f"The run has no task {name}", why=why, next_command=f"runbook status {course.run.id}")


def create_run(store: "Store", plan: Plan, *, demo: bool = False) -> RunId:
    """A new run of a plan, with the plan stored beside it. What is not enforced yet has been accepted by then."""
    return store.create_run(
        plan,
        lambda run: RunCreated(
            at=now(),
            run=run,
            digest=plan.digest,
            runbook=plan.runbook,
            title=plan.title,
            by=me(),
            version=__version__,
            accepted_unenforced=plan.unenforced,
            demo=demo,
        ),
    )
