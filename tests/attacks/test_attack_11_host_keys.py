"""Attack 11: a host whose key is not the one that is known learns nothing, not even who wants to log in."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from journeys.command_line import Person
from journeys.machines import box_inventory, step, steps
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.model.text import shell
from runbook_engine.model.words import Cause
from runbook_engine.transports import Links

pytestmark = pytest.mark.sshd
CASES = {
    "unknown": (Cause.HOST_KEY_UNKNOWN, ""),
    "known for another port": (Cause.HOST_KEY_UNKNOWN, "[127.0.0.1]:1 {real}\n"),
    "known for another host": (Cause.HOST_KEY_UNKNOWN, "[127.0.0.2]:{port} {real}\n"),
    "changed": (Cause.HOST_KEY_CHANGED, "[127.0.0.1]:{port} {other}\n"),
    "changed to one of another kind": (Cause.HOST_KEY_CHANGED, "[127.0.0.1]:{port} {ecdsa}\n"),
    "revoked": (Cause.HOST_KEY_CHANGED, "[127.0.0.1]:{port} {real}\n@revoked [127.0.0.1]:{port} {real}\n"),
    "revoked before it is known": (Cause.HOST_KEY_CHANGED, "@revoked * {real}\n[127.0.0.1]:{port} {real}\n"),
    "of an authority that is not asked": (Cause.HOST_KEY_UNKNOWN, "@cert-authority * {real}\n"),
    "in a comment": (Cause.HOST_KEY_UNKNOWN, "# [127.0.0.1]:{port} {real}\n"),
    "excluded": (Cause.HOST_KEY_UNKNOWN, "[127.0.0.*]:{port},![127.0.0.1]:{port} {real}\n"),
    "damaged": (Cause.HOST_KEY_CHANGED, "[127.0.0.1]:{port} ssh-ed25519 AAAA\n"),
}


def public(path: Path) -> str:
    """Kind and key of a public file."""
    return " ".join(Path(f"{path}.pub").read_text().split()[:2])


@pytest.fixture
def watched(sshd: Any, start_sshd: Callable[..., Any], tmp_path: Path) -> Any:
    """A server that writes down everything that is asked of it."""
    folder = tmp_path / "watched"
    folder.mkdir()
    server = start_sshd(folder, LogLevel="DEBUG1")
    yield server
    subprocess.run(["kill", str(server.pid)], check=False)


def test_attack_11_keys_are_judged_before_any_authentication(
    watched: Any, target: Target, new_links: Callable[..., Links], tmp_path: Path
) -> None:
    """Eleven ways in which a key can be wrong: each is refused with its cause, and the server has heard of no user."""
    keys = {"real": public(watched.host_key)}
    for kind in ("ed25519", "ecdsa"):
        file = tmp_path / kind
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", file], check=True)
        keys["other" if kind == "ed25519" else kind] = public(file)
    for name, (cause, text) in CASES.items():
        known = tmp_path / "known_hosts"
        known.write_text(text.format(port=watched.port, **keys))
        there = replace(target, ssh=replace(target.ssh, port=watched.port, key=str(watched.key), known_hosts=str(known)))
        with pytest.raises(TransportFault) as caught:
            new_links()(there).perform(Shell(script=shell("true")), lambda _stream, _data: None)
        assert (name, caught.value.cause, caught.value.started) == (name, cause, False)
        assert caught.value.next_command == "runbook inventory trust r12-u01"
    log = watched.log.read_text()
    assert "SSH2_MSG_KEXINIT" in log, "the server writes down what is asked"
    assert "userauth-request" not in log
    shutil.copy(watched.known_hosts, known)
    assert new_links()(there).perform(Shell(script=shell("true")), lambda _stream, _data: None).exit_code == 0
    assert "userauth-request" in watched.log.read_text()


def test_attack_11_a_run_says_so_and_goes_on_when_a_person_has_looked(engineer: Person, sshd: Any, tmp_path: Path) -> None:
    """A run on a host with an unknown key ends without a start there, and names the command that shows the key."""
    known = tmp_path / "known_hosts"
    engineer.writes("inventory/hosts.yml", box_inventory(sshd, known_hosts=known))
    trap = tmp_path / "trap"
    engineer.writes("runbooks/quick.yml", steps(step("one", f"touch {trap}")))
    said = engineer.types("run", "runbooks/quick.yml", code=1)
    assert "runbook inventory trust box" in said.all
    assert not trap.exists()
    engineer.types("inventory", "trust", "box", "--yes", code=0)
    engineer.types("resume", "quick-1", "--failed", code=0)
    assert trap.exists()


def test_attack_11_no_policy_accepts_what_is_new() -> None:
    """Paramiko's policies that accept or only warn are named nowhere in the program."""
    from attacks.source_code import SOURCE

    text = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    assert [
        word for word in ("AutoAddPolicy", "WarningPolicy", "load_system_host_keys", "StrictHostKeyChecking=no") if word in text
    ] == []
