"""Progress: the right lines, a live picture that fits, and a price that does not grow with the number of hosts."""

import io
import os
import pty
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from reporting.made_plans import make_plan, package, stage
from reporting.made_runs import START, Story, cabled, finished, half_flashed
from reporting.made_texts import Golden
from runbook_engine.model import events as ev
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.words import HostName, PhaseId, Status, TaskId
from runbook_engine.reporting.naming import continued
from runbook_engine.reporting.progress import Progress
from runbook_engine.reporting.progress_screen import Screen
from runbook_engine.reporting.settings import Settings, console_for, settings_for
from runbook_engine.reporting.tally import Tally, hosts_of_run, word_of
from runbook_engine.reporting.timing import phase_time
from runbook_engine.running.course import replay

CET = timezone(timedelta(hours=1), "CET")


def told(story: Story, plan: Plan, shown: Settings, *, together: int = 1) -> str:
    """What Progress prints while a story is folded, so many events at a time."""
    stream = io.StringIO()
    course = replay(story.events[:1], lambda _: plan)
    now = [START]
    progress = Progress(plan, shown, stream, lambda: now[0])
    progress.started(course.run)
    for at in range(1, len(story.events), together):
        some = story.events[at : at + together]
        now[0] = some[-1].at
        for event in some:
            course.note(event)
        progress.changed(course.run, some)
    progress.ended(course.run)
    return stream.getvalue().rstrip("\n")


def picture(story: Story, plan: Plan, columns: int, rows: int, shown: Settings = Settings()) -> list[str]:
    """The live picture as lines of text."""
    screen = Screen(plan, shown, {phase.id: phase_time(plan, phase) for phase in plan.phases})
    console = console_for(io.StringIO(), shown)
    console.size = (columns, rows)  # type: ignore[assignment]
    run = story.course.run
    console.print(screen.draw(run, Tally(plan, run), story.now, (columns, rows)))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("together", [1, 3, 40, 1000])
def test_the_line_of_a_batch_comes_before_what_is_done_in_it(rack12: Plan, together: int) -> None:
    """However many records become durable, and are shown, at a time."""
    lines = told(half_flashed(rack12), rack12, Settings(zone=CET), together=together).splitlines()
    begins = [number for number, line in enumerate(lines) if "firmware batch 2 of 4 is next" in line]
    inside = [number for number, line in enumerate(lines) if " firmware/" in line and "#2@" in line]
    assert len(begins) == 1
    assert begins[0] < inside[0]
    assert all("#2@" not in line for line in lines[: begins[0]])


def test_one_line_per_change(rack12: Plan, golden: Golden) -> None:
    """Where there is no terminal, every change has its line, its time and its task."""
    golden.check("lines.txt", told(half_flashed(rack12), rack12, Settings(zone=CET), together=40))


def test_lines_until_the_end(rack12: Plan, golden: Golden) -> None:
    """A run that goes well: phases and batches begin and end in their order, answers of the demo are marked."""
    golden.check("lines_done.txt", told(finished(rack12), rack12, Settings(), together=1))


def test_a_large_run_tells_sums_and_failures_only() -> None:
    """Beyond two hundred tasks a line per task would hide what matters."""
    hosts = tuple(HostName(f"n{n:04}") for n in range(1000))
    step = package("p/s", hosts)
    phase = PlannedPhase(id=PhaseId("p"), title="P", needs=(), stages=(stage(1, hosts, step),), hosts=hosts)
    plan = make_plan([phase], [step])
    story = Story(plan)
    for at in range(0, 1000, 10):
        story.start(*(f"p/s@{h}" for h in hosts[at : at + 10]))
        story.end(*(f"p/s@{h}" for h in hosts[at : at + 10]), status=Status.FAILED if at == 500 else Status.OK)

    lines = told(story, plan, Settings(), together=20).splitlines()

    assert sum("FAILED:" in line or (" FAILED" in line and "p/s@" in line) for line in lines) == 10
    assert sum(" of 1,000 tasks: " in line for line in lines) in range(15, 21)
    assert len(lines) < 40
    assert len(told(story, plan, Settings(verbosity=1), together=20).splitlines()) > 1000


def test_quiet_tells_only_what_needs_somebody(rack12: Plan) -> None:
    """With -q tasks that went well are not told; failures, doubts and questions are."""
    text = told(half_flashed(rack12), rack12, Settings(verbosity=-1))

    assert " ok " not in text
    for words in ("FAILED", "UNREACHABLE", "UNKNOWN", "waiting for a person"):
        assert words in text


