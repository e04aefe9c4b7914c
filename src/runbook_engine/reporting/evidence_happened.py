"""Of a run's evidence page: what people did by hand, what failed, what went otherwise than planned, and the way back. Pure."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import datetime

from runbook_engine.model import events as ev
from runbook_engine.model import gates, turns
from runbook_engine.model.words import SETTLED_WELL, Purpose, Status, TaskId
from runbook_engine.reporting.event_text import event_words, outcome_words
from runbook_engine.reporting.evidence_file import Kept
from runbook_engine.reporting.evidence_story import Story, attached, named_files, stamp
from runbook_engine.reporting.html_text import Markup, element, section, table, together
from runbook_engine.reporting.naming import package_of, split_task, title_of
from runbook_engine.reporting.turning_text import aside_lines
from runbook_engine.reporting.words import count, status_word

_BY_ITSELF = {Purpose.VERIFY: "doubt: a command is asked", Purpose.SETTLE: "doubt: the host is asked what became of it"}
_KINDS: tuple[tuple[type, str], ...] = (  # what goes otherwise than planned, and what it is called
    (ev.AttemptResolved, "doubt settled by a person"),
    (turns.FailuresAccepted, "went on without hosts that failed"),
    (turns.HostLeftOut, "host left out"),
    (turns.PhasesReopened, "done again"),
    (ev.PlanAmended, "plan amended"),
    (ev.RunPaused, "paused"),
    (ev.RunResumed, "resumed"),
    (ev.RunStopped, "stopped"),
    (ev.DecisionRefused, "decision refused"),
    (ev.TaskReopened, "tried again by a person"),
    (ev.TaskDeclined, "declined"),
    (ev.TaskSkipped, "skipped"),
    (ev.NoteAdded, "note"),
    (gates.PhaseHeld, "held"),
    (gates.StartMissed, "start missed"),
    (gates.StartAgreed, "missed start agreed"),
    (gates.LateAgreed, "late, and done all the same"),
)


def by_hand(story: Story) -> Markup:
    """Every answer of a person, with its evidence; pictures are shown."""
    opened: dict[TaskId, datetime] = {}
    rows, shown = [], set[str]()
    for number, event in story.of(ev.TaskOpened, ev.TaskAnswered):
        if isinstance(event, ev.TaskOpened):
            opened[event.task] = event.at
        elif isinstance(event, ev.TaskAnswered):
            rows.append(_answer(story, number, event, opened.get(event.task), shown))
    if not rows:
        return section("by-hand", "What people did by hand", element("p", "Nothing."))
    heads = ("Record", "Task", "Who", "Began", "Ended", "Answer", "Evidence")
    return section("by-hand", "What people did by hand", table(heads, rows, "Answers of people, times in UTC"))


def _answer(story: Story, number: int, event: ev.TaskAnswered, opened: datetime | None, shown: set[str]) -> Iterable[str]:
    began = event.started or opened
    what = event.choice or ("done" if event.goes_on else "not done")
    notes = (what, ", automatically" if event.automatic else "", f": {event.reason}" if event.reason else "")
    files = named_files(story.plans.values(), event)
    proof = together(_proof(story, name, value, files.get(name, ""), shown) for name, value in event.evidence.items())
    yield f"#{number}"
    yield f"{_title(story, event.task)} ({event.task})"
    yield event.by
    yield stamp(began) if began else ""
    yield stamp(event.at)
    yield "".join(notes)
    yield proof


def _title(story: Story, task: TaskId) -> str:
    package = next((p for p in (package_of(plan, task) for plan in (story.plan, *story.plans.values())) if p), None)
    return title_of(package, split_task(task)[1]) if package else task


def _proof(story: Story, name: str, value: str, digest: str, shown: set[str]) -> Markup:
    kept = attached(story, digest) if digest else None
    line = element("p", element("b", name), f": {value}")
    if kept is None or kept.sha256 in shown:
        return line
    shown.add(kept.sha256)
    if kept.picture and kept.data is not None:
        return together((line, picture(kept, f"{name}, {value.partition(' sha256:')[0]}")))
    missing = (
        f"NOT IN THIS FILE: {kept.note}" if kept.data is None else f"{kept.size:,} bytes; runbook verify --extract writes it"
    )
    return together((line, element("p", missing)))


def picture(kept: Kept, words: str) -> Markup:
    """A picture inside the page. Its form is what the reader of evidence files looks for."""
    data = b64encode(kept.data or b"").decode()
    attributes = {"class_": "proof", "id": f"sha256-{kept.sha256}", "alt": " ".join(words.split())}
    return element("img", **attributes, src=Markup(f"data:{kept.picture};base64,{data}"))


def failures(story: Story) -> Markup:
    """Every attempt that did not go well, in the host's own words, and where its task stands in the end."""
    rows = [
        (
            f"#{number}",
            stamp(event.at),
            event.task,
            outcome_words(event.outcome),
            status_word(story.run.task(event.task).status),
        )
        for number, event in story.of(ev.AttemptEnded)
        if event.outcome.status not in SETTLED_WELL
    ]
    rows += [
        (f"#{number}", stamp(event.at), event.task, event_words(event), status_word(story.run.task(event.task).status))
        for number, event in story.of(ev.TaskAnswered)
        if not event.goes_on
    ]
    heads = ("Record", "When", "Task", "What happened", "In the end")
    inside = table(heads, rows, f"{count(len(rows), 'failure')}, times in UTC") if rows else element("p", "None.")
    return section("failures", "What failed", inside)


