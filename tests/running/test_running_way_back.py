"""The way back: what is undone in which order, by itself or because a person wants it, and how the run goes on afterwards."""

from contextlib import suppress
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from runbook_engine.model.commands import AskPerson, Procedure, Shell
from runbook_engine.model.decisions import Again, Done, GoOn, LeaveOut, Resolve, Retry, RollBack, StartWith
from runbook_engine.model.errors import Exit
from runbook_engine.model.events import AttemptEnded, AttemptStarted, DecisionRefused, TaskAnswered, TimerEnded
from runbook_engine.model.plan import WayBack
from runbook_engine.model.runbook import Retry as Retries
from runbook_engine.model.text import plain, shell
from runbook_engine.model.turns import PhasesReopened, RollBackBegan
from runbook_engine.model.words import SETTLED_BADLY, SETTLED_WELL, OnFailure, Purpose, RunStatus, Status, Verdict
from runbook_engine.model.world import World
from runbook_engine.running.blockers import blockers
from runbook_engine.running.result import result
from runbook_engine.running.way_back import UNDOABLE
from running.nights import Night
from running.random_plans import HOSTS, plans
from stand import ALL, FAILED, OK, SAME, START, UNKNOWN, needs, package, phase, plan

UNDO = WayBack(procedure=Procedure(apply=(Shell(script=shell("undo")),)))
TWO = ("h1", "h2")


def chain(hosts=TWO, way_back=UNDO, batch=""):
    """Steps a, once, b: b waits for once, which waits for a; all can be undone."""
    return [
        package(f"p/a{batch}", hosts, way_back=way_back),
        package(f"p/once{batch}", way_back=way_back, needs=needs((f"p/a{batch}", ALL))),
        package(f"p/b{batch}", hosts, way_back=way_back, needs=needs((f"p/once{batch}", ALL))),
    ]


def undone(night):
    """The tasks whose way back was begun, in order."""
    return [a.task for a in night.started if a.purpose is Purpose.ROLL_BACK]


def forward(*failing, back=()):
    """Workers for whom these tasks fail, and the ways back of those."""
    return lambda a: FAILED if a.task in (back if a.purpose is Purpose.ROLL_BACK else failing) else OK


def refusals(night):
    """Why decisions were refused."""
    return [e.reason for e in night.journal.durable if isinstance(e, DecisionRefused)]


def test_the_way_back_is_the_exact_reverse():
    """What was done once stands between: first b on every host, then once, then a; and the worker gets the way back to do."""
    night = Night(plan(phase("p", chain())))
    night.go()

    night.journal.durable.pop()  # the run has not ended yet: somebody is quicker
    night.seen.pop()
    night.wish(RollBack, reason="wrong version").go()

    assert undone(night) == ["p/b@h1", "p/b@h2", "p/once", "p/a@h1", "p/a@h2"]
    assert {a.package.procedure for a in night.started if a.purpose is Purpose.ROLL_BACK} == {UNDO.procedure}
    assert night.course.run.phases["p"].counts[Status.ROLLED_BACK] == 5
    assert night.course.run.phases["p"].ended is None
    assert result(night.course, World()) is Exit.FAILED


def test_it_begins_by_itself_where_the_plan_says_so():
    """More fail than the budget allows, on_failure: roll_back: what is in flight ends, then all that was done is undone."""
    made = plan(phase("p", chain(), [package("p/c", ("h3",))], max_failures=0, on_failure=OnFailure.ROLL_BACK))
    night = Night(made, forward("p/b@h2"))

    course = night.go()

    assert undone(night) == ["p/b@h1", "p/b@h2", "p/once", "p/a@h1", "p/a@h2"]
    began = next(e for e in night.journal.durable if isinstance(e, RollBackBegan))
    assert (began.by, began.phases) == ("the plan", ("p",))
    assert "h2" in began.reason
    assert "p/c@h3" not in night.order
    assert "phase p was rolled back" in blockers(course, "p/c@h3", World(), START)[0].reason


