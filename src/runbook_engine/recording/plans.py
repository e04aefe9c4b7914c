"""The plans that runs follow: stored once by digest, and handed out only when not a byte of them has changed."""

import json
from hashlib import sha256

from runbook_engine.model.errors import JournalFault
from runbook_engine.model.plan import Plan
from runbook_engine.model.wire import WireError, from_data, to_data
from runbook_engine.model.words import Digest
from runbook_engine.recording.connection import Connection, insertion, scalar


def add(connection: Connection, plan: Plan, body: bytes) -> None:
    """Keep the plan under its digest; one that is already there stays as it is."""
    if scalar(connection, "SELECT digest FROM plans WHERE digest = :digest", {"digest": plan.digest}) is None:
        connection.execute(_INSERT, {"digest": plan.digest, "checksum": sha256(body).hexdigest(), "body": body})


def body_of(plan: Plan) -> bytes:
    """The plan as it is stored. Raises ValueError for a plan without a digest: nothing could ever be checked against it."""
    if not plan.digest:
        raise ValueError("a plan without a digest cannot be stored")
    return json.dumps(to_data(plan), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def get(connection: Connection, digest: Digest) -> Plan:
    """The plan of that digest. Raises JournalFault when it is not there or not as it was stored."""
    return _read(digest, _stored(connection, digest))


def body(connection: Connection, digest: Digest) -> bytes:
    """The same, byte for byte."""
    stored = _stored(connection, digest)
    _read(digest, stored)
    return stored


def _stored(connection: Connection, digest: Digest) -> bytes:
    row = connection.execute("SELECT checksum, body FROM plans WHERE digest = :digest", {"digest": digest}).fetchone()
    if row is None:
        raise _unusable(digest, "is not stored in this journal")
    stored = row["body"]
    if not isinstance(stored, bytes) or sha256(stored).hexdigest() != row["checksum"]:
        raise _unusable(digest, "is damaged: it is not what was stored")
    return stored


def _read(digest: Digest, stored: bytes) -> Plan:
    try:
        plan: Plan = from_data(Plan, json.loads(stored))
    except (WireError, ValueError) as error:
        raise _unusable(digest, f"cannot be read: {error}") from error
    if plan.digest != digest:
        raise _unusable(digest, f"is stored under a wrong name: it says {plan.digest[:12]} of itself")
    return plan


def _unusable(digest: Digest, what: str) -> JournalFault:
    return JournalFault(
        f"The plan {digest[:12]} {what}",
        why="What was approved is what runs, so nothing runs without exactly that plan.",
        next_command="runbook runs",
    )


_INSERT = insertion("plans", "digest", "checksum", "body")
