"""What an author writes, and exactly what will be done."""

import pytest

from runbook_engine.actions import all_actions
from runbook_engine.actions.contract import Setting
from runbook_engine.actions.reboot import RESTART
from runbook_engine.actions.script import END, RECEIVE
from runbook_engine.model.commands import (
    AskPerson,
    Become,
    Choice,
    Download,
    Http,
    Pause,
    Probe,
    Procedure,
    Reboot,
    Redfish,
    Shell,
    Upload,
    Wait,
)
from runbook_engine.model.text import Text, plain, shell
from runbook_engine.model.words import Duty

SETTING = Setting(
    directory=plain("/srv"),
    environment=(("LANG", plain("C")),),
    become=Become(user="root"),
    timeout_s=60.0,
    evidence=(("photo", "file"),),
    title=plain("A step"),
)


class Beside:
    """Files beside a runbook that answer with what they were asked for."""

    def content(self, path: Text) -> Text:
        """A script in Python."""
        return plain(f"#!/usr/bin/env python3\nprint({path.source!r})\n")

    def rendered(self, path: Text) -> Text:
        """A text."""
        return plain(f"rendered {path.source}")

    def checksum(self, path: Text) -> Text:
        """A figure."""
        return plain(f"sum of {path.source}")


def here(script: str | Text, **other: object) -> Shell:
    """A command in the setting of the step."""
    fixed = {"directory": SETTING.directory, "environment": SETTING.environment, "become": SETTING.become, "timeout_s": 60.0}
    return Shell(script=shell(script) if isinstance(script, str) else script, **{**fixed, **other})


def script(*parts: str, text: str) -> Shell:
    """A script that is received and run."""
    return here(Text((RECEIVE, *parts, " </dev/null"), True), stdin=Text((text, f"\n{END}\n")))