def test_batches_go_back_one_after_the_other():
    """The last batch is undone first; the batch before it only when that is over."""
    night = Night(plan(phase("p", chain(("h1",)), chain(("h2",), batch="#2"), [package("p/z", ("h1",))])), forward("p/z@h1"))
    night.go()

    night.wish(RollBack, phase="p", reason="wrong").go()

    assert undone(night) == ["p/b#2@h2", "p/once#2", "p/a#2@h2", "p/b@h1", "p/once", "p/a@h1"]


def test_a_phase_goes_back_together_with_what_was_built_on_it():
    """The phase that needs it is undone first, without being named."""
    later = phase("q", [package("q/a", TWO, way_back=UNDO), package("q/b", TWO, needs=needs(("q/a", SAME)))])
    night = Night(plan(phase("p", [package("p/a", TWO, way_back=UNDO)]), later), forward("q/b@h1"))
    night.go()

    night.wish(RollBack, phase="p", reason="wrong").go()

    assert undone(night) == ["q/a@h1", "q/a@h2", "p/a@h1", "p/a@h2"]


def test_what_was_done_already_and_what_has_no_way_back_stays():
    """A step that was skipped is not ours to undo; a step without a way back is left, and says so."""
    steps = [package("p/a", ("h1",), way_back=UNDO), package("p/b", ("h1",), way_back=WayBack(none="cannot be unsent"))]
    night = Night(plan(phase("p", steps, [package("p/z", ("h1",), way_back=UNDO)])), forward("p/z@h1"))
    skipped = {"p/a@h1": Status.SKIPPED}
    night.play = lambda a: OK.__class__(status=skipped[a.task]) if a.task in skipped else forward("p/z@h1")(a)
    night.go()

    night.wish(RollBack, reason="wrong").go()

    assert undone(night) == ["p/z@h1"]
    assert (night.status("p/a@h1"), night.status("p/b@h1")) == (Status.SKIPPED, Status.OK)


def test_a_host_whose_way_back_fails_holds_up_only_itself():
    """Its earlier steps are not tried; the other hosts go on; --failed tries again, and then it goes on to the end."""
    made = plan(phase("p", chain(), max_failures=0, on_failure=OnFailure.ROLL_BACK))
    night = Night(made, forward("p/b@h2", back=("p/b@h2",)))

    course = night.go()

    assert undone(night) == ["p/b@h1", "p/b@h2", "p/once", "p/a@h1"]
    assert night.status("p/b@h2") is Status.ROLL_BACK_FAILED
    assert result(course, World()) is Exit.FAILED
    assert "its way back waits for that of p/b@h2" in blockers(course, "p/a@h2", World(), START)[0].reason

    night.play = forward()
    night.wish(Retry, task="p/b@h2").go()
    assert undone(night)[4:] == ["p/b@h2", "p/a@h2"]


def test_a_person_can_say_that_it_was_undone_by_hand():
    """Resolve as done ends a way back that failed; as not done it is refused, because that is known."""
    made = plan(phase("p", chain(), max_failures=0, on_failure=OnFailure.ROLL_BACK))
    night = Night(made, forward("p/b@h2", back=("p/b@h2",)))
    night.go()

    night.wish(Resolve, task="p/b@h2", verdict=Verdict.NOT_DONE, reason="seen").go()
    assert "that is known" in refusals(night)[0]
    night.wish(Resolve, task="p/b@h2", verdict=Verdict.DONE, reason="put back by hand").go()

    assert night.status("p/a@h2") is Status.ROLLED_BACK


def test_doubt_on_the_way_back_is_settled_by_its_own_verify():
    """A lost link: verify of the way back is asked; not done means once more, done means rolled back."""
    check = Procedure(apply=(Shell(script=shell("undo")),), verify=(Shell(script=shell("gone")),))
    step = package("p/a", ("h1",), way_back=WayBack(procedure=check))
    night = Night(plan(phase("p", [step], [package("p/z", ("h1",))])), forward("p/z@h1"))
    night.go()
    answers = iter([UNKNOWN.__class__(status=Status.UNKNOWN, message="lost", host_asked=True), FAILED, OK])
    night.play = lambda _: next(answers)

    night.wish(RollBack, reason="wrong").go()

    tail = [(a.task, a.purpose) for a in night.started[2:]]
    assert tail == [("p/a@h1", Purpose.ROLL_BACK), ("p/a@h1", Purpose.VERIFY), ("p/a@h1", Purpose.ROLL_BACK)]
    assert night.status("p/a@h1") is Status.ROLLED_BACK


