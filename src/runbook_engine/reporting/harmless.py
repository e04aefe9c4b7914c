"""Text that came from files, hosts and people, made safe to show: it cannot move the cursor, hide or reorder anything."""

import re

# Escape sequences are dropped whole; every other control, format or invalid character is shown as its code.
SEQUENCE = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[@-Z\\^_])")
DANGEROUS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
TAB_WIDTH = 4


def harmless(text: str) -> str:
    """Any text, safe for a terminal; lines are kept, tabs become spaces."""
    text = SEQUENCE.sub("", text.replace("\r\n", "\n"))
    return DANGEROUS.sub(_code, text).expandtabs(TAB_WIDTH)


def one_line(text: str, longest: int = 500) -> str:
    """The same on one line, cut after `longest` characters; every run of white space becomes one space."""
    return shortened(" ".join(harmless(text[: 4 * longest]).split()), longest)


def shortened(text: str, longest: int) -> str:
    """At most `longest` characters; what is cut is shown by three dots."""
    return text if len(text) <= longest else text[: max(0, longest - 1)].rstrip() + "…"


def _code(match: re.Match[str]) -> str:
    number = ord(match.group())
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
