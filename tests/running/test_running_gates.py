"""What keeps phases from starting although their tasks could: holds, the end of a window, pools, resources, missed starts."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.model.attempts import Ended
from runbook_engine.model.decisions import Done, RollBack, StartNow
from runbook_engine.model.errors import Exit
from runbook_engine.model.events import AttemptStarted, HostsReleased, HostsTaken, TaskOpened
from runbook_engine.model.gates import BackInService, PhaseCleared, PhaseHeld, ResourcesReleased, ResourcesTaken, StartMissed
from runbook_engine.model.plan import WayBack
from runbook_engine.model.runbook import Takes
from runbook_engine.model.words import HostName, PhaseId, Purpose, RunId, RunStatus, Status, TaskId
from runbook_engine.model.world import Grounds, Hold, Pool, World
from runbook_engine.running.agenda import Agenda
from runbook_engine.running.blockers import blockers
from runbook_engine.running.course import replay
from runbook_engine.running.ends import ended_event
from runbook_engine.running.execute import execute
from runbook_engine.running.fitting import needed_s
from runbook_engine.running.focus import Focus, Habits
from runbook_engine.running.ready import ready
from runbook_engine.running.result import result
from running.random_plans import BACK, plans
from stand import FAILED, OK, START, Clock, ListInbox, MemoryJournal, Stand, created, ids, manual, package, phase, plan

P, Q = PhaseId("p"), PhaseId("q")
TEN_MINUTES = Takes(low_s=300, high_s=600)


def minutes(number):
    return START + timedelta(minutes=number)


def carry_out(made, world, journal=None, *, decisions=(), play=lambda _: OK, clock=None, wait=False):
    """Drive a run of this plan through a world that is asked at every turn; its course, journal and workers."""
    journal, clock = journal or MemoryJournal([created(made)]), clock or Clock()
    workers = Stand(play, clock)
    seen = (lambda: replace(world(clock.now), version=0)) if callable(world) else (lambda: world)
    habits = Habits(wait_for_people=wait, patience_s=0.0 if not wait else 9e9)
    course = execute(
        {made.digest: made}.__getitem__,
        journal,
        ListInbox(journal, decisions),
        workers,
        seen,
        clock,
        ids(),
        lambda *_: None,
        Focus(),
        habits,
    )
    return course, journal, workers


def of_kind(journal, *kinds):
    return [event for event in journal.durable if isinstance(event, kinds)]


def held(kind="approval", reason="nobody has signed", until=None):
    return Hold(kind=kind, reason=reason, until=until)


def test_a_phase_that_is_held_starts_nothing_and_says_why_once():
    """The other phases go on; the reason is in the journal, and `why` says the same."""
    made = plan(phase("p", [package("p/a", ("h1", "h2"))]), phase("q", [package("q/a", ("h3",))]))
    made = replace(made, phases=tuple(replace(p, needs=()) for p in made.phases))
    course, journal, workers = carry_out(made, World(holds={P: (held(),)}))
    assert {a.task for a in workers.started} == {"q/a@h3"}
    assert [(e.phase, e.kind, e.reason) for e in of_kind(journal, PhaseHeld)] == [("p", "approval", "nobody has signed")]
    assert [b.kind for b in blockers(course, "p/a@h1", World(holds={P: (held(),)}), START)] == ["approval"]
    _, journal, workers = carry_out(made, World(holds={P: (held(),)}), journal)
    assert len(of_kind(journal, PhaseHeld)) == 1
    assert not workers.started


def test_a_sign_off_that_comes_while_the_run_waits_lets_it_go_on():
    """Nothing need be typed: the world has changed, and what was held is looked at again. The grounds are recorded."""
    made = plan(phase("p", [package("p/a", ("h1", "h2"))]))

    def world(now):
        if now < minutes(5):
            return World(moment=0, holds={P: (held(),)})
        return World(moment=1, grounds={P: Grounds(statements=("s1",), entry="")})

    course, journal, _ = carry_out(made, world, wait=True)
    assert course.run.status is RunStatus.DONE
    kinds = [type(e).__name__ for e in journal.durable]
    assert kinds.index("PhaseHeld") < kinds.index("PhaseCleared") < kinds.index("AttemptStarted")
    assert [e.statements for e in of_kind(journal, PhaseCleared)] == [("s1",)]


@pytest.mark.law(3)
@settings(max_examples=60, deadline=None)
@given(plans(), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30)), max_size=4), st.booleans())
def test_nothing_starts_while_a_phase_is_closed(made, shut, fails):
    """Whatever the plan and whenever it is closed: no start of anything in that time; undoing is never held."""
    spans = [(minutes(begin), minutes(begin + length)) for begin, length in shut]

    def world(now):
        until = max((end for start, end in spans if start <= now < end), default=None)
        moment = sum(now >= edge for span in spans for edge in span)
        ends = min((start for start, _ in spans if start > now), default=None)  # an opening whose end nobody knows is no window
        closes = {p.id: ends for p in made.phases} if ends else {}
        holds = {p.id: (held("window", "closed", until),) for p in made.phases} if until else {}
        return World(moment=moment, holds=holds, closes=closes)

    clock = Clock()

    def play(attempt):
        clock.pass_s(150)
        return FAILED if fails and attempt.task.endswith("h2") else OK

    _, journal, _ = carry_out(made, world, play=play, clock=clock, wait=False)
    for event in of_kind(journal, AttemptStarted, TaskOpened):
        undoes = isinstance(event, AttemptStarted) and event.purpose is Purpose.ROLL_BACK
        assert undoes or not any(start <= event.at < end for start, end in spans), event


@pytest.mark.law(3)
def test_the_next_batch_is_held_when_it_and_the_way_back_do_not_fit():
    """Ten minutes a batch and ten for its way back: with 35 minutes left the second batch would end too late."""
    step = {"takes": TEN_MINUTES, "way_back": BACK}
    made = plan(phase("p", [package("p/a", ("h1",), **step)], [package("p/a#2", ("h2",), **step)]))
    clock = Clock()

    def play(_):
        clock.pass_s(540)
        return OK

    ends = {P: minutes(35)}
    course, journal, workers = carry_out(made, lambda _: World(closes=ends), play=play, clock=clock)
    assert [a.task for a in workers.started] == ["p/a@h1"]
    (said,) = of_kind(journal, PhaseHeld)
    assert said.kind == "fit"
    assert "can take 30 min" in said.reason
    assert "ends in 26 min" in said.reason
    assert course.run.task("p/a#2@h2").status is Status.NOT_STARTED
    _, _, workers = carry_out(made, lambda _: World(closes={P: minutes(60)}), journal, clock=clock)
    assert [a.task for a in workers.started] == ["p/a#2@h2"]


@pytest.mark.law(3)
def test_what_does_not_fit_any_more_goes_on_in_the_next_opening():
    """An engine that stays waits for it, through the end of this opening, without anybody typing anything."""
    made = plan(phase("p", [package("p/a", ("h1",), takes=TEN_MINUTES, way_back=BACK)]))

    def world(now):
        if now < minutes(15):
            return World(moment=0, closes={P: minutes(15)})
        if now < minutes(60):
            return World(moment=1, holds={P: (held("window", "closed", minutes(60)),)})
        return World(moment=2, closes={P: minutes(200)})

    course, journal, _ = carry_out(made, world, wait=True)
    assert course.run.status is RunStatus.DONE
    assert [e.kind for e in of_kind(journal, PhaseHeld)] == ["fit", "window"]
    (began,) = of_kind(journal, AttemptStarted)
    assert began.at >= minutes(60)


def test_what_may_rest_needs_no_room_in_the_opening_but_its_way_back_does():
    """A step that goes on the next day may begin late; one that is done in one go may not."""
    for pausable, minutes in ((True, 10), (False, 20)):
        takes = replace(TEN_MINUTES, pausable=pausable)
        made = plan(phase("p", [package("p/a", ("h1",), action="", takes=takes, way_back=BACK)]))
        course = replay([created(made)], {made.digest: made}.__getitem__)

        assert needed_s(course.shape, course.run, made.packages["p/a"], 1) / 60 == minutes


def test_past_the_point_of_no_return_no_time_is_kept_for_a_way_back():
    """Before its step, what was done until then can go back; without a step, or from the step on, nothing."""
    steps = [package(f"p/{name}", ("h1", "h2"), takes=TEN_MINUTES, way_back=BACK) for name in "ab"]

    def needed(parallel, **changes):
        made = plan(phase("p", steps, **changes))
        course = replay([created(made)], {made.digest: made}.__getitem__)
        return needed_s(course.shape, course.run, made.packages["p/a"], parallel) / 60

    assert needed(0) == 10 + 20, "both steps wait for nothing, and are undone one after the other"
    assert needed(1) == 20 + 40, "one host at a time"
    assert needed(0, point_of_no_return="it is sold", no_return_step="p/b") == 10 + 10
    assert needed(0, point_of_no_return="it is sold") == 10


def test_work_by_hand_need_not_fit_into_one_opening():
    """Two hours of mounting in a window of one: server by server, as long as one still fits."""
    half_an_hour = Takes(low_s=1200, high_s=1800)
    made = plan(phase("p", [manual("p/mount", hosts=("h1", "h2", "h3", "h4"), takes=half_an_hour)]))
    course, _, _ = carry_out(made, lambda _: World(closes={P: minutes(60)}))
    assert {state.status for state in course.run.tasks.values()} == {Status.WAITING}
    late, _, _ = carry_out(made, lambda _: World(closes={P: minutes(20)}))
    assert late.run.tasks == {}


def test_a_start_that_nobody_was_there_for_is_missed_and_asks():
    """An engine waited for ten o'clock and died; the next one comes an hour later, starts nothing, and starts when told to."""
    made = plan(phase("p", [package("p/a", ("h1",))]))
    opens = minutes(60)

    def world(now):
        return World(moment=int(now >= opens), holds={} if now >= opens else {P: (held("window", "closed", opens),)})

    class Died(Exception):
        """The machine is switched off."""

    clock, journal = Clock(), MemoryJournal([created(made)])

    def until_it_dies(now):
        if now > minutes(30):
            raise Died
        return world(now)

    with pytest.raises(Died):
        carry_out(made, until_it_dies, journal, clock=clock, wait=True)
    assert [e.waits for e in of_kind(journal, PhaseHeld)] == [True]
    clock.now = minutes(120)
    course, _, workers = carry_out(made, world, journal, clock=clock)
    assert not workers.started
    assert [e.due for e in of_kind(journal, StartMissed)] == [opens]
    assert [b.kind for b in blockers(course, "p/a@h1", world(clock.now), clock.now)] == ["missed"]
    yes = StartNow(id="yes", by="ana", phase=P, reason="there is time")
    course, _, workers = carry_out(made, world, journal, clock=clock, decisions=[yes])
    assert [a.task for a in workers.started] == ["p/a@h1"]


