"""Alembic's entry point: uses the connection from ``storage.migrate``, or a URL."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from storage import tables

assert tables.Engagement.__tablename__  # The import fills the metadata.


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        # SQLite cannot alter most things, so Alembic rebuilds the table.
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _connect(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_run)
    finally:
        await engine.dispose()


connection: Any = context.config.attributes.get("connection")
if connection is not None:
    _run(connection)
else:
    asyncio.run(_connect(context.config.get_main_option("sqlalchemy.url") or ""))
