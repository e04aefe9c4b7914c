"""What authors may write, what they are told when it cannot be meant, and how complete the registry is."""

from importlib.metadata import EntryPoint
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from runbook_engine.actions import all_actions, registry
from runbook_engine.actions.contract import Setting
from runbook_engine.actions.values import word
from runbook_engine.model.text import Fill, Text
from runbook_engine.model.words import Per, Repeat

ACTIONS = all_actions()


def fields_of(params: type[BaseModel]) -> list[tuple[str, Any]]:
    """The fields of a params class and of those inside it."""
    own = [(f"{params.__name__}.{name}", field) for name, field in params.model_fields.items()]
    inner = [kind for _, field in own for kind in [field.annotation, *getattr(field.annotation, "__args__", ())]]
    return own + [f for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel) for f in fields_of(kind)]


@pytest.mark.parametrize("action", ACTIONS.values(), ids=list(ACTIONS))
def test_every_action_explains_itself(action) -> None:
    """Help, a version, a description of every field, and a shorthand that is one of its keys."""
    assert action.help.endswith(".")
    assert action.version >= 1
    assert [name for name, field in fields_of(action.params) if not (field.description or "").endswith(".")] == []
    schema = action.params.model_json_schema()
    assert schema["additionalProperties"] is False
    assert not action.shorthand or action.shorthand in schema["properties"]


def test_the_folder_is_the_registry() -> None:
    """These are the kinds of steps, with what is so by nature."""
    assert sorted(ACTIONS) == [
        "decide", "download", "http", "local", "manual", "pause", "reboot", "redfish", "run", "script", "template", "upload",
        "wait_for",
    ]  # fmt: skip
    assert {n for n, a in ACTIONS.items() if a.repeat is Repeat.MANUAL} == {"decide", "manual"}
    assert {n for n, a in ACTIONS.items() if a.repeat is Repeat.SAFE} == {"download", "pause", "wait_for"}
    assert {n for n, a in ACTIONS.items() if a.per is Per.PHASE} == {"decide", "local", "pause"}


def test_what_only_reads_a_controller_may_be_repeated() -> None:
    """For redfish it depends on what is asked for."""
    redfish = ACTIONS["redfish"]
    read = [{"get": "facts"}, {"wait": {"power": "on"}}]
    change = [{"power": "on"}, {"boot": "pxe"}, {"led": "on"}, {"update": "https://a/b", "to": "1"}]
    assert {redfish.nature(redfish.params.model_validate(p)) for p in read} == {Repeat.SAFE}
    assert {redfish.nature(redfish.params.model_validate(p)) for p in change} == {None}


def test_a_name_that_two_actions_claim_is_refused(monkeypatch) -> None:
    """Another package cannot take the place of an action unnoticed."""

    def foreign(group: str) -> list[EntryPoint]:
        return [EntryPoint("mine", "runbook_engine.actions.run:ACTION", group)]

    monkeypatch.setattr(registry, "_is_named", lambda: True)
    monkeypatch.setattr("importlib.metadata.entry_points", foreign)
    registry.all_actions.cache_clear()
    try:
        with pytest.raises(ValueError, match="two actions are called 'run'"):
            all_actions()
    finally:
        monkeypatch.undo()
        registry.all_actions.cache_clear()


