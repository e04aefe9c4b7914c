"""The spine on stand-ins: order, barriers, batches, doubt, people, timers, recovery."""

from dataclasses import replace
from datetime import timedelta

import pytest

from runbook_engine.model.commands import Choice, Procedure, Shell
from runbook_engine.model.conditions import Compare, Constant
from runbook_engine.model.decisions import Decide, Done, PauseRun, Resolve, ResumeRun, Retry, StopRun
from runbook_engine.model.errors import Exit, ImpossibleEvent
from runbook_engine.model.events import (
    AttemptEnded,
    AttemptStarted,
    DecisionRefused,
    HostsReleased,
    HostsTaken,
    Outcome,
    PlanAmended,
    RunEnded,
    TaskOpened,
)
from runbook_engine.model.runbook import Retry as Retries
from runbook_engine.model.text import Later, shell
from runbook_engine.model.words import Purpose, Repeat, RunStatus, Status, Verdict
from runbook_engine.model.world import World
from runbook_engine.running.blockers import blockers
from runbook_engine.running.focus import Focus, Habits
from runbook_engine.running.result import result
from running.nights import Night
from stand import (
    ALL,
    FAILED,
    OK,
    SAME,
    START,
    UNKNOWN,
    manual,
    needs,
    package,
    pause,
    phase,
    plan,
    statuses,
)

HOSTS = ("h1", "h2", "h3")
VERIFY = Procedure(apply=(Shell(script=shell("true")),), verify=(Shell(script=shell("check")),))


def test_steps_follow_each_other_host_by_host_and_the_run_ends():
    """Step B on a host starts after step A on that host, whatever other hosts do; when all is done the run has ended."""
    a, b = package("p/a", HOSTS), package("p/b", HOSTS, needs=needs(("p/a", SAME)))
    night = Night(plan(phase("p", [a, b])))

    course = night.go()

    assert course.run.status is RunStatus.DONE
    assert result(course, World()) is Exit.DONE
    assert sorted(night.order) == sorted(f"p/{s}@{h}" for s in "ab" for h in HOSTS)
    for host in HOSTS:
        assert night.order.index(f"p/a@{host}") < night.order.index(f"p/b@{host}")
    assert isinstance(night.journal.durable[-1], RunEnded)


def test_a_failing_host_does_not_stop_the_others_without_a_budget():
    """Without a failure budget the other hosts go on; what needs the failed one never starts."""
    a, b = package("p/a", HOSTS), package("p/b", HOSTS, needs=needs(("p/a", SAME)))
    night = Night(plan(phase("p", [a, b])), lambda t: FAILED if t.task == "p/a@h2" else OK)

    course = night.go()

    assert night.status("p/a@h2") is Status.FAILED
    assert night.status("p/b@h2") is Status.NOT_STARTED
    assert night.status("p/b@h3") is Status.OK
    assert result(course, World()) is Exit.FAILED
    assert "p/a@h2 (failed)" in blockers(course, "p/b@h2", World(), START)[0].reason


def test_a_barrier_waits_for_every_host():
    """A package behind a barrier starts when the one before it is done on all hosts."""
    a, b = package("p/a", HOSTS), package("p/b", HOSTS, needs=needs(("p/a", ALL)))
    night = Night(plan(phase("p", [a, b])))

    night.go()

    assert {t.partition("@")[0] for t in night.order[:3]} == {"p/a"}


def test_batches_are_settled_one_after_the_other():
    """A batch starts when the batch before it is settled, and the pause between them has passed."""
    one, two = package("p/a", ("h1",)), package("p/a#2", ("h2", "h3"))
    made, packages = phase("p", [one], [two])
    made = replace(made, stages=(replace(made.stages[0], pause_s=60.0), made.stages[1]))
    night = Night(plan((made, packages)))

    course = night.go()

    first = next(e for e in night.journal.durable if isinstance(e, AttemptEnded))
    second = next(e for e in night.journal.durable if isinstance(e, AttemptStarted) and e.task != "p/a@h1")
    assert (second.at - first.at).total_seconds() >= 60
    assert course.run.status is RunStatus.DONE


