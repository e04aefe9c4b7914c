"""Brings the tables to the form that this version knows, or refuses a form that it does not know."""

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from runbook_engine.model.errors import JournalFault
from runbook_engine.recording.tables import KNOWN_SCHEMAS

_MIGRATIONS = Path(__file__).parent / "migrations"


def is_current(connection: Connection, place: str) -> bool:
    """Whether nothing needs to be done. Raises JournalFault for a newer form, and for tables that are not ours."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return False
    if "alembic_version" not in tables:
        raise JournalFault(
            f"{place}: not a journal: it holds other tables ({', '.join(sorted(tables)[:3])})",
            why="Another program's database is never changed.",
            next_command="runbook doctor",
        )
    found = connection.execute(select(column("version_num")).select_from(table("alembic_version"))).scalar()
    if found not in KNOWN_SCHEMAS:
        raise JournalFault(
            f"{place}: written by a newer version of runbook-engine (its tables have form {found}, this version knows "
            f"up to {KNOWN_SCHEMAS[-1]})",
            why="An older version could misread it, so nothing was touched.",
            next_command="pip install --upgrade runbook-engine",
        )
    return bool(found == KNOWN_SCHEMAS[-1])


def upgrade(connection: Connection) -> None:
    """Make or change the tables, within the connection's transaction: all of it or nothing."""
    from alembic import command  # slow to import, and needed once in the life of a journal
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, KNOWN_SCHEMAS[-1])
