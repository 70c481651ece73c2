"""Migrations: they make exactly the tables of the code, from any process, and back."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from storage import migrate
from storage.database import Database
from storage.sql import members
from tests.databases import opened, sqlite_url
from tests.servers import postgres


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "folder" / "empty.db")
        return
    with postgres() as url:
        yield url


async def test_migrations_make_exactly_the_tables_of_the_code(empty: str) -> None:
    assert members.name  # the tables are known
    assert await migrate.current(empty) is None
    assert not await migrate.is_current(empty)
    await migrate.upgrade(empty)
    assert await migrate.is_current(empty)
    async with opened(empty) as database:
        assert await migrate.is_current(database)
        assert await migrate.current(database) == migrate.newest()
        async with database.reading() as session:
            found = await (await session.connection()).run_sync(_differences)
    assert found == []


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, SQLModel.metadata))


async def test_constraints_have_the_same_names_on_both_and_in_the_code(empty: str) -> None:
    await migrate.upgrade(empty)
    async with opened(empty) as database, database.reading() as session:
        found = await (await session.connection()).run_sync(_constraint_names)
    expected = {
        str(constraint.name)
        for table in SQLModel.metadata.tables.values()
        for constraint in table.constraints
        if constraint.name is not None
    }
    assert found == expected


def _constraint_names(connection: Connection) -> set[str]:
    look = inspect(connection)
    names: set[str | None] = set()
    for table in SQLModel.metadata.tables:
        names.add(look.get_pk_constraint(table)["name"])
        names |= {one["name"] for one in look.get_unique_constraints(table)}
        names |= {one["name"] for one in look.get_foreign_keys(table)}
    return {name for name in names if name}


async def test_what_was_made_can_be_taken_back(empty: str) -> None:
    await migrate.upgrade(empty)

    def down(connection: Connection) -> list[str]:
        settings = migrate.config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "base")
        return inspect(connection).get_table_names()

    engine = create_async_engine(empty)
    async with engine.begin() as connection:
        left = await connection.run_sync(down)
    await engine.dispose()
    assert left == ["alembic_version"]
    await migrate.upgrade(empty)
    assert await migrate.is_current(empty)


UPGRADE = """
import asyncio, sys
from storage import migrate
asyncio.run(migrate.upgrade(sys.argv[1]))
"""


async def test_two_processes_may_upgrade_at_once(empty: str) -> None:
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", UPGRADE, empty) for _ in range(2)
    ]
    assert [await process.wait() for process in processes] == [0, 0]
    assert await migrate.is_current(empty)


async def test_an_upgrade_keeps_what_is_there(empty: str) -> None:
    await migrate.upgrade(empty)
    async with opened(empty) as database, database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO people (id, name, email, role, active, created_at) VALUES"
                " ('per_1', 'Ada', 'ada@example.org', 'manager', true, '2027-01-11 09:00:00')"
            )
        )
    await migrate.upgrade(empty)
    database = Database(empty)
    async with database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM people")) == 1
    await database.dispose()


def test_the_migrations_form_one_line() -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(migrate.config())
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
