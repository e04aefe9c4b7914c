"""What holds for every link of a run: limits, files of the person, where secrets and downloads are."""

import secrets as randomness
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path

from runbook_engine.model.plan import Target
from runbook_engine.model.values import dataclass
from runbook_engine.transports.secret_values import Secrets

Sink = Callable[[int, bytes], None]  # 1 or 2 (stdout, stderr), and bytes as they arrive


def _marker() -> str:
    return randomness.token_hex(8)


def _own_known_hosts() -> tuple[Path, ...]:
    return (Path("~/.ssh/known_hosts").expanduser(), Path("/etc/ssh/ssh_known_hosts"))


def _own_ssh_config() -> tuple[Path, ...]:
    return (Path("~/.ssh/config").expanduser(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """Limits are in seconds and bytes; nothing waits without one, but a command without a time limit of its own."""

    run_folder: Path  # downloads go to downloads/HOST/ under it
    files_folder: Path = field(default_factory=Path)  # where the sources of uploads are: the runbook's folder
    secrets: Secrets = field(default_factory=Secrets)
    connect_s: float = 10.0  # name look-up and TCP, each
    banner_s: float = 10.0  # from TCP to agreed keys
    auth_s: float = 15.0  # for all keys together; and for sudo
    channel_s: float = 10.0
    quiet_s: float = 5.0  # a host that says nothing for so long while a command runs is asked whether it is there
    answer_s: float = 10.0  # and must answer within this
    check_idle_s: float = 15.0  # a connection unused for so long is asked before it is used
    command_s: float | None = None  # for commands that set no limit of their own
    stall_s: float = 30.0  # a transfer or a socket that does not move
    ending_s: float = 2.0  # what a process gets to end after TERM, and again after KILL
    linger_s: float = 2.0  # silence after the exit code, when a background process holds the output open
    http_s: float = 60.0
    http_bytes: int = 8 << 20
    controller_s: float = 30.0  # one request to a management controller
    gateway_limit: int = 8  # connections that are set up through one gateway at the same time
    known_hosts: tuple[Path, ...] = field(default_factory=_own_known_hosts)
    ssh_config: tuple[Path, ...] = field(default_factory=_own_ssh_config)
    ssh_programs: bool = False  # whether ProxyCommand and Match exec of the SSH configuration are run
    umask: int = -1  # of commands on this machine; -1: that of the engine
    use_agent: bool = True
    default_keys: bool = True  # ~/.ssh/id_* when nothing else is named
    targets: Mapping[str, Target] = field(default_factory=dict)  # hosts that a `jump` may name
    kept_shells: bool = True  # one shell a connection for what may be done again
    clock: Callable[[], float] = time.monotonic
    marker: Callable[[], str] = _marker  # an unguessable word, new at each call
