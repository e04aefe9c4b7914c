"""Management controllers, over an independent emulator: what is read, how it proves who it is, and how each fault is called."""

import hashlib
import json
import socket
import ssl
import time
from collections.abc import Callable

import pytest

from emulators import PASSWORD, Emulator
from runbook_engine.model.controllers import Board
from runbook_engine.model.errors import Declined, TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.model.text import SecretRef, Text, plain
from runbook_engine.model.words import Cause
from runbook_engine.transports import Links, Secrets
from runbook_engine.transports.controllers import Controller
from runbook_engine.transports.redaction import forms

LIMIT_S = 20.0


@pytest.fixture
def control(new_links: Callable[..., Links]) -> Callable[[Target], Controller]:
    """The controller of a host, by links that know its password."""
    links = new_links(secrets=Secrets({"BMC_PASSWORD": PASSWORD, "WRONG": "n0t-the-password"}))
    return lambda host: links(host).controller


def test_state_is_read_and_changed(emulator, control):
    """Power, boot device and light are set and read back in the words of runbooks."""
    it = control(emulator.host())
    assert it.board(LIMIT_S).power == "off"

    it.start_from("pxe", once=True, limit_s=LIMIT_S)
    it.light("blinking", LIMIT_S)
    it.reset("on", LIMIT_S)

    assert it.board(LIMIT_S) == Board(power="on", boot="pxe", once=True, led="blinking")


def test_facts_firmware_and_power_are_told_as_text(emulator, control, log):
    """`get` gives one word, or JSON that later steps read; the log has the same."""
    host = emulator.host()
    it = control(host)

    power, facts = it.told("power", log, LIMIT_S), it.told("facts", log, LIMIT_S)
    firmware = json.loads(it.told("firmware", log, LIMIT_S).stdout)

    assert power.stdout == b"off\n"
    assert json.loads(facts.stdout)["manufacturer"] == "Sushy Emulator"
    assert (firmware["bios"], firmware["bmc"]) == ("2.17.3", "1.00")
    assert firmware["parts"][f"{host.name}-nic"]["version"] == "2.17.3"
    assert log.text(1).startswith(power.stdout + facts.stdout)
    assert it.version(f"Card of {host.name}-NIC", LIMIT_S) == "2.17.3"
    assert it.version("psu", LIMIT_S) == ""


def test_an_update_has_a_task_that_ends(emulator, control):
    """The monitor says that it runs, then that it went well; the version is the new one."""
    host = emulator.host()
    it = control(host)

    monitor = it.update(plain(f"https://images.example/{host.name}/bios-2.19.1.bin"), (), LIMIT_S)
    end = time.monotonic() + LIMIT_S
    while not (seen := it.progress(monitor, LIMIT_S)).ended and time.monotonic() < end:
        assert seen.words == "Running, 40 %"

    assert (seen.well, it.version("bios", LIMIT_S)) == (True, "2.19.1")


def fault_of(work: Callable[[], object]) -> TransportFault:
    """How it fails."""
    with pytest.raises(TransportFault) as caught:
        work()
    return caught.value


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("other", "cause", "words"),
    [
        ({"password": SecretRef("env:WRONG")}, Cause.AUTHENTICATION, "does not accept the login of ops (401)"),
        ({"user": "nobody"}, Cause.AUTHENTICATION, "does not accept the login of nobody (401)"),
        ({"password": SecretRef("env:NOT_THERE")}, Cause.SECRET, "NOT_THERE is not set"),
        ({"verify": ""}, Cause.CERTIFICATE, "is not trusted"),
        ({"verify": "sha256:" + "0" * 64}, Cause.CERTIFICATE, "its certificate is another one: sha256:"),
        ({"verify": "/no/such/file.pem"}, Cause.CONFIGURATION, "is not a file of certificates"),
        ({"address": "https://no-such-controller.invalid"}, Cause.NAME, "was not found"),
        ({"address": ""}, Cause.CONFIGURATION, "has no management controller in the inventory"),
    ],
)
def test_each_cause_has_its_word(emulator, control, other, cause, words):
    """Nothing was started, and the message says what it was, without the password."""
    fault = fault_of(lambda: control(emulator.host(**other)).board(LIMIT_S))

    assert (fault.cause, fault.started) == (cause, False)
    assert words in fault.message
    assert "n0t-the-password" not in f"{fault} {fault.why} {fault.next_command}"