GO = (Choice(name="go"), Choice(name="no-go", goes_on=False))
WAIT = {"within_s": 300.0, "every_s": 2.0}
GOLDEN = [
    ("run", {"command": "df -h {{ host.disk }}"}, here("df -h {{ host.disk }}")),
    ("local", {"command": "date"}, here("date", on_controller=True)),
    (
        "script",
        {"file": "a.py", "args": ["one two", "x-{{ host.unit }}", ""]},
        script(
            "/usr/bin/env python3",
            ' "$d/script"',
            " ",
            "'one two'",
            " ",
            "x-{{ host.unit }}",
            " ",
            "''",
            text="#!/usr/bin/env python3\nprint('a.py')\n",
        ),
    ),
    ("script", {"text": "echo a"}, script("/bin/sh", ' "$d/script"', text="echo a")),
    ("script", {"text": "#!/bin/bash\n:", "interpreter": "bash -x"}, script("bash -x", ' "$d/script"', text="#!/bin/bash\n:")),
    (
        "upload",
        {"from": "a.conf", "to": "/etc/a.conf", "mode": "644", "owner": "root:adm", "backup": True},
        Upload(
            target=plain("/etc/a.conf"),
            source=plain("a.conf"),
            checksum=plain("sum of a.conf"),
            mode="0644",
            owner="root:adm",
            backup=True,
            become=SETTING.become,
            timeout_s=60.0,
        ),
    ),
    (
        "template",
        {"from": "a.j2", "to": "/etc/a"},
        Upload(target=plain("/etc/a"), content=plain("rendered a.j2"), become=SETTING.become, timeout_s=60.0),
    ),
    (
        "download",
        {"from": "/var/log/a", "to": "logs/a"},
        Download(source=plain("/var/log/a"), target=plain("logs/a"), become=SETTING.become, timeout_s=60.0),
    ),
    ("reboot", {}, Reboot(command=shell(RESTART), within_s=900.0, become=SETTING.become)),
    (
        "reboot",
        {"within": "1h 30m", "command": "ipmi cycle", "health": "true"},
        Reboot(command=shell("ipmi cycle"), within_s=5400.0, health=shell("true"), become=SETTING.become),
    ),
    ("wait_for", {"port": 22, "address": "bmc"}, Wait(probe=Probe(port=22, address=plain("bmc")), **WAIT)),
    ("wait_for", {"ssh": True, "absent": True}, Wait(probe=Probe(ssh=True, absent=True), **WAIT)),
    ("wait_for", {"file": "/run/a b"}, Wait(probe=Probe(shell=here(Text(("test -e ", "'/run/a b'"), True))), **WAIT)),
    (
        "wait_for",
        {"run": "up", "within": "10s", "every": "1s"},
        Wait(probe=Probe(shell=here("up")), within_s=10.0, every_s=1.0),
    ),
    (
        "wait_for",
        {"http": {"url": "https://a/health", "expect_status": [200, 204]}},
        Wait(probe=Probe(http=Http(url=plain("https://a/health"), expect_status=(200, 204), timeout_s=60.0)), **WAIT),
    ),
    ("http", {"url": "{{ params.url }}"}, Http(url=plain("{{ params.url }}"), timeout_s=60.0)),
    (
        "http",
        {
            "url": "http://a",
            "method": "POST",
            "headers": {"X-A": "{{ host.name }}"},
            "body": "x",
            "expect_status": 201,
            "expect_body": "ok",
            "check_certificate": False,
        },
        Http(
            url=plain("http://a"),
            method="POST",
            headers=(("X-A", plain("{{ host.name }}")),),
            body=plain("x"),
            expect_status=(201,),
            expect_body="ok",
            check_certificate=False,
            timeout_s=60.0,
        ),
    ),
    ("redfish", {"power": "graceful-off"}, Redfish(duty=Duty.POWER, value="graceful-off", within_s=60.0)),
    ("redfish", {"boot": "disk"}, Redfish(duty=Duty.BOOT, value="disk", within_s=60.0)),
    ("redfish", {"boot_once": "pxe", "within": "5s"}, Redfish(duty=Duty.BOOT, value="pxe", once=True, within_s=5.0)),
    ("redfish", {"led": "blinking"}, Redfish(duty=Duty.LED, value="blinking", within_s=60.0)),
    ("redfish", {"get": "facts"}, Redfish(duty=Duty.READ, value="facts", within_s=60.0)),
    ("redfish", {"wait": {"power": "on"}}, Redfish(duty=Duty.UNTIL_POWER, value="on", within_s=60.0)),
    (
        "redfish",
        {"wait": {"firmware": "{{ params.bmc }}", "component": "bmc"}},
        Redfish(duty=Duty.UNTIL_FIRMWARE, version=plain("{{ params.bmc }}"), component=plain("bmc"), within_s=60.0),
    ),
    (
        "redfish",
        {"update": "https://a/bios.bin", "to": "2.19.1", "component": "NIC.1", "within": "30s"},
        Redfish(
            duty=Duty.UPDATE,
            image=plain("https://a/bios.bin"),
            version=plain("2.19.1"),
            component=plain("NIC.1"),
            within_s=30.0,
        ),
    ),
    ("manual", {"text": "Mount it"}, AskPerson(prompt=plain("Mount it"), evidence=SETTING.evidence)),
    ("decide", {"question": "Go?"}, AskPerson(prompt=plain("Go?"), choices=GO, evidence=SETTING.evidence)),
    (
        "decide",
        {"question": "Go?", "choices": ["go", "no-go"]},
        AskPerson(prompt=plain("Go?"), choices=GO, evidence=SETTING.evidence),
    ),
    (
        "decide",
        {"question": "Go?", "choices": {"all": {"consequence": "No way back"}, "half": None, "later": {"goes_on": False}}},
        AskPerson(
            prompt=plain("Go?"),
            choices=(Choice(name="all", consequence="No way back"), Choice(name="half"), Choice(name="later", goes_on=False)),
            evidence=SETTING.evidence,
        ),
    ),
    ("pause", {"for": "1m 30s"}, Pause(for_s=90.0)),
]


@pytest.mark.parametrize(("action", "params", "command"), GOLDEN)
def test_what_is_written_becomes_exactly_this(action, params, command) -> None:
    """Params as an author writes them give one command, field by field."""
    known = all_actions()[action]
    procedure = known.procedure(known.params.model_validate(params), SETTING, Beside())
    assert procedure == Procedure(apply=(command,))


def test_a_controller_sets_the_boot_device_before_it_switches_on() -> None:
    """Two commands, in the order in which they must be done; without a time limit of the step each has its own."""
    action = all_actions()["redfish"]
    procedure = action.procedure(action.params.model_validate({"power": "on", "boot_once": "pxe"}), Setting(), Beside())
    boot = Redfish(duty=Duty.BOOT, value="pxe", once=True, within_s=60.0)
    assert procedure == Procedure(apply=(boot, Redfish(duty=Duty.POWER, value="on", within_s=300.0)))


def test_every_action_has_a_golden_procedure() -> None:
    """No action is added without one."""
    assert {name for name, _, _ in GOLDEN} == set(all_actions())
