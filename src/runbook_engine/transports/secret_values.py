"""Secrets by name: looked up when first needed, held in memory only, and never printable."""

import os
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from runbook_engine.model.secret_names import IN_WORDS
from runbook_engine.model.text import SecretRef
from runbook_engine.transports.redaction import SHORTEST_LINE, Masks
from runbook_engine.transports.secret_faults import LARGEST, missing

LIMIT_S = 30.0  # how long a command, a keyring or Vault may take for one secret


class SecretValue:
    """The value of a secret. Text, repr and formatting give its name; only `reveal` gives the value."""

    __slots__ = ("_value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that hands it to a host."""
        return self._value

    def __repr__(self) -> str:
        return f"[secret {self.name}]"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{self!r} cannot be copied out of this process")


class Secrets:
    """Looks secrets up by their names (see model/secret_names.py), each once. Safe to use from several threads."""

    def __init__(self, environment: Mapping[str, str] | None = None, *, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._environment = os.environ if environment is None else environment
        self._values: dict[str, SecretValue] = {}
        self._tokens: dict[str, str] = {}  # what opened the door to other secrets: masked like them
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()
        self._masks = Masks({})

    def value(self, ref: SecretRef) -> SecretValue:
        """The secret of that name. Raises TransportFault (Cause.SECRET, nothing started) when there is none."""
        with self._lock:
            one_at_a_time = self._locks[ref.name]
        with one_at_a_time:
            if ref.name not in self._values:
                self._remember(SecretValue(ref.name, self._look_up(ref.name)))
            return self._values[ref.name]

    @property
    def masks(self) -> Masks:
        """What must not be shown: every secret that was looked up so far."""
        return self._masks

    def _remember(self, secret: SecretValue) -> None:
        with self._lock:
            self._values[secret.name] = secret
            self._mask()

    def _token_seen(self, token: str) -> None:
        if len(token) < SHORTEST_LINE:  # that of a practice server, such as `root`, is a word of every output
            return
        with self._lock:
            self._tokens["VAULT_TOKEN"] = token
            self._mask()

    def _mask(self) -> None:
        self._masks = Masks({s.name: s.reveal() for s in self._values.values()} | self._tokens)

    def _look_up(self, name: str) -> str:
        kind, _, rest = name.partition(":")
        ways: dict[str, Callable[[str, str], str]] = {
            "env": self._from_environment,
            "file": _from_file,
            "cmd": self._from_command,
            "keyring": self._from_keyring,
            "vault": self._from_vault,
        }
        if kind not in ways or not rest:
            raise missing(name, f"a secret is named {IN_WORDS}", "")
        value = ways[kind](name, rest)
        if len(value) > LARGEST:
            raise missing(name, f"it is larger than {LARGEST} bytes", "")
        if not value or "\0" in value:
            raise missing(name, "its value is empty" if not value else "its value holds a NUL byte", "")
        return value

    def _from_environment(self, name: str, variable: str) -> str:
        if variable not in self._environment:
            raise missing(name, f"the environment variable {variable} is not set", f"export {variable}=…")
        return self._environment[variable]

    def _from_keyring(self, name: str, rest: str) -> str:
        from runbook_engine.transports.keyring_secrets import from_keyring

        return from_keyring(name, rest, self._limit_s)

    def _from_vault(self, name: str, rest: str) -> str:
        from runbook_engine.transports.vault_secrets import from_vault

        return from_vault(name, rest, self._environment, self._limit_s, self._token_seen)

    def _from_command(self, name: str, command: str) -> str:
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, timeout=self._limit_s, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = (
                f"it gave no answer within {self._limit_s:g} s" if isinstance(error, subprocess.TimeoutExpired) else str(error)
            )
            raise missing(name, why, command) from None
        if done.returncode != 0:
            raise missing(name, f"the command ended with exit code {done.returncode}", command)
        return _text(name, done.stdout)


def _from_file(name: str, path: str) -> str:
    try:
        with Path(path).expanduser().open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise missing(name, f"{path}: {error.strerror or error}", f"put the secret into {path} (mode 0600)") from None
    return _text(name, content)


def _text(name: str, content: bytes) -> str:
    if len(content) > LARGEST:
        raise missing(name, f"it is larger than {LARGEST} bytes", "")
    return content.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
