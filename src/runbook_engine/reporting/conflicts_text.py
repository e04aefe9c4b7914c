"""What a plan and other plans both want, in sentences."""

from collections.abc import Sequence

from runbook_engine.model.conflicts import Conflict, Wanted
from runbook_engine.model.impact import Named
from runbook_engine.model.words import PhaseId
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.words import listed

HOST_PARTS = 6


def conflict_sentences(conflicts: Sequence[Conflict]) -> tuple[str, ...]:
    """One sentence for each conflict: what both want, which plan the other is, and in which phases."""
    return tuple(one_line(_sentence(conflict), 2000) for conflict in conflicts)


def _sentence(conflict: Conflict) -> str:
    other = f"{conflict.other} ({conflict.title})"
    return f"{_what(conflict, other)}: here in {_phases(conflict.phases)}, there in {_phases(conflict.others_phases)}."


def _what(conflict: Conflict, other: str) -> str:
    title = conflict.what.title
    match conflict.kind:
        case Wanted.HOST:
            return f"{other} works on the same hosts, {fold_hosts(conflict.hosts, most=HOST_PARTS)}"
        case Wanted.SERVICE:
            return f"{other} also takes machines from {title}{_through(conflict)}"
        case Wanted.PERSON:
            return f"{other} also needs {title}"
        case Wanted.RESOURCE:
            return f"{other} also needs {title}, of which there is one"
        case Wanted.WINDOW:
            return f"{other} also wants the window {title}"


def _through(conflict: Conflict) -> str:
    """Where a service is concerned only through others that it needs."""
    parts = [
        f"{where} through {listed([one.title for one in by])}"
        for where, by in (("here", conflict.here), ("there", conflict.there))
        if not _itself(conflict.what, by)
    ]
    return f" ({', '.join(parts)})" if parts else ""


def _itself(service: Named, by: Sequence[Named]) -> bool:
    return any(one.name == service.name for one in by)


def _phases(phases: Sequence[PhaseId]) -> str:
    return listed(list(phases))
