"""Time and people: lags, earliest starts, milestones, parts that are used up, and who may not do what others do."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.model import decisions as de
from runbook_engine.model.attempts import Ended
from runbook_engine.model.events import AttemptStarted, DecisionRefused, TaskAnswered, TaskAssigned, TaskOpened, TimerEnded
from runbook_engine.model.gates import PartsTaken
from runbook_engine.model.jobs import LinkKind
from runbook_engine.model.plan import Edge
from runbook_engine.model.runbook import Lag
from runbook_engine.model.words import EdgeKind, Per, Purpose, RunId, RunStatus, Status
from runbook_engine.model.world import World
from runbook_engine.running.agenda import Agenda
from runbook_engine.running.blockers import blockers
from runbook_engine.running.course import replay
from runbook_engine.running.ends import ended_event
from runbook_engine.running.fitting import stage_s
from runbook_engine.running.focus import Focus
from runbook_engine.running.ready import ready
from running.nights import Night
from running.random_plans import plans
from running.test_running_gates import carry_out, minutes, of_kind
from stand import FAILED, OK, START, Clock, MemoryJournal, Stand, created, ids, manual, no_world, package, pause, phase, plan

SAME, ALL = EdgeKind.SAME_HOST, EdgeKind.ALL_HOSTS
TEN = Lag(lag_s=600.0)


def after(before, kind=SAME, lag=TEN):
    return {"needs": (Edge(before=before, kind=kind, lag=lag),)}


def starts(journal):
    return {e.task: e.at for e in journal.durable if type(e).__name__ in ("AttemptStarted", "TaskOpened")}


@pytest.mark.parametrize("kind", [SAME, ALL])
def test_a_lag_after_the_end_is_waited_for(kind):
    """Ten minutes pass between the end of the one and the start of the other, host by host or after all of them."""
    made = plan(phase("p", [package("p/a", ("h1", "h2")), package("p/b", ("h1", "h2"), **after("p/a", kind))]))
    course, journal, _ = carry_out(made, World(), wait=True)
    assert course.run.status is RunStatus.DONE
    ended = {e.task: e.at for e in journal.durable if type(e).__name__ == "AttemptEnded"}
    for host in ("h1", "h2"):
        since = ended[f"p/a@{host}"] if kind is SAME else max(ended["p/a@h1"], ended["p/a@h2"])
        assert timedelta(minutes=10) <= starts(journal)[f"p/b@{host}"] - since < timedelta(minutes=10, seconds=5)


def test_a_lag_is_a_reason_with_a_time_and_survives_the_engine():
    """Without patience the engine returns; `why` says until when; whoever comes back later goes on."""
    made = plan(phase("p", [package("p/a", ("h1",)), package("p/b", ("h1",), **after("p/a"))]))
    clock = Clock()
    course, journal, workers = carry_out(made, World(), clock=clock)
    assert [a.task for a in workers.started] == ["p/a@h1"]
    (why,) = blockers(course, "p/b@h1", World(), clock.now)
    assert (why.kind, why.reason) == ("time", "p/a@h1 ended not long enough ago")
    assert why.until == (course.run.task("p/a@h1").ended + timedelta(minutes=10)).isoformat()
    clock.now = minutes(11)
    course, _, workers = carry_out(made, World(), journal, clock=clock)
    assert [a.task for a in workers.started] == ["p/b@h1"]


def test_a_start_is_waited_for_and_not_the_end():
    """What follows a start goes on beside it: the person is not done when it begins."""
    lag = Lag(kind=LinkKind.START_START, lag_s=60.0)
    made = plan(phase("p", [manual("p/a"), package("p/b", (), **after("p/a", ALL, lag)), package("p/c", ())]))
    course, journal, workers = carry_out(made, World(), wait=False)
    begun = starts(journal)
    assert set(begun) == {"p/a", "p/c"}
    clock = Clock()
    clock.now = START + timedelta(seconds=90)
    course, _, workers = carry_out(made, World(), journal, clock=clock)
    assert [a.task for a in workers.started] == ["p/b"]
    assert course.run.task("p/a").status is Status.WAITING


def test_what_follows_a_start_says_so_before_it():
    """Before it has begun there is no time to name."""
    lag = Lag(kind=LinkKind.START_START)
    second = manual("p/a", needs=(Edge(before="p/z", kind=ALL),))
    made = plan(phase("p", [package("p/z", ("h1",)), second, package("p/b", **after("p/a", ALL, lag))]))
    course, _, workers = carry_out(made, World(), play=lambda _: FAILED)
    assert [a.task for a in workers.started] == ["p/z@h1"]
    assert [(b.kind, b.reason) for b in blockers(course, "p/b", World(), START) if b.kind == "needs"] == [
        ("needs", "it starts after p/a has begun")
    ]
    _, _, workers = carry_out(made, World())
    assert [a.task for a in workers.started] == ["p/z@h1", "p/b"]


def test_nothing_starts_before_its_earliest_start():
    """The rest goes on; the engine waits, if it is asked to."""
    made = plan(phase("p", [package("p/a", ("h1",)), package("p/b", ("h2",))]))
    world = World(earliest={"p/b": minutes(30)})
    course, journal, workers = carry_out(made, world)
    assert [a.task for a in workers.started] == ["p/a@h1"]
    assert [b.reason for b in blockers(course, "p/b@h2", world, START)] == ["p/b may not start before"]
    course, journal, _ = carry_out(made, world, wait=True)
    assert course.run.status is RunStatus.DONE
    assert starts(journal)["p/b@h2"] >= minutes(30)


def test_a_milestone_is_reached_by_itself():
    """As soon as what it needs is done, without a person; what needs it goes on."""
    reached = pause("p/ready", 0.0, milestone=True, needs=(Edge(before="p/a", kind=ALL),))
    made = plan(phase("p", [package("p/a", ("h1",)), reached]), phase("q", [package("q/b", ("h1",))]))
    course, journal, _ = carry_out(made, World())
    assert course.run.status is RunStatus.DONE
    assert [e.task for e in of_kind(journal, TimerEnded)] == ["p/ready"]


def test_lags_count_for_what_fits_into_a_window():
    """Ten minutes of waiting are ten minutes of the window; a start that is followed does not add the whole step."""
    made = plan(phase("p", [pause("p/a", 300.0), pause("p/b", 60.0, **after("p/a", ALL))]))
    course, _, _ = carry_out(made, World())
    assert stage_s(course.shape.packages, made.phases[0].stages[0], 0) == 300 + 600 + 60
    beside = Lag(kind=LinkKind.START_START, lag_s=30.0)
    made = plan(phase("p", [pause("p/a", 300.0), pause("p/b", 60.0, **after("p/a", ALL, beside))]))
    course, _, _ = carry_out(made, World())
    assert stage_s(course.shape.packages, made.phases[0].stages[0], 0) == 300


def test_parts_are_used_up_and_none_is_left_for_the_last():
    """Three hosts, two disks: two are done, the third says that none is left, until there are more. A retry takes none."""
    made = plan(phase("p", [package("p/a", ("h1", "h2", "h3"), uses={"disk": 1, "lift": 1})]))
    two = World(stock={"disk": 2})
    course, journal, workers = carry_out(made, two, play=lambda a: FAILED if a.task.endswith("h1") else OK)
    assert {a.task for a in workers.started} == {"p/a@h1", "p/a@h2"}
    assert of_kind(journal, PartsTaken)[-1].uses == {"disk": 2}
    (why,) = blockers(course, "p/a@h3", two, START)
    assert (why.kind, why.next_command) == ("resource", f"runbook resume {course.run.id}")
    assert "disk: 1 needed, 0 left of 2" in why.reason
    again = de.Retry(id="r", by="ana", task="p/a@h1", reason="it was loose")
    course, _, workers = carry_out(made, two, journal, decisions=[again])
    assert [a.task for a in workers.started] == ["p/a@h1"]
    course, _, workers = carry_out(made, World(stock={"disk": 3}), journal)
    assert course.run.status is RunStatus.DONE
    assert of_kind(journal, PartsTaken)[-1].uses == {"disk": 3}


def test_what_other_runs_took_is_gone():
    """Their run is named, so that one can ask."""
    made = plan(phase("p", [package("p/a", ("h1",), uses={"disk": 2})]))
    world = World(stock={"disk": 3}, uses={"disk": {RunId("other-1"): 2}})
    course, _, workers = carry_out(made, world)
    assert not workers.started
    (why,) = blockers(course, "p/a@h1", world, START)
    assert "disk: 2 needed, 1 left of 3; other-1 took 2" in why.reason


def by_hand(step, **rule):
    return manual(step, hosts=("h1", "h2"), per=Per.HOST, **rule)


def pair(**rule):
    """One step on two hosts, and another that says whose people do it."""
    return plan(phase("p", [by_hand("p/a"), by_hand("p/b", **rule)]))


def answered(made, *wishes):
    """What becomes of wishes of a run in which everything is open."""
    night = Night(made)
    night.go()
    for number, (kind, fields) in enumerate(wishes):
        night.inbox.decisions.append(kind(id=f"w{number}", **fields))
        night.go()
    return night


def refused(night):
    return [e.reason for e in night.journal.durable if isinstance(e, DecisionRefused)]


def done(task, by, **more):
    return de.Done, {"task": task, "by": by, **more}


def test_nobody_checks_their_own_work():
    """Host by host, whichever is done first; and not by assigning or accepting either."""
    made = pair(other_people_than=("p/a",))
    night = answered(made, done("p/a@h1", "ana"), done("p/b@h1", "ana"), done("p/b@h2", "ana"), done("p/a@h2", "ana"))
    assert refused(night) == [
        "p/b@h1 and p/a@h1 are for different people, and ana did the other",
        "p/a@h2 and p/b@h2 are for different people, and ana did the other",
    ]
    give = (de.Assign, {"task": "p/b@h1", "to": "ana", "by": "eva"})
    night = answered(made, done("p/a@h1", "ana"), give)
    assert len(refused(night)) == 1
    assert not of_kind(night.journal, TaskAssigned)
    night = answered(made, (de.Assign, {"task": "p/a@h1", "to": "ana", "by": "eva"}), done("p/b@h1", "ana"))
    assert refused(night) == ["p/b@h1 and p/a@h1 are for different people, and ana is to do the other"]
    night = answered(made, done("p/a@h1", "ana"), done("p/b@h1", "ben"), done("p/a@h2", "ben"), done("p/b@h2", "ana"))
    assert (refused(night), night.course.run.status) == ([], RunStatus.DONE)


def test_the_same_people_go_on():
    """Whoever did the one does the other; before anybody did, anybody may."""
    made = pair(same_people_as=("p/a",))
    night = answered(made, done("p/a@h1", "ana"), done("p/b@h1", "ben"), done("p/b@h2", "ben"), done("p/a@h2", "ana"))
    assert refused(night) == [
        "p/b@h1 and p/a@h1 are for the same people, and ana did the other",
        "p/a@h2 and p/b@h2 are for the same people, and ben did the other",
    ]


def test_a_rehearsal_answers_for_everybody():
    """What stands in for people is nobody in particular."""
    made = pair(other_people_than=("p/a",))
    both = [done(f"p/{step}@h1", "rehearsal", automatic=True) for step in "ab"]
    night = answered(made, *both)
    assert not refused(night)
    assert len(of_kind(night.journal, TaskAnswered)) == 2


def test_a_journal_of_another_engine_is_no_surprise():
    """Read again, the run has taken the same parts."""
    made = plan(phase("p", [package("p/a", ("h1",), uses={"disk": 1})]))
    journal = MemoryJournal([created(made)])
    carry_out(made, World(stock={"disk": 1}), journal)
    course, _, _ = carry_out(made, no_world(), journal)
    assert course.run.parts == {"disk": 1}


@settings(max_examples=120, deadline=None)
@given(plans(), st.data())
def test_what_waits_for_time_is_what_why_explains(made, data):
    """Whatever the lags, earliest starts and parts: what starts has no blockers, and what has none starts; and all ends."""
    lags = st.builds(
        lambda kind, lag_s, most: Lag(kind=kind, lag_s=float(lag_s), at_most_s=None if most is None else float(lag_s + most)),
        st.sampled_from(LinkKind),
        st.integers(0, 900),
        st.none() | st.integers(0, 900),
    )
    packages = {
        name: replace(p, needs=tuple(replace(e, lag=data.draw(st.none() | lags)) for e in p.needs), uses={"disk": 1})
        for name, p in made.packages.items()
    }
    made = replace(made, packages=packages)
    course = replay([created(made)], {made.digest: made}.__getitem__)
    agenda, now, new_id = Agenda(course, Focus()), START, ids()
    earliest = {name: START + timedelta(minutes=data.draw(st.integers(0, 30))) for name in packages}
    for moment in range(12):
        world = World(moment=moment, earliest=earliest, stock={"disk": data.draw(st.integers(1, 9))})
        agenda.unpark()
        for task in agenda.due(now):
            event = TimerEnded(at=now, task=task)
            course.note(event)
            agenda.note(event)
        free = {t for p in made.packages for t in course.shape.tasks(p) if not blockers(course, t, world, now)}
        starts = ready(course, agenda, world, now, Stand(lambda _: OK, Clock(), 100), new_id)
        begun = {e.task for e in starts.events if isinstance(e, AttemptStarted | TaskOpened)}
        assert begun <= free
        if not any(gate.kind == "resource" for gate in starts.held.values()):  # the last part goes to one of them
            assert {t.partition("@")[2] or t for t in begun} == {t.partition("@")[2] or t for t in free}
        for event in starts.events:
            course.note(event)
            agenda.note(event)
        for attempt in starts.attempts:
            if attempt.purpose is Purpose.DO:
                ended = ended_event(course, Ended(task=attempt.task, attempt=attempt.id, outcome=OK, purpose=Purpose.DO), now)
                course.note(ended)
                agenda.note(ended)
        now += timedelta(minutes=data.draw(st.integers(1, 10)))
