"""The chain of hashes: each record's SHA-256 covers the one before it, so no record can change unnoticed. Pure."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from runbook_engine.model.errors import JournalFault
from runbook_engine.model.values import dataclass
from runbook_engine.model.wire import canonical
from runbook_engine.model.words import RunId


@dataclass(frozen=True, slots=True)
class Link:
    """A place in a run's chain: how many records there are up to here, and the hash of the last of them."""

    seq: int = 0
    hash: bytes = bytes(32)


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it is stored. `body` is the event as canonical JSON."""

    seq: int
    body: bytes
    hash: bytes


def extend(run: RunId, head: Link, bodies: Iterable[bytes]) -> Iterator[Record]:
    """The records that follow `head`."""
    seq, previous, start = head.seq, head.hash, b"[" + canonical(run)
    for body in bodies:
        seq += 1
        previous = _hash(previous, start, seq, body)
        yield Record(seq, body, previous)


def follow(run: RunId, head: Link, records: Iterable[Record]) -> Iterator[Record]:
    """The same records, each one proved to follow the one before. Raises JournalFault naming the first that does not."""
    seq, previous, start = head.seq, head.hash, b"[" + canonical(run)
    for record in records:
        seq += 1
        if record.seq != seq:
            raise broken(run, seq, "is missing" if record.seq > seq else "stands twice, or before the first")
        previous = _hash(previous, start, seq, record.body)
        if previous != record.hash:
            raise broken(run, seq, "is not what was recorded there: it was changed, inserted or moved")
        yield record


def broken(run: RunId, seq: int, what: str) -> JournalFault:
    """What to tell when the chain does not hold at record `seq`."""
    return JournalFault(
        f"The journal of {run} cannot be trusted from record {seq} on: record {seq} {what}",
        why="Every record is chained to the one before by its hash, and here the chain does not hold.",
        next_command=f"runbook verify {run}",
    )


def _hash(previous: bytes, start: bytes, seq: int, body: bytes) -> bytes:
    """SHA-256 over the previous hash and the canonical JSON of [run, seq, event]."""
    return sha256(b"%b%b,%d,%b]" % (previous, start, seq, body)).digest()