@pytest.mark.parametrize(("columns", "rows"), [(120, 40), (80, 24), (40, 12), (24, 6)])
def test_the_live_picture(rack12: Plan, golden: Golden, columns: int, rows: int) -> None:
    """Header, a row per phase, what runs, what failed with the host's own words; on any size of terminal."""
    lines = picture(half_flashed(rack12), rack12, columns, rows)

    golden.check(f"live_{columns}.txt", "\n".join(line.rstrip() for line in lines))


def test_the_live_picture_in_ascii_while_people_are_waited_for(rack12: Plan, golden: Golden) -> None:
    """What waits for a person stands there with the exact command; symbols have twins in ASCII."""
    lines = picture(cabled(rack12), rack12, 100, 30, Settings(ascii_only=True))

    golden.check("live_waiting.txt", "\n".join(line.rstrip() for line in lines))


@settings(max_examples=60, deadline=None)
@given(st.integers(10, 200), st.integers(2, 60), st.integers(1, 30))
def test_the_live_picture_fits_every_terminal(columns: int, rows: int, number: int) -> None:
    """No line is wider and there are not more lines than the terminal has, however many phases there are."""
    steps = [package(f"p{n}/s", ["h1", "h2"], "Wide 日本語 title") for n in range(number)]
    phases = [
        PlannedPhase(id=p.phase, title="日本語 phase", needs=(), stages=(stage(1, p.hosts, p),), hosts=p.hosts) for p in steps
    ]
    plan = make_plan(phases, steps)
    story = Story(plan)
    middle = number // 2
    story.start(f"p{middle}/s@h1", f"p{number - 1}/s@h2")
    story.end(f"p{number - 1}/s@h2", status=Status.FAILED, message="one\ntwo\nthree\nfour" + "x" * 300)

    lines = picture(story, plan, columns, rows)

    assert len(lines) <= max(1, rows - 1)
    assert all(cell_len(line) <= columns for line in lines)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60))
