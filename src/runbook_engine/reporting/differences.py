"""What differs between two plans, in words."""

from collections.abc import Sequence
from typing import Any

from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.words import count

SHOWN = 200
VALUE_LONGEST = 300


def differences_text(differences: Sequence[Any], limit: int = SHOWN) -> str:
    """Every difference by phase: where, what, and before and after; at most `limit`, then how many more.

    A difference has `where`, `what`, `before`, `after` and `phase`, as planning's comparison gives them.
    """
    if not differences:
        return "The two plans are the same."
    lines: list[str] = []
    phase: object = None
    for difference in differences[:limit]:
        if difference.phase != phase:
            phase = difference.phase
            lines.append(f"in phase {one_line(str(phase))}" if phase else "in the whole plan")
        lines += _difference(difference)
    if len(differences) > limit:
        lines.append(f"and {len(differences) - limit:,} more")
    phases = {d.phase for d in differences if d.phase}
    return "\n".join([*lines, f"{count(len(differences), 'difference')}{_phases(len(phases))}."])


def differences_data(differences: Sequence[Any]) -> dict[str, Any]:
    """The JSON form: `format`, `kind` "differences", `same` (true or false), and `differences`: a list of objects
    with `phase` (empty: the whole plan), `where`, `what`, `before` and `after`.
    """
    rows = [{key: _plain(getattr(d, key)) for key in ("phase", "where", "what", "before", "after")} for d in differences]
    return {"format": 1, "kind": "differences", "same": not rows, "differences": rows}


def _phases(number: int) -> str:
    return f" in {count(number, 'phase')}" if number else ""


def _difference(difference: Any) -> list[str]:
    lines = [f"  {one_line(str(difference.where))}: {one_line(str(difference.what))}"]
    for word, value in (("before", difference.before), ("after", difference.after)):
        if value not in (None, ""):
            lines.append(f"    {word + ':':<8}{one_line(str(value), VALUE_LONGEST)}")
    return lines


def _plain(value: object) -> str:
    return "" if value is None else str(value)
