"""Where a run stands, and what it has come to."""

import json
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.made_plans import rack12_plan, with_texts
from reporting.made_runs import START, Story, batch, cabled, finished, half_flashed
from reporting.made_texts import Golden
from runbook_engine.model import events as ev
from runbook_engine.model import gates, turns
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Mistake, Place
from runbook_engine.model.plan import Plan
from runbook_engine.model.words import AttemptId, Cause, Digest, HostName, PhaseId, RunId, Status, TaskId, Verdict
from runbook_engine.model.world import World
from runbook_engine.reporting.differences import differences_data
from runbook_engine.reporting.event_text import event_line
from runbook_engine.reporting.mistakes import error_data
from runbook_engine.reporting.people_tasks import task_rows, tasks_text
from runbook_engine.reporting.plan_data import plan_data
from runbook_engine.reporting.standing import result_word
from runbook_engine.reporting.status_data import event_data, runs_data, status_data, tasks_data, why_data
from runbook_engine.reporting.status_text import Blockers, log_view, run_row, runs_text, status_text, why_run_text, why_text
from runbook_engine.reporting.summary import summary_text
from runbook_engine.running.blockers import blockers

CET = timezone(timedelta(hours=1), "CET")
FLASH = TaskId("firmware/flash#2@r12-u02")


def blocked(story: Story) -> Blockers:
    """What keeps a task from starting, by the rule of the engine."""
    return lambda task: blockers(story.course, task, World(), story.now)


def test_a_summary_tells_the_worst_first(rack12: Plan, golden: Golden) -> None:
    """Result, phases, doubts with the question, failures with the hosts' words, every host in one list, the next commands."""
    story = half_flashed(rack12)

    golden.check(
        "summary_unknown.txt", summary_text(rack12, story.course.run, story.now, log_folder="/var/lib/runbook/rack12-1")
    )


def test_a_summary_of_success(rack12: Plan, golden: Golden) -> None:
    """DONE, and nothing to do."""
    story = finished(rack12)

    golden.check("summary_done.txt", summary_text(rack12, story.course.run, story.now))


def test_a_status_tells_what_holds_it_up(rack12: Plan, golden: Golden) -> None:
    """As the summary, with the reasons why the rest does not start."""
    story = half_flashed(rack12)

    golden.check("status.txt", status_text(rack12, story.course.run, blocked(story), story.now, zone=CET))


def test_a_status_while_people_are_waited_for(rack12: Plan, golden: Golden) -> None:
    """What waits for whom, with the commands, and twenty hosts told once."""
    story = Story(rack12)
    story.open(*(f"cabling/mount@{h}" for h in rack12.phases[0].hosts))
    story.note(ev.TaskAssigned(at=story.later(), task=TaskId("cabling/mount@r12-u01"), to="ben.okoro", by="ana.duarte"))

    golden.check("status_waiting.txt", status_text(rack12, story.course.run, blocked(story), story.now))


@pytest.mark.law(8)
def test_each_result_has_its_word(rack12: Plan) -> None:
    """A run is DONE only when every task ended well; what is not started, waits, or is unknown is called so."""
    fresh, waiting, doubtful, done = Story(rack12), cabled(rack12), half_flashed(rack12), finished(rack12)
    begun = cabled(rack12)
    begun.answer("cabling/go", choice="go")
    failed = cabled(rack12)
    failed.answer("cabling/go", choice="go")
    failed.start(*batch(1, "before", ["r12-u01"]))
    running = result_word(failed.course.run)
    failed.end(*batch(1, "before", ["r12-u01"]), status=Status.FAILED)
    refused = cabled(rack12)
    refused.answer("cabling/go", choice="no-go", goes_on=False)
    words = [result_word(s.course.run) for s in (fresh, waiting, doubtful, done, begun, failed, refused)]

    assert words == ["NOT STARTED", "WAITING", "UNKNOWN", "DONE", "NOT FINISHED", "FAILED", "REFUSED"]
    assert running == "RUNNING"
    waiting.note(ev.RunPaused(at=waiting.later(), by="x"))
    assert result_word(waiting.course.run) == "PAUSED"
    waiting.note(ev.RunStopped(at=waiting.later(), by="x"))
    assert result_word(waiting.course.run) == "STOPPED"


