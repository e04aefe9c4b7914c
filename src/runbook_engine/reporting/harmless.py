"""Text that came from files, hosts and people, made safe to show: it cannot move the cursor, hide or reorder anything."""

from runbook_engine.model.harmless import harmless as without_controls

TAB_WIDTH = 4


def harmless(text: str) -> str:
    """Any text, safe for a terminal; lines are kept, tabs become spaces, control characters are shown as their codes."""
    return without_controls(text).expandtabs(TAB_WIDTH)


def one_line(text: str, longest: int = 500) -> str:
    """The same on one line, cut after `longest` characters; every run of white space becomes one space."""
    return shortened(" ".join(harmless(text[: 4 * longest]).split()), longest)


def shortened(text: str, longest: int) -> str:
    """At most `longest` characters; what is cut is shown by three dots."""
    return text if len(text) <= longest else text[: max(0, longest - 1)].rstrip() + "…"


_TWINS = str.maketrans({"–": "-", "…": "~", "·": "-", "×": "x", "→": ">", "●": "*"})


def in_ascii(text: str) -> str:
    """Our own signs as their twins in ASCII; names and titles stay as they were written."""
    return text.translate(_TWINS)