@pytest.mark.law(8)
def test_nobody_answers(emulator, control):
    """A port that refuses, and one that accepts and says nothing, which ends with the limit."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        silent = emulator.host(address=f"https://127.0.0.1:{server.getsockname()[1]}")
        began = time.monotonic()
        assert fault_of(lambda: control(silent).board(0.5)).cause is Cause.TIMED_OUT
        assert time.monotonic() - began < 5
        port = server.getsockname()[1]
    assert fault_of(lambda: control(emulator.host(address=f"https://127.0.0.1:{port}")).board(LIMIT_S)).cause is Cause.REFUSED


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("how", "cause"),
    [("hang", Cause.TIMED_OUT), ("drop before", Cause.LOST), ("drop after", Cause.LOST), ("status 500", Cause.LOST)],
)
def test_a_change_without_a_clear_answer_may_have_been_made(emulator, control, how, cause):
    """Whoever asked cannot know; the request went out exactly once, although sushy itself would send it three times."""
    host = emulator.host()
    it = control(host)
    it.board(LIMIT_S)
    emulator.break_at(host, "reset", how, times=9)

    fault = fault_of(lambda: it.reset("cycle", 2.0 if how == "hang" else LIMIT_S))

    assert (fault.cause, fault.started) == (cause, True)
    assert emulator.changes(host) == ["reset"]


def test_a_look_without_an_answer_changed_nothing(emulator, control):
    """The same faults when something is only read."""
    host = emulator.host()
    it = control(host)
    for how, cause in (("drop before", Cause.LOST), ("garbage", Cause.CONFIGURATION)):
        emulator.break_at(host, "look", how)
        fault = fault_of(lambda: it.board(LIMIT_S))
        assert (fault.cause, fault.started) == (cause, False)


def test_no_is_told_in_the_words_of_the_controller(emulator, control):
    """A refusal is a known failure, and so is what the controller does not offer; nothing is sent for that."""
    host = emulator.host()
    it = control(host)
    emulator.break_at(host, "reset", "status 400")
    with pytest.raises(Declined, match="answered 400: The flux capacitor is empty") as caught:
        it.reset("on", LIMIT_S)
    assert caught.value.status == 400
    with pytest.raises(Declined, match="does not offer to start from usb, only pxe, disk, cd"):
        it.start_from("usb", once=True, limit_s=LIMIT_S)
    with pytest.raises(Declined, match=f"has no Fan; it has .*{host.name}-nic"):
        it.place("Fan", LIMIT_S)
    assert emulator.changes(host) == ["reset"]


def test_a_host_of_several_must_be_named(emulator, control):
    """A controller of several systems is not guessed at."""
    with pytest.raises(Declined, match="has several systems, and none is named"):
        control(emulator.host(system="")).board(LIMIT_S)
    with pytest.raises(Declined, match="has no system r99"):
        control(emulator.host(system="r99")).board(LIMIT_S)


def test_a_pinned_certificate_needs_no_authority(emulator, control):
    """The fingerprint of the certificate is enough."""
    pem = (emulator.folder / "server.pem").read_text()
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    assert control(emulator.host(verify=f"sha256:{digest}")).board(LIMIT_S).power == "off"


def test_the_settings_of_the_person_are_not_used(emulator, control, monkeypatch, tmp_path):
    """No proxy and no .netrc stands between the engine and a controller."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert control(emulator.host()).board(LIMIT_S).power == "off"


@pytest.mark.law(5)
def test_the_password_is_nowhere(emulator, new_links, log, caplog):
    """Not in logs, not in messages, not in a print of anything, in none of its forms."""
    caplog.set_level(0)
    host = emulator.host()
    it: Emulator = new_links(secrets=Secrets({"BMC_PASSWORD": PASSWORD}))(host).controller
    told = [it.told(what, log, LIMIT_S) for what in ("power", "facts", "firmware")]
    emulator.break_at(host, "update", "status 400")
    with pytest.raises(Declined) as caught:
        it.update(Text((f"https://{PASSWORD}@images.example/{host.name}/1.0.0",)), (), LIMIT_S)

    shown = f"{caplog.text} {told} {log.seen} {caught.value!r} {it.__dict__} {host}"

    assert [form for form in forms(PASSWORD) if form.decode() in shown] == []