def test_a_failed_batch_keeps_the_next_from_starting():
    """One host that failed keeps its batch unsettled, so the next batch is not started."""
    night = Night(plan(phase("p", [package("p/a", ("h1",))], [package("p/a#2", ("h2",))])), lambda _: FAILED)

    course = night.go()

    assert night.order == ["p/a@h1"]
    assert result(course, World()) is Exit.FAILED


def test_failures_beyond_the_budget_stop_new_starts():
    """Once more has failed than the phase allows, nothing new starts in it; what was in flight ends."""
    hosts = tuple(f"h{i}" for i in range(20))
    night = Night(plan(phase("p", [package("p/a", hosts)], max_failures=1)), lambda _: FAILED, parallel=3)

    course = night.go()

    assert 2 <= len(night.order) <= 1 + 3
    blocked = blockers(course, f"p/a@{hosts[-1]}", World(), START)
    assert [b.kind for b in blocked] == ["budget"]


@pytest.mark.law(2)
def test_intent_is_durable_before_the_effect():
    """L2: when a worker is handed a changing attempt, its start is already in the durable journal."""
    night = Night(plan(phase("p", [package("p/a", HOSTS), package("p/b", HOSTS, needs=needs(("p/a", SAME)))])))

    def play(attempt):
        written = [e.attempt for e in night.journal.durable if isinstance(e, AttemptStarted)]
        assert attempt.id in written
        return OK

    night.play = play
    night.go()

    assert len(night.started) == 6


def test_repeatable_work_is_committed_in_groups():
    """Steps declared repeat: safe do not wait for a commit each."""
    chain = [package("p/s0", HOSTS, repeat=Repeat.SAFE)]
    chain += [package(f"p/s{i}", HOSTS, repeat=Repeat.SAFE, needs=needs((f"p/s{i - 1}", SAME))) for i in range(1, 20)]
    night = Night(plan(phase("p", chain)))

    night.go()

    assert len(night.started) == 60
    assert night.journal.commits < 30


@pytest.mark.law(9)
def test_what_was_open_at_a_crash_is_unknown_and_is_not_run_again():
    """L9: an attempt that was started and never came back is UNKNOWN after the crash; a person settles it."""
    made = plan(phase("p", [package("p/a", ("h1",)), package("p/b", ("h1",), needs=needs(("p/a", SAME)))]))
    night = Night(made)
    night.journal.durable += [
        HostsTaken(at=START, hosts=("h1",)),
        AttemptStarted(at=START, task="p/a@h1", attempt="a0"),
    ]
    night.seen = night.journal.durable[1:]

    course = night.go()

    assert night.order == []
    assert night.status("p/a@h1") is Status.UNKNOWN
    assert result(course, World()) is Exit.UNKNOWN
    assert "runbook resolve test-1 p/a@h1" in blockers(course, "p/a@h1", World(), START)[0].next_command

    night.wish(Resolve, task="p/a@h1", verdict=Verdict.DONE, reason="seen on the console").go()

    assert night.order == ["p/b@h1"]
    assert night.course.run.status is RunStatus.DONE


@pytest.mark.law(9)
@pytest.mark.parametrize(("answer", "again"), [(OK, 0), (FAILED, 1)])
def test_doubt_is_settled_by_verify(answer, again):
    """L9: a step with verify is asked: done means done, not done means that it may start again."""
    night = Night(plan(phase("p", [package("p/a", ("h1",), procedure=VERIFY, repeat=Repeat.VERIFY)])))
    answers = iter([UNKNOWN, answer, OK])
    night.play = lambda _: next(answers)

    course = night.go()

    assert [a.purpose for a in night.started] == [Purpose.DO, Purpose.VERIFY] + [Purpose.DO] * again
    assert course.run.status is RunStatus.DONE


