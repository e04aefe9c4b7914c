"""Characters that make a text look like something that it is not, and bytes that are no text at all."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice

from runbook_engine.model.places import Mistake, Place

_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"
_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    "\U000e0000-\U000e0fff"
)
_JOINERS = "(?<![^\\x00-\\x7f])[\u200c\u200d](?![^\\x00-\\x7f])"  # needed inside some scripts, a disguise in plain ASCII
_DECEPTIVE = re.compile(f"[{_DIRECTION}{_INVISIBLE}]|{_JOINERS}")
_UNWANTED = re.compile(f"[{_CONTROL}{_DIRECTION}{_INVISIBLE}]|{_JOINERS}")
_ASCII_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BREAK = re.compile("\r\n|[\n\r]")
_MOST = 100  # characters that are reported in one file


def lines_of(text: str) -> tuple[str, ...]:
    """The lines as YAML counts them; its other line breaks (U+0085, U+2028, U+2029) are not allowed in a file."""
    return tuple(_BREAK.split(text) if "\r" in text else text.split("\n"))


def unwanted_characters(text: str, lines: Sequence[str], file: str) -> Iterator[Mistake]:
    """A mistake for each control, direction or invisible character of a file's text, up to a hundred."""
    pattern = _ASCII_CONTROL if text.isascii() else _UNWANTED
    if pattern.search(text):
        yield from islice((m for number, line in enumerate(lines, 1) for m in _in_line(pattern, line, number, file)), _MOST)


def _in_line(pattern: re.Pattern[str], line: str, number: int, file: str) -> Iterator[Mistake]:
    for match in pattern.finditer(line):
        source = line[:500].encode("utf-8", "replace").decode()
        place = Place(file, number, match.start() + 1)
        yield Mistake(place, f"{_described(match[0])} is not allowed in a file", "remove it", source)


def deceptive(value: str) -> str:
    """The description of the first character of a value that misleads its readers, or NUL; empty if there is none."""
    if "\x00" in value:
        return _described("\x00")
    match = _DECEPTIVE.search(value)
    return _described(match[0]) if match else ""


def _described(character: str) -> str:
    code = f"U+{ord(character):04X}"
    if character == "\x00":
        return f"a NUL byte ({code})"
    name = unicodedata.name(character, "").lower()
    kind = "the control character" if re.match(f"[{_CONTROL}]", character) else "the invisible character"
    return f"{kind} {code}{f' ({name})' if name else ''}"


def decoded(data: bytes, file: str) -> str | Mistake:
    """The text of UTF-8 bytes, a byte order mark dropped; a mistake at the first byte that is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        begin = before.rfind(b"\n") + 1
        end = data.find(b"\n", error.start)
        source = data[begin : end if end >= 0 else None].decode("utf-8", "replace")
        column = len(before[begin:].decode("utf-8", "replace")) + 1
        place = Place(file, before.count(b"\n") + 1, column)
        return Mistake(place, f"the file is not UTF-8: byte 0x{data[error.start]:02x}", "save it as UTF-8", source[:500])
