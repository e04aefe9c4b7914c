"""Text from hosts, made safe to show: control characters, terminal escapes and bidi controls become visible."""

import re

# Controls (C0 without tab and newline, DEL, C1), invisible and bidi characters, lone surrogates, noncharacters, tags.
HARMFUL = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
)
_ACTING = re.compile(f"[{HARMFUL}]")
_COLOUR = re.compile("\x1b\\[[0-9;:]{0,64}m")


def harmless(text: str) -> str:
    r"""The text with every character that could act on a terminal or mislead a reader shown as `\x1b` or `\u202e`.

    Newlines and tabs stay; colours, which say nothing, go.
    """
    return _ACTING.sub(visible, _COLOUR.sub("", text.replace("\r\n", "\n")))


def readable(data: bytes) -> str:
    """Bytes from a host as harmless text; what is not UTF-8 becomes the replacement character."""
    return harmless(data.decode("utf-8", "replace"))


def visible(match: re.Match[str]) -> str:
    """One character as an escape of two, four or eight hexadecimal digits."""
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