def test_nothing_that_a_host_says_reaches_the_terminal(message: str) -> None:
    """Messages and titles are shown, never obeyed: no control characters, no markup, no emoji codes."""
    step = package("p/s", ["h1"], message)
    phase = PlannedPhase(id=PhaseId("p"), title=message, needs=(), stages=(stage(1, ["h1"], step),), hosts=step.hosts)
    plan = make_plan([phase], [step], title=f"[bold]{message}[/bold] :smile:")
    story = Story(plan)
    story.start("p/s@h1")
    story.end("p/s@h1", status=Status.FAILED, message=message)
    text = told(story, plan, Settings(verbosity=2)) + "\n".join(picture(story, plan, 300, 30))

    assert "[bold]" in text
    assert ":smile:" in text
    assert not [c for c in text if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2028\u200f"]


@pytest.fixture
def terminal() -> Iterator[tuple[int, io.TextIOWrapper]]:
    """A terminal of the machine: the side that shows, and the stream to write to."""
    main, side = pty.openpty()
    os.set_blocking(main, False)
    stream = os.fdopen(side, "w", encoding="utf-8")
    yield main, stream
    stream.close()
    os.close(main)


def drained(main: int) -> str:
    """What the terminal was sent."""
    found = b""
    while True:
        try:
            found += os.read(main, 65536)
        except OSError:
            return found.decode("utf-8", "replace")


def test_a_terminal_sees_at_most_eight_pictures_a_second(rack12: Plan, terminal: tuple[int, io.TextIOWrapper]) -> None:
    """However many events there are, redrawing is bounded; in the end the picture is taken away."""
    main, stream = terminal
    story = half_flashed(rack12)
    now = [START]
    progress = Progress(rack12, Settings(live=True, colour=True), stream, lambda: now[0])
    course = replay(story.events[:1], lambda _: rack12)
    progress.started(course.run)
    drawn, sent = 0, drained(main)
    for event in story.events[1:]:
        course.note(event)
        now[0] += timedelta(milliseconds=20)
        progress.changed(course.run, [event])
        more = drained(main)
        drawn, sent = drawn + bool(more), sent + more
    with progress.paused():
        sent += drained(main)
    progress.ended(course.run)
    sent += drained(main)

    assert 1 <= drawn <= len(story.events) * 0.02 * 8 + 1
    assert "Bring the firmware" in sent
    assert "UNKNOWN" in sent
    assert sent.rstrip().endswith(("\x1b[2K", "\x1b[?25h"))


def test_the_price_of_a_change_does_not_grow_with_the_hosts() -> None:
    """Following an event looks at one task only, and keeps the counts of all right."""
    hosts = tuple(HostName(f"n{n:04}") for n in range(2000))
    steps = [package("p/a", hosts), package("p/b", hosts)]
    phase = PlannedPhase(id=PhaseId("p"), title="P", needs=(), stages=(stage(1, hosts, *steps),), hosts=hosts)
    plan = make_plan([phase], steps)
    story = Story(plan)
    tally = Tally(plan, story.course.run)
    asked: list[TaskId] = []
    real = story.course.run.task

    class Watched:
        """A run that writes down which tasks are looked at."""

        def __getattr__(self, name: str) -> object:
            return getattr(story.course.run, name)

        def task(self, task: TaskId) -> object:
            asked.append(task)
            return real(task)

    for host in hosts[:50]:
        story.start(f"p/a@{host}")
        tally.note(Watched(), story.events[-1:])  # type: ignore[arg-type]
        story.end(f"p/a@{host}")
        tally.note(Watched(), story.events[-1:])  # type: ignore[arg-type]

    assert len(asked) <= 100
    assert dict(tally.hosts(PhaseId("p"))) == {"part done": 50, "not started": 1950, "running": 0}


def test_counts_kept_by_event_are_the_counts_of_the_whole(rack12: Plan) -> None:
    """After any event the tally says what one made anew would say."""
    story = half_flashed(rack12)
    course = replay(story.events[:1], lambda _: rack12)
    tally = Tally(rack12, course.run)
    for event in story.events[1:]:
        course.note(event)
        tally.note(course.run, [event])
        fresh = Tally(rack12, course.run)
        for phase in rack12.phases:
            assert {w: n for w, n in tally.hosts(phase.id).items() if n} == {
                w: n for w, n in fresh.hosts(phase.id).items() if n
            }
        assert (set(tally.running), set(tally.waiting), set(tally.bad)) == (
            set(fresh.running),
            set(fresh.waiting),
            set(fresh.bad),
        )
    assert sum(map(len, hosts_of_run(rack12, course.run).values())) == 20
    assert word_of({}) == "ok"


class Stream(io.StringIO):
    """A stream that says that it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """As a terminal answers."""
        return True


@pytest.mark.parametrize(
    ("environment", "options", "live", "colour"),
    [
        ({"TERM": "xterm"}, {}, True, True),
        ({"TERM": "dumb"}, {}, False, False),
        ({}, {}, False, False),
        ({"TERM": "xterm", "CI": "true"}, {}, False, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, {}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1", "FORCE_COLOR": "1"}, {}, True, False),
        ({"TERM": "xterm"}, {"no_colour": True}, True, False),
        ({"TERM": "xterm"}, {"no_live": True}, False, True),
        ({"TERM": "xterm"}, {"verbosity": -1}, False, True),
    ],
)
def test_how_to_show_is_decided_once(environment: dict[str, str], options: dict[str, object], live: bool, colour: bool) -> None:
    """Live only on a real terminal outside CI; NO_COLOR and --no-color win over everything."""
    shown = settings_for(Stream(), environment, **options)  # type: ignore[arg-type]

    assert (shown.live, shown.colour, shown.ascii_only) == (live, colour, False)


def test_piped_output_has_no_colour_and_no_picture() -> None:
    """A pipe gets plain lines; FORCE_COLOR alone can colour them."""
    assert settings_for(io.StringIO(), {"TERM": "xterm"}) == Settings(ascii_only=True)
    assert settings_for(io.StringIO(), {"FORCE_COLOR": "1"}).colour


def test_a_stream_without_these_letters_is_no_error(rack12: Plan) -> None:
    """Where the encoding is poor the text is poorer, and the run goes on."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    shown = settings_for(stream, {})
    progress = Progress(rack12, shown, stream, lambda: START)
    progress.started(cabled(rack12).course.run)
    progress.ended(cabled(rack12).course.run)

    assert shown.ascii_only
    assert b"run rack12-1 WAITING" in raw.getvalue()


def test_a_long_command_can_still_be_pasted() -> None:
    """Broken over lines, a shell reads it as one."""
    line = "runbook resolve rack12-1 'firmware/flash#2@r12-u04' --as done --reason why"

    parts = continued(line, 30)

    assert len(parts) > 1
    assert " ".join(part.removesuffix("\\").strip() for part in parts) == line
    assert continued(line, 200) == [line]


def test_a_run_that_pauses_says_so(rack12: Plan) -> None:
    """What people say about the whole run is told at once, with the reason."""
    story = cabled(rack12)
    story.note(ev.RunPaused(at=story.later(), by="eva.koster", reason="lunch"))
    story.note(ev.NoteAdded(at=datetime(2026, 12, 1, 22, tzinfo=UTC), by="ben", text="back at one"))

    lines = told(story, rack12, Settings()).splitlines()

    assert lines[-3].endswith("run PAUSED by eva.koster: lunch; nothing new starts")
    assert lines[-2].endswith("note by ben: back at one")
    assert lines[-1].endswith("run rack12-1 PAUSED")