@pytest.mark.law(9)
def test_doubt_does_not_use_up_the_retries():
    """A crash, found not done by verify, and then a known failure: the one retry of the step is still there."""
    step = package("p/a", ("h1",), procedure=VERIFY, repeat=Repeat.VERIFY, retries=Retries(count=1, wait_s=1.0))
    night = Night(plan(phase("p", [step])))
    answers = iter([UNKNOWN, FAILED, FAILED, OK])
    night.play = lambda _: next(answers)

    course = night.go()

    assert [a.purpose for a in night.started] == [Purpose.DO, Purpose.VERIFY, Purpose.DO, Purpose.DO]
    assert course.run.status is RunStatus.DONE


def test_a_probe_that_cannot_tell_leaves_the_question_to_a_person():
    """UNKNOWN from verify asks a person and is not tried for ever."""
    night = Night(plan(phase("p", [package("p/a", ("h1",), procedure=VERIFY, repeat=Repeat.VERIFY)])), lambda _: UNKNOWN)

    course = night.go()

    assert 2 <= len(night.started) <= 4
    assert result(course, World()) is Exit.UNKNOWN


def test_a_repeatable_step_in_doubt_starts_again():
    """repeat: safe means that a crash needs no person."""
    night = Night(plan(phase("p", [package("p/a", ("h1",), repeat=Repeat.SAFE)])))
    night.journal.durable += [
        HostsTaken(at=START, hosts=("h1",)),
        AttemptStarted(at=START, task="p/a@h1", attempt="a0"),
    ]
    night.seen = night.journal.durable[1:]

    course = night.go()

    assert night.order == ["p/a@h1"]
    assert course.run.status is RunStatus.DONE


@pytest.mark.law(9)
def test_doubt_in_a_batch_behind_a_pause_starts_once():
    """L9: the pause before the batch is over when the engine comes back; its repeatable task is begun once, not twice."""
    made = plan(phase("p", [package("p/a", ("h1",))], [package("p/a#2", ("h2",), repeat=Repeat.SAFE)], pause_s=5.0))
    night = Night(made)
    night.go()
    records = night.journal.durable
    second = next(n for n, e in enumerate(records) if isinstance(e, AttemptStarted) and e.task == "p/a#2@h2")
    later = Night(made)
    later.journal.durable[:], later.seen[:] = records[: second + 1], records[1 : second + 1]
    later.clock.now = night.clock.now

    course = later.go()

    assert later.order == ["p/a#2@h2"]
    assert course.run.status is RunStatus.DONE


def test_known_failures_are_tried_again_with_growing_pauses():
    """retries: 2 with 10 s: the second try comes after 10 s, the third after 20 s; doubt is never tried again."""
    step = package("p/a", ("h1",), retries=Retries(count=2, wait_s=10.0), repeat=Repeat.SAFE)
    night = Night(plan(phase("p", [step])), lambda _: FAILED)

    course = night.go()

    times = [e.at for e in night.journal.durable if isinstance(e, AttemptStarted)]
    assert len(times) == 3
    assert 10 <= (times[1] - times[0]).total_seconds() < 11
    assert 20 <= (times[2] - times[1]).total_seconds() < 21
    assert result(course, World()) is Exit.FAILED


def test_a_manual_task_waits_for_a_person_and_needs_its_evidence():
    """The run returns and waits; done without evidence is refused with the reason; with it the run goes on."""
    step = manual("p/mount", evidence=(("serial_number", "text"),))
    night = Night(plan(phase("p", [step]), phase("q", [package("q/a", ("h1",))])))

    course = night.go()

    assert result(course, World()) is Exit.WAITING
    assert [type(e) for e in night.journal.durable[1:]] == [TaskOpened]
    assert (
        blockers(course, "p/mount", World(), START)[0].next_command == "runbook done test-1 p/mount --evidence serial_number=…"
    )

    night.wish(Done, task="p/mount").go()
    assert [e.reason for e in night.journal.durable if isinstance(e, DecisionRefused)] == [
        "p/mount needs evidence: serial_number"
    ]

    night.wish(Done, task="p/mount", evidence={"serial_number": "X1"}).go()
    assert night.course.run.status is RunStatus.DONE
    assert night.course.run.task("p/mount").by == "ana"


