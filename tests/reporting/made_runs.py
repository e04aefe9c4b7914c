"""Runs made by folding events, as the engine does it: what the tests show is what a journal would say."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from runbook_engine.model import events as ev
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import AttemptId, Cause, Purpose, RunId, Status, TaskId
from runbook_engine.running.course import Course, replay

START = datetime(2026, 12, 1, 21, 0, tzinfo=UTC)


class Story:
    """Tells a run event by event; every event takes ten seconds unless it is said otherwise."""

    def __init__(self, plan: Plan, run: str = "rack12-1") -> None:
        self.now = START
        self.plan = plan
        self.events: list[ev.Event] = []
        created = ev.RunCreated(
            at=START, run=RunId(run), digest=plan.digest, runbook=plan.runbook, title=plan.title, by="ana.duarte", version="0.1"
        )
        self.course: Course = replay([created], lambda _: plan)
        self.events.append(created)

    def note(self, *events: ev.Event) -> None:
        """Fold events."""
        for event in events:
            self.course.note(event)
            self.events.append(event)

    def later(self, seconds: float = 10) -> datetime:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        return self.now

    def start(self, *tasks: str, purpose: Purpose = Purpose.DO) -> None:
        """Attempts begin."""
        at = self.later()
        for task in tasks:
            number = self.course.run.task(TaskId(task)).attempts + 1
            attempt = AttemptId(f"{task}/{number}")
            self.note(ev.AttemptStarted(at=at, task=TaskId(task), attempt=attempt, purpose=purpose))

    def end(self, *tasks: str, status: Status = Status.OK, seconds: float = 60, retry: bool = False, **outcome: object) -> None:
        """The open attempts of tasks end."""
        at = self.later(seconds)
        for task in tasks:
            attempt = self.course.run.task(TaskId(task)).attempt or AttemptId("?")
            told = ev.Outcome(status=status, duration_s=seconds, **outcome)  # type: ignore[arg-type]
            again = at + timedelta(seconds=30) if retry else None
            self.note(ev.AttemptEnded(at=at, task=TaskId(task), attempt=attempt, outcome=told, retry_at=again))

    def do(self, *tasks: str, seconds: float = 60) -> None:
        """Tasks run and go well."""
        self.start(*tasks)
        self.end(*tasks, seconds=seconds)

    def open(self, *tasks: str, prompt: str = "please", until: datetime | None = None) -> None:
        """Tasks wait for a person, or a time."""
        at = self.later()
        self.note(*(ev.TaskOpened(at=at, task=TaskId(t), prompt=prompt, until=until) for t in tasks))

    def answer(
        self, *tasks: str, choice: str = "", by: str = "ben.okoro", goes_on: bool = True, automatic: bool = False
    ) -> None:
        """A person did tasks."""
        at = self.later()
        self.note(
            *(ev.TaskAnswered(at=at, task=TaskId(t), by=by, choice=choice, goes_on=goes_on, automatic=automatic) for t in tasks)
        )


def cabled(plan: Plan) -> Story:
    """Everything is mounted, and the board says go."""
    story = Story(plan)
    mounts = [f"cabling/mount@{h}" for h in plan.phases[0].hosts]
    story.open(*mounts)
    story.answer(*mounts)
    story.open("cabling/go")
    return story


def batch(number: int, step: str, hosts: Sequence[str]) -> list[str]:
    """The tasks of a step in a batch of the firmware phase."""
    mark = f"#{number}" if number > 1 else ""
    return [f"firmware/{step}{mark}@{host}" for host in hosts]


def half_flashed(plan: Plan) -> Story:
    """The first batch is done; in the second one host fails, one is unreachable, one is in doubt, one still runs."""
    story = cabled(plan)
    story.answer("cabling/go", choice="go", by="eva.koster")
    story.note(ev.HostsTaken(at=story.later(), hosts=plan.phases[1].hosts))
    for step in ("before", "flash", "reboot", "services"):
        story.do(*batch(1, step, plan.phases[1].hosts[:1]))
    second = plan.phases[1].hosts[1:5]
    story.later(300)
    story.do(*batch(2, "before", second))
    flashes = batch(2, "flash", second)
    story.start(*flashes)
    story.end(flashes[0], status=Status.FAILED, exit_code=1, message='the card answered "image not valid"', retry=True)
    story.start(flashes[0])
    story.end(flashes[0], status=Status.FAILED, exit_code=1, message='the card answered "image not valid"\nsee slot 3')
    story.end(flashes[1], status=Status.UNREACHABLE, cause=Cause.REFUSED, message="connect to 10.1.12.3 port 22")
    story.end(flashes[2], status=Status.UNKNOWN, cause=Cause.LOST, message="the link broke after 41s")
    story.start(flashes[2], purpose=Purpose.VERIFY)
    story.end(flashes[2], status=Status.UNKNOWN, exit_code=2, message="fwtool: busy")
    return story


def finished(plan: Plan) -> Story:
    """Everything ended well."""
    story = cabled(plan)
    story.answer("cabling/go", choice="go", automatic=True)
    hosts = plan.phases[1].hosts
    for number, group in enumerate((hosts[:1], hosts[1:5], hosts[5:15], hosts[15:]), 1):
        story.later(300)
        for step in ("before", "flash", "reboot", "services"):
            story.do(*batch(number, step, group))
    story.open("handover/settle", until=story.now + timedelta(minutes=10))
    story.note(ev.TimerEnded(at=story.later(600), task=TaskId("handover/settle")))
    story.open("handover/sign")
    story.answer("handover/sign")
    story.note(ev.RunEnded(at=story.later()))
    return story
