"""An SQLite connection goes to its thread once a statement, and never without one."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.sql import members
from storage.sqlite import OneTrip
from tests.databases import migrated_sqlite, opened
from tests.storage.office import NOW


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(migrated_sqlite(tmp_path / "own.db")) as database:
        yield database


def row(number: int) -> dict[str, Any]:
    """A member."""
    named = {"id": f"mem_{number}", "name": f"Council {number}", "nation": "ENG"}
    return named | {"sample": False, "blackouts": [], "created_at": NOW}


async def trips(session: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collects what the session's connection does in its thread from now on."""
    connection = await session.connection()
    driver: Any = (await connection.get_raw_connection()).driver_connection
    made: list[Any] = []
    execute = driver._execute

    async def noted(function: Any, *given: Any) -> Any:
        made.append(function)
        return await execute(function, *given)

    monkeypatch.setattr(driver, "_execute", noted)
    return made


async def test_a_statement_begins_runs_and_fetches_in_one_trip(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.reading() as session:
        made = await trips(session, monkeypatch)
        assert (await session.scalars(select(literal(7)))).all() == [7]
        assert len(made) == 1
    assert len(made) == 2, "it ends with a rollback"


async def test_a_transaction_without_a_statement_makes_no_trip(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as session:
        made = await trips(session, monkeypatch)
    assert made == []


async def test_many_rows_are_inserted_in_one_trip(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(n) for n in range(3)]
    async with database.transaction() as session:
        made = await trips(session, monkeypatch)
        await session.execute(insert(members), rows)
        assert len(made) == 1
    async with database.reading() as session:
        assert len((await session.scalars(select(members.c.id))).all()) == 3


async def test_readings_within_one_reading_share_a_session(database: Database) -> None:
    async with database.one_reading(), database.reading() as first, database.reading() as second:
        assert first is second
    async with database.reading() as other:
        assert other is not first


async def test_a_write_that_is_cancelled_while_it_waits_for_the_lock_leaves_none(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asyncio.Event()
    run = OneTrip.run

    async def noted(connection: OneTrip, statement: Any) -> None:
        waiting.set()
        await run(connection, statement)

    async def write() -> None:
        async with database.transaction() as session:
            await session.execute(insert(members), [row(1)])

    monkeypatch.setattr(OneTrip, "run", noted)
    with closing(sqlite3.connect(str(database.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(write())
        await waiting.wait()
        writing.cancel()
        other.execute("ROLLBACK")
        with pytest.raises(asyncio.CancelledError):
            await writing
        other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT count(*) FROM members").fetchone() == (0,)
        other.execute("ROLLBACK")
    await write()
