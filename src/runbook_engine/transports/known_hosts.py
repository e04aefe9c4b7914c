"""The host keys a person trusts: known_hosts files as text; a key is decoded only for the host that is asked for."""

import base64
import binascii
import hashlib
import hmac
import os
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import field
from functools import lru_cache
from pathlib import Path

from runbook_engine.model.values import dataclass

SSH_PORT = 22
_reading = threading.Lock()


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public key of a host, as in a known_hosts line."""

    kind: str  # ssh-ed25519, …
    encoded: str  # base64

    @property
    def fingerprint(self) -> str:
        """SHA256:…, as ssh-keygen prints it."""
        return fingerprint(base64.b64decode(self.encoded))


@dataclass(slots=True)
class _Entries:
    plain: dict[str, list[HostKey]] = field(default_factory=dict)
    hashed: list[tuple[bytes, bytes, HostKey]] = field(default_factory=list)  # salt, hash, key
    patterns: list[tuple[tuple[str, ...], HostKey]] = field(default_factory=list)

    def add(self, names: str, key: HostKey) -> None:
        if names.startswith("|1|"):
            self._add_hashed(names, key)
        elif any(c in names for c in "*?!"):
            self.patterns.append((tuple(names.lower().split(",")), key))
        else:
            for name in names.lower().split(","):
                self.plain.setdefault(name, []).append(key)

    def _add_hashed(self, names: str, key: HostKey) -> None:
        _, _, salt, digest = (*names.split("|"), "", "")[:4]
        try:
            self.hashed.append((base64.b64decode(salt), base64.b64decode(digest), key))
        except binascii.Error:
            return  # a damaged line names no host

    def of(self, name: str) -> Iterator[HostKey]:
        yield from self.plain.get(name, ())
        encoded = name.encode()
        yield from (k for salt, digest, k in self.hashed if hmac.digest(salt, encoded, "sha1") == digest)
        yield from (k for patterns, k in self.patterns if matches(name, patterns))


class KnownHosts:
    """The entries of some files. A file that is not there holds none."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._trusted = _Entries()
        self._revoked = _Entries()
        for path in paths:
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return
        for line in text.split("\n"):
            fields = line.split(None, 4)
            if len(fields) < 3 or fields[0].startswith("#"):
                continue
            if fields[0] == "@revoked" and len(fields) > 3:
                self._revoked.add(fields[1], HostKey(fields[2], fields[3]))
            elif not fields[0].startswith("@"):  # @cert-authority: certificates of hosts are not supported
                self._trusted.add(fields[0], HostKey(fields[1], fields[2]))

    def keys(self, host: str, port: int) -> tuple[HostKey, ...]:
        """The keys that are trusted for exactly this host and port."""
        return tuple(self._trusted.of(known_as(host, port)))

    def keys_without_port(self, host: str, port: int) -> tuple[HostKey, ...]:
        """The keys of the host's usual port: they may prove another port too, but cannot contradict it."""
        return tuple(self._trusted.of(host.lower())) if port != SSH_PORT else ()

    def revoked(self, host: str, port: int, key: HostKey) -> bool:
        """Whether a line says that this key must not be accepted for the host."""
        return any(key == k for name in (known_as(host, port), host.lower()) for k in self._revoked.of(name))


def load(paths: Iterable[Path]) -> KnownHosts:
    """The entries of these files as they are now; read again only when a file has changed."""
    files = tuple((path, _version(path)) for path in paths)
    with _reading:  # the workers of a run all ask in its first moment: one reads, the others wait for it
        return _load(files)


def _version(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError:
        return (0, 0)
    return (state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=16)
def _load(files: tuple[tuple[Path, tuple[int, int]], ...]) -> KnownHosts:
    return KnownHosts(path for path, _ in files)


def known_as(host: str, port: int) -> str:
    """The name of a host in known_hosts."""
    return host.lower() if port == SSH_PORT else f"[{host.lower()}]:{port}"


def fingerprint(blob: bytes) -> str:
    """SHA256:… of a public key."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    first, *rest = ("".join("." if c == "?" else re.escape(c) for c in part) for part in pattern.split("*"))
    if not rest:
        return re.compile(rf"{first}\Z", re.DOTALL)
    *middle, last = rest
    # Each part is taken where it first stands, and not looked for again: many stars must not take for ever.
    return re.compile(first + "".join(f"(?>.*?{part})" for part in middle) + rf".*{last}\Z", re.DOTALL)


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name fits a list of patterns with * and ?; one with ! excludes it whatever the others say."""
    found = False
    for pattern in patterns:
        if pattern.startswith("!"):
            if _glob(pattern[1:]).match(name):
                return False
        elif _glob(pattern).match(name):
            found = True
    return found


def record_host_key(path: Path, line: str) -> None:
    """Append a line to a known_hosts file (made with mode 0600 if it is not there). Lines that are there stay.

    One write in append mode, synced: a reader sees the whole line or nothing of it. A line that is there already is
    not written again.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        content = file.read()
        if line.encode() in content.split(b"\n"):
            return
        gap = b"" if not content or content.endswith(b"\n") else b"\n"
        file.write(gap + line.encode() + b"\n")
        os.fsync(file.fileno())
