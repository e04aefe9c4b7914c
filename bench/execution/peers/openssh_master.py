"""OpenSSH: a shell loop per host, every step an `ssh` of its own through one ControlMaster connection."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from work import Answers, Said, Work

NOTE = "a process per step"
LOOP = """\
mkdir $1; i=0
while [ $i -lt {steps} ]; do
  ssh -F config "$1" "$(cat command.$i)" >$1/out.$i 2>$1/err.$i </dev/null; echo $? >$1/code.$i
  i=$((i+1))
done
"""
CONFIG = """\
Host *
  Port {work.port}
  User {work.user}
  IdentityFile {work.key}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {work.known_hosts}
  StrictHostKeyChecking yes
  PreferredAuthentications publickey
  BatchMode yes
  LogLevel ERROR
  ControlMaster auto
  ControlPersist 60
  ControlPath {folder}/c-%h
"""


def missing() -> str:
    """Why this peer cannot run here; empty when it can."""
    return "" if shutil.which("ssh") else "not installed: apt-get install openssh-client"


def prepare(work: Work, folder: Path) -> list[str]:
    """Write what it needs; the command that is measured."""
    for step in range(work.steps):
        (folder / f"command.{step}").write_text(work.command(step))
    (folder / "config").write_text(CONFIG.format(work=work, folder=folder))
    (folder / "loop").write_text(LOOP.format(steps=work.steps))
    (folder / "hosts").write_text("\n".join(work.hosts) + "\n")
    return ["xargs", "-a", "hosts", "-P", str(work.parallel), "-n", "1", "sh", "loop"]


def environment(folder: Path) -> Mapping[str, str]:  # noqa: ARG001 - every peer is asked in the same way
    """What the command finds in its environment."""
    return os.environ


def answers(work: Work, folder: Path) -> Answers:
    """From the files that the loop wrote."""

    def said(host: str, step: int) -> Said:
        code, out, err = ((folder / host / f"{name}.{step}").read_text() for name in ("code", "out", "err"))
        return int(code), out, err

    return {host: [said(host, step) for step in range(work.steps)] for host in work.hosts}
