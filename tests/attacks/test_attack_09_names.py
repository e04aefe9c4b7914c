"""Attack 9: what hosts, users and ways are called can be no option and no command, wherever it is written."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.command_line import Person
from journeys.machines import box_inventory, step, steps
from runbook_engine.loading import load_estate
from runbook_engine.loading.estate_names import address, file_path, host_name, jump, name, user
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import NotValid, TransportFault
from runbook_engine.model.plan import Target
from runbook_engine.model.text import shell
from runbook_engine.model.words import Cause
from runbook_engine.transports import Links
from runbook_engine.transports.ssh_config import SshConfig
from transports.conftest import Log

BAD = [
    "-oProxyCommand=touch {trap}",
    "-x",
    "a;touch {trap}",
    "$(touch {trap})",
    "`touch {trap}`",
    "a b",
    "a\nb",
    "a|b",
    "a'b",
    'a"b',
]
WRITTEN = [
    "-{}",
    "{};id",
    "{}`id`",
    "{}$(id)",
    "{} x",
    "{}\n",
    "'{}'",
    "{}|x",
    "{}&",
    "{}>x",
    "{}\0",
    "{}\\",
    "é{}",
    "{}/../x",
    "{}%p",
]
PIPE = """
import os, socket, sys, threading
open(sys.argv[3], "w").write(str(os.getpid()))
link = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def back():
    while data := link.recv(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=back, daemon=True).start()
while data := os.read(0, 65536):
    link.sendall(data)
"""


@given(text=st.sampled_from(WRITTEN), part=st.from_regex(r"[a-z][a-z0-9.-]{0,10}", fullmatch=True))
def test_attack_09_no_name_holds_what_a_shell_or_ssh_would_act_on(text: str, part: str) -> None:
    """Names, addresses, users and ways are letters, digits and a few signs, and none begins with a dash."""
    bad = text.format(part)
    for check in (name, host_name, address, user, jump):
        if check is jump and bad.strip() == part:
            continue  # white space around a way is dropped
        with pytest.raises(ValueError, match=r"."):
            check(bad)
    for check in (name, host_name, address, user, jump):
        assert check(part) == part


@pytest.mark.parametrize("path", ["-i", "", "a\nb", "\x00", "{{ x }}"])
def test_attack_09_no_path_of_a_key_is_an_option(path: str) -> None:
    """Of a path less is asked, for it is never part of a command."""
    with pytest.raises(ValueError, match="not a path"):
        file_path(path)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("where", ["name", "address", "user", "jump", "jump user"])
def test_attack_09_an_inventory_with_such_a_name_is_not_valid(tmp_path: Path, where: str, bad: str) -> None:
    """It is refused when it is read, with its file and line."""
    value = repr(bad.format(trap=tmp_path / "trap")) if "\n" not in bad else '"a\\nb"'
    host, entry = {
        "name": (value, "{}"),
        "address": ("box", f"{{address: {value}}}"),
        "user": ("box", f"{{ssh: {{user: {value}}}}}"),
        "jump": ("box", f"{{ssh: {{jump: {value}}}}}"),
        "jump user": ("box", f"{{ssh: {{jump: {value[:-1]}@gate{value[-1]}}}}}"),
    }[where]
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "hosts.yml").write_text(f"format: 1\nhosts:\n  {host}: {entry}\n")
    with pytest.raises(NotValid) as caught:
        load_estate(tmp_path / "inventory")
    assert {m.place.line for m in caught.value.mistakes} == {3}
    assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize("bad", BAD)
def test_attack_09_an_allowed_program_is_given_no_such_name(tmp_path: Path, bad: str) -> None:
    """Where programs are allowed, a user or host name that a shell could act on is still refused with its line."""
    value = bad.format(trap=tmp_path / "trap")
    config = tmp_path / "config"
    for told, host, login in (
        ("ProxyCommand touch {trap} %r", "box", value),
        ("ProxyCommand touch {trap} %n", value, ""),
        (f"HostName '{value}'\n  ProxyCommand touch {{trap}} %h", "box", ""),
    ):
        if "\n" in value and "HostName" in told:
            continue  # that is two lines of a configuration
        config.write_text(f"Host *\n  {told.replace('{trap}', str(tmp_path / 'trap'))}\n")
        with pytest.raises(TransportFault) as caught:
            SshConfig([config], tmp_path, programs=True).of(host, login)
        assert (caught.value.cause, caught.value.started) == (Cause.CONFIGURATION, False)
        assert str(config) in caught.value.message
        assert "could be taken for a command or an option" in caught.value.message
    assert not (tmp_path / "trap").exists()


@pytest.mark.sshd
def test_attack_09_a_program_is_a_way_only_where_it_is_allowed(
    new_links: Callable[..., Links], target: Target, log: Log, tmp_path: Path
) -> None:
    """ProxyCommand is refused; with `ssh_programs` it carries the connection, and is ended with it."""
    (tmp_path / "pipe.py").write_text(PIPE)
    pid, config = tmp_path / "pid", tmp_path / "config"
    config.write_text(f"Host r12-u01\n  ProxyCommand {sys.executable} {tmp_path}/pipe.py %h %p {pid}\n")
    with pytest.raises(TransportFault, match="ProxyCommand would run a program"):
        new_links(ssh_config=(config,))(target).perform(Shell(script=shell("true")), log)
    assert not pid.exists()
    config.write_text(config.read_text().replace("%h", "127.0.0.1").replace("%p", str(target.ssh.port)))
    links = new_links(ssh_config=(config,), ssh_programs=True)
    assert links(target).perform(Shell(script=shell("echo through")), log).stdout == b"through\n"
    process = int(pid.read_text())
    assert Path(f"/proc/{process}").exists()
    links.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    jumping = replace(target, ssh=replace(target.ssh, jump="none"))
    pid.unlink()
    assert new_links(ssh_config=(config,))(jumping).perform(Shell(script=shell("true")), log).exit_code == 0
    assert not pid.exists(), "the inventory has said that there is no gateway"


@pytest.mark.sshd
def test_attack_09_a_project_allows_programs_in_its_settings(engineer: Person, sshd: Any, tmp_path: Path) -> None:
    """`ssh_programs = true` in runbook.toml: before that the run says which line of which file, and what to do."""
    (tmp_path / "pipe.py").write_text(PIPE)
    pid = tmp_path / "pid"
    config = Path(engineer.env["HOME"]) / ".ssh" / "config"
    config.parent.mkdir(mode=0o700)
    config.write_text(f"# my hosts\nHost box\n  ProxyCommand {sys.executable} {tmp_path}/pipe.py 127.0.0.1 {sshd.port} {pid}\n")
    engineer.writes("inventory/hosts.yml", box_inventory(sshd))
    engineer.writes("runbooks/quick.yml", steps(step("one", "true")))
    said = engineer.types("run", "runbooks/quick.yml", code=1)
    assert f"{config}:3: ProxyCommand would run a program to reach box" in said.all
    assert "ssh_programs = true" in said.all
    assert not pid.exists()
    engineer.writes("runbook.toml", "ssh_programs = true\n")
    engineer.types("resume", "quick-1", "--failed", code=0)
    assert pid.exists()
    engineer.writes("runbook.toml", 'ssh_programs = "perhaps"\n')
    assert "must be true or false" in engineer.types("run", "runbooks/quick.yml", code=4).err
