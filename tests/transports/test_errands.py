"""redfish steps carried out on an independent emulator: what is so already is left alone, and a verdict equals the truth."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulators import PASSWORD, Emulator
from runbook_engine.actions import all_actions
from runbook_engine.actions.contract import Setting
from runbook_engine.model.attempts import Attempt
from runbook_engine.model.events import Outcome
from runbook_engine.model.plan import Package, Target
from runbook_engine.model.text import Text
from runbook_engine.model.words import (
    CONTROLLER,
    AttemptId,
    Cause,
    PackageId,
    Per,
    PhaseId,
    Purpose,
    Repeat,
    RunId,
    Status,
    StepId,
    TaskId,
)
from runbook_engine.transports import Links, Secrets
from runbook_engine.workers.logs import Logs
from runbook_engine.workers.procedure import carry_out

SOON = {"within": "2s"}


class Hands:
    """Carries out steps on hosts of the emulator."""

    def __init__(self, emulator: Emulator, links: Links, logs: Logs) -> None:
        self.emulator, self.links, self.logs = emulator, links, logs
        self.number = 0

    def do(self, host: Target, params: dict[str, Any], purpose: Purpose = Purpose.DO, **other: Any) -> Outcome:
        """The outcome of a redfish step with these params."""
        package = package_of(host, params, **other)
        self.number += 1
        attempt = Attempt(
            id=AttemptId(f"a{self.number}"),
            run=RunId("run"),
            task=TaskId(f"{package.id}@{host.name}"),
            number=self.number,
            purpose=purpose,
            package=package,
            target=host,
            boot=CONTROLLER if package.told_by_controller else "",
        )
        return carry_out(attempt, self.links(host), self.logs.log(attempt), time.monotonic)

    def power(self, host: Target) -> str:
        """Whether the host is on, as the emulator says."""
        return self.links(host).controller.board(20).power


def package_of(host: Target, params: dict[str, Any], **other: Any) -> Package:
    """The package of a redfish step on one host."""
    action = all_actions()["redfish"]
    written = action.params.model_validate(params)
    return Package(
        id=PackageId("power/step"),
        phase=PhaseId("power"),
        step=StepId("power/step"),
        title=Text(("A step",)),
        action="redfish",
        action_version=1,
        per=Per.HOST,
        hosts=(host.name,),
        procedure=action.procedure(written, Setting(), None),  # type: ignore[arg-type]
        repeat=action.nature(written) or Repeat.ONCE,
        **other,
    )


@pytest.fixture
def hands(emulator: Emulator, new_links: Callable[..., Links], tmp_path: Path) -> Hands:
    """Hands that know the password."""
    links = new_links(secrets=Secrets({"BMC_PASSWORD": PASSWORD}))
    return Hands(emulator, links, Logs(tmp_path / "logs"))


@pytest.mark.parametrize(
    ("params", "changes"),
    [
        ({"power": "on", "boot_once": "pxe"}, ["boot", "reset"]),
        ({"boot": "cd"}, ["boot"]),
        ({"led": "blinking"}, ["led"]),
        ({"power": "on"}, ["reset"]),
    ],
)
def test_what_is_so_already_is_left_alone(emulator, hands, params, changes):
    """Each change is asked for once; the second time there is nothing to ask for."""
    host = emulator.host()
    for _ in range(2):
        outcome = hands.do(host, params)
        assert (outcome.status, outcome.exit_code) == (Status.OK, 0), outcome.message
        assert emulator.changes(host) == changes


@pytest.mark.parametrize("off", ["off", "graceful-off"])
def test_off_and_restarts(emulator, hands, off):
    """On, restarted, off; a host that is off is not restarted."""
    host = emulator.host()
    for power, after in (("on", "on"), ("cycle", "on"), ("graceful-restart", "on"), (off, "off")):
        outcome = hands.do(host, {"power": power})
        assert outcome.status is Status.OK, outcome.message
        assert hands.power(host) == after
    outcome = hands.do(host, {"power": "cycle"})
    assert (outcome.status, emulator.changes(host)) == (Status.FAILED, ["reset"] * 4)
    assert "it is off" in outcome.message


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("how", "status", "on"),
    [("drop after", Status.OK, "on"), ("drop before", Status.FAILED, "off"), ("hang", Status.FAILED, "off")],
)
def test_a_lost_answer_is_settled_by_reading(emulator, hands, how, status, on):
    """Whether the request was acted upon is read back; it is never sent again. The verdict is what is true."""
    host = emulator.host()
    hands.power(host)
    emulator.break_at(host, "reset", how)
    outcome = hands.do(host, {"power": "on", **SOON})
    assert (outcome.status, hands.power(host), emulator.changes(host)) == (status, on, ["reset"]), outcome.message
    assert outcome.host_asked
    assert (status is Status.OK) or "whether it was heard is not known, but after 2 s it is off" in outcome.message


@pytest.mark.law(8)
@pytest.mark.parametrize("how", ["drop after", "drop before", "status 502"])
@pytest.mark.parametrize("power", ["cycle", "graceful-restart"])
def test_a_restart_that_nobody_confirms_is_unknown(emulator, hands, how, power):
    """Nothing shows afterwards whether it was restarted, so nobody says that it was, or that it was not."""
    host = emulator.host()
    hands.do(host, {"power": "on"})
    emulator.break_at(host, "reset", how)
    outcome = hands.do(host, {"power": power, **SOON})
    assert (outcome.status, emulator.changes(host)) == (Status.UNKNOWN, ["reset", "reset"])
    assert "nobody can say whether it was restarted" in outcome.message


@pytest.mark.law(8)
def test_a_state_that_cannot_be_read_back_is_unknown(emulator, hands):
    """The request went well, and then the controller says nothing more."""
    host = emulator.host()
    hands.power(host)
    emulator.break_at(host, "look", "drop before", times=99)
    assert hands.do(host, {"power": "on", **SOON}).status is Status.UNREACHABLE
    emulator.mend(host)
    emulator.break_at(host, "reset", "drop after")
    watched = hands.links(host).controller
    reset = watched.reset

    def and_then_nothing(power: str, limit_s: float) -> None:
        try:
            reset(power, limit_s)
        finally:
            emulator.break_at(host, "look", "status 503", times=99)

    watched.reset = and_then_nothing  # type: ignore[method-assign]
    outcome = hands.do(host, {"power": "on", **SOON})
    emulator.mend(host)
    assert (outcome.status, hands.power(host)) == (Status.UNKNOWN, "on")
    assert "could not be read back" in outcome.message


def test_a_busy_controller_is_asked_again(emulator, hands):
    """503 while the state is read back is no verdict."""
    host = emulator.host()
    hands.power(host)
    emulator.break_at(host, "look", "status 503", times=3)
    assert hands.do(host, {"wait": {"power": "off"}, "within": "20s"}).status is Status.OK


@pytest.mark.parametrize(
    ("on", "how", "status", "words"),
    [
        ("reset", "status 400", Status.FAILED, "answered 400: The flux capacitor is empty"),
        ("look", "status 403", Status.UNREACHABLE, "does not let do that ops (403)"),
        ("look", "garbage", Status.REFUSED, "does not answer like Redfish"),
    ],
)
def test_no_is_a_failure_in_its_words(emulator, hands, on, how, status, words):
    """A refusal of the controller is known; nothing was changed."""
    host = emulator.host()
    emulator.break_at(host, on, how, times=9)
    outcome = hands.do(host, {"power": "on", **SOON})
    assert outcome.status is status
    assert words in outcome.message


UPDATE = {"to": "2.19.1"}


def image(host: Target) -> str:
    """An image for the host; which it is for stands in its address."""
    return f"https://images.example/{host.name}/bios-2.19.1.bin"


@pytest.mark.parametrize("part", ["bios", "nic"])
def test_an_update_is_followed_and_proved(emulator, hands, part):
    """Its task is followed, the version is read; the second time there is nothing to install."""
    host = emulator.host()
    params = {"update": image(host), **UPDATE, "component": "bios" if part == "bios" else f"{host.name}-nic"}
    for _ in range(2):
        assert hands.do(host, params).status is Status.OK
        assert emulator.changes(host) == ["update"]
    read = hands.do(host, {"get": "firmware"}, save_as="now")
    assert read.status is Status.OK, read.message
    assert json.loads(read.saved["stdout"])["bios"] == "2.19.1"
    assert hands.do(host, {"wait": {"firmware": "2.19.1"}}).status is Status.OK


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("on", "how", "to", "status", "words"),
    [
        ("flash", "image not valid", True, Status.FAILED, "the update failed: Exception, 40 %, image not valid"),
        ("flash", "wrong version", True, Status.FAILED, "its task ended well, but bios is 9.9.9"),
        ("flash", "wrong version", False, Status.OK, ""),
        ("flash", "for ever", True, Status.UNKNOWN, "its task had not ended after 2 s"),
        ("flash", "no task", True, Status.OK, ""),
        ("flash", "no task", False, Status.UNKNOWN, "nobody can say whether it was installed"),
        ("update", "drop after", True, Status.OK, ""),
        ("update", "drop before", True, Status.UNKNOWN, "bios is 2.17.3, and nobody can say"),
        ("update", "drop after", False, Status.UNKNOWN, "nobody can say whether it was installed"),
        ("update", "status 400", True, Status.FAILED, "answered 400"),
        ("task", "status 404", True, Status.OK, ""),
        ("task", "status 404", False, Status.UNKNOWN, "nobody can say whether it was installed"),
        ("task", "status 503", True, Status.OK, ""),
        ("task", "drop before", True, Status.OK, ""),
    ],
)
def test_an_update_says_what_is_known(emulator, hands, on, how, to, status, words):
    """A task that ends, a version that shows: those are proofs. Without them the outcome is not known."""
    host = emulator.host()
    emulator.break_at(host, on, how)
    outcome = hands.do(host, {"update": image(host), **(UPDATE if to else {}), **SOON})
    assert (outcome.status, emulator.changes(host)) == (status, ["update"]), outcome.message
    assert words in outcome.message


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("before", "params", "status"),
    [
        ({"power": "on"}, {"power": "on"}, Status.OK),
        (None, {"power": "on"}, Status.NOT_STARTED),
        (None, {"power": "off"}, Status.OK),
        ({"led": "off"}, {"led": "off"}, Status.OK),
        ({"power": "on"}, {"power": "cycle"}, Status.UNKNOWN),
        ({"power": "on", "boot_once": "pxe"}, {"power": "on", "boot_once": "pxe"}, Status.OK),
        ({"boot_once": "pxe"}, {"power": "on", "boot_once": "pxe"}, Status.NOT_STARTED),
        ({"power": "on"}, {"power": "on", "boot_once": "cd"}, Status.UNKNOWN),
        (None, {"update": "https://images.example/x.bin"}, Status.UNKNOWN),
        (None, {"update": "https://images.example/x.bin", "to": "2.17.3"}, Status.OK),
        (None, {"update": "https://images.example/x.bin", "to": "2.19.1"}, Status.UNKNOWN),
        (None, {"get": "power"}, Status.NOT_STARTED),
    ],
)
def test_after_the_death_of_an_engine_the_controller_tells(emulator, hands, before, params, status):
    """What is so is done; what is not so, and may be asked for again, was not begun; the rest is for a person."""
    host = emulator.host()
    if before:
        assert hands.do(host, before).status is Status.OK
    asked = emulator.changes(host)

    outcome = hands.do(host, {**params, **SOON}, Purpose.SETTLE)

    assert outcome.status is status, outcome.message
    assert emulator.changes(host) == asked
    assert outcome.cause is {Status.NOT_STARTED: Cause.NOT_BEGUN, Status.UNKNOWN: Cause.STOPPED}.get(status)


def test_once_must_come_back_as_once(tmp_path, new_links):
    """The emulator as it is says that every start is overridden: that is not what was asked for, and is told."""
    emulator = Emulator(tmp_path / "forgetful", 1, remembers_once=False)
    try:
        hands = Hands(emulator, new_links(secrets=Secrets({"BMC_PASSWORD": PASSWORD})), Logs(tmp_path / "logs"))
        host = emulator.host()
        outcome = hands.do(host, {"boot_once": "pxe", **SOON})
        assert (outcome.status, hands.do(host, {"boot": "pxe"}).status) == (Status.FAILED, Status.OK)
        assert "it starts from pxe every time" in outcome.message
    finally:
        emulator.close()