def test_a_window_that_nobody_waited_for_is_not_missed():
    """The engine said when it opens and returned: whoever comes back in time simply goes on."""
    made = plan(phase("p", [package("p/a", ("h1",))]))
    opens, clock, journal = minutes(60), Clock(), MemoryJournal([created(made)])
    carry_out(made, World(holds={P: (held("window", "closed", opens),)}), journal, clock=clock)
    assert [e.waits for e in of_kind(journal, PhaseHeld)] == [False]
    clock.now = minutes(120)
    course, _, _ = carry_out(made, World(), journal, clock=clock)
    assert course.run.status is RunStatus.DONE


def test_no_more_hosts_are_out_of_service_than_may_be():
    """Two of three may not be out together, and another run has one: nothing of the pool starts, the fourth host does."""
    pool = Pool(name="etcd", hosts=frozenset(map(HostName, ("h1", "h2", "h3"))), out=1, why="quorum")
    made = plan(phase("p", [package("p/a", ("h1", "h2", "h4"))]))
    other = {HostName("h3"): RunId("other-1")}
    course, journal, workers = carry_out(made, World(pools=(pool,), taken=other, out=other))
    assert {a.task for a in workers.started} == {"p/a@h4"}
    (why,) = blockers(course, "p/a@h1", World(pools=(pool,), taken=other, out=other), START)
    assert (why.kind, why.next_command) == ("capacity", "runbook status other-1")
    assert "at most 1 of its 3 hosts may be out of service (quorum); out: h3 (other-1)" in why.reason
    assert [e.hosts for e in of_kind(journal, HostsTaken) if e.out] == [("h4",)]


