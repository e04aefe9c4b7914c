"""Statements of a commit, compiled once: in a small commit, SQLAlchemy's way to run a statement costs more than the disk."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import Select

Values = Mapping[str, object]
_Ready = tuple[str, Callable[[Values], Any]]


class Prepared:
    """A statement of SQLAlchemy Core that goes to the driver as text. Values must be such as drivers take as they are."""

    def __init__(self, statement: "UpdateBase | Select[Any]") -> None:
        self._statement = statement
        self._ready: dict[tuple[str, ...], _Ready] = {}

    def run(self, connection: Connection, values: Values) -> Any:
        """The driver's cursor, in the connection's transaction. `values` names columns and bound parameters."""
        text, arranged = self._for(connection.dialect, values)
        cursor = connection.connection.cursor()
        cursor.execute(text, arranged(values))
        return cursor

    def run_each(self, connection: Connection, rows: Sequence[Values]) -> None:
        """The statement once for each row; all rows name the same columns."""
        text, arranged = self._for(connection.dialect, rows[0])
        connection.connection.cursor().executemany(text, list(map(arranged, rows)))

    def _for(self, dialect: Dialect, names: Iterable[str]) -> _Ready:
        key = (dialect.name, *names)
        if key not in self._ready:
            compiled: Any = self._statement.compile(dialect=dialect, column_keys=list(names))
            self._ready[key] = str(compiled), _arranged(compiled.positiontup) if compiled.positional else dict
        return self._ready[key]


def _arranged(names: Sequence[str]) -> Callable[[Values], Any]:
    """What puts values into the order of the statement's question marks."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]
