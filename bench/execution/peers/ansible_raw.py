"""ansible-playbook with the raw module: pipelining, ControlPersist, no facts; output as `-v` prints it."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

import environments
from work import Answers, Said, Work

NOTE = "host keys checked; keeps no record"
CONFIG = """\
[defaults]
forks = {work.parallel}
host_key_checking = True
retry_files_enabled = False
nocows = True
local_tmp = {folder}/tmp
internal_poll_interval = 0.001
[ssh_connection]
pipelining = True
usetty = False
control_path_dir = {folder}/c
ssh_args = -o ControlMaster=auto -o ControlPersist=60s -o IdentitiesOnly=yes -o IdentityAgent=none {options}
"""
RESULT = re.compile(r"^(?:ok|changed|fatal|failed): \[(.+?)\].*?=> (\{.*\})$", re.MULTILINE)


def missing() -> str:
    """Why this peer cannot run here; empty when it can."""
    return environments.missing("ansible")


def prepare(work: Work, folder: Path) -> list[str]:
    """Write what it needs; the command that is measured."""
    options = f"-o PreferredAuthentications=publickey -o UserKnownHostsFile={work.known_hosts}"
    (folder / "ansible.cfg").write_text(CONFIG.format(work=work, folder=folder, options=options))
    settings = f"ansible_port={work.port}\nansible_user={work.user}\nansible_ssh_private_key_file={work.key}\n"
    (folder / "hosts").write_text("[all]\n" + "\n".join(work.hosts) + f"\n[all:vars]\n{settings}")
    tasks = [{"name": f"s{i}", "raw": work.command(i), "changed_when": False} for i in range(work.steps)]
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return [str(environments.program("ansible", "ansible-playbook")), "-v", "-i", "hosts", "play.yml"]


def environment(folder: Path) -> Mapping[str, str]:
    """What the command finds in its environment."""
    return {
        **os.environ,
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
    }


def answers(work: Work, folder: Path) -> Answers:  # noqa: ARG001 - every peer is asked in the same way
    """From what it printed."""
    found: dict[str, list[Said]] = {}
    for host, result in RESULT.findall((folder / "stdout").read_text()):
        said = json.loads(result)
        found.setdefault(host, []).append((said.get("rc"), said.get("stdout", ""), said.get("stderr", "")))
    return found
