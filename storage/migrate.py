"""Upgrades a database to this version's tables, safely from several processes at once.

An upgrade runs on one connection and in one transaction, so it happens completely or not at all.
The transaction starts with a lock (PostgreSQL: an advisory lock; SQLite: ``BEGIN IMMEDIATE``). A
second process waits for it, and then has nothing to do.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from storage.database import Database, create_folder, prepare_sqlite

if TYPE_CHECKING:
    # Slow to import, and needed only where a migration is missing: the functions import it.
    from alembic.config import Config

_SCRIPTS = Path(__file__).with_name("migrations")
_VERSIONS = _SCRIPTS / "versions"
_VERSION_TABLE = "alembic_version"
_ADVISORY_LOCK = 7_236_045_003
"""An arbitrary number that only Milepost uses."""


class BrokenReferences(RuntimeError):
    """A migration left rows with broken references, and was rolled back."""


class NewerTables(RuntimeError):
    """The database has the tables of a newer Milepost."""


async def upgrade(url: str) -> None:
    """Apply every missing migration; create the database if it is new. Raises
    ``BrokenReferences`` and ``NewerTables``."""
    async with _connected(url) as connection:
        await connection.run_sync(_upgrade)


async def current(where: str | Database) -> str | None:
    """The database's revision; ``None`` before the first migration."""
    if isinstance(where, Database):
        async with where.reading() as session:
            return await (await session.connection()).run_sync(_revision)
    async with _connected(where) as connection:
        return await connection.run_sync(_revision)


async def is_current(where: str | Database) -> bool:
    """Whether the database has this version's tables."""
    return await current(where) == newest()


def newest() -> str:
    """The revision that this Milepost needs: the number that its newest migration's file starts
    with. Every process asks at its start, so Alembic, which is slow to import, is not asked."""
    return max(script.name.partition("_")[0] for script in _VERSIONS.glob("[0-9]*_*.py"))


def is_newer(revision: str | None) -> bool:
    """Whether a newer Milepost has made these tables: the revisions are numbers in order."""
    return revision is not None and revision > newest()


def config() -> "Config":
    """Alembic's settings without a file, so that they work from an installed package."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    return settings


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AsyncConnection]:
    parsed = make_url(url)
    engine = create_async_engine(parsed, poolclass=NullPool)
    if parsed.get_backend_name() == "sqlite":
        create_folder(parsed)

        @event.listens_for(engine.sync_engine, "connect")
        def configure(raw: Any, _record: object) -> None:
            # Alembic drops a table to rebuild it, so references are checked at the end.
            prepare_sqlite(raw, write=True, foreign_keys=False)

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _ADVISORY_LOCK})
    if is_newer(revision := _revision(connection)):
        raise NewerTables(revision)
    if revision != newest():
        from alembic import command

        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
    if sqlite:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
        if broken:
            tables = sorted({row[0] for row in broken})
            raise BrokenReferences(f"rows of {tables} have broken references")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    revision: str | None = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))
    return revision