def test_a_batch_is_back_in_service_before_the_next_one_begins():
    """One of three out at a time, batch after batch; the run has all of them from the first to the last."""
    pool = Pool(name="etcd", hosts=frozenset(map(HostName, ("h1", "h2", "h3"))), out=1)
    made = plan(phase("p", *([package(f"p/a#{n}" if n > 1 else "p/a", (f"h{n}",))] for n in (1, 2, 3))))
    course, journal, _ = carry_out(made, World(pools=(pool,)))
    assert course.run.status is RunStatus.DONE
    out = set()
    for event in of_kind(journal, HostsTaken, BackInService):
        out = out | set(event.hosts) if isinstance(event, HostsTaken) and event.out else out - set(event.hosts)
        assert len(out) <= 1
    assert [e.hosts for e in of_kind(journal, BackInService)] == [("h1",), ("h2",)]
    assert [e.hosts for e in of_kind(journal, HostsReleased)] == [("h1", "h2", "h3")]


def test_a_batch_goes_out_of_service_as_a_whole_or_not_at_all():
    """Two go together and one is out elsewhere: neither goes, or two runs with one each could wait for the other's second."""
    pool = Pool(name="web", hosts=frozenset(map(HostName, ("h1", "h2", "h3"))), out=2)
    made = plan(phase("p", [package("p/a", ("h1", "h2"))]))
    other = {HostName("h3"): RunId("other-1")}
    busy = World(pools=(pool,), taken=other, out=other)
    course, journal, workers = carry_out(made, busy)
    assert (workers.started, course.run.taken) == ([], set())
    (why,) = blockers(course, "p/a@h1", busy, START)
    assert why.reason == ("web: at most 2 of its 3 hosts may be out of service, and 2 would go together; out: h3 (other-1)")
    _, journal, _ = carry_out(made, World(pools=(pool,)), journal)
    assert [e.hosts for e in of_kind(journal, HostsTaken)] == [("h1", "h2")]


