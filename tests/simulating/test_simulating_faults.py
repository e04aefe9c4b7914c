"""Each kind of fault changes the course in the way it should: on small plans where everything is known by hand."""

from dataclasses import replace
from datetime import timedelta

import pytest

from runbook_engine.model.commands import AskPerson, Procedure
from runbook_engine.model.errors import Usage
from runbook_engine.model.events import AttemptEnded, ControllerTookOver
from runbook_engine.model.plan import WayBack
from runbook_engine.model.rehearsal import BranchKind, Fault, FaultKind
from runbook_engine.model.runbook import Retry
from runbook_engine.model.text import plain
from runbook_engine.model.turns import FailuresAccepted, HostLeftOut, RollBackBegan
from runbook_engine.model.words import OnFailure, Purpose, Repeat, Status
from runbook_engine.simulating import fault_of, rehearse, rehearse_all, standard_faults
from simulating.small_plans import (
    BACK,
    CHECK,
    DO,
    HOSTS,
    MINUTE,
    SHIPPED,
    commands,
    night,
    one_step,
    shipped,
    taken,
    upgrade,
    without_memory,
)
from stand import SAME, START, manual, needs, package, phase, plan


def outcomes(scenario, task):
    """How the attempts of a task ended, in order."""
    return [e.outcome.status for e in scenario.events if isinstance(e, AttemptEnded) and e.task == task]


def test_a_host_that_does_not_return_is_unknown_then_unreachable_then_left_out():
    """Nobody knows what became of the restart; the person says so, tries once more, and goes on without the host."""
    found, one = night(upgrade(), (FaultKind.NO_RETURN, "h3"))

    assert one.ended == "done"
    assert outcomes(one, "up/restart#2@h3") == [Status.UNKNOWN, Status.UNKNOWN, Status.UNREACHABLE, Status.UNREACHABLE]
    assert commands(one) == [
        "runbook run PLAN",
        "runbook resume rehearsal",
        "runbook resolve rehearsal up/restart#2@h3 --as not-done --reason … --without-host",
        "runbook resume rehearsal",
        "runbook resume rehearsal --failed",
        "runbook resume rehearsal --skip h3 --reason …",
    ]
    assert [e.host for e in one.events if isinstance(e, HostLeftOut)] == ["h3"]
    assert {(BranchKind.DOUBT, "up/restart"), (BranchKind.UNREACHABLE, "up/restart")} <= taken(found)


def test_a_slow_batch_takes_so_many_times_as_long():
    """Only that batch: the quiet night of the same seed plus what was added."""
    _, quiet = night(one_step())
    _, slow = night(one_step(), (FaultKind.SLOW, "p", "5"))

    assert abs((slow.over - slow.began).total_seconds() - 5 * (quiet.over - quiet.began).total_seconds()) < 0.1
    assert slow.words == ("p takes 5 times as long",)


def test_a_slow_step_runs_out_of_its_time():
    """Past its time limit the host ends it: verify says not done, and it is started again, but not for ever."""
    made = one_step(HOSTS[:1], timeout_s=150.0, repeat=Repeat.VERIFY, procedure=Procedure(apply=(DO,), verify=(CHECK,)))
    found, one = night(made, (FaultKind.SLOW, "", "4"))

    assert outcomes(one, "p/a@h1")[:3] == [Status.UNKNOWN, Status.FAILED, Status.UNKNOWN]
    assert {(BranchKind.DOUBT, "p/a"), (BranchKind.NOT_DONE, "p/a"), (BranchKind.FAILED, "p/a")} <= taken(found)
    assert one.ended == "stopped"


def test_after_a_lost_link_the_host_says_what_became_of_the_step():
    """A host that keeps its steps is asked by resume; the step is not done a second time if it was done."""
    _, one = night(one_step(), (FaultKind.LOST_LINK, "h2"))
    attempts = [e for e in one.events if isinstance(e, AttemptEnded) and e.task == "p/a@h2"]

    assert one.ended == "done"
    assert commands(one) == ["runbook run PLAN", "runbook resume rehearsal"]
    assert attempts[0].outcome.status is Status.UNKNOWN
    assert attempts[1].outcome.status in (Status.OK, Status.NOT_STARTED)
    assert attempts[1].attempt == attempts[0].attempt


