"""Files on their way: a lost link is opened anew, and in the end the file itself says whether it is there."""

import pytest

from runbook_engine.model.commands import Download, Procedure, Upload
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import plain
from runbook_engine.model.words import FILES, Cause, Fate, Purpose, Repeat, Status
from runbook_engine.workers.transfers import LOSSES
from workers.scripted import Clock, ScriptedLink, attempt, outcome_of, package, sh

LOST = TransportFault(Cause.LOST, "the link was lost", started=True)
AWAY = TransportFault(Cause.REFUSED, "nothing listens", started=False)
WRONG_KEY = TransportFault(Cause.HOST_KEY_CHANGED, "another key", started=False)
UPLOAD = "upload a to /b"
THERE = f"is it there: {UPLOAD}"


def putting(**other):
    """A package that puts one file somewhere."""
    return package(procedure=Procedure(apply=(Upload(target=plain("/b"), source=plain("a")),)), **other)


def fetching(**other):
    """A package that fetches one file."""
    return package(procedure=Procedure(apply=(Download(source=plain("/b"), target=plain("a")),)), **other)


def test_a_lost_upload_is_gone_on_with(tmp_path):
    """Also over a host that is away for a while; nobody is asked anything."""
    link = ScriptedLink({UPLOAD: [LOST, AWAY, AWAY, LOST, 0]})
    outcome = outcome_of(attempt(putting(), boot=FILES), link, tmp_path)
    assert outcome.status is Status.OK
    assert link.asked == [UPLOAD] * 5
    assert "what has arrived is gone on with" in next(tmp_path.rglob("*.log")).read_text()


def test_a_host_that_was_never_reached_is_unreachable(tmp_path):
    """Nothing was begun: there is nothing to go on with."""
    link = ScriptedLink({UPLOAD: AWAY})
    assert outcome_of(attempt(putting(), boot=FILES), link, tmp_path).status is Status.UNREACHABLE
    assert link.asked == [UPLOAD]


@pytest.mark.parametrize(
    ("says", "status"),
    [(Fate.ENDED, Status.OK), (Fate.NOT_BEGUN, Status.FAILED), (AWAY, Status.UNKNOWN), (LOST, Status.UNKNOWN)],
)
def test_when_time_is_over_the_file_tells(tmp_path, says, status):
    """It is there, or it is not; only a host that stays away leaves doubt."""
    clock = Clock()
    link = ScriptedLink({UPLOAD: LOST, THERE: says})
    outcome = outcome_of(attempt(putting(timeout_s=20.0), boot=FILES), link, tmp_path, clock)
    assert outcome.status is status
    assert 20 <= clock.time - 1000 <= 30
    assert outcome.host_asked is (status is not Status.UNKNOWN)


def test_a_link_that_is_always_lost_is_given_up(tmp_path):
    """Without a time limit, too."""
    link = ScriptedLink({UPLOAD: LOST, THERE: Fate.NOT_BEGUN})
    outcome = outcome_of(attempt(putting(), boot=FILES), link, tmp_path)
    assert (outcome.status, link.asked.count(UPLOAD)) == (Status.FAILED, LOSSES)
    assert "did not arrive" in outcome.message


def test_what_time_does_not_mend_is_not_waited_for(tmp_path):
    """Another host key after a loss: doubt, with that reason."""
    link = ScriptedLink({UPLOAD: [LOST, WRONG_KEY]})
    outcome = outcome_of(attempt(putting(), boot=FILES), link, tmp_path)
    assert (outcome.status, outcome.cause) == (Status.UNKNOWN, Cause.HOST_KEY_CHANGED)


@pytest.mark.law(2)
@pytest.mark.parametrize(
    ("says", "status"), [(Fate.ENDED, Status.OK), (Fate.NOT_BEGUN, Status.NOT_STARTED), (AWAY, Status.UNKNOWN)]
)
def test_after_the_death_of_an_engine_the_file_tells(tmp_path, says, status):
    """It was done, or it may simply be started again."""
    link = ScriptedLink({THERE: says})
    outcome = outcome_of(attempt(putting(), boot=FILES, purpose=Purpose.SETTLE), link, tmp_path)
    assert outcome.status is status
    assert UPLOAD not in link.asked


def test_an_upload_among_commands_is_asked_for_in_its_order(tmp_path):
    """A command that was done before a file that is not there is doubt; one that never began can be started anew."""
    command = "what became of one"
    two = package(procedure=Procedure(apply=(sh("one"), Upload(target=plain("/b"), source=plain("a")))))
    kept = attempt(two, boot="b1", purpose=Purpose.SETTLE)
    for replies, status in (
        ({command: 0, THERE: Fate.ENDED}, Status.OK),
        ({command: 0, THERE: Fate.NOT_BEGUN}, Status.UNKNOWN),
        ({command: 3}, Status.FAILED),
        ({command: Fate.NOT_BEGUN}, Status.NOT_STARTED),
    ):
        assert outcome_of(kept, ScriptedLink(replies), tmp_path).status is status


def test_a_download_is_gone_on_with_and_leaves_no_doubt(tmp_path):
    """It changes nothing on the host."""
    link = ScriptedLink({"download /b to a": [LOST, AWAY, 0]})
    assert outcome_of(attempt(fetching(repeat=Repeat.SAFE)), link, tmp_path).status is Status.OK
    lost = ScriptedLink({"download /b to a": LOST})
    outcome = outcome_of(attempt(fetching(repeat=Repeat.SAFE)), lost, tmp_path)
    assert outcome.status is Status.UNREACHABLE
    assert lost.asked.count("download /b to a") == LOSSES