WRONG = [
    ("run", {"command": " "}, "expected a command"),
    ("run", {"command": True}, "expected text"),
    ("run", {"comand": "x"}, "Extra inputs"),
    ("script", {}, "either file or text"),
    ("script", {"file": "a", "text": "b"}, "either file or text"),
    ("script", {"text": "  "}, "the script is empty"),
    ("script", {"text": "echo {{ host.name }}"}, "by args or environment"),
    ("upload", {"from": "a", "to": "/a", "mode": 420}, "in quotes"),
    ("upload", {"from": "a", "to": "/a", "mode": "0999"}, "in quotes"),
    ("upload", {"from": "a", "to": "/a", "owner": "a b"}, "expected an owner"),
    ("upload", {"source": "a", "target": "/a"}, "Extra inputs"),
    ("download", {"from": "/a", "to": "/etc/passwd"}, "inside the run's folder"),
    ("download", {"from": "/a", "to": "../a"}, "inside the run's folder"),
    ("reboot", {"within": 15}, "expected a duration"),
    ("wait_for", {}, "exactly one of"),
    ("wait_for", {"port": 22, "ssh": True}, "exactly one of"),
    ("wait_for", {"port": 0}, "greater than or equal to 1"),
    ("wait_for", {"ssh": True, "address": "a"}, "address belongs to port"),
    ("wait_for", {"ssh": True, "every": "0s"}, "every must be at least"),
    ("wait_for", {"http": {"url": "http://a", "method": "POST"}}, "GET' or 'HEAD"),
    ("http", {"url": "ftp://a"}, "begins with http"),
    ("http", {"url": "http://a", "headers": {"a b": "c"}}, "cannot be the name of a header"),
    ("http", {"url": "http://a", "expect_status": 99}, "expected an HTTP status"),
    ("http", {"url": "http://a", "expect_status": [True]}, "expected an HTTP status"),
    ("decide", {"question": "?", "choices": ["go"]}, "two to 20 choices"),
    ("decide", {"question": "?", "choices": ["a", "a"]}, "the same name"),
    ("decide", {"question": "?", "choices": ["no", "stop"]}, "lets the run go on"),
    ("decide", {"question": "?", "choices": ["go on", "no"]}, "one word"),
    ("decide", {"question": "?", "choices": {"a": {"goes": True}, "b": None}}, "consequence and goes_on"),
    ("decide", {"question": "?", "choices": {"a": {"goes_on": "yes"}, "b": None}}, "true or false"),
    ("redfish", {}, "expected one of power, boot, boot_once, led, update, get and wait"),
    ("redfish", {"power": "on", "led": "on"}, "expected one of"),
    ("redfish", {"power": "reset"}, "'on', 'off', 'graceful-off', 'cycle' or 'graceful-restart'"),
    ("redfish", {"boot": "pxe", "boot_once": "cd"}, "either boot or boot_once"),
    ("redfish", {"power": "on", "to": "1.0"}, "belong to update"),
    ("redfish", {"update": "bios.bin"}, "begins with http://"),
    ("redfish", {"wait": {"power": "on", "firmware": "1.0"}}, "either power or firmware"),
    ("redfish", {"wait": {"power": "on", "component": "bmc"}}, "component belongs to firmware"),
    ("redfish", {"get": "power", "within": 5}, "expected a duration"),
    ("pause", {"for": 5}, "expected a duration"),
]


@pytest.mark.parametrize(("action", "params", "message"), WRONG)
def test_what_cannot_be_meant_is_refused_in_words(action, params, message) -> None:
    """Each mistake has a message that says what was expected."""
    with pytest.raises(ValidationError, match=message):
        ACTIONS[action].params.model_validate(params)


@pytest.mark.parametrize(
    ("source", "quoted"),
    [
        ("a", "a"),
        ("a b", "'a b'"),
        ("", "''"),
        ("x {{ host.a }}y", "'x '{{ host.a }}y"),
        ("$(id)", "'$(id)'"),
        ("{{ a }}", "{{ a }}"),
    ],
)
def test_a_word_is_one_word(source, quoted) -> None:
    """What stands outside the holes is quoted; the holes are left to be quoted when they are filled."""
    assert word(source).source == quoted


def test_rendered_params_pass_through() -> None:
    """Texts that were rendered are taken as they are, so that params can be built again with them."""
    rendered = Text(("a b", Fill(0)), True)
    params = ACTIONS["script"].params.model_validate({"file": Text((Fill(1),)), "args": [rendered]})
    assert params.args == (rendered,)
    upload = ACTIONS["upload"].params.model_validate({"from": Text((Fill(1),)), "to": Text(("/a",))})
    assert upload.source == Text((Fill(1),))


def test_a_command_without_a_setting_has_none() -> None:
    """Nothing is invented: no directory, no user, no limit."""
    run = ACTIONS["run"]
    (command,) = run.procedure(run.params(command="true"), Setting(), None).apply
    assert (command.directory, command.become, command.environment, command.timeout_s) == (None, None, (), None)
