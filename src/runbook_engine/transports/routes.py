"""Which way leads to a host: the inventory's word first, then the person's SSH configuration. Pure but for reading it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.estate import SshSettings
from runbook_engine.model.plan import Target
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Cause, HostName
from runbook_engine.transports.keys import Identity
from runbook_engine.transports.known_hosts import SSH_PORT
from runbook_engine.transports.ssh_config import Found, SshConfig, local_user

LONGEST_WAY = 8  # gateways before a host
JUMP = re.compile(r"(?:ssh://)?(?:(?P<user>[^@]+)@)?(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:@]+))(?::(?P<port>\d+))?/?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One SSH server on the way, the last one being the host itself."""

    name: str  # as people call it
    address: str
    port: int
    user: str
    identity: Identity
    known_hosts: tuple[Path, ...]
    program: str = ""  # what is run to reach it, if it is the first on the way

    @property
    def where(self) -> str:
        """The hop in a message."""
        address = self.address if self.address != self.name else ""
        port = f"port {self.port}" if self.port != SSH_PORT else ""
        more = " ".join(w for w in (address, port) if w)
        return f"{self.name} ({more})" if more else self.name


class Routes:
    """Finds the way to each host."""

    def __init__(self, config: SshConfig, targets: Mapping[str, Target], known_hosts: tuple[Path, ...]) -> None:
        self._config = config
        self._targets = targets
        self._known_hosts = known_hosts

    def to(self, target: Target, depth: int = 0) -> tuple[Hop, ...]:
        """The hops to a host. Raises TransportFault (CONFIGURATION, nothing started)."""
        if depth > LONGEST_WAY:
            message = f"The way to {target.name} goes through more than {LONGEST_WAY} gateways, or round in a circle"
            raise TransportFault(Cause.CONFIGURATION, message, started=False)
        found = self._found(target)
        hop = self._hop(target, found)
        jump = target.ssh.jump or found.jump
        before: tuple[Hop, ...] = ()
        for number, word in enumerate(w.strip() for w in jump.split(",") if w.strip() and jump != "none"):
            gateway = self._gateway(word, target)
            before += self.to(gateway, depth + 1) if number == 0 else (self._hop(gateway, self._found(gateway)),)
        return (*before, hop)

    def _found(self, target: Target) -> Found:
        """By the host's name, and where that says nothing by its address."""
        user, jump_is_set = target.ssh.user, bool(target.ssh.jump)
        found = self._config.of(target.name, user, jump_is_set=jump_is_set)
        if not target.address or target.address == target.name:
            return found
        second = self._config.of(target.address, user, jump_is_set=jump_is_set)
        return Found(
            user=found.user or second.user,
            port=found.port or second.port,
            jump=found.jump or ("" if found.program else second.jump),
            program=found.program or ("" if found.jump else second.program),
            identity_files=found.identity_files + second.identity_files,
            known_hosts=found.known_hosts or second.known_hosts,
        )

    def _hop(self, target: Target, found: Found) -> Hop:
        ssh = target.ssh
        named = target.address if target.address != target.name else ""
        known = (ssh.known_hosts,) if ssh.known_hosts else found.known_hosts
        return Hop(
            name=target.name,
            address=named or found.host_name or target.name,
            port=ssh.port or found.port or SSH_PORT,
            user=ssh.user or found.user or local_user(),
            identity=Identity(files=(ssh.key,) if ssh.key else found.identity_files),
            known_hosts=tuple(Path(k).expanduser() for k in known) or self._known_hosts,
            program=found.program,
        )

    def _gateway(self, word: str, target: Target) -> Target:
        """A gateway: a host of the inventory, or user@host:port."""
        if word in self._targets:
            return self._targets[word]
        match = JUMP.match(word)
        if not match or word.startswith("-"):
            message = f"{word} is not a way to {target.name}: expected user@host:port or a host of the inventory"
            raise TransportFault(Cause.CONFIGURATION, message, started=False)
        name = match["six"] or match["host"]
        ssh = SshSettings(user=match["user"] or "", port=int(match["port"]) if match["port"] else None)
        if name in self._targets:
            known = self._targets[name]
            return replace(known, ssh=replace(known.ssh, user=ssh.user or known.ssh.user, port=ssh.port or known.ssh.port))
        return Target(name=HostName(name), address=name, ssh=ssh)
