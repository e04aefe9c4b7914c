"""The management controllers of a lab are Redfish as its clients know it: logins, power, boot device, light, versions."""

import base64
import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.labs import RunningLab
from runbook_engine.lab import overlay
from runbook_engine.model.controllers import Board
from runbook_engine.model.errors import Declined, TransportFault
from runbook_engine.model.estate import BmcSettings, Estate, Host
from runbook_engine.model.plan import Target
from runbook_engine.model.text import SecretRef, plain
from runbook_engine.model.words import Cause, HostName
from runbook_engine.transports import Links, LinkSettings
from runbook_engine.transports.controllers import Controller

LIMIT_S = 20.0
SESSIONS = "/redfish/v1/SessionService/Sessions"


def bmc_of(lab: RunningLab, host: str) -> BmcSettings:
    """How the controller of a host is reached, by the lab's own description."""
    estate = Estate(hosts={HostName(host): Host(name=HostName(host), bmc=BmcSettings(address="https://10.9.12.1"))})
    return overlay(estate, lab.state / "lab.json").hosts[HostName(host)].bmc


@pytest.fixture
def control(lab: RunningLab, tmp_path: Path) -> Iterator[Callable[..., Controller]]:
    """The controller of a host; all of them log out at the end."""
    links = Links(LinkSettings(run_folder=tmp_path))

    def of(host: str, on: RunningLab = lab, **other: Any) -> Controller:
        told = bmc_of(on, host)
        fields = {name: getattr(told, name) for name in ("address", "user", "password", "verify")}
        return links(Target(name=HostName(host), address="127.0.0.1", bmc=BmcSettings(**fields | other))).controller

    yield of
    links.close()


def ask(lab: RunningLab, host: str, method: str, path: str, body: object = None, **headers: str) -> http.client.HTTPResponse:
    """An answer without any library of Redfish."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", lab.told["hosts"][host]["controller"], context=context, timeout=20)
    connection.request(method, path, None if body is None else json.dumps(body), {**headers, "Connection": "close"})
    return connection.getresponse()


def password(lab: RunningLab) -> str:
    """The lab's own."""
    return Path(lab.told["bmc"]["password"].removeprefix("file:")).read_text().strip()


def test_a_host_that_is_off_is_switched_on_by_its_controller(lab_folder: Path, control) -> None:
    """It does not answer before; afterwards it does, until the power is cut. The controller works all the time."""
    lab = RunningLab(lab_folder / "off", "r12-u07", arguments=("--fault", "r12-u07:off"))
    try:
        it = control("r12-u07", lab)
        assert it.board(LIMIT_S).power == "off"
        assert lab.ssh("r12-u07", "true").returncode == 255
        it.start_from("pxe", once=True, limit_s=LIMIT_S)
        assert it.board(LIMIT_S).boot == "pxe"

        it.reset("on", LIMIT_S)

        first = lab.boot_id("r12-u07")
        up = it.board(LIMIT_S)
        assert (up.power, up.boot) == ("on", "none")  # once was this start
        it.reset("cycle", LIMIT_S)
        end = time.monotonic() + LIMIT_S
        while it.board(LIMIT_S).reset == up.reset and time.monotonic() < end:
            time.sleep(0.02)
        assert lab.boot_id("r12-u07") != first
        it.reset("off", LIMIT_S)
        assert (it.board(LIMIT_S).power, lab.ssh("r12-u07", "true").returncode) == ("off", 255)
        powers = [line for line in lab.effects("r12-u07") if "power" in line]
        assert powers == ["controller power On", "controller power ForceRestart", "controller power ForceOff"]
    finally:
        lab.stop()


def test_light_and_boot_device_are_kept(control) -> None:
    """What is set is read back."""
    it = control("web-01")
    it.light("blinking", LIMIT_S)
    it.start_from("cd", once=False, limit_s=LIMIT_S)
    board = it.board(LIMIT_S)
    assert board == Board(power="on", boot="cd", once=False, led="blinking", reset=board.reset)
    it.start_from("none", once=False, limit_s=LIMIT_S)
    assert it.board(LIMIT_S).boot == "none"


def test_versions_are_those_of_the_host(lab: RunningLab, control) -> None:
    """The tool on the host and the controller agree, also when a step has planted something in its place."""
    it = control("db-01")
    assert it.version("bios", LIMIT_S) == lab.output("db-01", "fwtool --version").strip()
    lab.output("db-01", "fwtool --install 2.18.0")
    assert [it.version(part, LIMIT_S) for part in ("bios", "System BIOS", "bmc", "psu")] == ["2.18.0", "2.18.0", "7.10.30", ""]
    lab.output("db-01", "ln -sf /etc/passwd /lab/state/versions/firmware")
    assert it.version("bios", LIMIT_S) == ""
    lab.output("db-01", "rm /lab/state/versions/firmware && echo 2.18.0 >/lab/state/versions/firmware")
    with pytest.raises(Declined, match="does not install firmware"):
        it.update(plain("https://images.example/bios.bin"), (), LIMIT_S)


