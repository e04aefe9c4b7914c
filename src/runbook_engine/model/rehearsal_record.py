"""That a plan was rehearsed: kept beside it."""

from datetime import datetime

from runbook_engine.model.values import dataclass
from runbook_engine.model.words import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalRecord:
    """One rehearsal of a plan; `body` is what it came to, as JSON."""

    digest: Digest
    seed: int
    at: datetime
    by: str
    body: bytes
