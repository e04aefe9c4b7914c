"""Attack 10: reading an SSH configuration runs nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from attacks.source_code import modules
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.model.text import shell
from runbook_engine.model.words import Cause
from runbook_engine.transports import Links
from runbook_engine.transports.ssh_config import SshConfig
from transports.conftest import Log

FORMS = [
    'Match exec "touch {trap}"\n  User root\n',
    "Match host box exec 'touch {trap}'\n  Port 22\n",
    "Match !exec 'touch {trap}'\n  IdentityFile x\n",
    'match=exec "touch {trap}"\n  hostname x\n',
    "MATCH EXEC 'touch {trap}'\n  USER root\n",
    'Match originalhost box exec "touch {trap}"\n  ProxyJump gate\n',
    "Host box\n  ProxyCommand touch {trap}\n",
    "Host box\n  proxycommand=touch {trap}\n",
    "Host *\n  PROXYCOMMAND touch {trap}\n",
]
SILENT = [
    "Host box\n  LocalCommand touch {trap}\n  PermitLocalCommand yes\n",
    "Host box\n  KnownHostsCommand touch {trap}\n",
    "Host box\n  RemoteCommand touch {trap}\n",
    "Host box\n  PKCS11Provider {trap}\n",
    "Host box\n  SecurityKeyProvider {trap}\n",
    "Host box\n  XAuthLocation {trap}\n",
    "Host box\n  IdentityAgent {trap}\n",
    "Host box\n  ControlPath {trap}\n  ControlMaster yes\n",
    "Match exec 'touch {trap}'\n  ForwardAgent yes\n",
]


@pytest.mark.parametrize("form", FORMS)
def test_attack_10_a_program_is_refused_with_its_line(tmp_path: Path, form: str) -> None:
    """What would have to be run to know the way is told with file and line, and with what to do instead."""
    trap, config = tmp_path / "trap", tmp_path / "config"
    config.write_text("# first line\n" + form.format(trap=trap))
    with pytest.raises(TransportFault) as caught:
        SshConfig([config], tmp_path).of("box")
    assert (caught.value.cause, caught.value.started) == (Cause.CONFIGURATION, False)
    line = 3 if "proxycommand" in form.lower() else 2
    assert f"{config}:{line}: " in caught.value.message
    assert "inventory" in caught.value.next_command
    assert not trap.exists()


@pytest.mark.parametrize("form", SILENT)
def test_attack_10_other_keywords_are_not_known_at_all(tmp_path: Path, form: str) -> None:
    """What is not on the short list of keywords has no effect."""
    trap, config = tmp_path / "trap", tmp_path / "config"
    config.write_text(form.format(trap=trap))
    assert SshConfig([config], tmp_path).of("box") == SshConfig([], tmp_path).of("box")
    assert not trap.exists()


def test_attack_10_where_it_is_allowed_a_question_is_asked_and_answered(tmp_path: Path) -> None:
    """With `ssh_programs`, exit code 0 is yes; `!exec` is the contrary; what it prints is no matter."""
    config = tmp_path / "config"
    config.write_text(
        "Match exec 'echo noise; echo noise >&2; test %n = box'\n  User yes\nMatch !exec 'test %h = box'\n  User no\n"
        "Match host box exec false\n  Port 1\n"
    )
    allowed = SshConfig([config], tmp_path, programs=True)
    assert (allowed.of("box").user, allowed.of("other").user) == ("yes", "no")
    assert allowed.of("box").port is None


@pytest.mark.sshd
def test_attack_10_fabric_reads_no_configuration(
    new_links: Callable[..., Links], target: Target, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in the person's home that Fabric would read, and which would run a program, is not read."""
    trap = tmp_path / "trap"
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(f'Match exec "touch {trap}"\n  User root\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    link: Any = new_links()(target)
    assert link.perform(Shell(script=shell("true")), log).exit_code == 0
    assert not trap.exists()
    connection: Any = link._place._connected.connection
    assert connection.config.load_ssh_configs is False


def test_attack_10_nothing_else_reads_one() -> None:
    """Paramiko's and Fabric's readers of SSH configurations are named nowhere in the program."""
    import ast

    found = [
        module
        for module, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
        and (getattr(node, "attr", "") or getattr(node, "id", ""))
        in ("SSHConfig", "load_ssh_config", "from_path_ssh", "base_ssh_config")
    ]
    assert found == []
