"""A statement that is executed with very many rows."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter

from sqlalchemy import Connection, Dialect, Update


class PreparedStatement:
    """Is compiled once for each kind of database, and hands rows to the driver as they are.

    What SQLAlchemy does for each row, looking up and converting every value, takes several times as long as writing
    it. So values have to be what the driver takes (text, numbers, None), under the names of the statement's
    parameters, all of which it has to name itself.
    """

    def __init__(self, statement: Update) -> None:
        self._statement = statement
        self._compiled = lru_cache(maxsize=4)(self._compile)

    def execute(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> int:
        """Execute it with each of the rows; returns how many were found, -1 where the driver does not say.

        Raises what SQLAlchemy does.
        """
        text, order = self._compiled(connection.dialect)
        values = rows if order is None else [order(row) for row in rows]
        return connection.exec_driver_sql(text, values).rowcount

    def _compile(self, dialect: Dialect) -> tuple[str, Callable[[Mapping[str, object]], object] | None]:
        """Return the text for the driver, and what brings a row's values into their order; None where names do."""
        compiled = self._statement.compile(dialect=dialect)
        return str(compiled), itemgetter(*compiled.positiontup) if compiled.positiontup else None
