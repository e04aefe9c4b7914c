"""Secrets of Vault come over a checked connection, and a fault tells everything but the value and the token."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import SecretRef
from runbook_engine.model.words import Cause
from runbook_engine.transports import Secrets
from vault_server import TOKEN, Vault, make_authority, serving

VALUE = "v4ult 'quoted' value/9"


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A server with a few secrets."""
    with serving(tmp_path / "vault") as made:
        made.secrets = {
            "new/app/db": {"password": VALUE, "port": 5432, "large": "x" * 1_100_000},
            "old/app/db": {"password": f"old {VALUE}"},
            "team/kv/a b?c": {"pass word": f"team {VALUE}"},
        }
        yield made


def fault_of(name: str, environment: dict[str, str], **other: float) -> TransportFault:
    """How a look-up fails: always the same cause, nothing started, with the name and without value and token."""
    with pytest.raises(TransportFault) as caught:
        Secrets(environment, **other).value(SecretRef(name))
    fault = caught.value
    assert (fault.cause, fault.started) == (Cause.SECRET, False)
    assert name in fault.message
    assert fault.why
    assert fault.next_command
    told = f"{fault} {fault.message} {fault.why} {fault.next_command} {fault!r} {fault.__cause__!r}"
    assert fault.__suppress_context__ or fault.__context__ is None
    assert not [hidden for hidden in (VALUE, TOKEN, "nothing for") if hidden in told]
    return fault


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vault:new/app/db#password", VALUE),
        ("vault:old/app/db#password", f"old {VALUE}"),
        ("vault:team/kv/a b?c#pass word", f"team {VALUE}"),
    ],
)
def test_both_versions_and_mounts_of_several_words(vault: Vault, name: str, value: str) -> None:
    """The server says where the mount ends and which version it has."""
    secrets = Secrets(vault.environment())
    assert secrets.value(SecretRef(name)).reveal() == value
    assert secrets.masks.hide(value.encode()) == f"[secret {name}]".encode()
    assert secrets.masks.hide(TOKEN.encode()) == b"[secret VAULT_TOKEN]"


