"""What statements run on: SQL with `:name` for each value, such as every database understands; rows answer to names of columns.

Loading a library that writes the statements takes a fifth of the start of a command: only `migrating` does.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

Values = dict[str, Any]  # by name; the driver takes no other mapping


class Cursor(Protocol):
    """What a statement has found or done."""

    @property
    def rowcount(self) -> int:
        """How many rows it has changed."""
        ...

    def fetchone(self) -> Any:
        """The next row; None when there is none."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left."""
        ...


class Connection(Protocol):
    """One connection, within its transaction. Its driver's errors are told by `Database.faults`."""

    def execute(self, statement: str, values: Values = ..., /) -> Cursor:
        """Do one statement."""
        ...

    def executemany(self, statement: str, rows: Iterable[Values], /) -> Cursor:
        """Do a statement that finds nothing, once for each row of values."""
        ...


def scalar(connection: Connection, statement: str, values: Values | None = None) -> Any:
    """The first value of the first row; None when there is no row."""
    row = connection.execute(statement, values or {}).fetchone()
    return None if row is None else row[0]


def insertion(table: str, *columns: str) -> str:
    """The statement that adds a row, with a value for each of these columns."""
    names, places = ", ".join(f'"{name}"' for name in columns), ", ".join(f":{name}" for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - names of ours and nothing else