@pytest.mark.law(8)
def test_every_host_is_in_one_list_and_not_reached_is_not_done(rack12: Plan) -> None:
    """Hosts on which nothing happened are never counted among those that are done."""
    story = Story(rack12)
    story.open("cabling/mount@r12-u01")
    text = summary_text(rack12, story.course.run, story.now)

    assert "  waiting            1  r12-u01" in text
    assert "  not reached       19  r12-u[02:20]" in text
    assert " done  " not in text


def test_why_a_task_does_not_start(rack12: Plan, golden: Golden) -> None:
    """Its state, its times, every reason and the command that changes it; for a task, a person's task, and the run."""
    story = half_flashed(rack12)
    run, found = story.course.run, blocked(story)
    texts = [
        why_text(rack12, run, TaskId("firmware/reboot#2@r12-u02"), found),
        why_text(rack12, run, FLASH, found),
        why_text(rack12, run, TaskId("handover/sign"), found),
        why_text(rack12, run, TaskId("cabling/mount@r12-u01"), found),
        why_text(rack12, run, TaskId("no/such"), found),
        why_text(rack12, Story(rack12).course.run, TaskId("cabling/mount@r12-u01"), lambda _: ()),
        why_run_text(rack12, run, found),
        why_run_text(rack12, Story(rack12).course.run, lambda _: ()),
        why_run_text(rack12, finished(rack12).course.run, found),
    ]

    golden.check("why.txt", "\n\n".join(texts))


def test_what_is_whose(rack12: Plan, golden: Golden) -> None:
    """Ready first, with the commands; then what waits for something; times and percent beside them."""
    story = Story(rack12)
    mounts = [f"cabling/mount@{h}" for h in rack12.phases[0].hosts]
    story.open(*mounts[:3])
    story.answer(mounts[0])
    story.note(ev.TaskAssigned(at=story.later(), task=TaskId(mounts[1]), to="ben.okoro", by="ana.duarte"))
    story.note(ev.TaskProgressed(at=story.later(), task=TaskId(mounts[1]), by="ben.okoro", percent=40))
    rows = task_rows(rack12, story.course.run, blocked(story), story.now)
    theirs = task_rows(rack12, story.course.run, blocked(story), story.now, person="eva.koster", groups={"change-board"})
    ben = task_rows(rack12, story.course.run, blocked(story), story.now, person="ben.okoro")

    golden.check("tasks.txt", tasks_text([*rows[:4], *rows[-4:]]) + "\n\n" + tasks_text(theirs, person="eva.koster"))
    assert len(rows) == 22
    assert [row.task for row in ben] == [mounts[1], "handover/sign"]
    assert tasks_text([], person="tom.li") == "Nothing is tom.li's."


def test_the_list_of_runs(rack12: Plan, golden: Golden) -> None:
    """Every list shows what runs now."""
    rows = [run_row(rack12, story.course.run) for story in (half_flashed(rack12), cabled(rack12), finished(rack12))]

    golden.check("runs.txt", runs_text(rows, zone=CET))
    assert runs_text([]) == "There are no runs."
    assert runs_data(rows)["runs"][0]["now"].startswith("running firmware/flash: Install BIOS")


def test_data_of_a_run(rack12: Plan, golden: Golden) -> None:
    """The fields of the JSON forms stay what they are within a format."""
    story = half_flashed(rack12)
    run, found = story.course.run, blocked(story)
    rows = task_rows(rack12, run, found, story.now, limit=1)
    forms = [
        status_data(rack12, run, found, story.now),
        why_data(rack12, run, FLASH, found(FLASH)),
        runs_data([run_row(rack12, run)]),
        tasks_data(rows),
        event_data(story.events[-1], run.id),
    ]

    golden.check("run.json", "\n".join(json.dumps(form, indent=1, ensure_ascii=False) for form in forms))
    assert all(form["format"] == 1 and form["kind"] for form in forms)
    assert set(forms[0]["tasks"]) == {status.value for status in Status}