def test_after_a_lost_link_verify_says_what_became_of_the_step():
    """A host that keeps nothing is looked at by the step's own read-only command, and nobody need type anything."""
    verified = one_step(repeat=Repeat.VERIFY, procedure=Procedure(apply=(DO,), verify=(CHECK,)))
    _, one = night(without_memory(verified), (FaultKind.LOST_LINK, "h2"))

    assert one.ended == "done"
    assert commands(one) == ["runbook run PLAN"]
    assert outcomes(one, "p/a@h2")[0] is Status.UNKNOWN


def test_after_a_lost_link_only_a_person_can_say_what_became_of_the_step():
    """Nobody keeps anything, nothing can be asked: resolve."""
    _, one = night(without_memory(one_step()), (FaultKind.LOST_LINK, "h2"))

    assert one.ended == "done"
    assert commands(one)[1].startswith("runbook resolve rehearsal p/a@h2 --as ")


def test_what_fails_once_is_mended_by_a_retry():
    """The plan allows one, and nobody need type anything."""
    found, one = night(upgrade(), (FaultKind.FAILS_ONCE, "up/install@h1"))

    assert one.ended == "done"
    assert outcomes(one, "up/install@h1") == [Status.FAILED, Status.OK]
    assert commands(one) == ["runbook run PLAN"]
    assert (BranchKind.RETRIED, "up/install") in taken(found)


def test_what_fails_once_without_a_retry_is_mended_by_a_person():
    """Resume --failed."""
    _, one = night(one_step(), (FaultKind.FAILS_ONCE, "h2"))

    assert one.ended == "done"
    assert commands(one) == ["runbook run PLAN", "runbook resume rehearsal --failed"]


def test_what_fails_for_good_on_one_host_is_left_out():
    """Three others go on."""
    _, one = night(one_step(), (FaultKind.FAILS, "p/a@h2"))

    assert one.ended == "done"
    assert commands(one)[-1] == "runbook resume rehearsal --skip h2 --reason …"


def test_what_fails_for_good_everywhere_exceeds_the_budget_and_goes_back():
    """on_failure: roll_back: the plan turns by itself, without a word of a person; then the run is stopped."""
    found, one = night(upgrade(), (FaultKind.FAILS, "up/look"))

    assert one.ended == "rolled_back"
    assert [e.by for e in one.events if isinstance(e, RollBackBegan)] == ["the plan"]
    assert commands(one) == ["runbook run PLAN", "runbook stop rehearsal --reason …"]
    wanted = {(BranchKind.BUDGET, "up"), (BranchKind.UNHEALTHY, "up"), (BranchKind.ROLLED_BACK, "up/install")}
    assert wanted <= taken(found)
    assert one.left == ()  # the restart says why it has no way back


def test_a_budget_that_stops_is_led_back_by_a_person():
    """on_failure: stop: tried once more, then rolled back by command."""
    found, one = night(upgrade(on_failure=OnFailure.STOP), (FaultKind.FAILS, "up/restart"))

    assert one.ended == "rolled_back"
    assert commands(one)[1:3] == [
        "runbook resume rehearsal --failed",
        "runbook roll-back rehearsal --phase up --reason …",
    ]
    assert [b.detail for b in found.branches if b.kind is BranchKind.BUDGET and b.exercised] == ["stop"]


def test_a_budget_that_asks_is_answered():
    """on_failure: ask: the phase goes on once, then back."""
    _, one = night(upgrade(on_failure=OnFailure.ASK, max_failures=0), (FaultKind.FAILS, "up/install"))

    assert commands(one)[1] == "runbook decide rehearsal up go-on"
    assert "runbook decide rehearsal up roll-back" in commands(one)
    assert any(isinstance(e, FailuresAccepted) for e in one.events)
    assert one.ended == "rolled_back"


@pytest.mark.law(8)
def test_a_run_that_went_on_without_a_host_is_not_called_done():
    """L8: on_failure: continue; every phase has ended, and the word is failed, as the plan lets it."""
    _, one = night(one_step_going_on(), (FaultKind.FAILS, "p/a@h2"))

    assert (one.ended, one.as_planned) == ("failed", True)
    assert "not for everybody" in one.why
    assert commands(one) == ["runbook run PLAN"]


def one_step_going_on():
    return plan(phase("p", [package("p/a", HOSTS, takes=MINUTE)], max_failures=0, on_failure=OnFailure.CONTINUE))


