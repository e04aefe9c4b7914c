"""Attack 12: the agent is asked for one named key, is shown to no host, and its other keys are told to nobody."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attacks.source_code import SOURCE
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.model.text import shell
from runbook_engine.model.words import Cause
from runbook_engine.transports import Links

pytestmark = [pytest.mark.sshd, pytest.mark.skipif(not shutil.which("ssh-agent"), reason="ssh-agent is not installed")]


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An agent that holds five keys; the folder in which their public parts are."""
    socket, folder = tmp_path / "agent", tmp_path / "keys"
    folder.mkdir()
    process = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    while not socket.exists():
        time.sleep(0.01)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    for number in range(5):
        file = folder / f"key{number}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
        subprocess.run(["ssh-add", "-q", file], check=True, capture_output=True)
        file.unlink()
    yield folder
    process.kill()
    process.wait()


@pytest.fixture
def watched(start_sshd: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    """A server that writes down which keys it is offered, and would let an agent be forwarded."""
    folder = tmp_path / "watched"
    folder.mkdir()
    server = start_sshd(folder, LogLevel="DEBUG2", AllowAgentForwarding="yes")
    yield server
    os.kill(server.pid, 15)


def print_of(file: Path) -> str:
    """SHA256:… of a public key."""
    return subprocess.run(["ssh-keygen", "-l", "-f", file], check=True, capture_output=True, text=True).stdout.split()[1]


def offered(server: Any) -> set[str]:
    """The keys that a server was offered, by their fingerprints."""
    return set(re.findall(r"(?:test|attempt|Accepted|Failed)[^\n]*?(SHA256:[A-Za-z0-9+/]+)", server.log.read_text()))


def test_attack_12_of_five_keys_one_is_offered(
    agent: Path, watched: Any, target: Target, new_links: Callable[..., Links], tmp_path: Path
) -> None:
    """The host learns of the named key and of no other; where none is named it learns of none, and the message says how."""
    config = tmp_path / "config"
    config.write_text(f"Host other\n  IdentityFile {agent}/key4\n")
    named = replace(
        target, ssh=replace(target.ssh, port=watched.port, known_hosts=str(watched.known_hosts), key=f"{agent}/key3.pub")
    )
    by_config = replace(named, name="other", ssh=replace(named.ssh, key=""))  # type: ignore[arg-type]
    nameless = replace(by_config, name="nobody")  # type: ignore[arg-type]
    links = new_links(use_agent=True, default_keys=False, ssh_config=(config,))
    for there, names in ((nameless, set()), (named, {"key3"}), (by_config, {"key3", "key4"})):
        with pytest.raises(TransportFault) as caught:
            links(there).perform(Shell(script=shell("true")), lambda _stream, _data: None)
        assert caught.value.cause is Cause.AUTHENTICATION
        assert offered(watched) == {print_of(agent / f"{name}.pub") for name in names}
        assert "nothing names it (ssh: {key: FILE.pub} in the inventory" in caught.value.why


def test_attack_12_the_agent_signs_for_the_named_key_and_is_not_lent(
    agent: Path, watched: Any, target: Target, new_links: Callable[..., Links], tmp_path: Path
) -> None:
    """The login works with the agent's key; on the host there is no agent, though `ForwardAgent yes` is written."""
    config = tmp_path / "config"
    config.write_text("Host *\n  ForwardAgent yes\n  AddKeysToAgent yes\n")
    shutil.copy(agent / "key2.pub", watched.config.with_name("authorized_keys"))
    there = replace(
        target, ssh=replace(target.ssh, port=watched.port, known_hosts=str(watched.known_hosts), key=f"{agent}/key2")
    )
    link = new_links(use_agent=True, ssh_config=(config,))(there)
    answer = link.perform(Shell(script=shell('printf "[%s]" "${SSH_AUTH_SOCK-}"')), lambda _stream, _data: None)
    assert answer.stdout == b"[]"
    assert offered(watched) == {print_of(agent / "key2.pub")}


def test_attack_12_nothing_can_forward() -> None:
    """What would ask a host to forward an agent is named nowhere in the program."""
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    assert [
        w for w in ("AgentRequestHandler", "request_forward_agent", "forward_agent=True", "auth-agent-req") if w in text
    ] == []