def test_one_login_for_all_requests_and_it_ends(lab: RunningLab, control, tmp_path: Path) -> None:
    """A session is made once, used for everything, and deleted at the end."""
    links = Links(LinkSettings(run_folder=tmp_path))
    it = links(Target(name=HostName("web-01"), address="127.0.0.1", bmc=bmc_of(lab, "web-01"))).controller
    it.board(LIMIT_S)
    token = it._connection()._session.headers["X-Auth-Token"]
    it.board(LIMIT_S)
    assert it._connection()._session.headers["X-Auth-Token"] == token
    assert ask(lab, "web-01", "GET", "/redfish/v1/Systems/1", **{"X-Auth-Token": token}).status == 200

    links.close()

    assert ask(lab, "web-01", "GET", "/redfish/v1/Systems/1", **{"X-Auth-Token": token}).status == 401


def test_a_session_that_has_ended_is_made_anew(lab: RunningLab, control) -> None:
    """A controller that forgets its sessions, as after its own restart, is logged in to again."""
    it = control("web-01")
    it.board(LIMIT_S)
    session = it._connection()._session
    ask(lab, "web-01", "DELETE", it._root._auth.get_session_resource_id(), **{"X-Auth-Token": session.headers["X-Auth-Token"]})
    assert it.board(LIMIT_S).power == "on"


@pytest.mark.law(5)
def test_a_wrong_password_is_tried_once(lab: RunningLab, control, tmp_path: Path, monkeypatch) -> None:
    """No second way in is tried with it: controllers lock accounts."""
    monkeypatch.setenv("WRONG", "n0t-it")
    it = control("web-01", password=SecretRef("env:WRONG"))
    sent: list[str] = []
    wire = it._wire_of()
    send = wire.send

    def noted(request: Any, **_: Any) -> Any:
        sent.append(f"{request.method} {request.path_url}")
        return send(request)

    monkeypatch.setattr(wire, "send", noted)
    with pytest.raises(TransportFault) as caught:
        it.board(LIMIT_S)
    assert caught.value.cause is Cause.AUTHENTICATION
    assert sent == ["GET /redfish/v1/", f"POST {SESSIONS}"]


def test_who_does_not_log_in_sees_the_root_alone(lab: RunningLab) -> None:
    """401 for everything else; a name and a password with each request do as well."""
    assert ask(lab, "web-01", "GET", "/redfish/v1/").status == 200
    assert ask(lab, "web-01", "GET", "/redfish/v1/Systems/1").status == 401
    assert ask(lab, "web-01", "POST", SESSIONS, {"UserName": "ops", "Password": "x"}).status == 401
    word = base64.b64encode(f"ops:{password(lab)}".encode()).decode()
    assert ask(lab, "web-01", "GET", "/redfish/v1/Systems/1", Authorization=f"Basic {word}").status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/redfish/v1/Systems/2", None, 404),
        ("PUT", "/redfish/v1/Systems/1", {}, 404),
        ("POST", "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset", {"ResetType": "Nmi"}, 400),
        ("PATCH", "/redfish/v1/Systems/1", {"IndicatorLED": "Green"}, 400),
        ("PATCH", "/redfish/v1/Systems/1", {"Boot": {"BootSourceOverrideTarget": "Tape"}}, 400),
        ("PATCH", "/redfish/v1/Systems/1", ["what"], 204),
    ],
)
def test_what_it_does_not_offer_is_told(lab: RunningLab, method, path, body, status) -> None:
    """An error of Redfish, with a message."""
    word = base64.b64encode(f"ops:{password(lab)}".encode()).decode()
    answer = ask(lab, "web-01", method, path, body, Authorization=f"Basic {word}")
    told = answer.read()
    assert answer.status == status
    assert status == 204 or json.loads(told)["error"]["message"]


def test_the_password_is_for_its_owner_alone(lab: RunningLab) -> None:
    """Nobody else reads it, nor the key of the certificate; lab.json only says where it is."""
    for name in ("controllers.password", "controllers.pem"):
        assert (lab.state / name).stat().st_mode & 0o077 == 0
    assert password(lab) not in (lab.state / "lab.json").read_text()


def test_a_host_without_a_controller_in_the_inventory_has_none_in_the_lab(lab: RunningLab) -> None:
    """Practice does not offer what the real hosts do not have."""
    estate = Estate(hosts={HostName("web-01"): Host(name=HostName("web-01"))})
    assert overlay(estate, lab.state / "lab.json").hosts[HostName("web-01")].bmc == BmcSettings()