def test_nothing_to_roll_back_ends_in_a_stop_that_says_what_stays():
    """The first step was done everywhere, has no way back and no word about it: the report names it."""
    first = package("p/first", HOSTS, takes=MINUTE)
    second = package("p/second", HOSTS, takes=MINUTE, needs=needs(("p/first", SAME)))
    _, one = night(plan(phase("p", [first, second])), (FaultKind.FAILS, "p/second"))

    assert (one.ended, one.as_planned) == ("stopped", True)
    assert one.left == ("p/first", "p/second")


def test_a_host_that_cannot_be_reached_is_left_out():
    """From the start: nothing of it runs."""
    found, one = night(upgrade(), (FaultKind.UNREACHABLE, "h1"))

    assert one.ended == "done"
    assert set(outcomes(one, "up/install@h1")) == {Status.UNREACHABLE}
    assert (BranchKind.UNREACHABLE, "up/install") in taken(found)


def test_a_host_that_is_away_from_a_step_on_has_done_what_came_before():
    """WHERE may say from when on."""
    _, one = night(upgrade(), (FaultKind.UNREACHABLE, "up/look@h1"))

    assert outcomes(one, "up/restart@h1") == [Status.OK]
    assert set(outcomes(one, "up/look@h1")) == {Status.UNREACHABLE}


def test_a_person_who_is_late_delays_all_that_follows():
    """By as many hours as are said, and by nothing else."""
    _, quiet = night(upgrade())
    _, late = night(upgrade(), (FaultKind.LATE, "ask/go", "6"))

    assert late.over - quiet.over == timedelta(hours=6)
    assert late.asked[0].waited_s == quiet.asked[0].waited_s + 6 * 3600


def test_a_no_go_ends_the_run_where_the_plan_says_so():
    """Nothing behind it starts; that is refused, not failed, and as planned."""
    found, one = night(upgrade(), FaultKind.NO_GO)

    assert (one.ended, one.as_planned) == ("refused", True)
    assert one.counts[Status.NOT_STARTED] == 12
    assert [b.detail for b in found.branches if b.kind is BranchKind.CHOICE and b.exercised] == ["no-go"]


def test_a_way_back_that_fails_is_tried_again_by_a_person():
    """On its host alone; the others go back meanwhile."""
    found, one = night(upgrade(), (FaultKind.FAILS, "up/look"), (FaultKind.WAY_BACK_FAILS, "up/install@h2"))

    assert one.ended == "rolled_back"
    assert "runbook resume rehearsal --retry up/install#2@h2" in commands(one)
    assert (BranchKind.ROLL_BACK_FAILED, "up/install") in taken(found)
    assert (BranchKind.ROLLED_BACK, "up/install") in taken(found)


def test_a_fault_that_had_no_occasion_is_named():
    """Nothing goes back in this night, so that no way back can fail; and the host of the other fault was not reached."""
    _, idle = night(upgrade(), (FaultKind.WAY_BACK_FAILS, "up/install"))
    _, gone = night(upgrade(), (FaultKind.FAILS, "up/install"), (FaultKind.NO_RETURN, "up/restart@h1"))

    assert idle.missed == ("the way back of up/install fails on the first host that goes back",)
    assert gone.missed == ("h1 does not come back from up/restart",)


@pytest.mark.parametrize("name", SHIPPED)
def test_no_standard_night_is_idle(name):
    """Each fault of each standard night has occasion to strike, in the shipped runbooks."""
    made = shipped(name)

    assert [one.missed for one in rehearse_all(made, standard_faults(made), 1, START).scenarios if one.missed] == []


def test_a_way_back_by_hand_is_done_by_a_person():
    """People undo what is theirs, and say so."""
    by_hand = WayBack(procedure=Procedure(apply=(AskPerson(prompt=plain("Take it out")),)))
    first = manual("p/rack", takes=MINUTE, way_back=by_hand)
    second = package("p/check", HOSTS, takes=MINUTE, way_back=BACK, needs=needs(("p/rack", SAME)))
    found, one = night(plan(phase("p", [first, second])), (FaultKind.FAILS, "p/check"))

    assert one.ended == "rolled_back"
    assert (BranchKind.ROLLED_BACK, "p/rack") in taken(found)


def test_an_engine_that_dies_is_followed_by_one_that_reads_the_journal():
    """What was in the air is UNKNOWN, the host is asked, nothing is done twice."""
    _, one = night(one_step(), (FaultKind.ENGINE_DIES, "h2"))
    epochs = [e.epoch for e in one.events if isinstance(e, ControllerTookOver)]
    settled = [e for e in one.events if getattr(e, "purpose", None) is Purpose.SETTLE]

    assert one.ended == "done"
    assert epochs == [1, 2]
    assert {e.task for e in settled} == {f"p/a@{host}" for host in HOSTS}
    assert commands(one) == ["runbook run PLAN", "runbook resume rehearsal"]