def test_a_no_go_keeps_the_run_where_it_is_until_it_is_asked_again():
    """A choice that does not go on is a refusal, not a failure; it needs a reason and can be taken up again."""
    go = (Choice(name="go"), Choice(name="no-go", goes_on=False))
    night = Night(plan(phase("p", [manual("p/ask", go)]), phase("q", [package("q/a", ("h1",))])))

    night.go()
    night.wish(Decide, task="p/ask", choice="no-go", reason="storm").go()
    assert night.order == []
    assert result(night.course, World()) is Exit.REFUSED

    night.wish(Retry, task="p/ask").go()
    night.wish(Decide, task="p/ask", choice="go").go()
    assert night.course.run.status is RunStatus.DONE


def test_a_timer_holds_no_worker_and_survives_a_restart():
    """A pause of an hour makes the run return; called again after the hour it goes on."""
    night = Night(plan(phase("p", [pause("p/soak", 3600.0)]), phase("q", [package("q/a", ("h1",))])))

    course = night.go()
    assert result(course, World()) is Exit.WAITING

    night.clock.pass_s(3601)
    assert night.go().run.status is RunStatus.DONE


def test_a_person_who_can_be_asked_is_asked_before_a_timer_is_waited_for():
    """On a terminal an open question makes the run return at once, although a pause of ten minutes goes on beside it."""
    night = Night(plan(phase("p", [pause("p/soak", 600.0), manual("p/ask")])))

    night.go(habits=Habits(people_first=True))

    assert night.clock() - START < timedelta(seconds=60)
    assert night.status("p/ask") is Status.WAITING


def test_pause_and_resume_and_stop():
    """Paused: nothing new starts. Resumed: it goes on. Stopped: it is over and the hosts are free."""
    chain = [package("p/a", ("h1",)), package("p/b", ("h1",), needs=needs(("p/a", SAME)))]
    night = Night(plan(phase("p", chain)))
    night.wish(PauseRun).go()
    assert night.order == []
    assert result(night.course, World()) is Exit.WAITING

    night.wish(ResumeRun)
    night.play = lambda _: (night.wish(StopRun, reason="enough"), OK)[1]
    night.go()

    assert night.order == ["p/a@h1"]
    assert night.course.run.status is RunStatus.STOPPED
    assert night.course.run.taken == set()


@pytest.mark.law(12)
def test_a_host_of_another_run_is_left_alone_and_its_holder_is_named():
    """L12: a phase of which another run has a host takes none of its hosts, and says which run it is; --limit leaves it out."""
    made, busy = plan(phase("p", [package("p/a", HOSTS)])), World(version=7, taken={"h2": "other-1"})
    night = Night(made)
    night.journal.version = 7

    course = night.go(world=lambda: busy)

    assert (night.order, course.run.taken) == ([], set())
    assert result(course, busy) is Exit.REFUSED
    all_of_it = "phase p begins when all its hosts are free (--limit leaves some out)"
    for host in HOSTS:
        (why,) = blockers(course, f"p/a@{host}", busy, START)
        assert (why.kind, why.next_command) == ("host", "runbook status other-1")
        assert why.reason == f"h2 is worked on by run other-1; {all_of_it}"
    others = Focus(hosts=frozenset({"h1", "h3"}))
    assert not blockers(course, "p/a@h1", busy, START, others)

    course = night.go(focus=others, world=lambda: busy)
    assert sorted(night.order) == ["p/a@h1", "p/a@h3"]
    assert course.run.taken == {"h1", "h3"}


def test_a_world_that_changes_between_look_and_commit_starts_nothing():
    """The guards are checked again in the commit: with another version nothing of that tick starts."""
    night = Night(plan(phase("p", [package("p/a", HOSTS)])))
    looks = []

    def world():
        looks.append(1)
        if len(looks) == 1:
            night.journal.version = 1
            return World(version=0)
        return World(version=1)

    course = night.go(world=world)

    assert course.run.status is RunStatus.DONE
    assert len(night.order) == 3


def test_hosts_are_released_when_their_phase_is_over():
    """A phase that does not need a host any more gives it back before the next phase is done."""
    night = Night(plan(phase("p", [package("p/a", ("h1",))]), phase("q", [manual("q/wait")])))

    night.go()

    released = [e.hosts for e in night.journal.durable if isinstance(e, HostsReleased)]
    assert released == [("h1",)]


