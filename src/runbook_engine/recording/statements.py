"""What people say of plans, and what rehearsals came to: kept by runbook and plan, before there is a run."""

from datetime import datetime
from hashlib import sha256

from runbook_engine.model.approvals import Sealed, Sealing, Statement
from runbook_engine.model.rehearsal_record import RehearsalRecord
from runbook_engine.model.words import Digest
from runbook_engine.recording import leases
from runbook_engine.recording.connection import Connection, insertion, scalar


def add(connection: Connection, statement: Statement, sealed: Sealed) -> bool:
    """Keep a statement; False when the very same is there already. Whoever waits for it looks again.

    A forged one with the same id must not keep the true one out: both are kept, and judged when they are counted.
    """
    mark = sha256(b"\0".join((sealed.body, sealed.signature.encode(), sealed.sealing.encode()))).hexdigest()
    if scalar(connection, "SELECT number FROM statements WHERE mark = :mark", {"mark": mark}) is not None:
        return False
    facts = {
        "mark": mark,
        "runbook": statement.runbook,
        "digest": statement.plan,
        "body": sealed.body,
        "sealing": sealed.sealing.value,
        "signature": sealed.signature,
        "typed_by": sealed.typed_by,
        "received_at": sealed.received.isoformat(),
    }
    connection.execute(insertion("statements", *facts), facts)
    leases.world_changes(connection)
    return True


def of_runbook(connection: Connection, runbook: str) -> tuple[Sealed, ...]:
    """Every statement about a runbook, in the order in which they came."""
    found = connection.execute("SELECT * FROM statements WHERE runbook = :runbook ORDER BY number", {"runbook": runbook})
    return tuple(
        Sealed(
            body=row["body"],
            sealing=Sealing(row["sealing"]),
            signature=row["signature"],
            typed_by=row["typed_by"],
            received=datetime.fromisoformat(row["received_at"]),
        )
        for row in found
    )


def add_rehearsal(connection: Connection, record: RehearsalRecord) -> None:
    """Keep what a rehearsal came to."""
    facts = {"digest": record.digest, "seed": record.seed, "at": record.at.isoformat(), "by": record.by, "body": record.body}
    connection.execute(insertion("rehearsals", *facts), facts)
    leases.world_changes(connection)


def rehearsals_of(connection: Connection, digest: Digest) -> tuple[RehearsalRecord, ...]:
    """The rehearsals of a plan, in the order in which they were held."""
    found = connection.execute("SELECT * FROM rehearsals WHERE digest = :digest ORDER BY number", {"digest": digest})
    return tuple(
        RehearsalRecord(
            digest=Digest(row["digest"]),
            seed=row["seed"],
            at=datetime.fromisoformat(row["at"]),
            by=row["by"],
            body=row["body"],
        )
        for row in found
    )
