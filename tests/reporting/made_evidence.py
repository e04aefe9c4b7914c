"""Evidence made by hand, and people who change it: careless ones, and careful ones who make everything else fit."""

import json
import struct
import subprocess
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from reporting.made_plans import rack12_plan
from reporting.made_runs import START, Story, half_flashed
from runbook_engine.model import events as ev
from runbook_engine.model.approvals import NAMESPACE, Head, Say, Sealed, Sealing, Statement
from runbook_engine.model.plan import Plan
from runbook_engine.model.wire import canonical, to_data
from runbook_engine.model.words import PersonId, RunId
from runbook_engine.planning.digests import digest_of, leaves, sealed
from runbook_engine.recording.chain import Link, extend
from runbook_engine.recording.plans import body_of
from runbook_engine.reporting.evidence_checks import Check, Outside, checked
from runbook_engine.reporting.evidence_file import BEGIN, Entry, Evidence, Kept, write
from runbook_engine.reporting.evidence_logs import log_name
from runbook_engine.reporting.evidence_page import evidence_page
from runbook_engine.reporting.evidence_reading import read

MADE = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
VERSION = "0.1.0"
RUN = RunId("rack12-1")
LOG = (
    "2026-12-01T21:00:00.000Z == attempt 1, to do, {0}\n2026-12-01T21:00:00.100Z err image not valid\n"
    "2026-12-01T21:00:00.200Z == failed after 60.000 s, exit code 1\n"
)


def png(side: int = 24) -> bytes:
    """A real picture."""
    rows = b"".join(b"\0" + bytes(v for x in range(side) for v in (x * 9 % 256, y * 9 % 256, 128)) for y in range(side))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PHOTO = png()
PHOTO_DIGEST = sha256(PHOTO).hexdigest()


def plan() -> Plan:
    """Twenty servers, with its real digest."""
    return sealed(rack12_plan())


def logged(attempt: str) -> bytes:
    """What an attempt has in its log."""
    return LOG.format(attempt).encode()


def story() -> Story:
    """One host fails twice, one is unreachable, one in doubt; the first server was mounted with a photo."""
    told = half_flashed(plan())
    first = next(n for n, event in enumerate(told.events) if isinstance(event, ev.TaskAnswered))
    proof = {"photo": f"rack.png sha256:{PHOTO_DIGEST}", "serial_number": "CZ1234"}
    told.events[first] = replace(told.events[first], evidence=proof)  # type: ignore[arg-type]
    for n, event in enumerate(told.events):
        if isinstance(event, ev.AttemptEnded) and event.outcome.exit_code == 1:
            log = sha256(logged(event.attempt)).hexdigest()
            told.events[n] = replace(event, outcome=replace(event.outcome, log=log))
    told.note(ev.NoteAdded(at=told.later(), by="eva.koster", text="the card is from another batch"))
    return told


def entries(events: Sequence[ev.Event], run: RunId = RUN) -> tuple[Entry, ...]:
    """A journal of these events."""
    records = extend(run, Link(), (canonical(to_data(event)) for event in events))
    return tuple(Entry(r.seq, r.hash.hex(), r.body) for r in records)


def outputs(events: Sequence[ev.Event]) -> tuple[Kept, ...]:
    """The logs that the journal names."""
    found: dict[str, bytes] = {}
    for event in events:
        if isinstance(event, ev.AttemptEnded) and event.outcome.log:
            name = log_name(event.task)
            found[name] = found.get(name, b"") + logged(event.attempt)
    return tuple(kept(name, data) for name, data in found.items())


def kept(name: str, data: bytes) -> Kept:
    """A file that the evidence holds."""
    return Kept(name=name, size=len(data), sha256=sha256(data).hexdigest(), data=data)


@cache
def evidence() -> Evidence:
    """Evidence of that run, without statements."""
    told = story()
    return Evidence(
        run=RUN,
        made=MADE,
        by="ana.duarte",
        version=VERSION,
        records=entries(told.events),
        plans={told.plan.digest: body_of(told.plan)},
        outputs=outputs(told.events),
        attachments=(kept(f"{PHOTO_DIGEST}.png", PHOTO), kept("f" * 64 + ".bin", bytes(range(256)))),
    )


def statement(by: str = "eva.koster", say: Say = Say.APPROVE, *, seen: Head | None = None, **more: Any) -> Statement:
    """What somebody says of the plan."""
    made = plan()
    given: dict[str, Any] = {
        "id": f"s-{by}-{say.value}",
        "say": say,
        "plan": made.digest,
        "runbook": made.runbook,
        "title": made.title,
        "by": PersonId(by),
        "at": START - timedelta(days=1),
        "until": START + timedelta(days=7),
        "phases": {phase.id: phase.leaf for phase in made.phases},
        "seen": seen,
    }
    return Statement(**(given | more))


def signed(said: Statement, key: Path) -> Sealed:
    """The statement with a signature that ssh-keygen made."""
    body = canonical(to_data(said))
    made = subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(key)], input=body, capture_output=True, check=True
    )
    return Sealed(body=body, sealing=Sealing.SIGNED, signature=made.stdout.decode(), received=START)


def on_word(said: Statement) -> Sealed:
    """The statement as somebody typed it."""
    return Sealed(body=canonical(to_data(said)), sealing=Sealing.ON_WORD, typed_by="ana.duarte", received=START)


def key_line(person: str, key: Path) -> str:
    """The line of an allowed_signers file."""
    kind, blob = Path(f"{key}.pub").read_text().split()[:2]
    return f'{person} namespaces="{NAMESPACE}" {kind} {blob}'


def file_of(made: Evidence) -> bytes:
    """The evidence file, as whoever has the program makes it."""
    return write(made, evidence_page(made))[0]


def faults(
    data: bytes, *, heads: Sequence[Head] = (), seals: Sequence[str] = (), proof: Callable[[Sealed], str] = lambda _: ""
) -> list[str]:
    """All that is wrong with a file."""
    outside = Outside(seals=tuple(seals), heads=tuple(("the change board", head) for head in heads))
    return [fault for check in checks(data, outside, proof) for fault in check.wrong]


def checks(data: bytes, outside: Outside = Outside(), proof: Callable[[Sealed], str] = lambda _: "") -> list[Check]:
    """All that is looked at in a file."""
    return checked(read(data), proof, lambda plan: (digest_of(plan), leaves(plan)), outside, VERSION)


def records_of(data: bytes) -> tuple[bytes, list[bytes], bytes]:
    """The file before the lines of records, the lines, and what follows."""
    head, begin, rest = data.partition(BEGIN)
    block, end, after = rest.partition(b"</template>\n")
    manifest, seal, *lines = block.splitlines(keepends=True)
    return head + begin + manifest + seal, lines, end + after


def with_lines(data: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """A careless person changes lines, and nothing else."""
    before, lines, after = records_of(data)
    return before + b"".join(change(lines)) + after


def numbered(lines: Sequence[bytes]) -> dict[int, int]:
    """Where the line of each record is."""
    return {json.loads(line)["seq"]: n for n, line in enumerate(lines) if b'"kind":"record"' in line}
