"""Brings the tables of an older journal to the present form, step by step. Loaded only then: its libraries take long."""

from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection as Driver
from sqlite3 import DatabaseError

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from runbook_engine.recording.tables import KNOWN_SCHEMAS

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(path: Path, patience_s: float, made_ready: Callable[[Driver], None]) -> None:
    """All steps or none, under the write lock; nothing when another process has been faster. Raises sqlite3.Error.

    `made_ready` sets up a new connection.
    """
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        connect_args={"timeout": patience_s, "isolation_level": None},
    )
    event.listen(engine, "connect", lambda driver, _: made_ready(driver))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            step_by_step(connection)
    except SQLAlchemyError as error:
        raise getattr(error, "orig", None) or DatabaseError(str(error)) from error


def step_by_step(connection: Connection, to: str = KNOWN_SCHEMAS[-1]) -> None:
    """From whatever form the tables have, or from nothing, to another; within the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
