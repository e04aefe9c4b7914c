"""The types of values in params: texts, durations, file modes. Each knows its JSON Schema and explains what it expects."""

import re
import shlex
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from runbook_engine.model.text import Text, plain, shell

LONGEST_S = 3650 * 86400.0  # ten years
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?\s*[smhd]\s*)+")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_MODE = "[0-7]{3,4}"
_OWNER = r"[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?"
_WORDS = {"type": ["string", "integer"]}  # a whole number is text as it stands; 1.10 would not be
_HOLE = re.compile(r"(\{\{.{0,1000}?\}\}|\{%.{0,1000}?%\}|\{#.{0,1000}?#\})", re.DOTALL)  # bounded: no text takes for ever


def seconds(value: Any) -> float:
    """'90s', '15m', '1h 30m', '2d' in seconds; a bare number is refused because its unit would be a guess."""
    if not isinstance(value, str):
        raise ValueError("expected a duration such as 90s, 15m or 1h 30m")
    return _seconds(value)


@lru_cache(maxsize=1_000)
def _seconds(written: str) -> float:
    """The same few durations stand in most steps."""
    if not _DURATION.fullmatch(written.strip()):
        raise ValueError("expected a duration such as 90s, 15m or 1h 30m")
    length = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(written))
    if length > LONGEST_S:
        raise ValueError("must be at most 3650d")
    return length


def mode(value: Any) -> str:
    """'0644' or '644' in octal, as four digits; a bare number is refused because 0644 and 0o644 are different numbers."""
    if not isinstance(value, str) or not (value == "" or re.fullmatch(_MODE, value)):
        raise ValueError('expected a file mode in quotes, such as "0644"')
    return value.zfill(4) if value else ""


def owner(value: Any) -> str:
    """'user' or 'user:group'."""
    if not isinstance(value, str) or not (value == "" or re.fullmatch(_OWNER, value)):
        raise ValueError("expected an owner such as root or www-data:adm")
    return value


def command(source: str) -> Text:
    """Text for a shell that is a whole command line."""
    if not source.strip():
        raise ValueError("expected a command")
    return shell(source)


def word(source: str) -> Text:
    """Text for a shell that is exactly one word: what stands outside `{{ }}` is quoted here, the holes when rendered."""
    pieces = [p if _HOLE.fullmatch(p) else shlex.quote(p) for p in _HOLE.split(source) if p]
    return shell("".join(pieces) or "''")


def join(*parts: Text | str) -> Text:
    """Rendered texts and literals for a shell, one after the other."""
    joined = tuple(p for part in parts for p in ((part,) if isinstance(part, str) else part.parts))
    return Text(joined, True)


def _text(value: Any, make: Any) -> Text:
    if isinstance(value, Text):
        return value
    if isinstance(value, float):
        raise ValueError("expected text in quotes")  # 1.10 has already become 1.1
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("expected text")
    return make(str(value))  # type: ignore[no-any-return]


ShellText = Annotated[Text, BeforeValidator(lambda v: _text(v, command)), WithJsonSchema({"type": "string"})]
ShellWord = Annotated[Text, BeforeValidator(lambda v: _text(v, word)), WithJsonSchema(_WORDS)]
PlainText = Annotated[Text, BeforeValidator(lambda v: _text(v, plain)), WithJsonSchema(_WORDS)]
Seconds = Annotated[
    float, BeforeValidator(seconds), WithJsonSchema({"type": "string", "pattern": r"^(\d+(\.\d+)?\s*[smhd]\s*)+$"})
]
FileMode = Annotated[str, BeforeValidator(mode), WithJsonSchema({"type": "string", "pattern": f"^({_MODE})?$"})]
Owner = Annotated[str, BeforeValidator(owner), WithJsonSchema({"type": "string", "pattern": f"^({_OWNER})?$"})]
