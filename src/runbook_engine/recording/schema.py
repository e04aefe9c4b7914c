"""Makes the tables of a new journal, knows the form of those that are there, and refuses a form that it does not know."""

from runbook_engine.model.errors import JournalFault
from runbook_engine.recording.connection import Connection, insertion, scalar
from runbook_engine.recording.tables import FORM_TABLE, KNOWN_SCHEMAS, TABLES


def is_current(connection: Connection, place: str) -> bool:
    """Whether nothing needs to be done. Raises JournalFault for a newer form, and for tables that are not ours."""
    tables = names(connection)
    if not tables:
        return False
    if FORM_TABLE not in tables:
        raise JournalFault(
            f"{place}: not a journal: it holds other tables ({', '.join(sorted(tables)[:3])})",
            why="Another program's database is never changed.",
            next_command="runbook doctor",
        )
    found = scalar(connection, f"SELECT version_num FROM {FORM_TABLE}")  # noqa: S608 - a name of ours
    if found not in KNOWN_SCHEMAS:
        raise JournalFault(
            f"{place}: written by a newer version of runbook-engine (its tables have form {found}, this version knows "
            f"up to {KNOWN_SCHEMAS[-1]})",
            why="An older version could misread it, so nothing was touched.",
            next_command="pip install --upgrade runbook-engine",
        )
    return bool(found == KNOWN_SCHEMAS[-1])


def names(connection: Connection) -> list[str]:
    """The tables that are there."""
    return [row["name"] for row in connection.execute(_NAMES)]


def make(connection: Connection) -> None:
    """All tables at once, as the migrations would have made them one after the other (a test compares the two)."""
    for statement in TABLES:
        connection.execute(statement)
    connection.execute(insertion("world", "id", "version"), {"id": 1, "version": 0})
    connection.execute(insertion(FORM_TABLE, "version_num"), {"version_num": KNOWN_SCHEMAS[-1]})


_NAMES = r"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'"
