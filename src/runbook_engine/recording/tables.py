"""The tables, as they are made for a new journal. `migrations/` makes them step by step; a test compares the two."""

KNOWN_SCHEMAS = ("0001", "0002", "0003")  # oldest first; the last is the one that this version writes
FORM_TABLE = "alembic_version"  # Alembic's own: the form that the tables have

TABLES = (
    """CREATE TABLE plans (
    digest VARCHAR(64) NOT NULL,
    checksum VARCHAR(64) NOT NULL, -- SHA-256 of the body, so that damage is noticed
    body BLOB NOT NULL, -- canonical JSON
    PRIMARY KEY (digest)
)""",
    """CREATE TABLE runs (
    id INTEGER NOT NULL,
    run TEXT NOT NULL,
    runbook TEXT NOT NULL,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    digest VARCHAR(64) NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL, -- times are ISO 8601 text, as in the events
    epoch INTEGER NOT NULL,
    controller_by TEXT NOT NULL,
    controller_machine TEXT NOT NULL,
    controller_pid INTEGER NOT NULL,
    controller_since TEXT NOT NULL,
    events INTEGER NOT NULL, -- how many there are: the sequence number of the last
    head BLOB NOT NULL, -- its hash
    last_at TEXT NOT NULL,
    ended_at TEXT,
    PRIMARY KEY (id),
    UNIQUE (runbook, number),
    UNIQUE (run),
    FOREIGN KEY(digest) REFERENCES plans (digest)
)""",
    """CREATE TABLE events (
    run_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    body BLOB NOT NULL, -- canonical JSON: the very bytes that are hashed
    hash BLOB NOT NULL,
    PRIMARY KEY (run_id, seq),
    FOREIGN KEY(run_id) REFERENCES runs (id)
)""",
    """CREATE TABLE decisions (
    number INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    id TEXT NOT NULL,
    body BLOB NOT NULL,
    taken INTEGER, -- the journal's sequence number when it was consumed; NULL: it waits
    PRIMARY KEY (number),
    UNIQUE (run_id, id),
    FOREIGN KEY(run_id) REFERENCES runs (id)
)""",
    "CREATE INDEX decisions_waiting ON decisions (run_id, taken)",
    """CREATE TABLE leases (
    host TEXT NOT NULL,
    run_id INTEGER NOT NULL,
    is_out INTEGER DEFAULT '0' NOT NULL, -- 1: the host is out of service meanwhile
    PRIMARY KEY (host),
    FOREIGN KEY(run_id) REFERENCES runs (id)
)""",
    """CREATE TABLE resources (
    name TEXT NOT NULL,
    run_id INTEGER NOT NULL,
    phase TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (name, run_id, phase),
    FOREIGN KEY(run_id) REFERENCES runs (id)
)""",
    # what people say of plans; runs come later, or never
    """CREATE TABLE statements (
    number INTEGER NOT NULL,
    mark VARCHAR(64) NOT NULL, -- SHA-256 of body and signature: two may say that they have one id
    runbook TEXT NOT NULL,
    digest VARCHAR(64) NOT NULL,
    body BLOB NOT NULL, -- the very bytes that are signed
    sealing TEXT NOT NULL,
    signature TEXT NOT NULL,
    typed_by TEXT NOT NULL,
    received_at TEXT NOT NULL,
    PRIMARY KEY (number),
    UNIQUE (mark)
)""",
    "CREATE INDEX statements_of ON statements (runbook)",
    """CREATE TABLE rehearsals (
    number INTEGER NOT NULL,
    digest VARCHAR(64) NOT NULL,
    seed INTEGER NOT NULL,
    at TEXT NOT NULL,
    "by" TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (number)
)""",
    "CREATE INDEX rehearsals_of ON rehearsals (digest)",
    # what was promised: of each runbook the last row counts, and the others say what was promised before
    """CREATE TABLE schedules (
    number INTEGER NOT NULL,
    runbook TEXT NOT NULL,
    digest VARCHAR(64) NOT NULL,
    at TEXT NOT NULL,
    "by" TEXT NOT NULL,
    checksum VARCHAR(64) NOT NULL, -- SHA-256 of the body
    body BLOB NOT NULL, -- canonical JSON; empty: nothing is booked any more
    PRIMARY KEY (number)
)""",
    "CREATE INDEX schedules_of ON schedules (runbook)",
    """CREATE TABLE world (
    id INTEGER NOT NULL, -- one row, number 1
    version INTEGER NOT NULL,
    PRIMARY KEY (id)
)""",
    f"""CREATE TABLE {FORM_TABLE} (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)""",
)
