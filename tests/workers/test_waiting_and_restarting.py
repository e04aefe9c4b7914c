"""Waiting and restarting: what time, a lost link and a boot id mean. On a clock that only sleeping moves."""

import pytest

from runbook_engine.model.attempts import Answer, Attempt
from runbook_engine.model.commands import Http, Probe, Procedure, Reboot, Wait
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import plain, shell
from runbook_engine.model.words import Cause, Status
from workers.scripted import BOOT_ID, Clock, ScriptedLink, attempt, outcome_of, package, sh

GONE = TransportFault(Cause.REFUSED, "nobody listens", started=False)
LOST = TransportFault(Cause.LOST, "connection lost", started=True)
SILENT = TransportFault(Cause.CONFIGURATION, "it does not say when it was started", started=True)
KEY = TransportFault(Cause.HOST_KEY_CHANGED, "another key", started=False, next_command="runbook inventory trust")


def waiting(probe: Probe, within_s: float = 10.0) -> Attempt:
    """An attempt that waits."""
    return attempt(package(procedure=Procedure(apply=(Wait(probe=probe, within_s=within_s),))))


def restarting(within_s: float = 60.0, health: str = "") -> Attempt:
    """An attempt that restarts the host."""
    reboot = Reboot(command=shell("reboot"), within_s=within_s, health=shell(health) if health else None)
    return attempt(package(procedure=Procedure(apply=(reboot,)), reboots=True))


@pytest.mark.parametrize(
    ("probe", "text"),
    [
        (Probe(port=22, address=plain("bmc")), "port 22 of bmc"),
        (Probe(ssh=True), "a session"),
        (Probe(file=plain("/run/ready")), 'test -e "$RUNBOOK_FILE"'),
        (Probe(shell=sh("ready?")), "ready?"),
        (Probe(http=Http(url=plain("http://x/"))), "GET http://x/"),
    ],
)
def test_a_wait_asks_until_yes_and_not_longer_than_its_limit(tmp_path, probe, text) -> None:
    """No, a failed link, then yes is success after two rests; only no is a failure at the limit, with the last answer."""
    clock = Clock()
    link = ScriptedLink({text: [1, GONE, 0]})
    assert outcome_of(waiting(probe), link, tmp_path, clock).status is Status.OK
    assert (len(link.asked), clock.time) == (3, 1004.0)
    clock = Clock()
    failed = outcome_of(waiting(probe), ScriptedLink({text: GONE}), tmp_path, clock)
    assert (failed.status, failed.exit_code, clock.time) == (Status.FAILED, 1, 1010.0)
    assert "within 10 s: nobody listens" in failed.message


@pytest.mark.parametrize(
    ("probe", "text", "status"),
    [
        (Probe(port=22, absent=True), "port 22 of None", Status.OK),
        (Probe(ssh=True, absent=True), "a session", Status.OK),
        (Probe(shell=sh("x"), absent=True), "x", Status.FAILED),
    ],
)
def test_absence_is_not_the_same_as_no_answer(tmp_path, probe, text, status) -> None:
    """A port or a session that cannot be had is absent; a command that could not be asked has said nothing."""
    assert outcome_of(waiting(probe), ScriptedLink({text: GONE}), tmp_path).status is status
    assert outcome_of(waiting(probe), ScriptedLink({text: [0, 0, 1]}), tmp_path).status is Status.OK


def test_waiting_ends_at_once_for_what_time_does_not_mend(tmp_path) -> None:
    """A changed host key is told at once, with the command that helps."""
    clock = Clock()
    outcome = outcome_of(waiting(Probe(ssh=True)), ScriptedLink({"a session": KEY}), tmp_path, clock)
    assert (outcome.status, outcome.cause, clock.time) == (Status.REFUSED, Cause.HOST_KEY_CHANGED, 1000.0)
    assert "next: runbook inventory trust" in outcome.message


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("replies", "status", "message"),
    [
        ({BOOT_ID: ["a", "b"], "reboot": LOST}, Status.OK, ""),
        ({BOOT_ID: ["a", "a", GONE, GONE, "b"], "reboot": 0}, Status.OK, ""),
        ({BOOT_ID: ["a", "b"], "reboot": Answer()}, Status.OK, ""),
        ({BOOT_ID: ["a", "b"], "reboot": 143}, Status.OK, ""),
        ({BOOT_ID: "a", "reboot": 0}, Status.FAILED, "did not restart within 60 s"),
        ({BOOT_ID: "a", "reboot": Answer(exit_code=1, stderr=b"Access denied\n")}, Status.FAILED, "Access denied"),
        ({BOOT_ID: ["a", GONE], "reboot": LOST}, Status.UNKNOWN, "not back 60 s after the restart: nobody listens"),
        ({BOOT_ID: GONE}, Status.UNREACHABLE, "nobody listens"),
        ({BOOT_ID: SILENT}, Status.REFUSED, "does not say when it was started"),
        ({BOOT_ID: "a", "reboot": TransportFault(Cause.SUDO, "no sudo", started=False)}, Status.REFUSED, "no sudo"),
    ],
)
def test_a_restart_is_proved_by_another_boot_id(tmp_path, replies, status, message) -> None:
    """Only another boot id is a restart; the same one is a failure, silence is doubt, no start is no start."""
    clock = Clock()
    outcome = outcome_of(restarting(), ScriptedLink(replies), tmp_path, clock)
    assert outcome.status is status
    assert message in outcome.message
    assert clock.time <= 1060.0


def test_health_is_asked_after_the_restart(tmp_path) -> None:
    """A restarted host is ready when its health command says so; never so within the limit is a known failure."""
    well = ScriptedLink({BOOT_ID: ["a", "b"], "healthy": [1, LOST, 0]})
    assert outcome_of(restarting(health="healthy"), well, tmp_path).status is Status.OK
    assert well.asked_of_host == ["reboot", "healthy", "healthy", "healthy"]
    ill = outcome_of(restarting(health="healthy"), ScriptedLink({BOOT_ID: ["a", "b"], "healthy": 1}), tmp_path)
    assert (ill.status, ill.message) == (Status.FAILED, "restarted, but its health command says no: exit code 1")


@pytest.mark.parametrize(("boot_ids", "status"), [(["a", GONE, "b"], Status.OK), ("a", Status.FAILED)])
def test_any_step_that_reboots_is_proved_the_same_way(tmp_path, boot_ids, status) -> None:
    """`reboots: true` on a command: its lost end is expected, and the boot id decides."""
    link = ScriptedLink({BOOT_ID: boot_ids, "apply": LOST})
    assert outcome_of(attempt(package(reboots=True)), link, tmp_path).status is status
    assert link.asked_of_host == ["apply"]
