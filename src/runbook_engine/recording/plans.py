"""The plans that runs follow: stored once by digest, and handed out only when not a byte of them has changed."""

import json
from hashlib import sha256

from sqlalchemy import Connection, insert, select

from runbook_engine.model.errors import JournalFault
from runbook_engine.model.plan import Plan
from runbook_engine.model.wire import WireError, from_data, to_data
from runbook_engine.model.words import Digest
from runbook_engine.recording.tables import plans


def add(connection: Connection, plan: Plan, body: bytes) -> None:
    """Keep the plan under its digest; one that is already there stays as it is."""
    if connection.execute(select(plans.c.digest).where(plans.c.digest == plan.digest)).scalar() is None:
        connection.execute(insert(plans), {"digest": plan.digest, "checksum": sha256(body).hexdigest(), "body": body})


def body_of(plan: Plan) -> bytes:
    """The plan as it is stored. Raises ValueError for a plan without a digest: nothing could ever be checked against it."""
    if not plan.digest:
        raise ValueError("a plan without a digest cannot be stored")
    return json.dumps(to_data(plan), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def get(connection: Connection, digest: Digest) -> Plan:
    """The plan of that digest. Raises JournalFault when it is not there or not as it was stored."""
    found = connection.execute(select(plans.c.checksum, plans.c.body).where(plans.c.digest == digest)).first()
    if found is None:
        raise _unusable(digest, "is not stored in this journal")
    if sha256(found.body).hexdigest() != found.checksum:
        raise _unusable(digest, "is damaged: it is not what was stored")
    try:
        plan: Plan = from_data(Plan, json.loads(found.body))
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
