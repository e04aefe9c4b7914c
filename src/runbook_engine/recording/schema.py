"""Brings the tables to the form that this version knows, or refuses a form that it does not know."""

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect, select

from runbook_engine.model.errors import JournalFault
from runbook_engine.recording.tables import KNOWN_SCHEMAS, metadata, world

_MIGRATIONS = Path(__file__).parent / "migrations"
_FORM = Table(  # as Alembic makes it: the form that the tables have
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def is_current(connection: Connection, place: str) -> bool:
    """Whether nothing needs to be done. Raises JournalFault for a newer form, and for tables that are not ours."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return False
    if _FORM.name not in tables:
        raise JournalFault(
            f"{place}: not a journal: it holds other tables ({', '.join(sorted(tables)[:3])})",
            why="Another program's database is never changed.",
            next_command="runbook doctor",
        )
    found = connection.execute(select(_FORM.c.version_num)).scalar()
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
    if inspect(connection).get_table_names():
        migrate(connection)
    else:
        _make(connection)


def _make(connection: Connection) -> None:
    """All tables at once, as the migrations would have made them one after the other (a test compares the two)."""
    for tables in (metadata, _FORM.metadata):
        tables.create_all(connection, checkfirst=False)
    connection.execute(insert(world), {"id": 1, "version": 0})
    connection.execute(insert(_FORM), {"version_num": KNOWN_SCHEMAS[-1]})


def migrate(connection: Connection) -> None:
    """Bring the tables from whatever form they have, or from nothing, to the present one, step by step."""
    from alembic import command  # takes longer to load than everything else in this room
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, KNOWN_SCHEMAS[-1])