def test_two_phases_of_a_run_do_not_take_one_lift_in_the_same_moment():
    """What one phase takes in a tick counts for the next that is looked at in it."""
    phases = [phase(name, [package(f"{name}/a", (host,), uses={"lift": 1})]) for name, host in (("p", "h1"), ("q", "h2"))]
    made = plan(*phases)
    made = replace(made, phases=tuple(replace(planned, needs=()) for planned in made.phases))
    course, journal, workers = carry_out(made, World(capacity={"lift": 1}))
    assert [a.task for a in workers.started] == ["p/a@h1"]
    assert [(e.phase, dict(e.uses)) for e in of_kind(journal, ResourcesTaken)] == [("p", {"lift": 1})]
    course, journal, _ = carry_out(made, World(capacity={"lift": 1}), journal)
    assert course.run.status is RunStatus.DONE


def test_a_step_that_needs_a_resource_begins_with_all_hosts_of_its_phase():
    """Whoever has the lift has its hosts too: else the run that has them could wait for the lift."""
    made = plan(phase("p", [package("p/fetch", uses={"lift": 1})], [package("p/a", ("h1",))]))
    busy = World(capacity={"lift": 1}, taken={HostName("h1"): RunId("other-1")})
    course, journal, workers = carry_out(made, busy)
    assert (workers.started, course.run.uses) == ([], {})
    assert [b.kind for b in blockers(course, "p/fetch", busy, START)] == ["host"]
    _, journal, _ = carry_out(made, World(capacity={"lift": 1}), journal)
    assert [e.hosts for e in of_kind(journal, HostsTaken)] == [("h1",)]


def test_what_has_not_begun_and_waits_for_others_keeps_no_host_of_the_phase_before():
    """The second phase wants a host that another run has: it gives the first one back, for the other run may want that."""
    made = plan(phase("p", [package("p/a", ("h1",))]), phase("q", [package("q/a", ("h1", "h2"))]))
    course, journal, _ = carry_out(made, World(taken={HostName("h2"): RunId("other-1")}))
    assert (course.run.taken, [e.hosts for e in of_kind(journal, HostsReleased)]) == (set(), [("h1",)])
    course, journal, _ = carry_out(made, World(), journal)
    assert course.run.status is RunStatus.DONE


def test_a_resource_that_another_run_has_is_waited_for():
    """One lift, and it is elsewhere: the reason names who has it. It is taken for the phase, and given back at its end."""
    made = plan(phase("p", [package("p/a", ("h1",), uses={"lift": 1, "cable": 4})]))
    elsewhere = World(capacity={"lift": 1}, uses={"lift": {RunId("other-1"): 1}})
    course, journal, workers = carry_out(made, elsewhere)
    assert not workers.started
    assert [(b.kind, b.reason) for b in blockers(course, "p/a@h1", elsewhere, START)] == [
        ("resource", "lift: 1 needed, 1 there are; other-1 has them")
    ]
    _, journal, _ = carry_out(made, World(capacity={"lift": 1}), journal)
    assert [e.uses for e in of_kind(journal, ResourcesTaken)] == [{"lift": 1}]
    assert [e.phase for e in of_kind(journal, ResourcesReleased)] == ["p"]


