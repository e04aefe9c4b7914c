"""What is wrong with a file, and what went wrong with a command: where, what, why, and what to do next."""

import re
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len

from runbook_engine.model.errors import NotValid, RunbookError
from runbook_engine.model.harmless import HARMFUL
from runbook_engine.model.places import Mistake
from runbook_engine.reporting.harmless import TAB_WIDTH, harmless, one_line
from runbook_engine.reporting.words import count

SHOWN = 20
LINE_LONGEST = 160  # characters of a source line; a longer one is shown around the caret
BEFORE_CARET = 60  # characters kept before the caret then
FILES_NAMED = 3
_HARMFUL = re.compile(f"[{HARMFUL}\n]")


def mistakes_text(mistakes: Sequence[Mistake], limit: int = SHOWN) -> str:
    """Every mistake with its place, its line, a caret and a hint; at most `limit`, then how many more there are."""
    shown = [_mistake_text(m) for m in mistakes[:limit]]
    if len(mistakes) > limit:
        shown.append(f"and {len(mistakes) - limit:,} more")
    return "\n".join([*shown, f"{count(len(mistakes), 'mistake')} in {_files(mistakes)}. Nothing was changed."])


def error_text(error: RunbookError) -> str:
    """What happened, why, and the next command; for files with mistakes, all of them."""
    if isinstance(error, NotValid):
        return mistakes_text(error.mistakes)
    lines = [f"error: {harmless(error.message).strip()}"]
    if error.why:
        lines.append(harmless(error.why).strip())
    if error.next_command:
        lines.append(f"Next: {one_line(error.next_command, 2000)}")
    return "\n".join(lines)


def error_data(error: RunbookError) -> dict[str, Any]:
    """The JSON form of an error.

    Fields: `format` (1), `kind` ("error"), `exit_code`, `message`, `why`, `next_command` and `mistakes`. A mistake has
    `file`, `line`, `column`, `message`, `hint` and `source`.
    """
    mistakes = error.mistakes if isinstance(error, NotValid) else ()
    return {
        "format": 1,
        "kind": "error",
        "exit_code": int(error.exit_code),
        "message": error.message,
        "why": error.why,
        "next_command": error.next_command,
        "mistakes": [
            {
                "file": m.place.file,
                "line": m.place.line,
                "column": m.place.column,
                "message": m.message,
                "hint": m.hint,
                "source": m.source,
            }
            for m in mistakes
        ],
    }


def _files(mistakes: Sequence[Mistake]) -> str:
    names = list(dict.fromkeys(one_line(m.place.file) for m in mistakes))
    if len(names) == 1:
        return names[0]
    more = f" and {len(names) - FILES_NAMED} more" if len(names) > FILES_NAMED else ""
    return f"{count(len(names), 'file')} ({', '.join(names[:FILES_NAMED])}{more})" if names else "no file"


def _mistake_text(mistake: Mistake) -> str:
    lines = [f"{one_line(str(mistake.place))}: error: {one_line(mistake.message, 2000)}"]
    gutter = " " * max(5, len(str(mistake.place.line)) + 1)
    if mistake.source.strip():
        source, indent, width = _under(mistake)
        lines.append(f"{mistake.place.line:>{len(gutter)}} | {source}".rstrip())
        lines.append(f"{gutter} | {' ' * indent}{'^' * width}")
    if mistake.hint:
        lines.append(f"{gutter} = hint: {one_line(mistake.hint, 2000)}")
    return "\n".join(lines)


def _under(mistake: Mistake) -> tuple[str, int, int]:
    """The line as it is shown, the cells before the caret, and the cells that are underlined."""
    source = mistake.source.rstrip("\r\n")
    at = min(max(0, mistake.place.column - 1), len(source))
    cut = at - BEFORE_CARET if len(source) > LINE_LONGEST and at > BEFORE_CARET else 0
    line = source[cut : cut + LINE_LONGEST]
    end = min(at - cut + max(1, mistake.width), len(line))
    lead = "…" if cut else ""
    tail = "…" if cut + LINE_LONGEST < len(source) else ""
    indent = cell_len(lead + _visible(line[: at - cut]))
    width = max(1, cell_len(lead + _visible(line[:end])) - indent)
    return lead + _visible(line) + tail, indent, width


def _visible(text: str) -> str:
    """Part of a line, character by character, so that a part is as wide as it is inside the whole."""
    return _HARMFUL.sub("?", text).expandtabs(TAB_WIDTH)