def test_a_guard_that_refuses_waits_for_a_person():
    """Refused, and tried again by resume --failed."""
    found, one = night(upgrade(), (FaultKind.GUARD_REFUSES, "h1"))

    assert one.ended == "done"
    assert outcomes(one, "up/install@h1") == [Status.REFUSED, Status.OK]
    assert (BranchKind.REFUSED, "up/install") in taken(found)


def test_what_is_done_already_is_skipped():
    """And told as skipped, not as ok."""
    found, one = night(upgrade(), (FaultKind.ALREADY_DONE, "h1"))

    assert outcomes(one, "up/install@h1") == [Status.SKIPPED]
    assert one.counts[Status.SKIPPED] == 1
    assert (BranchKind.SKIPPED, "up/install") in taken(found)


def test_what_verify_does_not_confirm_is_tried_again():
    """It ran, and verify says no: a known failure, which a retry mends."""
    found, one = night(upgrade(), (FaultKind.NOT_DONE, "h1"))

    assert outcomes(one, "up/install@h1") == [Status.FAILED, Status.OK]
    assert {(BranchKind.NOT_DONE, "up/install"), (BranchKind.RETRIED, "up/install")} <= taken(found)


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_kind_of_fault_has_a_standard_night_where_it_can_be_met(kind):
    """In the plan that has everything, and in the largest of the shipped ones wherever that can meet it."""
    nights = standard_faults(upgrade())

    assert [faults for faults in nights if kind in {fault.kind for fault in faults}]


def test_on_the_shipped_plan_a_dead_host_holds_nobody_up():
    """Rack 12: eleven of twelve servers get their firmware, whichever does not come back."""
    for seed in range(3):
        _, one = night(shipped("rack12-install"), FaultKind.NO_RETURN, seed=seed)

        assert one.ended == "done"
        assert one.counts[Status.SKIPPED] > 0
        assert {e.host for e in one.events if isinstance(e, HostLeftOut)} == {one.words[0].partition(" ")[0]}


def test_on_the_shipped_plan_a_bad_release_goes_back():
    """The web servers: the new release does not come up anywhere, so all go back to the old one, and are back in service."""
    found, one = night(shipped("web-upgrade"), (FaultKind.FAILS, "upgrade/healthy"))

    assert one.ended == "rolled_back"
    assert (BranchKind.ROLLED_BACK, "upgrade/switch") in taken(found)
    assert (BranchKind.BUDGET, "upgrade") in taken(found)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("slow", Fault(kind=FaultKind.SLOW)),
        ("slow@up=5", Fault(kind=FaultKind.SLOW, at="up", value="5")),
        ("no-return@up/restart@h1", Fault(kind=FaultKind.NO_RETURN, at="up/restart@h1")),
        ("no-go@ask/go=no-go", Fault(kind=FaultKind.NO_GO, at="ask/go", value="no-go")),
    ],
)
def test_a_fault_is_written_in_one_word(text, fault):
    """KIND[@WHERE][=VALUE], there and back."""
    assert fault_of(text) == fault
    assert str(fault) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("explodes", "There is no fault 'explodes'"),
        ("slow@nowhere", "The plan has no nowhere"),
        ("slow@up=fast", "must be a number"),
        ("no-return@ask/go", "nothing at ask/go can meet that"),
        ("no-go@ask/go=maybe", "knows go, no-go"),
        ("fails@up/install@h9", "The plan has no up/install@h9"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(text, said):
    """With what there is instead."""
    with pytest.raises(Usage, match=said):
        rehearse(upgrade(), [fault_of(text)], 1, START)


def test_retries_wait_in_virtual_time():
    """A wait of an hour before the second try."""
    made = one_step(HOSTS[:1], repeat=Repeat.SAFE, retries=Retry(count=1, wait_s=3600.0, longest_s=3600.0))
    _, one = night(made, FaultKind.FAILS_ONCE)

    assert one.over - one.began >= timedelta(hours=1, minutes=2)


def test_a_plan_of_another_digest_is_another_rehearsal():
    """The result names the plan that was rehearsed."""
    found, _ = night(replace(upgrade(), digest="d2"))

    assert found.plan == "d2"
