"""Reads an evidence file back, also one that somebody has changed: what cannot be read is told, and the rest is there. Pure."""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from runbook_engine.model.approvals import Sealed, Sealing
from runbook_engine.model.rehearsal_record import RehearsalRecord
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Digest, PersonId, RunId
from runbook_engine.reporting.evidence_file import BEGIN, END, ENDING, FORMAT, KIND, Entry, Evidence, Kept

DOCTYPE = b"<!doctype html>\n"
_PICTURE = re.compile(
    rb'<img class="proof" id="sha256-([0-9a-f]{64})" alt="[^"<>]*" src="data:image/[a-z]{1,9};base64,([A-Za-z0-9+/=]*)">'
)

_SEAL = re.compile(rb'\{"kind":"seal","sha256":"([0-9a-f]{64})"\}')
_SHAPE = {"head": dict, "plans": dict, "statements": list, "rehearsals": list, "page": str, "lines": str}


class NotEvidence(ValueError):
    """The bytes are no evidence file, or one of a form that this version does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An evidence file that was read, and what of it could not be. `seal`: of the manifest as it is in the file."""

    evidence: Evidence
    manifest: Mapping[str, Any]
    seal: str
    stated_seal: str
    page: bytes  # without the records
    lines: str  # SHA-256 of all lines after the seal
    damaged: tuple[str, ...] = ()


def read(data: bytes) -> Found:
    """What an evidence file holds. Raises NotEvidence; damage inside is told in `Found.damaged`."""
    before, begin, block = data.partition(BEGIN)
    block, end, after = block.partition(END)
    if not begin or not end or after != ENDING.encode() or not before.startswith(DOCTYPE):
        raise NotEvidence("it is no evidence file, or not all of it is there")
    first, seal, rest = (*block.split(b"\n", 2), b"", b"")[:3]
    manifest, page, damaged = _manifest(first), before + after, list[str]()
    return Found(
        evidence=_evidence(manifest, _lines(rest, damaged), page, damaged),
        manifest=manifest,
        seal=sha256(first + b"\n").hexdigest(),
        stated_seal=_stated(seal),
        page=page,
        lines=sha256(rest).hexdigest(),
        damaged=tuple(damaged),
    )


def _stated(line: bytes) -> str:
    found = _SEAL.fullmatch(line)
    return found[1].decode() if found else ""


def _manifest(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        raise NotEvidence("its manifest cannot be read") from None
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise NotEvidence("it has no manifest of evidence")
    if found.get("format") != FORMAT:
        raise NotEvidence(f"it has form {found.get('format')!r}, and this version of runbook-engine reads form {FORMAT}")
    if any(not isinstance(found.get(name), kind) for name, kind in _SHAPE.items()):
        raise NotEvidence("its manifest is damaged")
    if not (isinstance(found["head"].get("seq"), int) and isinstance(found["head"].get("hash"), str)):
        raise NotEvidence("its manifest is damaged: it names no head")
    return found


def _lines(rest: bytes, damaged: list[str]) -> dict[str, list[Any]]:
    """What the lines hold, by kind. One that cannot be read is told, and left out."""
    found: dict[str, list[Any]] = {kind: [] for kind in _READERS}
    for number, line in enumerate(rest.split(b"\n")[:-1], 3):
        try:
            data = json.loads(line)
            found[data["kind"]].append(_READERS[data["kind"]](data))
        except (ValueError, KeyError, TypeError, AttributeError):
            begin = line[:60].decode("ascii", "backslashreplace")
            damaged.append(f"line {number} of the records cannot be read; it begins with {begin}")
    return found


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _entry(data: dict[str, Any]) -> Entry:
    return Entry(int(data["seq"]), str(data["hash"]), _bytes(data["body"]))


def _sealed(data: dict[str, Any]) -> Sealed:
    return Sealed(
        body=_bytes(data["body"]),
        sealing=Sealing(data["sealing"]),
        signature=str(data["signature"]),
        typed_by=str(data["typed_by"]),
        received=datetime.fromisoformat(data["received"]),
    )


def _rehearsal(data: dict[str, Any]) -> RehearsalRecord:
    at = datetime.fromisoformat(data["at"])
    return RehearsalRecord(digest=Digest(data["digest"]), seed=data["seed"], at=at, by=data["by"], body=_bytes(data["body"]))


def _content(data: dict[str, Any]) -> tuple[str, bytes]:
    return data["name"], _bytes(data["text"]) if "text" in data else b64decode(data["base64"], validate=True)


_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "plan": lambda data: (Digest(data["digest"]), _bytes(data["body"])),
    "record": _entry,
    "statement": _sealed,
    "keys": lambda data: (PersonId(data["person"]), tuple(map(str, data["keys"]))),
    "rehearsal": _rehearsal,
    "output": _content,
    "attachment": _content,
}


def _evidence(manifest: dict[str, Any], found: dict[str, list[Any]], page: bytes, damaged: list[str]) -> Evidence:
    pictures = _pictures(page, damaged)
    try:
        return Evidence(
            run=RunId(manifest["run"]),
            made=datetime.fromisoformat(manifest["made"]),
            by=str(manifest["by"]),
            version=str(manifest["version"]),
            records=tuple(found["record"]),
            plans=dict(found["plan"]),
            statements=tuple(found["statement"]),
            keys=dict(found["keys"]),
            rehearsals=tuple(found["rehearsal"]),
            outputs=_kept(manifest["outputs"], dict(found["output"]), {}),
            attachments=_kept(manifest["attachments"], dict(found["attachment"]), pictures),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise NotEvidence(f"its manifest is damaged: {error!r}") from None


def _pictures(page: bytes, damaged: list[str]) -> dict[str, bytes]:
    """The pictures on the page, by the SHA-256 that the page says they have."""
    found = {}
    for name, data in _PICTURE.findall(page):
        try:
            found[name.decode()] = b64decode(data, validate=True)
        except ValueError:
            damaged.append(f"the picture {name.decode()[:12]}… on the page cannot be read")
    return found


def _kept(named: list[dict[str, Any]], contents: Mapping[str, bytes], pictures: Mapping[str, bytes]) -> tuple[Kept, ...]:
    return tuple(
        Kept(
            name=str(one["name"]),
            size=int(one["size"]),
            sha256=str(one["sha256"]),
            data=contents.get(one["name"], pictures.get(one["sha256"])),
            note=str(one["note"]),
        )
        for one in named
    )
