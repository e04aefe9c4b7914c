"""What names, addresses and users may look like. They end up beside ssh, so nothing in them can be an option or a command."""

import ipaddress
import re

MAX_NAME = 253  # the longest host name that DNS knows

_ALLOWED = "use letters from a to z, digits, '.', '_' and '-', and begin with a letter or digit"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,63}\$?")
_HOP = re.compile(r"(?:(?P<user>[^@]+)@)?(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:@\[\]]+))(?::(?P<port>[0-9]{1,5}))?")
_PATH = re.compile(r"[^-\x00-\x1f\x7f][^\x00-\x1f\x7f]*")


def name(text: str) -> str:
    """A name of a group, site, person …; ValueError says what is wrong."""
    if not _NAME.fullmatch(text) or len(text) > MAX_NAME:
        raise ValueError(f"{_shown(text)} is not a name: {_ALLOWED}")
    return text


def host_name(text: str) -> str:
    """A name of a host, or an IP address as one."""
    if (_NAME.fullmatch(text) and len(text) <= MAX_NAME) or is_six(text):
        return text
    raise ValueError(f"{_shown(text)} is not a host name: {_ALLOWED}")


def address(text: str) -> str:
    """A host name or an IP address."""
    if (_NAME.fullmatch(text) and len(text) <= MAX_NAME) or is_six(text):
        return text
    template = ", and templates are not filled in here" if "{{" in text else ""
    raise ValueError(f"{_shown(text)} is neither a host name nor an IP address{template}")


def user(text: str) -> str:
    """A login name."""
    if not _USER.fullmatch(text):
        raise ValueError(
            f"{_shown(text)} is not a login name: use letters from a to z, digits, '.', '_' and '-', and begin with a letter"
        )
    return text


def port(number: int) -> int:
    """A TCP port."""
    if not 1 <= number <= 65535:
        raise ValueError(f"{number} is not a port: use 1 to 65535")
    return number


def file_path(text: str) -> str:
    """A path of a file on the control machine; `~` is allowed, a leading '-' is not."""
    if not _PATH.fullmatch(text) or "{{" in text:
        raise ValueError(f"{_shown(text)} is not a path of a file")
    return text


def jump(text: str) -> str:
    """One or more hops, separated by commas: [user@]host[:port]."""
    for hop in text.split(","):
        match = _HOP.fullmatch(hop.strip())
        if match is None:
            raise ValueError(f"{_shown(hop)} is not a way to jump: write [user@]host[:port], more of them with commas between")
        address(match["six"] or match["host"])
        if match["user"] is not None:
            user(match["user"])
        if match["port"] is not None:
            port(int(match["port"]))
    return ",".join(hop.strip() for hop in text.split(","))


def is_six(text: str) -> bool:
    """Whether it is an IPv6 address; one of IPv4 is a name as well."""
    if ":" not in text or "%" in text:
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _shown(text: str) -> str:
    """At most 60 characters of it, with what cannot be printed escaped."""
    return ascii(text if len(text) <= 60 else text[:57] + "...")