def test_a_log_is_shown_harmless_and_cut_at_the_start() -> None:
    """The last lines matter most; what was left out is counted, and nothing acts on the terminal."""
    text = "".join(f"line {n} \x1b]0;title\x07\x9b2J\n" for n in range(100))
    shown = log_view(FLASH, text, path="/logs/x.log", last=2).splitlines()

    assert shown[:2] == ["── firmware/flash#2@r12-u02 (/logs/x.log)", "… 98 lines before"]
    assert len(shown) == 4
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for line in shown for c in line)
    assert log_view(FLASH, "").endswith("(nothing was written)")


EVENTS: list[ev.Event] = [
    ev.RunCreated(
        at=START, run=RunId("r-1"), digest=Digest("ab" * 32), runbook="x", title="T", by="ana", version="1", demo=True
    ),
    ev.ControllerTookOver(at=START, epoch=1, by="ana", machine="adm1", pid=7),
    ev.ControllerTookOver(at=START, epoch=2, by="ana", machine="adm1", pid=8),
    ev.HostsTaken(at=START, hosts=(HostName("h1"), HostName("h2"), HostName("h3"))),
    gates.BackInService(at=START, hosts=(HostName("h1"), HostName("h2"))),
    ev.HostsReleased(at=START, hosts=(HostName("h1"),)),
    ev.AttemptStarted(at=START, task=FLASH, attempt=AttemptId("a1")),
    ev.AttemptEnded(at=START, task=FLASH, attempt=AttemptId("a1"), outcome=ev.Outcome(status=Status.OK, duration_s=482)),
    ev.AttemptEnded(
        at=START,
        task=FLASH,
        attempt=AttemptId("a1"),
        outcome=ev.Outcome(status=Status.UNREACHABLE, cause=Cause.NO_ROUTE, message="10.1.12.2"),
        retry_at=START + timedelta(minutes=1),
    ),
    ev.AttemptResolved(at=START, task=FLASH, verdict=Verdict.DONE, by="ana", reason="seen on the console"),
    ev.TaskOpened(at=START, task=FLASH, prompt="Mount it"),
    ev.TaskOpened(at=START, task=FLASH, until=START + timedelta(hours=1)),
    ev.TaskAnswered(at=START, task=FLASH, by="ana", choice="no-go", goes_on=False, reason="rain"),
    ev.TaskAnswered(at=START, task=FLASH, by="demo", evidence={"serial": "X1"}, automatic=True),
    ev.TaskProgressed(at=START, task=FLASH, by="ana", percent=40, note="half of the rails"),
    ev.TimerEnded(at=START, task=FLASH),
    ev.TaskSkipped(at=START, task=FLASH, reason="when says so"),
    ev.TaskReopened(at=START, task=FLASH, by="ana", reason="new card"),
    ev.TaskAssigned(at=START, task=FLASH, to="ben", by="ana"),
    ev.TaskAccepted(at=START, task=FLASH, by="ben"),
    ev.TaskDeclined(at=START, task=FLASH, by="ben", reason="on leave"),
    ev.RunPaused(at=START, by="ana", reason="lunch"),
    ev.RunResumed(at=START, by="ana"),
    ev.RunStopped(at=START, by="ana"),
    ev.PlanAmended(at=START, digest=Digest("cd" * 32), carried=(FLASH,), by="ana", reason="one more host"),
    ev.DecisionRefused(at=START, decision="d1", by="ana", reason="the task does not wait"),
    ev.NoteAdded(at=START, by="ana", text="all quiet", task=FLASH),
    turns.FailuresAccepted(at=START, phase=PhaseId("firmware"), who=("r12-u02",), by="ana", reason="one is enough"),
    turns.HostLeftOut(at=START, host=HostName("r12-u02"), by="ana", reason="broken disk"),
    turns.RollBackBegan(
        at=START, phases=(PhaseId("firmware"),), hosts=(HostName("r12-u02"),), tasks=(FLASH,), by="ana", reason="wrong version"
    ),
    turns.PhasesReopened(at=START, phases=(PhaseId("firmware"),), by="ana"),
    ev.RunEnded(at=START),
    ev.HostsTaken(at=START, hosts=(HostName("h1"),), out=True),
    gates.PhaseHeld(at=START, phase=PhaseId("firmware"), kind="approval", reason="it is not approved by change-board"),
    gates.PhaseHeld(
        at=START, phase=PhaseId("firmware"), kind="window", reason="it is day", until=START + timedelta(hours=3), waits=True
    ),
    gates.PhaseCleared(
        at=START,
        phase=PhaseId("firmware"),
        statements=("s1", "s2"),
        by=("eva.koster", "tom.li"),
        entry="window night",
        until=START + timedelta(hours=6),
    ),
    gates.PhaseCleared(at=START, phase=PhaseId("firmware"), entry="freeze", glass=("s3",)),
    gates.StartMissed(at=START, phase=PhaseId("firmware"), due=START),
    gates.StartAgreed(at=START, phase=PhaseId("firmware"), by="ana", reason="there is time"),
    gates.LateAgreed(at=START, tasks=(TaskId("firmware/flash@h1"),), due=START, by="ana", reason="still warm"),
    gates.LateAgreed(at=START, tasks=tuple(TaskId(f"p/b@h{n}") for n in range(12)), due=START, by="ana", reason="x"),
    gates.ResourcesTaken(at=START, phase=PhaseId("cabling"), uses={"server-lift": 1}),
    gates.ResourcesReleased(at=START, phase=PhaseId("cabling")),
    gates.PartsTaken(at=START, uses={"rail-kit": 2}),
]


