"""What `runbook verify` says: what was looked at, what is wrong, and what nothing in a file can prove. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from runbook_engine.reporting.evidence_checks import Check
from runbook_engine.reporting.evidence_file import Evidence
from runbook_engine.reporting.harmless import one_line

MOST = 50  # of one kind that are told one by one
COLUMN = 14


def check_lines(checks: Iterable[Check]) -> list[str]:
    """One line for each thing that was looked at."""
    return [f"  {_word(check):<{COLUMN}}{check.part:<{COLUMN}}{one_line(check.said)}".rstrip() for check in checks]


def _word(check: Check) -> str:
    return "WRONG" if check.wrong else "ok" if check.looked else "not compared"


def wrong_lines(checks: Iterable[Check]) -> list[str]:
    """Exactly what is wrong, one line each."""
    lines = []
    for check in checks:
        lines += [f"WRONG: {check.part}: {one_line(fault, 400)}" for fault in check.wrong[:MOST]]
        if len(check.wrong) > MOST:
            lines.append(f"WRONG: {check.part}: and {len(check.wrong) - MOST:,} more")
    return lines


def limits_lines(evidence: Evidence, checks: Sequence[Check], *, trusted: bool) -> list[str]:
    """What the checks do not prove, in plain words."""
    compared = {check.part for check in checks if check.looked}
    lines = []
    if not compared & {"seal", "head"}:
        lines.append(
            "Nothing held outside was compared: somebody who made the whole file anew would not be found. "
            "Ask for the seal, or a head, that was kept elsewhere."
        )
    if "head" in compared and "seal" not in compared:
        lines.append(
            "Without the seal, outputs, and records after the newest head that is held outside, could have been made anew."
        )
    if evidence.statements and not trusted:
        lines.append("Signatures were checked with the keys in the file itself: give --signers with keys that you trust.")
    return lines


def verify_data(what: str, checks: Sequence[Check]) -> dict[str, Any]:
    """The JSON form: `format`, `kind` ("verify"), `what`, `ok` and `checks`: each with `part`, `looked`, `said` and `wrong`."""
    told = [{"part": c.part, "looked": c.looked, "said": c.said, "wrong": list(c.wrong)} for c in checks]
    return {"format": 1, "kind": "verify", "what": what, "ok": not any(c.wrong for c in checks), "checks": told}