def test_retries_of_the_way_back_are_its_own():
    """The way back has one retry, the step none."""
    way = WayBack(procedure=UNDO.procedure, retries=Retries(count=1, wait_s=1.0))
    night = Night(
        plan(phase("p", [package("p/a", ("h1",), way_back=way)], [package("p/z", ("h1",))])),
        forward("p/z@h1", back=("p/a@h1",)),
    )
    night.go()

    night.wish(RollBack, reason="wrong").go()

    assert undone(night) == ["p/a@h1", "p/a@h1"]
    assert night.status("p/a@h1") is Status.ROLL_BACK_FAILED


def test_a_way_back_by_hand_is_opened_for_a_person():
    """The prompt is that of the way back; done means rolled back."""
    by_hand = WayBack(procedure=Procedure(apply=(AskPerson(prompt=plain("Take it out again")),)))
    night = Night(plan(phase("p", [package("p/a", ("h1",), way_back=by_hand)], [package("p/z", ("h1",))])), forward("p/z@h1"))
    night.go()

    night.wish(RollBack, reason="wrong").go()
    assert night.course.run.task("p/a@h1").prompt == "Take it out again"
    night.wish(Done, task="p/a@h1").go()

    assert night.status("p/a@h1") is Status.ROLLED_BACK


def test_what_runs_when_the_way_back_begins_is_undone_when_it_has_ended():
    """Nothing is interrupted: the step in flight ends, and is undone then."""
    night = Night(plan(phase("p", [package("p/a", TWO, way_back=UNDO)])), parallel=2)
    night.play = lambda a: (night.wish(RollBack, reason="wrong") if a.task == "p/a@h1" and not undone(night) else None, OK)[1]

    night.go()

    assert sorted(undone(night)) == ["p/a@h1", "p/a@h2"]
    assert night.course.run.phases["p"].counts[Status.ROLLED_BACK] == 2


def test_the_way_back_of_a_phase_comes_after_those_of_its_steps():
    """Steps that a phase declares for its way back run last, once each, and never on the way forth."""
    last = package("p/tell", procedure=UNDO.procedure)
    made = phase("p", [package("p/a", TWO, way_back=UNDO)], [package("p/z", ("h1",))], way_back=(last,))
    night = Night(plan(made), forward("p/z@h1"))
    night.go()
    assert "p/tell" not in night.order

    night.wish(RollBack, reason="wrong").go()

    assert undone(night) == ["p/a@h1", "p/a@h2", "p/tell"]


def test_after_the_way_back_the_phase_can_be_done_again():
    """Again: what was undone and what failed is done anew, to the end of the run."""
    made = plan(phase("p", chain(), max_failures=0, on_failure=OnFailure.ROLL_BACK), phase("q", [package("q/a", TWO)]))
    night = Night(made, forward("p/b@h2"))
    night.go()
    before = len(night.started)

    night.play = forward()
    night.wish(Retry, task="p/b@h2").go()
    assert "--again p" in refusals(night)[0]
    night.wish(Again, phase="p").go()

    assert night.order[before:] == ["p/a@h1", "p/a@h2", "p/once", "p/b@h1", "p/b@h2", "q/a@h1", "q/a@h2"]
    assert night.course.run.status is RunStatus.DONE


def test_one_host_goes_back_alone():
    """--host: the others go on; the phase ends when that host has done it again, or is left out."""
    made = plan(phase("p", [package("p/a", TWO, way_back=UNDO)], [package("p/b", TWO)], max_failures=1))
    night = Night(made, forward("p/b@h1"))
    night.go()

    night.wish(RollBack, phase="p", hosts=("h1",), reason="broken").go()
    assert undone(night) == ["p/a@h1"]
    assert night.status("p/b@h2") is Status.OK
    assert night.course.run.phases["p"].ended is None

    night.wish(LeaveOut, host="h1", reason="replaced").go()
    assert night.course.run.task("p/a@h1").reason == "left out by ana: replaced"
    assert night.course.run.status is RunStatus.DONE


