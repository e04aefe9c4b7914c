"""The tables, in SQLAlchemy Core; nothing here is peculiar to one database. `migrations/` makes them, step by step."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

KNOWN_SCHEMAS = ("0001", "0002", "0003")  # oldest first; the last is the one that this version writes

metadata = MetaData()

plans = Table(
    "plans",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("checksum", String(64), nullable=False),  # SHA-256 of the body, so that damage is noticed
    Column("body", LargeBinary, nullable=False),  # canonical JSON
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Text, nullable=False, unique=True),
    Column("runbook", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("digest", String(64), ForeignKey("plans.digest"), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Text, nullable=False),  # times are ISO 8601 text, as in the events
    Column("epoch", Integer, nullable=False),
    Column("controller_by", Text, nullable=False),
    Column("controller_machine", Text, nullable=False),
    Column("controller_pid", Integer, nullable=False),
    Column("controller_since", Text, nullable=False),
    Column("events", Integer, nullable=False),  # how many there are: the sequence number of the last
    Column("head", LargeBinary(32), nullable=False),  # its hash
    Column("last_at", Text, nullable=False),
    Column("ended_at", Text),
    UniqueConstraint("runbook", "number"),
)

events = Table(
    "events",
    metadata,
    Column("run_id", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),  # canonical JSON: the very bytes that are hashed
    Column("hash", LargeBinary(32), nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id"), nullable=False),
    Column("id", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("taken", Integer),  # the journal's sequence number when it was consumed; NULL: it waits
    UniqueConstraint("run_id", "id"),
    Index("decisions_waiting", "run_id", "taken"),
)

leases = Table(
    "leases",
    metadata,
    Column("host", Text, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id"), nullable=False),
    Column("is_out", Integer, nullable=False, server_default="0"),  # 1: the host is out of service meanwhile
)

resources = Table(
    "resources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("phase", Text, primary_key=True),
    Column("amount", Integer, nullable=False),
)

statements = Table(  # what people say of plans; runs come later, or never
    "statements",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("mark", String(64), nullable=False, unique=True),  # SHA-256 of body and signature: two may say that they have one id
    Column("runbook", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),  # the very bytes that are signed
    Column("sealing", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("typed_by", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Index("statements_of", "runbook"),
)

rehearsals = Table(
    "rehearsals",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("rehearsals_of", "digest"),
)

schedules = Table(  # what was promised: of each runbook the last row counts, and the others say what was promised before
    "schedules",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("runbook", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("checksum", String(64), nullable=False),  # SHA-256 of the body
    Column("body", LargeBinary, nullable=False),  # canonical JSON; empty: nothing is booked any more
    Index("schedules_of", "runbook"),
)

world = Table(
    "world",
    metadata,
    Column("id", Integer, primary_key=True),  # one row, number 1
    Column("version", Integer, nullable=False),
)
