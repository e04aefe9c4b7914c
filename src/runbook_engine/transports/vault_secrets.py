"""Secrets in HashiCorp Vault: key-value engines of version 1 and 2, over HTTPS with a checked certificate."""

import ipaddress
import json
import ssl
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from shlex import quote as word
from typing import Any
from urllib.parse import quote, urlsplit

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.values import dataclass
from runbook_engine.transports.secret_faults import LARGEST, missing
from runbook_engine.transports.web_answers import ERRORS, Progress, Reply, fetch, reason_of

TOKEN_FILE = "~/.vault-token"  # noqa: S105 - where `vault login` keeps the token
LARGEST_ANSWER = 4 * LARGEST  # bytes; other fields and JSON stand around the value


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Vault:
    """Where the server is and what it is shown. Its repr does not tell the token."""

    address: str  # without a / at the end
    token: str
    namespace: str
    context: ssl.SSLContext
    until: float  # on the monotonic clock
    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A field of a secret; `name` is the whole name."""

    name: str
    path: str  # mount and path
    field: str

    def missing(self, why: str, next_command: str) -> TransportFault:
        return missing(self.name, why, next_command)


def from_vault(name: str, rest: str, environment: Mapping[str, str], limit_s: float, token_seen: Callable[[str], None]) -> str:
    """The field of `rest`, which is MOUNT/PATH#FIELD. `token_seen` is told the token first, so that it can be masked.

    Raises TransportFault (Cause.SECRET) when the server, the token, the secret or the field is not to be had within
    `limit_s` seconds. What the server says in an error is never repeated.
    """
    wanted = _wanted(name, rest)
    vault = _vault(wanted, environment, limit_s)
    token_seen(vault.token)
    mount, version = _mount(vault, wanted)
    inner = wanted.path.removeprefix(mount)
    reply = _ask(vault, wanted, f"{mount}data/{inner}" if version == 2 else wanted.path)
    if reply.status != 200:
        raise _refused(vault, wanted, reply.status, f"{mount}data/{inner}" if version == 2 else wanted.path)
    data = _inside(_json(wanted, vault, reply), *(("data", "data") if version == 2 else ("data",)))
    if not isinstance(data, dict) or wanted.field not in data:
        keys = ".data.data" if version == 2 else ".data"
        look = f"vault kv get -format=json {word(wanted.path)} | jq '{keys} | keys'"
        raise wanted.missing(f"{wanted.path} has no field {wanted.field}", look)
    value = data[wanted.field]
    if not isinstance(value, str):
        raise wanted.missing(f"the field {wanted.field} is not text", f"vault kv patch {word(wanted.path)} {wanted.field}=-")
    return value


def _wanted(name: str, rest: str) -> _Wanted:
    path, _, field = rest.partition("#")
    parts = path.split("/")
    if len(parts) < 2 or not field or any(part in ("", ".", "..") for part in parts):
        raise missing(name, "a secret in Vault is named vault:MOUNT/PATH#FIELD", "vault kv list MOUNT")
    return _Wanted(name=name, path=path, field=field)


def _vault(wanted: _Wanted, environment: Mapping[str, str], limit_s: float) -> _Vault:
    address = environment.get("VAULT_ADDR", "").rstrip("/")
    _check_address(wanted, address)
    return _Vault(
        address=address,
        token=_token(wanted, environment),
        namespace=_header(wanted, "VAULT_NAMESPACE", environment.get("VAULT_NAMESPACE", "")),
        context=_context(wanted, environment.get("VAULT_CACERT", "")),
        until=time.monotonic() + limit_s,
        limit_s=limit_s,
    )


def _check_address(wanted: _Wanted, address: str) -> None:
    export = "export VAULT_ADDR=https://HOST:8200"
    if not address:
        raise wanted.missing("VAULT_ADDR does not say where Vault is", export)
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise wanted.missing("VAULT_ADDR is not an address", export) from None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise wanted.missing("VAULT_ADDR is not of the form https://HOST:PORT", export)
    if not (address.isascii() and address.isprintable() and " " not in address):
        raise wanted.missing("VAULT_ADDR holds characters that an address cannot have", export)
    if parts.scheme == "http" and not _loopback(host):
        raise wanted.missing(f"VAULT_ADDR names {host} without https, and the token would be readable on the way", export)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token(wanted: _Wanted, environment: Mapping[str, str]) -> str:
    token = environment.get("VAULT_TOKEN", "")
    where = "VAULT_TOKEN"
    if not token:
        where = TOKEN_FILE
        try:
            with Path(TOKEN_FILE).expanduser().open("rb") as file:
                token = file.read(LARGEST).decode("utf-8", "surrogateescape")
        except OSError as error:
            why = f"VAULT_TOKEN is not set, and {TOKEN_FILE}: {error.strerror or error}"
            raise wanted.missing(why, "vault login") from None
    if not token.strip():
        raise wanted.missing(f"the token in {where} is empty", "vault login")
    return _header(wanted, f"the token in {where}", token.strip())


def _header(wanted: _Wanted, what: str, value: str) -> str:
    if not (value.isascii() and (value.isprintable())):
        raise wanted.missing(f"{what} holds characters that a header cannot have", "vault login")
    return value


def _context(wanted: _Wanted, authority: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority or None)
    except OSError as error:
        why = f"VAULT_CACERT names {authority}, which is not a file of certificates: {error.strerror or type(error).__name__}"
        raise wanted.missing(why, f"openssl x509 -noout -subject -in {word(authority)}") from None


def _mount(vault: _Vault, wanted: _Wanted) -> tuple[str, int]:
    """The mount of the path, with its /, and the version of its engine. Servers that do not know have version 1."""
    reply = _ask(vault, wanted, f"sys/internal/ui/mounts/{wanted.path}")
    if reply.status == 404:
        return f"{wanted.path.partition('/')[0]}/", 1
    if reply.status != 200:
        raise _refused(vault, wanted, reply.status, wanted.path)
    answer = _json(wanted, vault, reply)
    mount = _inside(answer, "data", "path")
    if not isinstance(mount, str) or not mount.endswith("/") or not wanted.path.startswith(mount):
        raise wanted.missing(f"{vault.address} does not answer like Vault", "vault status")
    return mount, 2 if _inside(answer, "data", "options", "version") == "2" else 1


def _inside(data: Any, *keys: str) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _json(wanted: _Wanted, vault: _Vault, reply: Reply) -> Any:
    if reply.cut:
        raise wanted.missing(f"the answer is larger than {LARGEST_ANSWER} bytes", "vault status")
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        raise wanted.missing(f"{vault.address} does not answer like Vault", "vault status") from None


def _ask(vault: _Vault, wanted: _Wanted, path: str) -> Reply:
    headers = {"X-Vault-Token": vault.token, "X-Vault-Request": "true"}
    if vault.namespace:
        headers["X-Vault-Namespace"] = vault.namespace
    url = f"{vault.address}/v1/{quote(path, safe='/', errors='surrogateescape')}"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme was checked
    progress = Progress()
    left = max(0.01, vault.until - time.monotonic())
    proxies = vault.address.startswith("https:")  # a proxy could read what goes without it
    try:
        return fetch(request, progress, vault.context, limit_s=left, limit_bytes=LARGEST_ANSWER, proxies=proxies)
    except ERRORS as error:
        raise _unanswered(vault, wanted, reason_of(error), progress) from None


def _unanswered(vault: _Vault, wanted: _Wanted, reason: Exception, progress: Progress) -> TransportFault:
    if progress.gave_up or isinstance(reason, TimeoutError):
        return wanted.missing(f"{vault.address} gave no answer within {vault.limit_s:g} s", "vault status")
    if isinstance(reason, ssl.SSLCertVerificationError):
        why = f"the certificate of {vault.address} is not trusted: {reason.verify_message}"
        return wanted.missing(why, "export VAULT_CACERT=FILE")
    kind = (reason.strerror if isinstance(reason, OSError) else "") or type(reason).__name__
    return wanted.missing(f"{vault.address} cannot be asked: {kind}", "vault status")


def _refused(vault: _Vault, wanted: _Wanted, status: int, path: str) -> TransportFault:
    if status == 403:
        why = f"Vault does not let this token read {wanted.path} (403)"
        return wanted.missing(why, f"vault token capabilities {word(path)}")
    if status == 404:
        return wanted.missing(
            f"Vault has nothing at {wanted.path} (404)", f"vault kv list {word(wanted.path.rpartition('/')[0])}"
        )
    if status == 503:
        return wanted.missing(f"Vault at {vault.address} is sealed or not ready (503)", "vault status")
    if 300 <= status < 400:
        return wanted.missing(f"{vault.address} points to another host ({status}), which is not followed", "vault status")
    return wanted.missing(f"Vault at {vault.address} answered {status}", "vault status")
