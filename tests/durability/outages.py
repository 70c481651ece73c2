"""Databases that cannot be written for a while."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storage.database import Database


@asynccontextmanager
async def locked(database: Database) -> AsyncIterator[None]:
    """An SQLite file that somebody else is writing to: every other writer waits."""
    assert database.url.database is not None
    connection = sqlite3.connect(database.url.database, check_same_thread=False, timeout=30)
    try:
        await asyncio.to_thread(connection.execute, "BEGIN IMMEDIATE")
        yield
        connection.rollback()
    finally:
        connection.close()
