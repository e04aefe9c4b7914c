"""What is said of a management controller: where it is, who logs in, how it proves who it is. ValueError says what is wrong."""

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from runbook_engine.loading import estate_names as names

_USER = re.compile(r"[^\x00-\x20\x7f:]{1,64}")  # a colon would end the name where it is sent with the password
_SYSTEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_EXPECTED = "expected the address of a management controller, such as r12-u01-bmc.example.net or https://192.0.2.7:8443"


def address(text: str) -> str:
    """`name`, `name:port` or `https://name:port` as https://name[:port]; http only on this machine."""
    written = text if "://" in text else f"https://[{text}]" if names.is_six(text) else f"https://{text}"
    try:
        parts = urlsplit(written)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(_EXPECTED) from None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(_EXPECTED)
    names.address(host)
    if parts.scheme == "http" and not on_this_machine(host):
        raise ValueError(f"http:// would show the password of {host} on the way: write https://, or the address alone")
    if port is not None:
        names.port(port)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port is not None else ''}"


def on_this_machine(host: str) -> bool:
    """Whether what is sent there cannot be seen on the way."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def user(text: str) -> str:
    """A login name, as controllers have them."""
    if not _USER.fullmatch(text) or "{{" in text:
        raise ValueError("expected a login name without blanks and colons")
    return text


def system(text: str) -> str:
    """The id of a system in a controller, such as 1, Self or System.Embedded.1."""
    if not _SYSTEM.fullmatch(text):
        raise ValueError("expected the id that the controller has for the host, such as 1 or System.Embedded.1")
    return text


def certificate(value: Any) -> str:
    """`true` as nothing, a fingerprint as sha256: and small digits, a file as it is. Not to check is no choice."""
    if value is True:
        return ""
    if value is False or not isinstance(value, str) or not value:
        raise ValueError("the certificate is always checked: expected true, a file of authorities, or sha256:…")
    kind, colon, digits = value.partition(":")
    if colon and kind.lower() in ("sha256", "sha-256"):
        plain = digits.replace(":", "").strip().lower()
        if not _FINGERPRINT.fullmatch(plain):
            raise ValueError("expected a fingerprint of 64 hexadecimal digits after sha256:")
        return f"sha256:{plain}"
    return names.file_path(value)
