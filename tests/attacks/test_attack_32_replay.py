"""Attack 32: what was said once counts once. Ids of decisions and of attempts are used up, for ever.

So do statements about plans. Messages of workers on other machines do not exist yet.
"""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from approving import sign_offs
from recording.journals import a_plan, a_run, database, driving, intent
from runbook_engine.model.approvals import Say
from runbook_engine.model.decisions import PauseRun
from runbook_engine.model.errors import JournalFault, RunbookError
from runbook_engine.recording import open_store
from transports.target_driver import SHELLS, Host

TIMES = 20
PAUSE = PauseRun(id="d-1", by="ana.duarte", reason="lunch")


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=name)) for name in SHELLS])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    """A host with each kind of shell."""
    return Host(tmp_path, request.param)


def test_attack_32_a_decision_that_is_sent_again_is_not_heard_again(tmp_path: Path) -> None:
    """Twenty times the same one waits once; after it was taken it never waits again, also for the next engine."""
    with open_store(f"sqlite:///{database(tmp_path)}") as store:
        run = a_run(store)
        for _ in range(TIMES):
            store.decide(run, PAUSE)
        assert [d.id for d in store.inbox(run).waiting()] == ["d-1"]
        journal = driving(store, run)
        journal.append([intent(1)], consumes="d-1")
        journal.commit()
        for _ in range(TIMES):
            store.decide(run, PAUSE)
        assert store.inbox(run).waiting() == ()
        journal.append([intent(2)], consumes="d-1")
        with pytest.raises(JournalFault, match="does not wait any more"):
            journal.commit()
    with open_store(f"sqlite:///{database(tmp_path)}") as store:
        store.decide(run, PAUSE)
        assert store.inbox(run).waiting() == ()


def test_attack_32_a_decision_for_one_run_is_none_for_another(tmp_path: Path) -> None:
    """A decision is for the run that it was made for."""
    with open_store(f"sqlite:///{database(tmp_path)}") as store:
        first, second = a_run(store), a_run(store, a_plan("rack13", "cd" * 32))
        store.decide(first, PAUSE)
        assert store.inbox(second).waiting() == ()
        journal = driving(store, second)
        journal.append([intent(1)], consumes="d-1")
        with pytest.raises(RunbookError):
            journal.commit()
        assert [d.id for d in store.inbox(first).waiting()] == ["d-1"]


def test_attack_32_an_attempt_that_is_asked_for_again_does_not_run_again(host: Host) -> None:
    """Twenty requests with the id of an attempt, one after the other and at the same time: it ran once, and each says how."""
    said = {host.start("a-1", host.effect("a-1", "exit 3")).said for _ in range(5)}
    together = [host.begin(host.start_request("a-2", host.effect("a-2", "exit 4"))) for _ in range(TIMES - 5)]
    answers = [process.communicate(timeout=120)[0] for process in together]
    assert said == {"exit 3"}
    assert all(b" exit 4 " in answer for answer in answers)
    assert (host.ran("a-1"), host.ran("a-2")) == (1, 1)


def test_attack_32_an_id_that_was_fenced_or_cleaned_stays_used(host: Host) -> None:
    """What was promised never to run does not, whoever asks; what has ended and was put away does not run anew."""
    assert host.fence("a-1") == "fenced"
    assert host.start("a-1", host.effect("a-1")).said == "fenced"
    assert host.start("a-2", host.effect("a-2")).said == "exit 0"
    for _ in range(3):
        assert host.start("a-2", host.effect("a-2")).said == "exit 0"
    assert (host.ran("a-1"), host.ran("a-2")) == (0, 1)


def test_attack_32_a_request_of_before_a_restart_begins_nothing(host: Host) -> None:
    """The boot id stands in the request: one that was kept back until the host was restarted is refused."""
    old = host.start_request("a-1", host.effect("a-1"))
    host.boot_file.write_text("99999999-2222-3333-4444-555555555555\n")
    assert host.request(old).said == "otherboot"
    assert host.ran("a-1") == 0


def test_attack_32_a_statement_that_is_given_again_counts_once() -> None:
    """Twenty copies, also with other times of arrival, are one voice of a quorum; after it was taken back they are none."""
    plan = sign_offs.a_plan(sign_offs.rule("change-board", count=2))
    office = sign_offs.Office(plan, executor=sign_offs.SAM)
    first = sign_offs.signed(sign_offs.statement(plan))
    copies = [replace(first, received=first.received + timedelta(minutes=n)) for n in range(TIMES)]
    back = sign_offs.statement(plan, say=Say.REVOKE, revokes=office.voice(first).statement.id)

    assert office.firmware(*copies).needed[0].missing == 1
    assert office.firmware(*copies, sign_offs.signed(back), *copies).needed[0].missing == 2
