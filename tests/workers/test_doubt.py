"""Doubt about a change: the host that kept it is asked, and only what it does not know is left to a probe or a person."""

import pytest

from runbook_engine.model.commands import Http, Procedure, Reboot
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import plain, shell
from runbook_engine.model.words import Cause, Fate, Lane, Purpose, Repeat, Status
from workers.scripted import BOOT_ID, ScriptedLink, attempt, outcome_of, package, sh

LOST = TransportFault(Cause.LOST, "the link was lost", started=True)
AWAY = TransportFault(Cause.REFUSED, "nothing listens", started=False)
ASKED = "what became of apply"


def kept(**other):
    """An attempt whose host keeps it."""
    return attempt(boot="b1", **other)


@pytest.mark.law(2)
@pytest.mark.parametrize(
    ("says", "status"),
    [
        (0, Status.OK),
        (3, Status.FAILED),
        (Fate.NOT_BEGUN, Status.NOT_STARTED),
        (Fate.LOST, Status.UNKNOWN),
        (Fate.RESTARTED, Status.UNKNOWN),
        (Fate.TIMED_OUT, Status.UNKNOWN),
    ],
)
@pytest.mark.parametrize("purpose", [Purpose.DO, Purpose.SETTLE])
def test_the_host_says_what_became_of_it(tmp_path, says, status, purpose):
    """The same answer means the same, whether the link was lost under us or under an engine that died."""
    link = ScriptedLink({"apply": LOST, ASKED: says})
    outcome = outcome_of(kept(purpose=purpose), link, tmp_path)
    assert outcome.status is status
    assert [(t.id, t.boot) for t in link.tickets] == [("a1.1", "b1")] * (2 if purpose is Purpose.DO else 1)


def test_the_host_is_asked_until_it_answers(tmp_path):
    """A host that is away for a while is asked again; what it printed meanwhile is in the log."""
    link = ScriptedLink({"apply": LOST, ASKED: [AWAY, AWAY, 0]})
    assert outcome_of(kept(), link, tmp_path).status is Status.OK
    assert link.asked.count(ASKED) == 3
    assert "out kept" in next(tmp_path.rglob("*.log")).read_text()


def test_a_host_that_stays_away_leaves_doubt(tmp_path):
    """Until the deadline of the step, and not longer."""
    link = ScriptedLink({"apply": LOST, ASKED: AWAY})
    outcome = outcome_of(kept(of=package(timeout_s=60.0)), link, tmp_path)
    assert (outcome.status, outcome.cause) == (Status.UNKNOWN, Cause.REFUSED)
    assert "did not say what became of it" in outcome.message
    assert link.asked.count(ASKED) == 31  # every two seconds


def test_what_is_not_kept_is_not_asked_for(tmp_path):
    """Without a boot id there is no ticket, and every loss is doubt."""
    link = ScriptedLink({"apply": LOST})
    assert outcome_of(attempt(), link, tmp_path).status is Status.UNKNOWN
    assert link.asked == ["apply"]
    assert link.tickets == []


def test_a_repeatable_step_takes_the_quick_lane(tmp_path):
    """It needs no ticket; a changing one does."""
    quick, changing = ScriptedLink(), ScriptedLink()
    outcome_of(attempt(package(repeat=Repeat.SAFE)), quick, tmp_path)
    outcome_of(kept(), changing, tmp_path)
    assert (quick.lanes["apply"], changing.lanes["apply"]) == (Lane.QUICK, Lane.DURABLE)
    assert (quick.tickets, len(changing.tickets)) == ([], 1)


def test_verify_proves_what_the_host_says(tmp_path):
    """A settled success is checked as any other."""
    checked = package(procedure=Procedure(apply=(sh("apply"),), verify=(sh("verify"),)))
    link = ScriptedLink({ASKED: 0, "verify": 1})
    assert outcome_of(kept(of=checked, purpose=Purpose.SETTLE), link, tmp_path).status is Status.FAILED
    assert link.asked == [ASKED, "verify"]


def test_several_commands_are_asked_for_in_their_order(tmp_path):
    """A part that was done and a part that never will be is doubt; none that began is not."""
    two = package(procedure=Procedure(apply=(sh("one"), sh("two"))))
    part = ScriptedLink({"what became of one": 0, "what became of two": Fate.NOT_BEGUN})
    none = ScriptedLink({"what became of one": Fate.NOT_BEGUN})
    assert outcome_of(kept(of=two, purpose=Purpose.SETTLE), part, tmp_path).status is Status.UNKNOWN
    assert outcome_of(kept(of=two, purpose=Purpose.SETTLE), none, tmp_path).status is Status.NOT_STARTED
    assert [t.id for t in part.tickets] == ["a1.1", "a1.2"]


def test_what_no_host_keeps_stays_in_doubt(tmp_path):
    """A request among the commands is a person's, or a probe's."""
    mixed = package(procedure=Procedure(apply=(Http(url=plain("http://x"), method="POST"), sh("two"))))
    outcome = outcome_of(kept(of=mixed, purpose=Purpose.SETTLE), ScriptedLink(), tmp_path)
    assert (outcome.status, outcome.cause) == (Status.UNKNOWN, Cause.LOST)


def test_a_mistake_of_the_engine_settles_nothing(tmp_path):
    """Whatever goes wrong while the host is asked, the doubt stays."""
    outcome = outcome_of(kept(purpose=Purpose.SETTLE), ScriptedLink({ASKED: ZeroDivisionError("none")}), tmp_path)
    assert outcome.status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("replies", "status"),
    [
        ({BOOT_ID: "b2"}, Status.OK),
        ({BOOT_ID: ["b1", "b2"], "what became of reboot": 0}, Status.OK),
        ({BOOT_ID: "b1", "what became of reboot": Fate.NOT_BEGUN}, Status.NOT_STARTED),
        ({BOOT_ID: "b1", "what became of reboot": 0}, Status.FAILED),
    ],
)
def test_a_restart_is_proved_by_the_boot_id_of_the_intent(tmp_path, replies, status):
    """Another engine began it: a boot id that is not the journal's is the proof."""
    restart = package(procedure=Procedure(apply=(Reboot(command=shell("reboot"), within_s=30),)))
    assert outcome_of(kept(of=restart, purpose=Purpose.SETTLE), ScriptedLink(replies), tmp_path).status is status


def test_a_greeting_is_a_connection_and_no_more(tmp_path):
    """A host that cannot be reached is unreachable; nothing of the step is asked for."""
    link, away = ScriptedLink({"a greeting": "b9"}), ScriptedLink({"a greeting": AWAY})
    assert outcome_of(attempt(purpose=Purpose.GREET), link, tmp_path).status is Status.OK
    assert link.asked == ["a greeting"]
    assert outcome_of(attempt(purpose=Purpose.GREET), away, tmp_path).status is Status.UNREACHABLE