def test_a_secret_is_read_once(vault: Vault) -> None:
    """Eight threads want it; the server is asked for the mount and for the secret, once each."""
    secrets = Secrets(vault.environment())
    name = SecretRef("vault:new/app/db#password")
    workers = [threading.Thread(target=secrets.value, args=(name,)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert vault.asked == ["sys/internal/ui/mounts/new/app/db", "new/data/app/db"]


def test_the_token_of_vault_login_and_a_namespace(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without VAULT_TOKEN the file in the home counts; the namespace goes along."""
    monkeypatch.setenv("HOME", str(tmp_path))
    vault.namespace = "infra/prod"
    name = "vault:new/app/db#password"
    environment = vault.environment(VAULT_TOKEN="", VAULT_NAMESPACE="infra/prod")
    assert ".vault-token: No such file" in fault_of(name, environment).why
    (tmp_path / ".vault-token").write_text(f"{TOKEN}\n")
    assert Secrets(environment).value(SecretRef(name)).reveal() == VALUE
    assert "(403)" in fault_of(name, environment | {"VAULT_NAMESPACE": "other"}).why


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("name", "words", "next_command"),
    [
        ("vault:new/app/none#password", "nothing at new/app/none (404)", "vault kv list new/app"),
        ("vault:new/app/db#pasword", "has no field pasword", "vault kv get -format=json new/app/db | jq '.data.data | keys'"),
        ("vault:old/app/db#pasword", "has no field pasword", "vault kv get -format=json old/app/db | jq '.data | keys'"),
        ("vault:new/app/db#port", "the field port is not text", "vault kv patch"),
        ("vault:none/app/db#x", "does not let this token read none/app/db (403)", "vault token capabilities none/app/db"),
        ("vault:new/../sys/x#x", "vault:MOUNT/PATH#FIELD", "vault kv list"),
    ],
)
def test_what_the_server_does_not_give(vault: Vault, name: str, words: str, next_command: str) -> None:
    """What is wrong with which name, and how to look further."""
    fault = fault_of(name, vault.environment())
    assert words in fault.message
    assert fault.next_command.startswith(next_command)


def test_a_value_is_bounded(vault: Vault) -> None:
    """No more than the largest secret is taken."""
    with pytest.raises(TransportFault, match="larger than 1048576 bytes"):
        Secrets(vault.environment()).value(SecretRef("vault:new/app/db#large"))


@pytest.mark.law(8)
@pytest.mark.parametrize(("status", "words"), [(503, "sealed or not ready (503)"), (403, "(403)"), (500, "answered 500")])
def test_a_server_that_gives_nothing(vault: Vault, status: int, words: str) -> None:
    """Sealed, forbidden, broken; what it says itself is not repeated."""
    vault.status = status
    assert words in fault_of("vault:new/app/db#password", vault.environment()).message


def test_a_certificate_of_another_authority_ends_it_before_the_token_goes(vault: Vault, tmp_path: Path) -> None:
    """Nothing was asked; so it is with the authorities of the system."""
    make_authority(tmp_path / "other")
    for authority in (str(tmp_path / "other" / "ca.pem"), ""):
        fault = fault_of("vault:new/app/db#password", vault.environment(VAULT_CACERT=authority))
        assert "is not trusted" in fault.message
        assert fault.next_command == "export VAULT_CACERT=FILE"
    assert vault.asked == []


def test_a_slow_server_has_one_limit(vault: Vault) -> None:
    """The limit stands for all of it."""
    vault.hold.clear()
    assert "no answer within 0.3 s" in fault_of("vault:new/app/db#password", vault.environment(), limit_s=0.3).message


def test_the_token_does_not_follow_to_another_host(vault: Vault, tmp_path: Path) -> None:
    """A redirect to another host is not followed."""
    with serving(tmp_path / "second") as second:
        vault.status, vault.location = 307, f"{second.address}/v1/new/data/app/db"
        fault = fault_of("vault:new/app/db#password", vault.environment())
        assert "points to another host (307)" in fault.message
        assert second.asked == []


def test_http_is_for_this_machine_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A practice server on loopback may speak http, and no proxy is asked; another host may not."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serving(tmp_path / "vault", safe=False) as plain:
        plain.secrets = {"new/app": {"p": VALUE}}
        assert Secrets(plain.environment()).value(SecretRef("vault:new/app#p")).reveal() == VALUE
    assert "without https" in fault_of("vault:new/app#p", {"VAULT_ADDR": "http://vault.example:8200", "VAULT_TOKEN": TOKEN}).why


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"VAULT_ADDR": ""}, "VAULT_ADDR does not say"),
        ({"VAULT_ADDR": "vault:8200"}, "https://HOST:PORT"),
        ({"VAULT_ADDR": f"https://u:{TOKEN}@127.0.0.1"}, "https://HOST:PORT"),
        ({"VAULT_ADDR": "https://127.0.0.1:99999999"}, "not an address"),
        ({"VAULT_ADDR": "https://127.0.0.1:1"}, "cannot be asked: Connection refused"),
        ({"VAULT_TOKEN": f"{TOKEN}\r\nX-Other: 1"}, "characters that a header cannot have"),
        ({"VAULT_TOKEN": f"{TOKEN}é"}, "characters that a header cannot have"),
        ({"VAULT_TOKEN": " "}, "the token in VAULT_TOKEN is empty"),
        ({"VAULT_CACERT": "/no/such/file"}, "VAULT_CACERT names /no/such/file"),
        ({"VAULT_CACERT": __file__}, "not a file of certificates"),
    ],
)
def test_settings_that_do_not_fit(vault: Vault, changes: dict[str, str], words: str) -> None:
    """Which variable is wrong, without its value where that may be the token."""
    assert words in fault_of("vault:new/app/db#password", vault.environment(**changes)).message