def test_a_focus_narrows_what_is_started():
    """--phase and --limit start only what they name, and the result says done when that is done."""
    made = plan(phase("p", [package("p/a", HOSTS)]), phase("q", [package("q/a", HOSTS)]))
    night = Night(made)

    course = night.go(Focus(phases=frozenset({"p"})))
    assert {t[0] for t in night.order} == {"p"}
    assert result(course, World(), Focus(phases=frozenset({"p"}))) is Exit.DONE

    night.go(Focus(hosts=frozenset({"h2"})))
    assert night.order[3:] == ["q/a@h2"]


def test_a_condition_on_a_saved_value_skips():
    """`when` over what an earlier step printed skips the task, in its own word."""
    first = package("p/a", ("h1",), save_as="old", repeat=Repeat.SAFE)
    when = Compare("!=", Later("p/a", ("stdout",)), Constant("2.19"))
    second = package("p/b", ("h1",), when=when, reads=("p/a",), needs=needs(("p/a", SAME)))
    night = Night(plan(phase("p", [first, second])))
    night.play = lambda _: Outcome(status=Status.OK, exit_code=0, saved={"stdout": "2.19\n"})

    course = night.go()

    assert statuses(course.run.tasks) == {"p/a@h1": "ok", "p/b@h1": "skipped"}
    assert course.run.status is RunStatus.DONE


def test_an_amended_plan_keeps_what_was_carried_and_does_the_rest():
    """After amend the carried task is not done again; everything else of the new plan is."""
    old = plan(phase("p", [package("p/a", ("h1",)), manual("p/b", needs=needs(("p/a", ALL)))]))
    new = plan(phase("p", [package("p/a", ("h1",)), package("p/c", ("h1",), needs=needs(("p/a", SAME)))]), digest="d2")
    night = Night(old)
    night.plans["d2"] = new
    night.go()
    night.journal.durable.append(PlanAmended(at=START, digest="d2", carried=("p/a@h1",), by="ana"))
    night.seen.append(night.journal.durable[-1])

    course = night.go()

    assert night.order == ["p/a@h1", "p/c@h1"]
    assert course.run.status is RunStatus.DONE


def test_events_that_cannot_follow_are_refused():
    """A journal that says the impossible is an error, never a guess."""
    night = Night(plan(phase("p", [package("p/a", ("h1",))], [package("p/a#2", ("h2",))])))
    night.journal.durable.append(AttemptStarted(at=START, task="p/a#2@h2", attempt="a1"))

    with pytest.raises(ImpossibleEvent, match="before its stage"):
        night.go()


@pytest.mark.law(8)
def test_not_started_is_never_success():
    """L8: a run with anything left to do is not done, whatever its other tasks say."""
    night = Night(plan(phase("p", [package("p/a", HOSTS)])), lambda t: FAILED if t.task.endswith("h1") else OK)

    course = night.go()

    assert course.run.phases["p"].ended is None
    assert course.run.status is RunStatus.OPEN
    assert result(course, World()) is Exit.FAILED


@pytest.mark.law(2)
def test_nobody_says_not_done_for_a_host_that_was_not_asked():
    """It could still be at it, and do it twice; a person may answer for a host that is gone for good, and says so."""
    lost = replace(UNKNOWN, host_asked=False)
    night = Night(plan(phase("p", [package("p/a", ("h1",))])), lambda _: lost)
    night.go()
    assert night.status("p/a@h1") is Status.UNKNOWN

    night.wish(Resolve, task="p/a@h1", verdict=Verdict.NOT_DONE, reason="seen").go()
    assert night.status("p/a@h1") is Status.UNKNOWN
    (refused,) = [e.reason for e in night.journal.durable if isinstance(e, DecisionRefused)]
    assert "was not asked" in refused
    assert "--without-host" in refused

    night.play = lambda _: OK
    night.wish(Resolve, task="p/a@h1", verdict=Verdict.NOT_DONE, reason="burnt", without_host=True).go()
    assert night.status("p/a@h1") is Status.OK
