"""Attack 13: nobody between us and a host can weaken what they agree on."""

from collections.abc import Callable
from pathlib import Path
from tomllib import loads
from typing import Any

import paramiko
import pytest

from attacks.source_code import ROOT
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.model.text import shell
from runbook_engine.model.words import Cause
from runbook_engine.transports import Link, Links
from transports.conftest import Log

pytestmark = pytest.mark.sshd
WEAK = ("sha1", "md5", "cbc", "3des", "rc4", "arcfour", "chacha20", "dss", "none", "group1-")


def offers(link: Link) -> tuple[Any, dict[str, tuple[str, ...]]]:
    """The connection of a link, and what it offers to a host."""
    transport = link._place._connected.transport  # type: ignore[union-attr]
    names = ("_preferred_kex", "preferred_ciphers", "preferred_macs", "preferred_keys", "preferred_pubkeys")
    return transport, {name: tuple(getattr(transport, name)) for name in names}


def test_attack_13_only_strong_ways_are_offered(link: Link, log: Log) -> None:
    """The lists, and what was agreed on: nothing with SHA-1, MD5, CBC or ChaCha20, and no compression.

    The prefix of a handshake can only be cut (Terrapin) with ChaCha20, or with CBC and encrypt-then-MAC: neither is offered,
    whether the host knows the strict exchange or not.
    """
    link.perform(Shell(script=shell("true")), log)
    transport, lists = offers(link)
    assert all(lists.values())
    assert [(kind, name) for kind, names in lists.items() for name in names if any(weak in name for weak in WEAK)] == []
    agreed = (
        transport.local_cipher,
        transport.remote_cipher,
        transport.local_mac,
        transport.remote_mac,
        transport.host_key_type,
    )
    assert all(agreed)
    assert [name for name in agreed if any(weak in str(name) for weak in WEAK)] == []
    assert (transport.local_compression, transport.remote_compression) == ("none", "none")
    assert transport.advertise_strict_kex


def test_attack_13_a_host_that_keeps_the_exchange_strict_is_held_to_it(link: Link, log: Log) -> None:
    """OpenSSH agrees on the strict exchange, in which a message that is out of place ends the connection."""
    link.perform(Shell(script=shell("true")), log)
    transport, _ = offers(link)
    assert transport.agreed_on_strict_kex


@pytest.mark.parametrize(
    "options",
    [
        {"Ciphers": "aes128-cbc,aes256-cbc"},
        {"Ciphers": "chacha20-poly1305@openssh.com"},
        {"Ciphers": "aes128-ctr", "MACs": "hmac-sha1,hmac-md5"},
        {"KexAlgorithms": "diffie-hellman-group14-sha1,diffie-hellman-group1-sha1"},
    ],
    ids=",".join,
)
def test_attack_13_a_host_that_knows_only_weak_ways_is_refused(
    new_server: Callable[..., Target], new_links: Callable[..., Links], log: Log, tmp_path: Path, options: dict[str, str]
) -> None:
    """Cause configuration, before any login, and the message says that there is no safe way."""
    there = new_server(LogLevel="DEBUG1", **options)
    with pytest.raises(TransportFault, match="no safe way") as caught:
        new_links()(there).perform(Shell(script=shell("true")), log)
    assert (caught.value.cause, caught.value.started) == (Cause.CONFIGURATION, False)
    assert "userauth-request" not in (tmp_path / "sshd0" / "sshd.log").read_text()


def test_attack_13_the_library_is_as_new_as_it_must_be() -> None:
    """The project asks for a paramiko that knows the strict exchange (3.4), and has it."""
    project = loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = next(word for word in project["dependencies"] if word.startswith("paramiko"))
    assert tuple(map(int, asked.partition(">=")[2].partition(",")[0].split("."))) >= (3, 4)
    assert tuple(map(int, paramiko.__version__.split(".")[:2])) >= (3, 4)
