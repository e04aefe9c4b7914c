"""What is stored, byte for byte: for evidence, which is checked where there is no database."""

from collections.abc import Iterator

from runbook_engine.model.words import Digest, RunId
from runbook_engine.recording import plans
from runbook_engine.recording.chain import Link, Record
from runbook_engine.recording.events import records
from runbook_engine.recording.store import Store


def raw_records(store: Store, run: RunId) -> Iterator[Record]:
    """Every record of a run as it is stored, each proved by the chain. Raises JournalFault, Usage."""
    return records(store._database, store._id(run), run, Link())  # noqa: SLF001 - of this room


def raw_plan(store: Store, digest: Digest) -> bytes:
    """A plan as it is stored. Raises JournalFault when it is missing or damaged."""
    with store._database.reading("reading a plan") as connection:  # noqa: SLF001 - of this room
        return plans.body(connection, digest)
