"""Secrets of a keyring: by service and user, with a limit, and without what a plug-in says in an error."""

import json
from collections.abc import Callable
from pathlib import Path

import keyring.core
import pytest

from keyring_file import BACKEND
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import SecretRef
from runbook_engine.model.words import Cause
from runbook_engine.transports import Secrets

Use = Callable[[str], None]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Use:
    """Chooses a back end, as the environment does for a new process."""
    file = tmp_path / "ring.json"
    file.write_text(json.dumps({"bmc/ana": "k3yring value", "https://vault.example/x/ana": "of an address"}))
    monkeypatch.setenv("TEST_KEYRING", str(file))

    def choose(backend: str) -> None:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
        monkeypatch.setattr(keyring.core, "_keyring_backend", None)

    return choose


def test_a_password_is_read_once(use: Use, tmp_path: Path) -> None:
    """The user is what stands after the last slash; the value is masked like others."""
    use(BACKEND)
    secrets = Secrets({})
    for _ in range(2):
        assert secrets.value(SecretRef("keyring:bmc/ana")).reveal() == "k3yring value"
    assert secrets.value(SecretRef("keyring:https://vault.example/x/ana")).reveal() == "of an address"
    assert (tmp_path / "ring.asked").read_text() == "bmc/ana\nhttps://vault.example/x/ana\n"
    assert secrets.masks.hide(b"k3yring%20value") == b"[secret keyring:bmc/ana]"


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("backend", "name", "words", "next_command"),
    [
        (BACKEND, "keyring:my bmc/eva", "no password of eva for my bmc", "keyring set 'my bmc' eva"),
        (BACKEND, "keyring:bmc/locked", "the keyring is locked", "keyring diagnose"),
        (BACKEND, "keyring:bmc/broken", "could not be read (RuntimeError)", "keyring diagnose"),
        (BACKEND, "keyring:bmc/silent", "no answer within 0.5 s", "keyring diagnose"),
        (BACKEND, "keyring:bmc/", "keyring:SERVICE/USER", "keyring --help"),
        ("keyring.backends.null.Keyring", "keyring:bmc/ana", "no password of ana for bmc", "keyring set bmc ana"),
        ("keyring.backends.fail.Keyring", "keyring:bmc/ana", "there is no keyring on this machine", "keyring diagnose"),
        ("no_such_module.Keyring", "keyring:bmc/ana", "could not be read (ModuleNotFoundError)", "keyring diagnose"),
    ],
)
def test_what_a_keyring_does_not_give(use: Use, backend: str, name: str, words: str, next_command: str) -> None:
    """Cause `secret not available`, its name, what is wrong and what to type."""
    use(backend)
    with pytest.raises(TransportFault) as caught:
        Secrets({}, limit_s=0.5).value(SecretRef(name))
    fault = caught.value
    assert (fault.cause, fault.started, fault.next_command) == (Cause.SECRET, False, next_command)
    assert name in fault.message
    assert words in fault.message
    assert "nobody should read" not in f"{fault!r} {fault.message} {fault.__cause__!r} {fault.__context__!r}"