def test_a_person_lets_a_phase_go_on():
    """on_failure: ask: the run waits; go-on accepts the failures known now, and the budget counts anew from there."""
    made = plan(
        phase(
            "p",
            [package("p/a", TWO)],
            [package("p/a#2", ("h3",))],
            [package("p/a#3", ("h4",))],
            max_failures=0,
            on_failure=OnFailure.ASK,
        )
    )
    night = Night(made, forward("p/a@h1", "p/a#2@h3"))
    night.go()
    assert night.status("p/a#2@h3") is Status.NOT_STARTED

    night.wish(GoOn, phase="p", reason="one is enough").go()
    assert night.status("p/a#2@h3") is Status.FAILED
    assert night.status("p/a#3@h4") is Status.NOT_STARTED

    night.wish(GoOn, phase="p").go()
    assert night.status("p/a#3@h4") is Status.OK
    night.wish(GoOn, phase="p").go()
    assert "does not wait for an answer" in refusals(night)[0]


def test_a_host_is_left_out():
    """All that it has not done is skipped in every phase, with name and reason; refused while it is in doubt."""
    made = plan(phase("p", [package("p/a", TWO)], max_failures=1), phase("q", [package("q/a", TWO)]))
    night = Night(made, lambda a: UNKNOWN if a.task == "p/a@h1" else OK)
    night.go()
    night.wish(LeaveOut, host="h1", reason="no").go()
    assert "first runbook resolve test-1 p/a@h1" in refusals(night)[0]

    night.wish(Resolve, task="p/a@h1", verdict=Verdict.NOT_DONE, reason="seen")
    night.wish(LeaveOut, host="h1", reason="broken disk").go()

    assert night.status("q/a@h1") is Status.SKIPPED
    assert night.course.run.task("q/a@h1").reason == "left out by ana: broken disk"
    assert night.course.run.status is RunStatus.DONE


def test_a_run_starts_elsewhere():
    """What stands before the named step is skipped by a person; a run that has begun can no longer start elsewhere."""
    made = plan(phase("o", [package("o/a", TWO)]), phase("p", chain()))
    night = Night(made)

    night.wish(StartWith, phase="p", step="p/once").go()

    assert night.order == ["p/once", "p/b@h1", "p/b@h2"]
    assert night.course.run.task("o/a@h1").reason == "started with p/once by ana"
    late = Night(made, forward("o/a@h1"))
    late.go()
    late.wish(StartWith, phase="p").go()
    assert "has begun" in refusals(late)[0]


class Crash(Exception):
    """The engine dies here."""


WISHES = [
    lambda draw, run: (Retry, {"task": draw(st.sampled_from([t for t, s in run.tasks.items() if s.status in SETTLED_BADLY]))}),
    lambda draw, _: (LeaveOut, {"host": draw(st.sampled_from(HOSTS))}),
    lambda draw, run: (
        RollBack,
        {
            "phase": draw(st.sampled_from([None, *run.phases])),
            "hosts": draw(st.sampled_from([(), (), ("h1",), ("h2", "h3")])),
            "reason": "x",
        },
    ),
    lambda draw, run: (Again, {"phase": draw(st.sampled_from([*run.phases]))}),
    lambda draw, run: (GoOn, {"phase": draw(st.sampled_from([*run.phases]))}),
    lambda draw, run: (
        Resolve,
        {
            "task": draw(st.sampled_from([t for t, s in run.tasks.items() if s.status is Status.UNKNOWN])),
            "verdict": draw(st.sampled_from(Verdict)),
            "reason": "seen",
        },
    ),
    lambda draw, run: (Done, {"task": draw(st.sampled_from([t for t, s in run.tasks.items() if s.status is Status.WAITING]))}),
]


