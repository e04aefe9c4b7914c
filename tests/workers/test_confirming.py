"""A step that its host undoes by itself: armed before, confirmed over a new connection, and what is said of the rest."""

import pytest

from runbook_engine.model.commands import Procedure
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.plan import WayBack
from runbook_engine.model.words import Cause, Fate, Purpose, Repeat, Status
from workers.scripted import ScriptedLink, attempt, outcome_of, package, sh

ARM, SETTLE, HEAR, APPLY = "in 60 s undo", "what became of undo", "what becomes of undo", "change"


def firewall(*, verify: tuple[str, ...] = (), purpose: Purpose = Purpose.DO):
    """An attempt at a change that is undone within a minute unless it is confirmed."""
    made = package(
        procedure=Procedure(apply=(sh("change"),), verify=tuple(sh(v) for v in verify)),
        way_back=WayBack(procedure=Procedure(apply=(sh("undo"),)), timeout_s=30.0),
        confirm_s=60.0,
        repeat=Repeat.ONCE,
    )
    return attempt(made, purpose=purpose, boot="boot-1")


def lost(*, started: bool) -> TransportFault:
    """The link went."""
    return TransportFault(Cause.LOST, "the link went", started=started)


def done(tmp_path, replies, **how):
    """What is said of the attempt, what the host was asked in its order, and the link."""
    link = ScriptedLink({"a session": 0, SETTLE: Fate.NOT_BEGUN, **replies})
    outcome = outcome_of(firewall(**how), link, tmp_path)
    return outcome, link.asked_of_host, link


def test_the_way_back_is_armed_before_anything_and_fenced_after_a_new_connection(tmp_path) -> None:
    """The order is the promise: armed, changed, verified, reached anew, confirmed."""
    outcome, asked, link = done(tmp_path, {"verify": [1, 0]}, verify=("verify",))
    assert outcome.status is Status.OK
    assert asked == ["verify", ARM, APPLY, "verify", "a session", SETTLE]
    assert [t.id.rpartition(".")[2] for t in link.tickets] == ["undo", "1", "undo"]


def test_nothing_is_changed_where_the_host_does_not_promise_to_undo_it(tmp_path) -> None:
    """A full disk, a lost link while it is armed, a host without memory."""
    outcome, asked, _ = done(tmp_path, {ARM: TransportFault(Cause.CONFIGURATION, "its disk is full", started=False)})
    assert (outcome.status, asked) == (Status.REFUSED, [ARM])
    assert "did not promise to undo it: its disk is full" in outcome.message

    outcome, asked, _ = done(tmp_path, {ARM: lost(started=True)})
    assert outcome.status is Status.UNREACHABLE
    assert asked == [ARM, SETTLE]


def test_without_a_new_connection_the_host_goes_back_and_says_so(tmp_path) -> None:
    """The rule shut everybody out: the open connection tells nothing, the host undoes it, then it can be reached again."""
    outcome, asked, _ = done(tmp_path, {"a session": [1, 1, lost(started=False), 0], SETTLE: 0})
    assert outcome.status is Status.FAILED
    assert outcome.message == "it was not confirmed in time; the host has undone it by itself"
    assert asked.count(SETTLE) == 1


def test_a_host_that_stays_away_is_doubt(tmp_path) -> None:
    """Nobody knows whether it has gone back, and nobody says that it has."""
    outcome, *_ = done(tmp_path, {"a session": 1})
    assert outcome.status is Status.UNKNOWN
    assert "nobody knows whether the host has undone it: no new connection comes about" in outcome.message


@pytest.mark.parametrize(
    ("becomes", "status", "words"),
    [
        (0, Status.FAILED, "the host has undone it by itself"),
        (4, Status.FAILED, "the host tried to undo it by itself, and that failed with exit code 4"),
        (Fate.RESTARTED, Status.UNKNOWN, "nobody knows whether the host has undone it: restarted"),
    ],
)
def test_a_failed_change_is_never_confirmed(tmp_path, becomes, status, words) -> None:
    """Its time is waited for, and what the host then says is told."""
    outcome, asked, _ = done(tmp_path, {APPLY: 7, HEAR: becomes})
    assert outcome.status is status
    assert outcome.message.endswith(words)
    assert SETTLE not in asked


def test_verify_that_says_no_is_never_confirmed(tmp_path) -> None:
    """The change ran, and does not do what it should."""
    outcome, asked, _ = done(tmp_path, {"verify": [1, 1], HEAR: 0}, verify=("verify",))
    assert outcome.status is Status.FAILED
    assert outcome.message.endswith("verify says not done; the host has undone it by itself")
    assert SETTLE not in asked


def test_after_a_dead_engine_the_change_is_confirmed_in_time_or_told_as_undone(tmp_path) -> None:
    """The next engine asks for the change, then for the way back; it arms nothing."""
    settled = {"what became of change": 0}
    outcome, asked, _ = done(tmp_path, settled, purpose=Purpose.SETTLE)
    assert (outcome.status, asked) == (Status.OK, ["what became of change", "a session", SETTLE])

    outcome, *_ = done(tmp_path, {**settled, SETTLE: 0}, purpose=Purpose.SETTLE)
    assert (outcome.status, outcome.message) == (
        Status.FAILED,
        "it was not confirmed in time; the host has undone it by itself",
    )


def test_what_never_began_needs_no_way_back(tmp_path) -> None:
    """A dead engine had armed it and no more: both are fenced, and the step starts anew."""
    outcome, asked, _ = done(tmp_path, {"what became of change": Fate.NOT_BEGUN}, purpose=Purpose.SETTLE)
    assert (outcome.status, outcome.cause) == (Status.NOT_STARTED, Cause.NOT_BEGUN)
    assert asked == ["what became of change", SETTLE]
