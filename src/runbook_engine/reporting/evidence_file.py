"""The form of an evidence file: a page for people, and in it the records for machines, byte for byte. Pure.

The page is HTML. Its last element is a template, which browsers do not show: one line of JSON per record, in ASCII, without
`<`, `>` and `&`. The first line is the manifest, which names the SHA-256 of everything else; the second is the SHA-256 of the
manifest, which is the seal of the whole file. Pictures are in the page alone, because they are large.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from hashlib import sha256
from typing import Any

from runbook_engine.model.approvals import Sealed
from runbook_engine.model.rehearsal_record import RehearsalRecord
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Digest, PersonId, RunId

KIND, FORMAT = "runbook-evidence", 1
ENDING = "</body></html>\n"
BEGIN, END = b'<template id="runbook-evidence">\n', b"</template>\n"
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}
_INERT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file that belongs to the run: an output or an attachment. `data` is None when the evidence only names it."""

    name: str
    size: int
    sha256: str
    data: bytes | None = None
    note: str = ""  # why it is not there

    @property
    def picture(self) -> str:
        """The type of a picture that every browser shows, by its first bytes; empty for anything else."""
        begin = self.data[:12] if self.data else b""
        found = next((kind for mark, kind in PICTURES.items() if begin.startswith(mark)), "")
        return "" if found == "image/webp" and begin[8:12] != b"WEBP" else found


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of the journal as it stands in the file."""

    seq: int
    hash: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is exported of a run."""

    run: RunId
    made: datetime
    by: str
    version: str  # of the engine that made it
    records: tuple[Entry, ...]
    plans: Mapping[Digest, bytes]
    statements: tuple[Sealed, ...] = ()
    keys: Mapping[PersonId, tuple[str, ...]] = field(default_factory=dict)  # public ones, as the inventory had them
    rehearsals: tuple[RehearsalRecord, ...] = ()
    outputs: tuple[Kept, ...] = ()
    attachments: tuple[Kept, ...] = ()


def write(evidence: Evidence, page: str) -> tuple[bytes, str]:
    """The file and its seal. `page` is the whole HTML, which ends with `</body></html>` and a newline."""
    rest = b"".join(_line(data) for data in _lines(evidence))
    manifest = _line(_manifest(evidence, page.encode(), rest))
    seal = sha256(manifest).hexdigest()
    head, end = page.removesuffix(ENDING), ENDING
    block = b"".join((BEGIN, manifest, _line({"kind": "seal", "sha256": seal}), rest, END))
    return head.encode() + block + end.encode(), seal


def _line(data: object) -> bytes:
    return _ENCODER.encode(data).translate(_INERT).encode() + b"\n"


def _manifest(evidence: Evidence, page: bytes, rest: bytes) -> dict[str, Any]:
    last = evidence.records[-1]
    return {
        "kind": KIND,
        "format": FORMAT,
        "run": evidence.run,
        "made": evidence.made.isoformat(),
        "by": evidence.by,
        "version": evidence.version,
        "head": {"seq": last.seq, "hash": last.hash},
        "plans": {digest: sha256(body).hexdigest() for digest, body in evidence.plans.items()},
        "statements": [statement_digest(sealed) for sealed in evidence.statements],
        "rehearsals": [rehearsal_digest(made) for made in evidence.rehearsals],
        "outputs": [_named(kept) for kept in evidence.outputs],
        "attachments": [_named(kept) for kept in evidence.attachments],
        "page": sha256(page).hexdigest(),
        "lines": sha256(rest).hexdigest(),
    }


def _named(kept: Kept) -> dict[str, Any]:
    return {"name": kept.name, "size": kept.size, "sha256": kept.sha256, "held": kept.data is not None, "note": kept.note}


def statement_digest(sealed: Sealed) -> str:
    """SHA-256 over a statement with all that vouches for it."""
    return sha256(_line(_statement(sealed))).hexdigest()


def rehearsal_digest(made: RehearsalRecord) -> str:
    """SHA-256 over a rehearsal's record."""
    return sha256(_line(_rehearsal(made))).hexdigest()


def _rehearsal(made: RehearsalRecord) -> dict[str, Any]:
    facts = {"digest": made.digest, "seed": made.seed, "at": made.at.isoformat(), "by": made.by}
    return {"kind": "rehearsal", "body": _text(made.body), **facts}


def _statement(sealed: Sealed) -> dict[str, Any]:
    return {
        "kind": "statement",
        "body": _text(sealed.body),
        "sealing": sealed.sealing.value,
        "signature": sealed.signature,
        "typed_by": sealed.typed_by,
        "received": sealed.received.isoformat(),
    }


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _lines(evidence: Evidence) -> Iterator[dict[str, Any]]:
    for digest, body in evidence.plans.items():
        yield {"kind": "plan", "digest": digest, "body": _text(body)}
    for entry in evidence.records:
        yield {"kind": "record", "seq": entry.seq, "hash": entry.hash, "body": _text(entry.body)}
    yield from map(_statement, evidence.statements)
    for person, keys in evidence.keys.items():
        yield {"kind": "keys", "person": person, "keys": list(keys)}
    yield from map(_rehearsal, evidence.rehearsals)
    yield from _files("output", evidence.outputs)
    yield from _files("attachment", (kept for kept in evidence.attachments if not kept.picture))


def _files(kind: str, files: Iterable[Kept]) -> Iterator[dict[str, Any]]:
    for kept in files:
        if kept.data is None:
            continue
        try:
            yield {"kind": kind, "name": kept.name, "text": kept.data.decode()}
        except UnicodeDecodeError:
            yield {"kind": kind, "name": kept.name, "base64": b64encode(kept.data).decode()}