def _check_order(events):
    """Each way back is the exact reverse on its host, what is done once stands between, and nothing is undone twice."""
    began, undone_now, purposes, ways = None, {}, {}, {}
    for event in events:
        if isinstance(event, RollBackBegan):
            began, undone_now = event, {}
        elif isinstance(event, AttemptStarted):
            purposes[event.attempt] = event.purpose
            if event.purpose in (Purpose.DO, Purpose.ROLL_BACK):
                ways[event.task] = event.purpose
            if event.purpose is Purpose.ROLL_BACK:
                _check_turn(began, undone_now, event.task)
        elif isinstance(event, AttemptEnded):
            undone_now[event.task] = _is_undone(ways[event.task], purposes[event.attempt], event.outcome.status)
        elif isinstance(event, TaskAnswered | TimerEnded) or getattr(event, "verdict", None) is Verdict.DONE:
            undone_now[event.task] = True
        elif isinstance(event, PhasesReopened):
            began = None


def _is_undone(way, purpose, status):
    """Whether nothing is left to undo; None: it may be undone, and need not. `way`: what was tried or is looked at."""
    if way is Purpose.ROLL_BACK:
        return status in SETTLED_WELL
    if purpose is Purpose.VERIFY and status is Status.FAILED:
        return None  # it had not been done; after many doubts it counts as a failure all the same
    return status not in UNDOABLE


def _check_turn(began, undone_now, task):
    assert began is not None
    assert undone_now.get(task) is not True, f"{task} was undone already"
    if task not in began.tasks:
        return  # it could not be kept from beginning: it comes first
    before = began.tasks[: began.tasks.index(task)]
    lane = task.partition("@")[2]
    same = [t for t in before if t.partition("@")[2] in ("", lane)]
    assert not [t for t in same if undone_now.get(t, False) is False]


@settings(max_examples=150, deadline=None)
@given(plans(), st.integers(1, 4), st.sets(st.integers(1, 25), max_size=3), st.data())
def test_whatever_people_want_and_whenever_it_dies_every_run_can_be_carried_to_its_end(made, parallel, deaths, data):
    """Random plans, outcomes, deaths and decisions: the order of ways back holds, and in the end the run is done."""
    night, numbers = Night(made, parallel=parallel), count(1)

    def play(attempt):
        if next(numbers) in deaths:
            raise Crash
        return OK if attempt.purpose is Purpose.GREET else data.draw(st.sampled_from([OK, OK, OK, FAILED, UNKNOWN]))

    night.play = play
    for _ in range(data.draw(st.integers(1, 7))):
        _carry_on(night)
        if night.course.run.status is RunStatus.DONE:
            break
        wish = data.draw(st.sampled_from(WISHES))
        with suppress(ValueError):
            kind, fields = _wanted(wish, data, night.course.run)
            night.wish(kind, **fields)
    night.play = lambda _: OK
    _to_the_end(night)
    _check_order(night.journal.durable)
    left = {t: s.status for t, s in night.course.run.tasks.items() if s.status not in SETTLED_WELL}
    assert night.course.run.status is RunStatus.DONE, (left, refusals(night))


def _wanted(wish, data, run):
    try:
        return wish(data.draw, run)
    except InvalidArgument:  # there is nothing to choose from
        raise ValueError from None


def _carry_on(night):
    while True:
        try:
            night.go()
        except Crash:
            night.journal.pending.clear()
            night.seen[:] = night.journal.durable[1:]
        else:
            return


def _to_the_end(night):
    """Somebody does all that is asked of people, until nothing is left."""
    for _ in range(40):
        _carry_on(night)
        run = night.course.run
        if run.status is RunStatus.DONE:
            return
        for task, state in list(run.tasks.items()):
            if state.status is Status.UNKNOWN:
                night.wish(Resolve, task=task, verdict=Verdict.DONE, reason="seen")
            elif state.status is Status.WAITING and state.until is None:
                night.wish(Done, task=task)
            elif state.status in SETTLED_BADLY:
                night.wish(Retry, task=task)
        for name, state in run.phases.items():
            if state.undone or state.undone_hosts:
                night.wish(Again, phase=name)
        night.clock.pass_s(60)


@pytest.mark.parametrize("kind", [LeaveOut, RollBack])
def test_names_that_the_plan_does_not_have_are_refused(kind):
    """The refusal names what is not there."""
    night = Night(plan(phase("p", [package("p/a", TWO)])), forward("p/a@h1"))
    night.go()
    night.wish(kind, **({"host": "h9"} if kind is LeaveOut else {"phase": "x", "reason": "y"})).go()
    assert "the plan has no" in refusals(night)[0]
