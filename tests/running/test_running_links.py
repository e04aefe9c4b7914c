"""Links that hold the end of a step, and limits (`at_most`): kept by the run, said by `why`, and let go by people alone."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.model import decisions as de
from runbook_engine.model.commands import Choice
from runbook_engine.model.durations import times_of
from runbook_engine.model.events import AttemptStarted, DecisionRefused, TaskAnswered, TaskOpened, TimerEnded
from runbook_engine.model.gates import LateAgreed
from runbook_engine.model.jobs import LinkKind
from runbook_engine.model.plan import WayBack
from runbook_engine.model.runbook import Lag
from runbook_engine.model.words import EdgeKind, FailureScope, OnFailure, RunStatus, Status, Verdict
from runbook_engine.model.world import World
from runbook_engine.model.worst import stage_s
from runbook_engine.running.blockers import blockers
from runbook_engine.running.course import replay
from runbook_engine.running.focus import Habits
from runbook_engine.running.limits import limit_of, limits
from running.links import Days, broken, link
from running.nights import Night
from running.random_plans import BACK, BY_HAND, plans
from running.test_running_gates import of_kind
from stand import FAILED, OK, START, UNKNOWN, ListInbox, manual, needs, package, pause, phase, plan

SAME, ALL = EdgeKind.SAME_HOST, EdgeKind.ALL_HOSTS
FF, SF, SS, FS = LinkKind.FINISH_FINISH, LinkKind.START_FINISH, LinkKind.START_START, LinkKind.FINISH_START
PATIENT = Habits(patience_s=9e9, glance_s=9e9)
HOUR = 3600.0


def after(before, kind=FF, lag_s=0.0, most_s=None, hosts=ALL):
    return {"needs": (link(before, kind, lag_s, most_s, hosts),)}


def refused(night):
    return [e.reason for e in of_kind(night.journal, DecisionRefused)]


def ends(night):
    return {e.task: e.at for e in night.journal.durable if isinstance(e, TaskAnswered | TimerEnded)}


def test_what_a_person_ends_may_begin_before_but_not_end_before():
    """It is open from the beginning; `done` is refused with the reason, the time and the next command, and taken after it."""
    night = Night(plan(phase("p", [manual("p/a"), manual("p/b", **after("p/a", lag_s=600.0))])))
    night.go()
    assert [night.status(t) for t in ("p/a", "p/b")] == [Status.WAITING, Status.WAITING]
    night.wish(de.Done, task="p/b").go()
    assert refused(night) == ["p/b may not end yet: it ends 10m after p/a has ended; runbook why test-1 p/a"]
    held, person = blockers(night.course, "p/b", World(), night.clock.now)
    assert (held.kind, held.reason, person.kind) == ("needs", "it ends 10m after p/a has ended", "person")
    night.wish(de.Done, task="p/a").go()
    ended = ends(night)["p/a"]
    night.wish(de.Done, task="p/b").go()
    until = (ended + timedelta(minutes=10)).isoformat(sep=" ", timespec="seconds")
    assert refused(night)[-1] == (
        f"p/b may not end yet: it ends 10m after p/a has ended, until {until}; "
        "say it again after that; runbook why test-1 p/b tells how long"
    )
    held, _ = blockers(night.course, "p/b", World(), night.clock.now)
    assert (held.kind, held.until) == ("time", (ended + timedelta(minutes=10)).isoformat())
    night.clock.now = ended + timedelta(minutes=10)
    night.wish(de.Done, task="p/b").go()
    assert night.course.run.status is RunStatus.DONE
    assert len(refused(night)) == 2


def test_whoever_is_at_the_terminal_is_asked_when_it_may_end():
    """The engine stays until then and no longer; while nobody knows when, it does not stay at all."""
    night = Night(plan(phase("p", [manual("p/a"), manual("p/b", **after("p/a", lag_s=600.0))])))
    asks = Habits(people_first=True, patience_s=9e9)
    night.go(habits=asks)
    assert night.clock.now - START < timedelta(seconds=1)
    night.wish(de.Done, task="p/a").go(habits=asks)
    waited = night.clock.now - ends(night)["p/a"]
    assert timedelta(minutes=10) <= waited < timedelta(minutes=10, seconds=2)


def test_an_answer_that_goes_on_is_an_end_and_another_is_not():
    """A no stops the run whenever it is said; a yes has to wait."""
    choices = (Choice(name="go", goes_on=True), Choice(name="no", goes_on=False))
    night = Night(plan(phase("p", [manual("p/a"), manual("p/b", choices, **after("p/a"))])))
    night.go()
    night.wish(de.Decide, task="p/b", choice="go").go()
    assert refused(night) == ["p/b may not end yet: it ends after p/a has ended; runbook why test-1 p/a"]
    night.wish(de.Decide, task="p/b", choice="no", reason="storm").go()
    assert night.status("p/b") is Status.REFUSED


def test_a_start_can_hold_an_end():
    """Ten minutes after the one has begun, and not after it has ended."""
    first = manual("p/a", needs=needs(("p/z", ALL)))
    night = Night(plan(phase("p", [manual("p/z"), first, manual("p/b", **after("p/a", SF, 600.0))])))
    night.go()
    night.wish(de.Done, task="p/b").go()
    assert refused(night) == ["p/b may not end yet: it ends 10m after p/a has begun; runbook why test-1 p/a"]
    night.wish(de.Done, task="p/z").go()
    begun = next(e.at for e in of_kind(night.journal, TaskOpened) if e.task == "p/a")
    night.clock.now = begun + timedelta(minutes=10)
    night.wish(de.Done, task="p/b").go()
    assert night.status("p/b") is Status.OK
    assert night.status("p/a") is Status.WAITING


@pytest.mark.parametrize(("kind", "lag_s", "from_begin"), [(FF, 0.0, False), (FF, 900.0, False), (SF, 900.0, True)])
def test_a_timer_ends_no_earlier_and_no_later(kind, lag_s, from_begin):
    """It wakes the engine when its own time and the link allow it, and not before: nothing spins, nothing is slept over."""
    slow = pause("p/a", 500.0, needs=needs(("p/z", SAME)))
    made = plan(
        phase(
            "p",
            [pause("p/z", 200.0), replace(slow, needs=needs(("p/z", ALL))), pause("p/b", 60.0, **after("p/a", kind, lag_s))],
        )
    )
    night = Night(made)
    night.go(habits=PATIENT)
    assert night.course.run.status is RunStatus.DONE
    since = next(e.at for e in of_kind(night.journal, TaskOpened) if e.task == "p/a") if from_begin else ends(night)["p/a"]
    assert timedelta(0) <= ends(night)["p/b"] - (since + timedelta(seconds=lag_s)) < timedelta(seconds=1)
    assert len(night.journal.durable) < 20


def test_a_timer_that_waits_for_a_person_lets_the_engine_go():
    """There is no time to stay for; whoever comes back finds it waiting, and `why` says for what."""
    night = Night(plan(phase("p", [manual("p/a"), pause("p/b", 60.0, **after("p/a"))])))
    night.go(habits=PATIENT)
    assert night.clock.now - START >= timedelta(seconds=60)
    assert [(b.kind, b.reason) for b in blockers(night.course, "p/b", World(), night.clock.now)] == [
        ("needs", "it ends after p/a has ended")
    ]
    night.wish(de.Done, task="p/a").go(habits=PATIENT)
    assert night.course.run.status is RunStatus.DONE
    assert ends(night)["p/b"] >= ends(night)["p/a"]


@pytest.mark.parametrize(("kind", "since"), [(FF, "ended"), (SF, "started")])
@pytest.mark.parametrize("hosts", [SAME, ALL])
def test_the_end_of_a_command_cannot_be_held_so_its_start_is(kind, since, hosts):
    """It starts when it could end at once: a lag after what would hold its end."""
    both = ("h1", "h2")
    night = Night(plan(phase("p", [package("p/a", both), package("p/b", both, **after("p/a", kind, 600.0, hosts=hosts))])))
    night.go(habits=PATIENT)
    assert night.course.run.status is RunStatus.DONE
    tasks = night.course.run.tasks
    for host in both:
        before = [getattr(tasks[f"p/a@{h}"], since) for h in ((host,) if hosts is SAME else both)]
        waited = tasks[f"p/b@{host}"].started - max(before)
        assert timedelta(minutes=10) <= waited < timedelta(minutes=10, seconds=2)


def test_a_milestone_is_reached_when_what_holds_its_end_is_over():
    """It is a moment: its start is its end."""
    reached = pause("p/m", 0.0, milestone=True, **after("p/a"))
    night = Night(plan(phase("p", [manual("p/a"), reached])))
    night.go()
    assert night.status("p/m") is Status.NOT_STARTED
    night.wish(de.Done, task="p/a").go()
    assert night.course.run.status is RunStatus.DONE


def test_undoing_is_never_held():
    """The way back of a step is done by hand before what the step would have had to follow has ended."""
    first = package("p/z", ("h1",), way_back=BACK)
    second = manual("p/b", way_back=WayBack(procedure=BY_HAND), **after("p/a", lag_s=HOUR))
    night = Night(plan(phase("p", [first, manual("p/a", way_back=WayBack(procedure=BY_HAND)), second, manual("p/end")])))
    night.go()
    night.wish(de.Done, task="p/a").go()
    night.clock.pass_s(HOUR)
    night.wish(de.Done, task="p/b").go()
    night.wish(de.RollBack, phase="p", reason="x").go()
    for task in ("p/b", "p/a"):
        night.wish(de.Done, task=task).go()
    assert refused(night) == []
    assert [night.status(t) for t in ("p/a", "p/b")] == [Status.ROLLED_BACK] * 2


def late_pair(play=lambda _: OK, **more):
    """B has to begin within an hour of the end of a; a person stands between."""
    made = plan(
        phase(
            "p",
            [
                package("p/a", ("h1",)),
                manual("p/go"),
                package("p/b", ("h1",), needs=(link("p/a", FS, most_s=HOUR), *needs(("p/go", ALL))), **more),
            ],
        )
    )
    night = Night(made, play)
    night.go()
    return night


def test_how_long_there_is_left_is_known_and_nothing_is_held_in_time():
    """Up to the very second; the limit is gone once it has begun."""
    night = late_pair()
    (limit,) = limits(night.course)
    ended = night.course.run.task("p/a@h1").ended
    assert (limit.task, limit.before, limit.by) == ("p/b@h1", "p/a@h1", ended + timedelta(hours=1))
    night.clock.now = limit.by
    assert not limit.held(night.clock.now)
    night.wish(de.Done, task="p/go").go()
    assert night.course.run.status is RunStatus.DONE
    assert list(limits(night.course)) == []


def test_what_is_late_is_held_until_a_person_says_that_it_is_done():
    """With the reason of `why` and its command, over lives of the engine; a reason is asked for, and kept."""
    night = late_pair()
    night.clock.pass_s(2 * HOUR)
    night.wish(de.Done, task="p/go").go()
    night.go()
    (why,) = blockers(night.course, "p/b@h1", World(), night.clock.now)
    assert (why.kind, why.next_command) == ("late", "runbook resume test-1 --late p/b@h1 --reason TEXT")
    assert why.reason == "LATE: p/b@h1 had to begin within 1h of the end of p/a@h1; it does not catch up by itself"
    (limit,) = limits(night.course)
    assert limit.held(night.clock.now)
    night.wish(de.StartLate, tasks=("p/b@h1",)).go()
    assert refused(night) == ["it needs a reason why it can be done although it is late (--reason TEXT)"]
    night.wish(de.StartLate, tasks=("p/a@h1",), reason="x").go()
    assert refused(night)[-1].startswith("p/a@h1: nothing of it is held because it is late")
    night.wish(de.StartLate, tasks=("p/b@h1",), reason="still warm").go()
    assert night.course.run.status is RunStatus.DONE
    (said,) = of_kind(night.journal, LateAgreed)
    assert (said.tasks, said.due, said.by, said.reason) == (("p/b@h1",), limit.by, "ana", "still warm")
    assert replay(night.journal.durable, night.plans.__getitem__).run.task("p/b@h1").late


class LaterInbox(ListInbox):
    """What somebody says only after hours, to an engine that stays."""

    def __init__(self, night, hours):
        super().__init__(night.journal, night.inbox.decisions)
        self._clock, self._at = night.clock, START + timedelta(hours=hours)

    def waiting(self):
        assert self._clock.now < self._at + timedelta(hours=9), "nobody goes on"
        return super().waiting() if self._clock.now >= self._at else []


def test_an_engine_that_stays_goes_on_as_soon_as_somebody_says_so():
    """It had put the late task aside, and takes it up again."""
    night = late_pair()
    night.clock.pass_s(2 * HOUR)
    night.wish(de.Done, task="p/go").go()
    night.inbox = LaterInbox(night, 4)
    night.wish(de.StartLate, tasks=("p/b@h1",), reason="still warm")
    night.go(habits=Habits(wait_for_people=True, glance_s=60.0))
    assert night.course.run.status is RunStatus.DONE
    assert night.course.run.task("p/b@h1").started >= START + timedelta(hours=4)


def test_nobody_agrees_to_a_task_that_the_plan_does_not_have():
    """It is refused as any other wish."""
    night = late_pair()
    night.wish(de.StartLate, tasks=("p/x",), reason="x").go()
    assert refused(night) == ["the plan has no task p/x"]


@pytest.mark.parametrize("outcome", [FAILED, UNKNOWN])
def test_what_has_begun_in_time_is_not_late(outcome):
    """Failed, or in doubt, and tried again hours later."""
    ending = iter([OK, outcome, OK])
    night = late_pair(lambda _: next(ending))
    night.wish(de.Done, task="p/go").go()
    night.clock.pass_s(5 * HOUR)
    if outcome is FAILED:
        night.wish(de.Retry, task="p/b@h1")
    else:
        night.wish(de.Resolve, task="p/b@h1", verdict=Verdict.NOT_DONE, reason="seen")
    night.go()
    assert night.course.run.status is RunStatus.DONE
    assert of_kind(night.journal, LateAgreed) == []


@pytest.mark.parametrize("kind", [FS, SS])
def test_a_step_that_was_skipped_limits_nobody(kind):
    """Nothing of it took place that could be followed."""
    second = package("p/b", needs=(link("p/a", kind, 0.0, HOUR, ALL), *needs(("p/go", ALL))))
    night = Night(plan(phase("p", [package("p/a"), manual("p/go"), second])), lambda _: replace(OK, status=Status.SKIPPED))
    night.go()
    assert list(limits(night.course)) == []


def test_an_end_that_is_late_is_said_and_not_held():
    """It is open: it can be done, whatever the time. What has not begun by then is held."""
    night = Night(plan(phase("p", [manual("p/a"), manual("p/b", **after("p/a", FF, 0.0, HOUR))])))
    night.go()
    night.wish(de.Done, task="p/a").go()
    night.clock.pass_s(2 * HOUR)
    (limit,) = limits(night.course)
    assert (limit.of_end, limit.begun, limit.by < night.clock.now, limit.held(night.clock.now)) == (True, True, True, False)
    night.wish(de.Done, task="p/b").go()
    assert night.course.run.status is RunStatus.DONE


def test_what_is_only_open_for_a_person_is_still_counted():
    """Opened in time it is not held; but nobody has said that somebody is at it."""
    night = Night(plan(phase("p", [package("p/a"), manual("p/b", **after("p/a", FS, 0.0, HOUR))])))
    night.go()
    (limit,) = limits(night.course)
    assert (limit.begun, limit.held(limit.by + timedelta(hours=1))) == (True, False)
    night.wish(de.Progress, task="p/b", percent=10).go()
    assert list(limits(night.course)) == []


def test_the_first_of_all_hosts_limits_what_follows_all():
    """Each is followed in time only if the earliest is."""
    night = Night(
        plan(
            phase(
                "p",
                [
                    package("p/a", ("h1", "h2")),
                    manual("p/go"),
                    package("p/b", ("h1",), needs=(link("p/a", FS, most_s=HOUR, hosts=ALL), *needs(("p/go", ALL)))),
                ],
            )
        )
    )
    night.go()
    first = min(night.course.run.task(f"p/a@{h}").ended for h in ("h1", "h2"))
    assert limit_of(night.course, night.plan.packages["p/b"], "h1").by == first + timedelta(hours=1)


def test_what_has_to_follow_in_time_goes_first():
    """One place: of two that could start on a host, and of two hosts, the limited one."""
    one = [package("p/z", ("h1", "h2")), package("p/long", ("h1",), needs=needs(("p/z", SAME)))]
    made = plan(
        phase(
            "p",
            [
                *one,
                package("p/soon", ("h2",), needs=(link("p/z", FS, most_s=HOUR, hosts=SAME),)),
                package("p/too", ("h1",), needs=(link("p/z", FS, most_s=HOUR, hosts=SAME),)),
            ],
        )
    )
    night = Night(made, parallel=1)
    night.go()
    assert night.course.run.status is RunStatus.DONE
    assert night.order.index("p/too@h1") < night.order.index("p/long@h1")


def test_who_is_set_aside_is_not_waited_for():
    """A host that failed does not keep what follows all starts, or holds an end by all of them, from going on."""
    first, a = package("p/z", ("h1", "h2")), package("p/a", ("h1", "h2"), needs=needs(("p/z", SAME)))
    b = manual("p/b", **after("p/a", SF, 0.0))
    c = package("p/c", **after("p/a", SS, 0.0))
    limits_ = {"max_failures": 1, "failures_over": FailureScope.PHASE, "on_failure": OnFailure.STOP}
    night = Night(plan(phase("p", [first, a, b, c], **limits_)), lambda t: FAILED if t.task == "p/z@h2" else OK)
    night.go()
    aside = night.course.run.phases["p"].aside
    assert set(aside) == {"h2"}
    assert night.status("p/c") is Status.OK
    night.wish(de.Done, task="p/b").go()
    assert night.status("p/b") is Status.OK


def test_plans_count_what_holds_an_end():
    """In estimates and in the worst case: what a person ends lasts as long as the link; a command starts after it."""
    steps = [pause("p/a", 300.0), pause("p/b", 60.0, **after("p/a", FF, 600.0))]
    made = plan(phase("p", steps))
    (stage,) = made.phases[0].stages
    assert times_of(made, stage, lambda t: t.high_s, None)["p/b"] == (0.0, 900.0)
    assert stage_s(made.packages, stage, 0) == 900.0
    beside = plan(phase("p", [steps[0], package("p/b", timeout_s=60.0, **after("p/a", FF, 600.0))]))
    assert stage_s(beside.packages, beside.phases[0].stages[0], 0) == 960.0


def test_what_is_done_again_is_waited_for_again():
    """After a way back the step is opened anew: the lag after its start counts from then."""
    first = package("p/z", way_back=BACK)
    made = plan(phase("p", [first, manual("p/a", needs=needs(("p/z", ALL))), package("p/b", **after("p/a", SS, 2 * HOUR))]))
    night = Night(made)
    night.go()
    night.wish(de.RollBack, phase="p", reason="x").go()
    night.clock.pass_s(HOUR)
    night.wish(de.Again, phase="p").go()
    opened = [e.at for e in of_kind(night.journal, TaskOpened)]
    assert len(opened) == 2
    assert night.status("p/b") is Status.NOT_STARTED
    night.go(habits=PATIENT)
    (begun,) = [e.at for e in of_kind(night.journal, AttemptStarted) if e.task == "p/b"]
    assert begun >= opened[1] + timedelta(hours=2)


def with_links(made, draw):
    """The same plan, its needs within a stage with lags of every kind, and limits."""
    lags = st.builds(
        lambda kind, lag_s, most: Lag(
            kind=kind, lag_s=float(lag_s), at_most_s=None if most is None else float(max(0, lag_s) + most)
        ),
        st.sampled_from(LinkKind),
        st.integers(-300, 1500),
        st.none() | st.integers(0, 1500),
    )
    packages = {
        name: replace(p, needs=tuple(replace(edge, lag=draw(st.none() | lags)) for edge in p.needs), way_back=None)
        for name, p in made.packages.items()
    }
    phases = tuple(replace(p, max_failures=None, on_failure=OnFailure.CONTINUE) for p in made.phases)
    return replace(made, packages=packages, phases=phases)


@settings(max_examples=250, deadline=None)
@given(plans(), st.data(), st.integers(0, 2**32))
@pytest.mark.law(13)
def test_whatever_happens_no_link_is_broken_and_every_run_ends(made, data, seed):
    """L13: over links of every kind, times, failures, doubts, crashes and people who speak too early; read from the journal."""
    made = with_links(made, data.draw)
    days = Days(made, Random(seed))
    course = days.whole()
    assert broken(made, days.journal.durable) == []
    assert course is not None
    assert course.run.status is RunStatus.DONE