def test_a_phase_that_is_alone_at_a_site_waits_until_no_other_run_works_there():
    """The reason names the run, a host and the end by its plan. All hosts of the site are taken, and given back."""
    alone = {"alone_at": ("ams1",), "alone_with": ("h1", "h2", "h3")}
    made = plan(phase("p", [package("p/a", ("h1",))]), phase("q", [manual("q/ask"), package("q/b", ("h1",))], **alone))
    busy = World(taken={HostName("h3"): RunId("other-1")}, ends={RunId("other-1"): minutes(30)})
    course, journal, workers = carry_out(made, busy)
    assert [a.task for a in workers.started] == ["p/a@h1"]
    reason = "phase q must be alone at ams1; run other-1 works on h3 there, by its plan until 2026-11-30 22:30 UTC"
    assert [(b.kind, b.reason, b.next_command) for b in blockers(course, "q/ask", busy, START)] == [
        ("site", reason, "runbook status other-1")
    ]
    assert [(e.phase, e.kind) for e in of_kind(journal, PhaseHeld)] == [("q", "site")]
    assert course.run.taken == set()  # while it waits it has nothing, or two runs could wait for each other
    assert result(course, busy) is Exit.REFUSED

    course, journal, _ = carry_out(made, World(), journal)
    assert course.run.taken == {"h1", "h2", "h3"}
    done = Done(id="d", by="ana", task=TaskId("q/ask"))
    course, journal, workers = carry_out(made, World(), journal, decisions=[done])
    assert course.run.status is RunStatus.DONE
    assert of_kind(journal, HostsReleased)[-1].hosts == ("h1", "h2", "h3")


def test_undoing_is_never_held():
    """A closed window, a missing signature: the way back goes on."""
    made = plan(phase("p", [package("p/a", ("h1",), way_back=WayBack(procedure=BACK.procedure))]))
    course, journal, _ = carry_out(made, World())
    assert course.run.status is RunStatus.DONE
    made = plan(phase("p", [package("p/a", ("h1",), way_back=BACK), package("p/b", ("h1",))]))
    journal = MemoryJournal([created(made)])
    carry_out(made, World(), journal, play=lambda a: FAILED if a.task == "p/b@h1" else OK)
    back = RollBack(id="r", by="ana", phase=P, reason="it failed")
    course, _, _ = carry_out(made, World(holds={P: (held("window", "closed"),)}), journal, decisions=[back])
    assert course.run.task("p/a@h1").status is Status.ROLLED_BACK


@settings(max_examples=120, deadline=None)
@given(plans(), st.data())
def test_what_is_held_is_what_why_explains(made, data):
    """Whatever the world forbids: what starts has no blockers, and what has none starts, as far as one tick goes."""
    course = replay([created(made)], {made.digest: made}.__getitem__)
    agenda, now, new_id = Agenda(course, Focus()), START, ids()
    for moment in range(12):
        world = World(
            moment=moment,
            holds={p.id: (held(),) for p in made.phases if data.draw(st.integers(0, 3)) == 0},
            closes={p.id: minutes(data.draw(st.integers(0, 60))) for p in made.phases if data.draw(st.booleans())},
        )
        agenda.unpark()
        agenda.due(now)
        free = {t for p in made.packages for t in course.shape.tasks(p) if not blockers(course, t, world, now)}
        starts = ready(course, agenda, world, now, Stand(lambda _: OK, Clock(), 100), new_id)
        begun = {e.task for e in starts.events if isinstance(e, AttemptStarted | TaskOpened)}
        assert begun <= free
        assert {t.partition("@")[2] or t for t in begun} == {t.partition("@")[2] or t for t in free}
        for event in starts.events:
            course.note(event)
            agenda.note(event)
        for attempt in starts.attempts:
            outcome = data.draw(st.sampled_from([OK, FAILED]))
            event = ended_event(course, Ended(task=attempt.task, attempt=attempt.id, outcome=outcome), now)
            course.note(event)
            agenda.note(event)
        now += timedelta(seconds=30)