def test_every_event_has_a_line(golden: Golden) -> None:
    """The journal reads as sentences; no kind of event is missing."""
    golden.check("events.txt", "\n".join(event_line(event, CET) for event in EVENTS))
    assert {type(event) for event in EVENTS} == set(get_args(ev.Event))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_no_text_of_people_or_hosts_acts_on_the_terminal(text: str) -> None:
    """Titles, reasons and messages are shown, never obeyed, in every report."""
    plan = with_texts(rack12_plan(), text)
    story = half_flashed(plan)
    story.note(ev.RunPaused(at=story.later(), by=text, reason=text))
    for state in story.course.run.tasks.values():
        state.by = state.assigned = state.reason = text
        state.outcome = replace(state.outcome, message=text) if state.outcome else None
    run, found = story.course.run, blocked(story)
    shown = "\n".join(
        [
            summary_text(plan, run, story.now, log_folder=text),
            status_text(plan, run, found, story.now),
            why_text(plan, run, FLASH, found),
            runs_text([run_row(plan, run)]),
            tasks_text(task_rows(plan, run, found, story.now, limit=3)),
            *(event_line(replace(event, by=text)) for event in EVENTS if hasattr(event, "by")),  # type: ignore[type-var]
            log_view(FLASH, text),
        ]
    )

    assert not [c for c in shown if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2028\u200f"]


def keys_of(data: object) -> set[str]:
    """Every field name in JSON data, but not the words that are counted."""
    if isinstance(data, list):
        return set().union(*(keys_of(part) for part in data))
    if not isinstance(data, dict):
        return set()
    inner = (keys_of(part) for key, part in data.items() if key not in ("fields", "params", "hosts") and part)
    return set(data).union(*inner)


def test_every_field_is_documented(rack12: Plan) -> None:
    """docs/json.md names each field of each form, and each form."""
    story = half_flashed(rack12)
    run, found = story.course.run, blocked(story)
    forms = [
        plan_data(rack12),
        differences_data([]),
        status_data(rack12, run, found, story.now),
        why_data(rack12, run, FLASH, found(FLASH)),
        runs_data([run_row(rack12, run)]),
        tasks_data(task_rows(rack12, run, found, story.now, limit=2)),
        event_data(story.events[-1], run.id),
        error_data(NotValid([Mistake(Place("x", 1, 1), "wrong")])),
    ]
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")

    for form in forms:
        assert f"## `{form['kind']}`" in text
        assert [key for key in sorted(keys_of(form)) if f"`{key}`" not in text] == []
