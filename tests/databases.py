"""Real databases for tests: migrated, empty, quick to have; and a counter of their statements."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import delete, event, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from storage import migrate
from storage.database import Database
from tests.servers import postgres


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite+aiosqlite:///{path}"


def migrated_sqlite(path: Path) -> str:
    """The URL of a migrated, empty SQLite file: a copy of one that was migrated once a session."""
    shutil.copyfile(_template(), path)
    return sqlite_url(path)


@contextmanager
def migrated_postgres() -> Iterator[str]:
    """The URL of a migrated, empty PostgreSQL database; ``fresh`` makes it last a session."""
    with postgres() as url:
        asyncio.run(migrate.upgrade(url))
        yield url


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The database, disposed at the end."""
    database = Database(url, pool_size=4)
    try:
        yield database
    finally:
        await database.dispose()


def fresh(url: str) -> AbstractAsyncContextManager[Database]:
    """The migrated database without any row, whichever it is: a file is new for each test."""
    return opened(url) if url.startswith("sqlite") else _emptied(url)


@asynccontextmanager
async def _emptied(url: str) -> AsyncIterator[Database]:
    """The database without any row: one PostgreSQL database serves many tests."""
    async with opened(url) as database:
        # Deleting a few rows is several times quicker than truncating fourteen tables.
        async with database.transaction() as session:
            for table in reversed(SQLModel.metadata.sorted_tables):
                await session.execute(delete(table))
            for name in ("events", "deliveries", "mailbox"):
                await session.execute(text(f"ALTER SEQUENCE {name}_id_seq RESTART"))
        yield database


@contextmanager
def count_statements(database: Database) -> Iterator[list[str]]:
    """Collects the statements that reach the database in the block; beginning and ending apart."""
    seen: list[str] = []
    with _noting(database, lambda statement, _values: seen.append(statement)):
        yield seen


@contextmanager
def note_statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The same, each with its values, as ``plan_of`` wants them."""
    seen: list[tuple[str, Any]] = []
    with _noting(database, lambda statement, values: seen.append((statement, values))):
        yield seen


async def plan_of(session: AsyncSession, statement: str, values: Any) -> list[str]:
    """How the database goes about a statement, in its own words."""
    connection = await session.connection()
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return [
        str(row[-1]) for row in await connection.exec_driver_sql(f"{explain} {statement}", values)
    ]


@contextmanager
def _noting(database: Database, note: Callable[[str, Any], None]) -> Iterator[None]:
    def listen(_c: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            note(statement, values)

    engines = [engine.sync_engine for engine in database.engines]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", listen)
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", listen)


@cache
def _template() -> Path:
    path = Path(tempfile.mkdtemp(prefix="milepost-test-")) / "template.db"

    async def make() -> None:
        await migrate.upgrade(sqlite_url(path))
        async with opened(sqlite_url(path)) as database, database.transaction() as session:
            # Everything into the one file that is copied.
            await session.execute(text("SELECT 1"))

    # The caller may be within a running loop.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, make()).result()
    return path
