"""The words of an Ansible host line: quoting as in a shell, values typed as Python literals."""

import ast
import ipaddress
import math
import re
import shlex
import warnings
from collections.abc import Mapping

from runbook_engine.loading.estate_ranges import host_names

MAX_LITERAL = 10_000  # characters of one value that is read as a literal; a longer one is text

_PLAIN = re.compile(r"[A-Za-z_/~$][A-Za-z0-9_./~$:@%+-]*")
_CONSTANTS = frozenset({"True", "False", "None"})
_SIX_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::([0-9]+))?")
_WITH_PORT = re.compile(r"((?:[^:\[\]]|\[[^\[\]]*\])+):([0-9]+)")


def words_of(line: str) -> list[str]:
    """The words of a line, without its comment. Raises ValueError for a quote that is not closed."""
    if not any(sign in line for sign in "'\"\\"):
        return line.partition("#")[0].split()
    return shlex.split(line, comments=True)


def typed(text: str) -> object:
    """A number, a boolean, a list or a mapping if the text is one in Python's notation; otherwise the text."""
    if (_PLAIN.fullmatch(text) and text not in _CONSTANTS) or len(text) > MAX_LITERAL:
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape inside quotes is the author's own affair
            return _plain(ast.literal_eval(text), text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def _plain(value: object, text: str) -> object:
    if isinstance(value, list | tuple | set):
        return [_plain(item, text) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item, text) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return text


def hosts_and_port(word: str) -> tuple[tuple[str, ...], int | None]:
    """`www[01:50].example.com:2222` → the names, and the port if one is given. Raises ValueError."""
    six = _SIX_WITH_PORT.fullmatch(word)
    if six and ":" in six[1] and _is_six(six[1]):
        return (six[1],), _port(six[2])
    match = _WITH_PORT.fullmatch(word)
    if match:
        return host_names(match[1]), _port(match[2])
    return host_names(word), None


def _is_six(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _port(text: str | None) -> int | None:
    if text is not None and not (len(text) <= 5 and 1 <= int(text) <= 65535):
        raise ValueError(f"{text[:20]} is not a port: use 1 to 65535")
    return int(text) if text else None
