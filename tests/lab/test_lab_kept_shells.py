"""The engine's kept shells on practice hosts: the same answers, users and boot ids as on channels of their own."""

import time
from pathlib import Path

import pytest

from lab.labs import RunningLab
from runbook_engine.model.commands import Become, Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.estate import SshSettings
from runbook_engine.model.plan import Target
from runbook_engine.model.text import shell
from runbook_engine.model.words import HostName, Lane
from runbook_engine.transports import Link, Links, LinkSettings

GROUP = "read -r line </proc/self/stat; set -- ${line##*) }; echo $3"


def link_to(lab: RunningLab, host: str, folder: Path) -> tuple[Links, Link]:
    """The engine's link to a host of a lab."""
    ssh = SshSettings(user="ops", port=lab.port(host), key=lab.told["key"], known_hosts=lab.told["known_hosts"])
    links = Links(LinkSettings(run_folder=folder, ssh_config=(), use_agent=False, default_keys=False, ending_s=1.0))
    return links, links(Target(name=HostName(host), address="127.0.0.1", ssh=ssh))


def ask(
    link: Link, script: str, become: Become | None = None, timeout_s: float | None = None
) -> tuple[int | None, bytes, bytes]:
    """Have a script done by the kept shell."""
    command = Shell(script=shell(script), become=become, timeout_s=timeout_s)
    answer = link.perform(command, lambda _stream, _data: None, lane=Lane.QUICK)
    return answer.exit_code, answer.stdout, answer.stderr


def test_steps_share_a_shell_for_each_user(lab: RunningLab, tmp_path: Path) -> None:
    """Tools, exit codes, both streams and users are as ever."""
    links, link = link_to(lab, "web-01", tmp_path)
    assert ask(link, "hostname; echo err >&2; exit 3") == (3, b"web-01\n", b"err\n")
    assert ask(link, "fwtool --version", Become()) == ask(link, "fwtool --version")
    assert ask(link, 'echo "$USER"', Become())[1] == b"root\n"
    assert ask(link, 'echo "$USER"')[1] == b"ops\n"
    assert len({ask(link, "sh -c 'echo $PPID' >/dev/null; pgrep -x sh | wc -l")[1] for _ in range(3)}) == 1
    with pytest.raises(TransportFault, match="it was ended"):
        ask(link, "sleep 60", timeout_s=0.5)
    assert ask(link, "head -c 3000000 /dev/zero | wc -c; pgrep sleep") == (1, b"3000000\n", b"")
    links.close()


def test_a_restart_gives_a_new_shell_and_a_new_boot_id(lab: RunningLab, tmp_path: Path) -> None:
    """What the shell said when it began is not believed after the host went down."""
    links, link = link_to(lab, "db-01", tmp_path)
    before = link.boot_id()
    assert link.boot_id() == before == lab.boot_id("db-01").strip()
    ask(link, "systemctl reboot || shutdown -r now || reboot")
    until, after = time.monotonic() + 20, before
    while after == before and time.monotonic() < until:
        time.sleep(0.05)
        try:
            after = link.boot_id()
        except TransportFault:
            continue
    assert after != before
    assert after == lab.boot_id("db-01").strip()
    assert ask(link, "echo again")[1] == b"again\n"
    links.close()
