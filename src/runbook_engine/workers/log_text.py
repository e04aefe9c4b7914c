r"""Output as it stands in a log: nothing of it can act on a terminal, and the very bytes can be had back. Pure.

A backslash is written as `\\`, a control character as `\x1b`, a byte that is not UTF-8 as `\xff`, a bidi control as
`\u202e`. A larger piece in which that would be too much is binary: it is one line of base64, newlines and all.
"""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from runbook_engine.model.harmless import HARMFUL, visible

MARKS = {1: b"out", 2: b"err"}
BINARY_FROM = 4096  # bytes; a shorter piece is always text
SAMPLE = 2048  # bytes of the beginning and of the end of a piece that say what it is
BINARY_SHARE = 32  # one byte of so many that must be escaped makes it binary

_PLAIN = bytes((*b"\t\n", *range(0x20, 0x5C), *range(0x5D, 0x7F)))
_CONTROLS = bytes((*range(0x09), *range(0x0B, 0x20), 0x7F))
_NO_CONTROLS = bytes(byte for byte in range(256) if byte not in _CONTROLS)
_ACTING = re.compile(f"[{HARMFUL}]")
# Where UTF-8 holds a character that acts: a look at the bytes costs a fraction of one at the characters.
_ACTS = re.compile(
    rb"[\xc2\xd8\xe1\xe2\xef\xf3](?:(?<=\xc2)[\x80-\x9f\xad]|(?<=\xd8)\x9c|(?<=\xe1)\xa0\x8e|(?<=\xf3)\xa0"
    rb"|(?<=\xe2)(?:\x80[\x8b\x8e\x8f\xa8-\xae]|\x81[\xa0-\xaf])|(?<=\xef)(?:\xbb\xbf|\xbf[\xb9-\xbf]))"
)
_ESCAPE = re.compile(r"\\(?:\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_BEGINS = re.compile(rb"\S+ == attempt ")
_LEFT_OUT = re.compile(rb"\S+ -- ([0-9,]+ bytes of output are left out: .*)\n\Z")
_LINE = re.compile(rb"\S+ (\S+) (.*)\n\Z", re.DOTALL)


def lines(time: bytes, stream: int, data: bytes, *, ended: bool) -> bytes:
    """A piece of output as lines of a log; `ended` says that a newline follows it."""
    head = b"%b %b" % (time, MARKS[stream])
    text = _shown(data)
    if text is None:
        return b"%b= %b\n" % (head, b2a_base64(data + b"\n" * ended, newline=False))
    whole, newline, last = (text, b"\n", b"") if ended else text.rpartition(b"\n")
    found = b"%b %b\n" % (head, whole.replace(b"\n", b"\n%b " % head)) if newline else b""
    return found if ended else b"%b%b- %b\n" % (found, head, last)


def _shown(data: bytes) -> bytes | None:
    """The text with everything escaped but newlines and tabs; None when it is binary."""
    if data.isascii() and not data.translate(None, _PLAIN):
        return data
    if len(data) >= BINARY_FROM and _is_binary(data[:SAMPLE] + data[-SAMPLE:]):
        return None
    data = data.replace(b"\\", b"\\\\")
    for control in set(data.translate(None, _NO_CONTROLS)):
        data = data.replace(b"%c" % control, b"\\x%02x" % control)
    if _is_utf8(data) and not _ACTS.search(data):
        return data
    text = data.decode("utf-8", "backslashreplace")
    return (_ACTING.sub(_escape, text) if _ACTS.search(data) else text).encode()


def _is_binary(sample: bytes) -> bool:
    odd = len(sample.translate(None, _NO_CONTROLS))
    if not _is_utf8(sample):
        odd += len(sample) - len(sample.decode("utf-8", "ignore").encode())
    return odd * BINARY_SHARE > len(sample)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return match.group() if code < 0x80 else f"\\u{code:04x}" if code < 0x100 else visible(match)


def raw(text: str) -> bytes:
    """The bytes that the text of a line of output stands for; the newline is not part of it."""
    found, position = [], 0
    for match in _ESCAPE.finditer(text):
        found.append(text[position : match.start()].encode())
        found.append(_unescape(match.group()))
        position = match.end()
    return b"".join((*found, text[position:].encode()))


def _unescape(escape: str) -> bytes:
    if escape == r"\\":
        return b"\\"
    digits = escape[2:]
    return bytes.fromhex(digits) if escape[1] == "x" else chr(int(digits, 16)).encode()


def last_attempt(log: BinaryIO) -> None:
    """Go to where the last attempt in a log begins."""
    begun = place = log.seek(0)
    for line in log:
        if _BEGINS.match(line):
            begun = place
        place += len(line)
    log.seek(begun)


def left_out(log: Iterable[bytes]) -> str:
    """What a log says about output that it does not hold; empty if it holds all of it."""
    return next((found[1].decode() for line in log if (found := _LEFT_OUT.match(line))), "")


def printed(log: Iterable[bytes], stream: int = 1) -> Iterator[bytes]:
    """The very bytes that were printed, from the lines of a log with their newlines."""
    mark = MARKS[stream]
    for line in log:
        if not (found := _LINE.match(line)) or found[1].rstrip(b"-=") != mark:
            continue
        kind, text = found[1][len(mark) :], found[2]
        if kind == b"=":
            yield a2b_base64(text)
        else:
            yield (raw(text.decode()) if b"\\" in text else text) + (b"" if kind else b"\n")
