"""What keeps phases from starting and what lets them, in plain words."""

from collections.abc import Iterable
from datetime import datetime, tzinfo

from runbook_engine.model.gates import (
    BackInService,
    LateAgreed,
    PartsTaken,
    PhaseCleared,
    PhaseHeld,
    ResourcesReleased,
    ResourcesTaken,
    Sharing,
    StartAgreed,
    StartMissed,
)
from runbook_engine.model.world import Blocker
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.words import clock_time, count, day

GateEvent = PhaseCleared | PhaseHeld | StartMissed | StartAgreed | LateAgreed | Sharing
NAMED = 10  # tasks of one event
QUIET_GATES = (ResourcesTaken, ResourcesReleased, PartsTaken, BackInService)


def gate_words(event: GateEvent, zone: tzinfo) -> str:
    """What happened, without the time."""
    match event:
        case PhaseCleared():
            return _cleared(event, zone)
        case PhaseHeld():
            until = f"; it opens {_moment(event.until, zone)}" if event.until else ""
            waits = ", and is waited for" if event.waits else ""
            return f"phase {event.phase} is HELD: {event.reason}{until}{waits}"
        case StartMissed():
            return f"phase {event.phase} MISSED its start {_moment(event.due, zone)}: a person must say that it starts"
        case StartAgreed():
            return f"phase {event.phase} starts after all, says {event.by}{f': {event.reason}' if event.reason else ''}"
        case LateAgreed():
            what = ", ".join(event.tasks[:NAMED]) + (
                f" and {len(event.tasks) - NAMED} more" if len(event.tasks) > NAMED else ""
            )
            since = f"the time was over {_moment(event.due, zone)}"
            return f"{what} done although LATE ({since}), says {event.by}: {event.reason}"
        case ResourcesTaken():
            return f"phase {event.phase} has {', '.join(f'{n} × {name}' for name, n in sorted(event.uses.items()))}"
        case PartsTaken():
            return f"the run has used up {', '.join(f'{n} × {name}' for name, n in sorted(event.uses.items()))}"
        case BackInService():
            return f"{count(len(event.hosts), 'host')} back in service: {fold_hosts(event.hosts, most=10)}"
        case ResourcesReleased():
            return f"phase {event.phase} has given back what it used"


def _cleared(event: PhaseCleared, zone: tzinfo) -> str:
    signed = f"approved by {', '.join(event.by)}" if event.by else "no approval needed"
    until = f" until {_moment(event.until, zone)}" if event.until else ""
    glass = f"BREAK GLASS ({', '.join(event.glass)}): " if event.glass else ""
    entry = f"; {event.entry}" if event.entry else ""
    return f"phase {event.phase} may start: {glass}{signed}{entry}{until}"


def held_lines(gates: Iterable[Blocker], zone: tzinfo) -> list[str]:
    """What holds phases now, for the end of a command: the reason, when it opens, what to type."""
    lines: list[str] = []
    for gate in gates:
        opens = f"; it opens {_moment(datetime.fromisoformat(gate.until), zone)}" if gate.until else ""
        lines.append(f"\nHELD ({gate.kind}): {one_line(gate.reason, 1000)}{opens}")
        lines += [f"Next: {gate.next_command}"] if gate.next_command else []
    return lines


def _moment(when: datetime, zone: tzinfo) -> str:
    return f"{day(when.astimezone(zone))} {clock_time(when, zone)}"
