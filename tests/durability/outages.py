"""Databases that cannot be written for a while."""

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storage.database import Database
from tests.servers import PostgresServer


@asynccontextmanager
async def locked(database: Database) -> AsyncIterator[None]:
    """An SQLite file that another process is writing to: every other writer waits."""
    assert database.url.database is not None
    connection = sqlite3.connect(database.url.database, check_same_thread=False, timeout=30)
    try:
        await asyncio.to_thread(connection.execute, "BEGIN IMMEDIATE")
        yield
        connection.rollback()
    finally:
        connection.close()


class StoppablePostgres(PostgresServer):
    """A PostgreSQL of one's own that can be stopped and started again."""

    @property
    def url(self) -> str:
        """Where its one database is."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def go_away(self) -> None:
        """Stop it. Every connection breaks, every new one is refused."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=20)

    def come_back(self) -> None:
        """Start it again, with all that was committed."""
        self._process = self._start()
        self._wait_ready()
