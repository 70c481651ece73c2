"""Access to the database: a unit of work for writing, a session for reading, ids and the clock.

Only ``Database.transaction`` commits. SQLite has two pools over the same file:

* one writing connection, whose transactions start with ``BEGIN IMMEDIATE``. They wait for another
  process (``busy_timeout``). A transaction that starts by reading could deadlock with it instead.
* reading connections with ``query_only``: a read can neither write nor block a writer (WAL).

``synchronous`` is ``FULL``: with ``NORMAL`` a power cut may undo the last commits. Temporal, in its
own file, would still count them as done, and a reminder would be lost.
"""

import hashlib
import json
import secrets
from base64 import b32encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

BUSY_TIMEOUT = 30.0
"""Seconds that a writer waits for another process's transaction before it fails."""

HIDE_PARAMETERS = True
"""Errors go to logs and workflow histories, so their text never contains the values of a row."""

POOL_SIZE = 10
POOL_OVERFLOW = 10
POOL_TIMEOUT = 30.0


def utc_now() -> datetime:
    """The present instant: the clock of everything that is recorded."""
    return datetime.now(UTC)


class Database:
    """Connections to one database: ``sqlite+aiosqlite:///path`` or ``postgresql+psycopg://…``.

    Call ``dispose`` at the end: an open SQLite engine keeps the process alive.
    """

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE) -> None:
        self.url = make_url(url)
        self._shared: ContextVar[AsyncSession | None] = ContextVar("shared", default=None)
        if self.url.get_backend_name() == "sqlite":
            create_folder(self.url)
            self._writer = _sqlite_engine(self.url, pool_size=1, write=True)
            self._reader = _sqlite_engine(self.url, pool_size=pool_size, write=False)
            self.engines: tuple[AsyncEngine, ...] = (self._writer, self._reader)
        else:
            engine = create_async_engine(
                self.url,
                pool_size=pool_size,
                max_overflow=POOL_OVERFLOW,
                pool_timeout=POOL_TIMEOUT,
                pool_pre_ping=True,
                hide_parameters=HIDE_PARAMETERS,
            )
            self._writer = engine
            self._reader = engine.execution_options(postgresql_readonly=True)
            self.engines = (engine,)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.url.get_backend_name()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A unit of work: committed at the end of the block, rolled back by any exception."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reading; a write through it fails. Within ``one_reading``, its session."""
        shared = self._shared.get()
        if shared is not None:
            yield shared
            return
        async with AsyncSession(self._reader, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def one_reading(self) -> AsyncIterator[None]:
        """Let each ``reading`` of this task share a session: one connection, taken once.

        The block must not read from two tasks at a time.
        """
        async with self.reading() as session:
            before = self._shared.set(session)
            try:
                yield
            finally:
                self._shared.reset(before)

    async def dispose(self) -> None:
        """Close every connection."""
        for engine in self.engines:
            await engine.dispose()


def create_folder(url: URL) -> None:
    """Create the folder of an SQLite file, so that a first start needs no preparation."""
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


def _sqlite_engine(url: URL, *, pool_size: int, write: bool) -> AsyncEngine:
    # An office with PostgreSQL needs no driver for SQLite.
    from storage.sqlite import connect

    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        connect_args={"timeout": BUSY_TIMEOUT, "async_creator_fn": connect},
        hide_parameters=HIDE_PARAMETERS,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        prepare_sqlite(connection, write=write)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        # The first statement takes it along.
        opened: Any = connection.connection.driver_connection
        opened.begins_with = "BEGIN IMMEDIATE" if write else "BEGIN"

    return engine


def prepare_sqlite(connection: Any, *, write: bool, foreign_keys: bool = True) -> None:
    """Set up a new SQLite connection. Our event handlers begin transactions, not the driver."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT * 1000)}")
    if write:
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
    else:
        cursor.execute("PRAGMA query_only = ON")
    cursor.close()
    # SQLite's own lower() knows a to z only: a search for "ŵyth" would not find "Ŵyth".
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


async def insert_or_ignore(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]
) -> int:
    """Insert the rows whose unique key is not stored yet; returns how many were new.

    One statement for up to 1,000 rows, or as many as the database takes parameters for: SQLAlchemy
    builds it once and divides the rows. Every row must name the same columns.
    """
    if not rows:
        return 0
    key = next(iter(table.primary_key.columns))
    statement = _insert(session, table).on_conflict_do_nothing().returning(key)
    return len((await session.execute(statement, list(rows))).all())


def _insert(session: AsyncSession, table: Table) -> "postgresql.Insert | sqlite.Insert":
    # An office has one kind of database, and a dialect is slow to import.
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return postgresql_insert(table)
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert(table)


_ID_LENGTH = 20
"""Characters after the prefix, out of 32 kinds: 100 bits, so guesses and collisions fail."""


def new_id(prefix: str) -> str:
    """A new random id: lower case, safe in a URL, without meaning."""
    return _id(prefix, secrets.token_bytes(_ID_LENGTH))


def derived_id(prefix: str, *parts: str) -> str:
    """The id for these parts: always the same, so that a retry finds the same row."""
    return _id(prefix, hashlib.sha256(json.dumps(parts).encode()).digest())


def _id(prefix: str, entropy: bytes) -> str:
    return f"{prefix}_{b32encode(entropy).decode().lower()[:_ID_LENGTH]}"