def deviations(story: Story) -> Markup:
    """What went otherwise than planned, or was decided on the way."""
    rows = [(f"#{number}", stamp(event.at), kind, event_words(event)) for number, event, kind in _deviations(story)]
    unenforced = story.created.accepted_unenforced
    parts = [element("p", f"Accepted as not enforced: {', '.join(unenforced)}.")] if unenforced else []
    aside = aside_lines(story.plan, story.run)
    parts += [element("p", "Hosts that are set aside:"), element("pre", "\n".join(aside))] if aside else []
    heads = ("Record", "When", "Kind", "What happened")
    parts.append(
        table(heads, rows, f"{count(len(rows), 'deviation')}, times in UTC") if rows else element("p", "None in the journal.")
    )
    return section("deviations", "What went otherwise than planned", *parts)


def _deviations(story: Story) -> Iterator[tuple[int, ev.Event, str]]:
    kinds = dict(_KINDS)
    for number, event in story.events:
        if kind := kinds.get(type(event)) or _sometimes(event):
            yield number, event, kind


def _sometimes(event: ev.Event) -> str:
    """What an event is called that only sometimes is a deviation; empty when it is none."""
    match event:
        case ev.AttemptEnded(retry_at=datetime()):
            return "retried"
        case ev.AttemptEnded(outcome=ev.Outcome(status=Status.UNKNOWN)):
            return "doubt"
        case ev.AttemptStarted(purpose=Purpose.VERIFY | Purpose.SETTLE):
            return _BY_ITSELF[event.purpose]
        case ev.ControllerTookOver() if event.epoch > 1:
            return "another process goes on"
        case ev.TaskAnswered(automatic=True):
            return "answered automatically"
        case gates.PhaseCleared() if event.glass:
            return "BREAK-GLASS"
    return ""


def rolled_back(story: Story) -> Markup:
    """What was undone, on whose word, and how that ended."""
    rows = [(f"#{number}", stamp(event.at), event_words(event)) for number, event in story.of(turns.RollBackBegan)]
    if not rows:
        return section("rolled-back", "What was rolled back", element("p", "Nothing."))
    undone = {event.task for _, event in story.of(ev.AttemptStarted) if event.purpose is Purpose.ROLL_BACK}
    ends = [(task, status_word(story.run.task(task).status)) for task in sorted(undone)]
    return section(
        "rolled-back",
        "What was rolled back",
        table(("Record", "When", "What happened"), rows, "Ways back, times in UTC"),
        table(("Task", "In the end"), ends, "What was undone"),
    )
