"""The person's keys: from the agent and from files, each loaded once, offered in OpenSSH's order."""

import base64
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Cause

DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
UNNAMED = "nothing names it (ssh: {key: FILE.pub} in the inventory, or IdentityFile in the SSH configuration)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which keys are offered to a host. Of the agent's keys it is only those whose file is named."""

    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A key, and what to call it in a message."""

    key: paramiko.PKey
    label: str


@dataclass(frozen=True, slots=True)
class _File:
    """What a key file gave: a key that can sign, at least its public part, or why neither."""

    key: paramiko.PKey | None
    public: bytes
    problem: str


class SharedAgent(paramiko.Agent):
    """The agent, asked by one connection at a time: a question and its answer are one exchange on one socket."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        super().__init__()

    def _send_message(self, msg: object) -> tuple[int, paramiko.Message]:
        with self._one_at_a_time:
            return super()._send_message(msg)  # type: ignore[misc,no-any-return]


class Keyring:
    """All keys of a run. Safe to use from several threads."""

    def __init__(self, *, use_agent: bool, default_keys: bool, home: Path | None = None) -> None:
        self._use_agent = use_agent
        self._default_files = _default_files(home or Path.home()) if default_keys else ()
        self._lock = threading.Lock()
        self._files: dict[str, _File] = {}
        self._agent: SharedAgent | None = None
        self._agent_keys: tuple[paramiko.AgentKey, ...] | None = None

    def offers(self, identity: Identity) -> tuple[tuple[Offer, ...], tuple[str, ...]]:
        """The keys to try, in order, and in words why others could not be used.

        First the agent's keys whose files are named, then the files. A host learns of no other key of the agent.
        """
        named = identity.files or self._default_files
        with self._lock:
            files = {path: self._file(path) for path in named}
            agent = self._from_agent()
        held = {f.public for f in files.values() if f.public} & {k.asbytes() for k in agent}
        offers = [Offer(k, _agent_label(k)) for k in agent if k.asbytes() in held]
        offers += [Offer(f.key, path) for path, f in files.items() if f.key and f.public not in held]
        problems = [f"{path}: {f.problem}" for path, f in files.items() if f.problem and f.public not in held]
        problems += [f"{_agent_label(k)}: {UNNAMED}" for k in agent if k.asbytes() not in held]
        return tuple(offers), tuple(problems)

    def close(self) -> None:
        """Let go of the agent."""
        with self._lock:
            if self._agent:
                self._agent.close()
            self._agent, self._agent_keys = None, None

    def _file(self, path: str) -> _File:
        if path not in self._files:
            self._files[path] = _load(path)
        return self._files[path]

    def _from_agent(self) -> tuple[paramiko.AgentKey, ...]:
        if self._agent_keys is None:
            self._agent_keys = ()
            if self._use_agent and os.environ.get("SSH_AUTH_SOCK"):
                self._agent_keys = self._ask_agent()
        return self._agent_keys

    def _ask_agent(self) -> tuple[paramiko.AgentKey, ...]:
        try:
            self._agent = SharedAgent()
            return self._agent.get_keys()
        except (paramiko.SSHException, OSError):
            return ()  # an agent that does not answer holds no keys


def _agent_label(key: paramiko.AgentKey) -> str:
    return f"agent: {key.comment or key.get_name()}"


def _default_files(home: Path) -> tuple[str, ...]:
    return tuple(str(home / ".ssh" / name) for name in DEFAULT_KEYS if (home / ".ssh" / name).is_file())


def _load(path: str) -> _File:
    full = Path(path).expanduser()
    public = _public_part(full)
    try:
        key = paramiko.PKey.from_path(full)
    except (TypeError, paramiko.PasswordRequiredException):
        return _File(None, public, f"it is protected by a passphrase and not in the agent (ssh-add {path})")
    except OSError as error:
        return _File(None, public, str(error.strerror or error))
    except (ValueError, paramiko.SSHException, UnsupportedAlgorithm, IndexError):
        return _File(None, public, "it is not a private key that can be used")
    return _File(key, _plain_public(key), "")


def _plain_public(key: paramiko.PKey) -> bytes:
    return key.asbytes()


def _public_part(path: Path) -> bytes:
    try:
        public = path if path.suffix == ".pub" else Path(f"{path}.pub")
        return base64.b64decode(public.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return b""


class KeyLogin:
    """Logs in with one key after the other. What paramiko calls an authentication strategy."""

    def __init__(self, user: str, offers: tuple[Offer, ...], problems: tuple[str, ...], where: str) -> None:
        self._user, self._offers, self._problems, self._where = user, offers, problems, where

    def authenticate(self, transport: paramiko.Transport) -> None:
        """Raises TransportFault (AUTHENTICATION; TIMED_OUT when the host does not answer)."""
        for offer in self._offers:
            try:
                more = transport.auth_publickey(self._user, offer.key)
            except paramiko.SSHException as error:
                if "timeout" in str(error).lower():
                    message = f"{self._where} did not answer the login within {transport.auth_timeout:g} s"
                    raise TransportFault(Cause.TIMED_OUT, message, started=False) from None
                if not transport.is_active():
                    raise self._ended(transport) from None
                continue
            if not more:
                return
            raise self._fault(f"The host wants more than a key: {', '.join(more)}. ")
        raise self._fault("")

    def _ended(self, transport: paramiko.Transport) -> TransportFault:
        farewell = getattr(transport, "farewell", "")
        if farewell:
            return self._fault(f"The host said: {farewell}. ")
        return TransportFault(Cause.LOST, f"{self._where} ended the connection during the login", started=False)

    def _fault(self, what: str) -> TransportFault:
        return TransportFault(
            Cause.AUTHENTICATION,
            f"{self._where} does not let {self._user} in",
            started=False,
            why=what + " ".join(self._reasons()),
            next_command=f"ssh {self._user}@{self._where.split(' ')[0]}",
        )

    def _reasons(self) -> Iterator[str]:
        tried = ", ".join(o.label for o in self._offers)
        yield f"Keys tried: {tried}." if tried else "There is no key to try."
        yield from (f"Not tried: {problem}." for problem in self._problems)
