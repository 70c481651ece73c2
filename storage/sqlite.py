"""SQLite connections that go to their thread once a statement.

aiosqlite runs each connection in a thread. SQLAlchemy goes there four times for a statement (open a
cursor, execute, fetch, close) and again for ``BEGIN``. Each way costs as much as a small statement.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from aiosqlite import Connection


class OneTrip(Connection):
    """A connection whose statements begin their transaction, run and fetch in one go."""

    begins_with: str | None = None
    """What begins the transaction, as long as it had no statement."""

    def cursor(self) -> "Cursor":  # type: ignore[override]
        """A cursor, without a trip to the thread."""
        return Cursor(self)

    async def rollback(self) -> None:
        """Roll back the transaction, if it had a statement."""
        await self._end(super().rollback)

    async def commit(self) -> None:
        """Commit the transaction, if it had a statement."""
        await self._end(super().commit)

    async def _end(self, end: Any) -> None:
        self.begins_with = None
        if self.in_transaction:
            await end()

    async def run(self, statement: Any) -> None:
        """Run ``statement`` with an SQLite cursor, within the transaction, in the thread."""
        await self._execute(self._run, statement)  # type: ignore[no-untyped-call]

    def _run(self, statement: Any) -> None:
        cursor = self._conn.cursor()
        try:
            if self.begins_with is not None:
                cursor.execute(self.begins_with)
                self.begins_with = None
            statement(cursor)
        finally:
            cursor.close()


class Cursor:
    """The result of one statement, with all of its rows: the part of a cursor that SQLAlchemy
    uses."""

    arraysize = 1

    def __init__(self, connection: OneTrip) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> "Cursor":
        return self

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> "Cursor":
        """Execute a statement and keep its rows."""
        await self._connection.run(partial(self._take, sqlite3.Cursor.execute, sql, values))
        return self

    async def executemany(self, sql: str, values: Iterable[Sequence[Any]]) -> "Cursor":
        """Execute a statement once for each row of values."""
        await self._connection.run(partial(self._take, sqlite3.Cursor.executemany, sql, values))
        return self

    def _take(self, execute: Any, sql: str, values: Any, cursor: sqlite3.Cursor) -> None:
        execute(cursor, sql, values)
        self.description = cursor.description
        self._rows = cursor.fetchall() if cursor.description else []
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid

    async def fetchall(self) -> list[Any]:
        """The rows."""
        return self._rows

    async def close(self) -> None:
        """Nothing: the SQLite cursor was closed with the statement."""


def connect(database: str, **options: Any) -> OneTrip:
    """A connection to open by ``await``, with the options of ``sqlite3.connect``."""
    made = OneTrip(partial(sqlite3.connect, database, **options), iter_chunk_size=64)
    # A connection that was not closed must not keep the process alive.
    made._thread.daemon = True
    return made
